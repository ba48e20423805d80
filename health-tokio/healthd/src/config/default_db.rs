//! Where the registry is, if nobody says so.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Its name in any directory.
const NAME: &str = "healthd.db";

/// `$STATE_DIRECTORY` of a service manager; for root `/var/lib/healthd`; else `$XDG_STATE_HOME/healthd`,
/// else `~/.local/state/healthd`. All commands of a user find the same one, wherever they are begun.
pub(crate) fn default_db() -> PathBuf {
    let directory = directory(rustix::process::geteuid().is_root(), |it| env::var_os(it));
    directory.unwrap_or_default().join(NAME)
}

fn directory(is_root: bool, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name| {
        let value = variable(name).filter(|it| !it.is_empty())?;
        Some(PathBuf::from(value))
    };
    if let Some(list) = path("STATE_DIRECTORY") {
        // Of several, the first is as good as any.
        return env::split_paths(&list).next();
    }
    if is_root {
        return Some("/var/lib/healthd".into());
    }
    // A relative one is to be ignored (XDG Base Directory Specification).
    let state = path("XDG_STATE_HOME").filter(|it| it.is_absolute());
    let state = state.or_else(|| Some(path("HOME")?.join(".local/state")));
    Some(state?.join("healthd"))
}

/// Makes the directory of the default registry, if this is it.
///
/// # Errors
///
/// The system's, with the path.
pub(crate) fn make_directory(db: &Path) -> io::Result<()> {
    let directory = db.parent().filter(|it| !it.as_os_str().is_empty());
    let Some(directory) = directory.filter(|_| db == default_db()) else {
        return Ok(());
    };
    let made = fs::create_dir_all(directory);
    made.map_err(|error| {
        let place = directory.display();
        io::Error::new(error.kind(), format!("{place}: {error}"))
    })
}

/// The registry in the working directory, where earlier versions had it, and which the default no longer
/// is: a line for people.
pub(crate) fn left_behind(db: &Path) -> Option<String> {
    let is_other = fs::canonicalize(NAME).ok()? != fs::canonicalize(db).unwrap_or_default();
    let is_default = db == default_db();
    (is_other && is_default).then(|| {
        let db = db.display();
        format!(
            "{NAME} in this directory is not the registry, which is {db}; `--db {NAME}` makes it so"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::directory;

    #[test]
    fn a_service_manager_then_root_then_the_user() {
        let of = |is_root, set: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            };
            let found = directory(is_root, variable);
            found.map(|it| it.display().to_string())
        };
        let all = [
            ("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/home/u"),
        ];
        assert_eq!(of(true, &all).as_deref(), Some("/var/lib/a"));
        assert_eq!(of(true, &all[1..]).as_deref(), Some("/var/lib/healthd"));
        assert_eq!(of(false, &all[1..]).as_deref(), Some("/x/healthd"));
        let home = Some("/home/u/.local/state/healthd");
        assert_eq!(of(false, &all[2..]).as_deref(), home);
        let relative = [("XDG_STATE_HOME", "x"), ("STATE_DIRECTORY", ""), all[2]];
        assert_eq!(of(false, &relative).as_deref(), home);
        assert_eq!(of(false, &[]), None);
    }
}
