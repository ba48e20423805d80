//! The variables of a service manager, read and checked.

use std::ffi::{OsStr, OsString};
use std::io;
use std::time::Duration;

/// Looks a variable up. Tests have an environment of their own.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The process's own environment.
pub(super) fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Where the notifications go: a path, or `@` and the name of an abstract socket. `None` if nobody wants
/// them.
pub(super) fn notify_socket(lookup: Lookup<'_>) -> Option<OsString> {
    lookup("NOTIFY_SOCKET").filter(|it| !it.is_empty())
}

/// How long the service manager waits for a sign of life of this process; `None` if it does not watch it.
///
/// # Errors
///
/// The time is not a number of microseconds, or 0.
pub(super) fn watchdog(lookup: Lookup<'_>) -> io::Result<Option<Duration>> {
    let Some(time) = lookup("WATCHDOG_USEC").filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let micros = number::<u64>("WATCHDOG_USEC", &time, "a number of microseconds above 0")?;
    if micros == 0 {
        return Err(wrong(
            "WATCHDOG_USEC",
            &time,
            "a number of microseconds above 0",
        ));
    }
    let is_ours = is_this_process(lookup, "WATCHDOG_PID")?.unwrap_or(true);
    Ok(is_ours.then(|| Duration::from_micros(micros)))
}

/// The names of the descriptors that were passed to this process, in their order from 3 on; a name is
/// empty if the service manager gave none. `None` if none were passed.
///
/// # Errors
///
/// A variable is not what it has to be.
pub(super) fn listen_names(lookup: Lookup<'_>) -> io::Result<Option<Vec<String>>> {
    let Some(count) = lookup("LISTEN_FDS").filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    // Without it they are meant for nobody: it is what keeps a child from taking its parent's.
    if is_this_process(lookup, "LISTEN_PID")? != Some(true) {
        return Ok(None);
    }
    let allowed = "a number from 0 to 1024";
    let count = number::<u16>("LISTEN_FDS", &count, allowed).and_then(|it| match it {
        0..=1024 => Ok(usize::from(it)),
        _ => Err(wrong("LISTEN_FDS", &count, allowed)),
    })?;
    let Some(names) = lookup("LISTEN_FDNAMES") else {
        return Ok(Some(vec![String::new(); count]));
    };
    let list: Vec<_> = names
        .to_string_lossy()
        .split(':')
        .map(str::to_owned)
        .collect();
    if list.len() != count && count > 0 {
        let allowed = format!("{count} names, as LISTEN_FDS says");
        return Err(wrong("LISTEN_FDNAMES", &names, &allowed));
    }
    Ok(Some(list.into_iter().take(count).collect()))
}

/// Whether the variable holds the id of this process; `None` if it is not set.
fn is_this_process(lookup: Lookup<'_>, name: &str) -> io::Result<Option<bool>> {
    let Some(pid) = lookup(name).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let pid = number::<u32>(name, &pid, "the id of a process")?;
    Ok(Some(pid == std::process::id()))
}

fn number<N: std::str::FromStr>(name: &str, value: &OsStr, allowed: &str) -> io::Result<N> {
    let number = value.to_str().and_then(|text| text.parse().ok());
    number.ok_or_else(|| wrong(name, value, allowed))
}

/// A variable with a value that is not allowed.
pub(super) fn wrong(name: &str, value: &OsStr, allowed: &str) -> io::Error {
    let text = format!("{name}={}: allowed is {allowed}", value.to_string_lossy());
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<R>(variables: &[(&str, &str)], read: impl FnOnce(Lookup<'_>) -> R) -> R {
        read(&|name| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_watchdog_of_another_process_is_none() {
        let own = std::process::id().to_string();
        let read = |variables: &[(&str, &str)]| with(variables, watchdog);
        let second = Some(Duration::from_secs(1));
        let usec = ("WATCHDOG_USEC", "1000000");
        assert_eq!(read(&[]).expect("valid"), None);
        assert_eq!(read(&[usec]).expect("valid"), second);
        assert_eq!(
            read(&[usec, ("WATCHDOG_PID", &own)]).expect("valid"),
            second
        );
        assert_eq!(read(&[usec, ("WATCHDOG_PID", "1")]).expect("valid"), None);
        for value in ["0", "-1", "soon", "1s"] {
            let error = read(&[("WATCHDOG_USEC", value)]).expect_err(value);
            let text =
                format!("WATCHDOG_USEC={value}: allowed is a number of microseconds above 0");
            assert_eq!(error.to_string(), text);
        }
        let error = read(&[usec, ("WATCHDOG_PID", "me")]).expect_err("a word");
        assert!(
            error.to_string().starts_with("WATCHDOG_PID=me: "),
            "{error}"
        );
    }

    #[test]
    fn descriptors_are_only_those_of_this_process_and_each_has_its_name() {
        let own = std::process::id().to_string();
        let own = ("LISTEN_PID", &*own);
        let read = |variables: &[(&str, &str)]| with(variables, listen_names);
        assert_eq!(read(&[]).expect("valid"), None);
        assert_eq!(read(&[("LISTEN_FDS", "1")]).expect("valid"), None);
        let other = [("LISTEN_FDS", "1"), ("LISTEN_PID", "1")];
        assert_eq!(read(&other).expect("valid"), None);
        let two = ("LISTEN_FDS", "2");
        let unnamed = read(&[own, two]).expect("valid");
        assert_eq!(unnamed, Some(vec![String::new(); 2]));
        let named = read(&[own, two, ("LISTEN_FDNAMES", "health:api")]).expect("valid");
        assert_eq!(named, Some(vec!["health".to_owned(), "api".to_owned()]));
        for (variables, text) in [
            (
                [own, ("LISTEN_FDS", "-1"), own],
                "LISTEN_FDS=-1: allowed is a number",
            ),
            (
                [own, ("LISTEN_FDS", "1025"), own],
                "LISTEN_FDS=1025: allowed is a number",
            ),
            (
                [("LISTEN_PID", "x"), two, two],
                "LISTEN_PID=x: allowed is the id",
            ),
            (
                [own, two, ("LISTEN_FDNAMES", "a")],
                "LISTEN_FDNAMES=a: allowed is 2 names",
            ),
        ] {
            let error = read(&variables).expect_err(text);
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }
}
