//! Listeners that a service manager has bound and passed on: socket activation.

use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::sync::{Mutex, OnceLock, PoisonError};

use socket2::SockRef;

use super::{descriptors, environment};
use crate::listen::Source;

/// The number of the first descriptor that is passed on.
const FIRST: RawFd = 3;

/// What was passed to this process, with its name; `None` once it is taken.
type Passed = Vec<(String, Option<OwnedFd>)>;

/// All that was passed, taken over at the first call: numbers mean something else later.
static PASSED: OnceLock<Result<Mutex<Passed>, String>> = OnceLock::new();

/// The next listener of this name (`FileDescriptorName=` of the socket unit) that was passed to this
/// process and was not taken before; `None` if nothing was passed to it at all. Where no names were
/// passed, each listener has every name.
///
/// The first call in a process takes all descriptors over: they are not inherited by children that are
/// started from then on. Call it before the daemon has threads that start some.
///
/// # Errors
///
/// There is none of this name, or it is no listener for streams (`ListenStream=`, `Accept=no`); a
/// variable is not what it has to be; a descriptor is missing.
pub fn take_listener(name: &str) -> io::Result<Option<Source>> {
    let passed = PASSED.get_or_init(|| {
        let passed = take_all(&environment::of_process);
        passed.map(Mutex::new).map_err(|error| error.to_string())
    });
    let passed = passed.as_ref().map_err(|error| invalid(error.clone()))?;
    let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
    find(&mut passed, name)
}

fn take_all(lookup: environment::Lookup<'_>) -> io::Result<Passed> {
    let names = environment::listen_names(lookup)?.unwrap_or_default();
    let named = names.into_iter().zip(FIRST..).map(|(name, number)| {
        let taken = descriptors::take(number).map_err(|error| {
            let text = format!("LISTEN_FDS: descriptor {number}: {error}");
            io::Error::new(error.kind(), text)
        })?;
        Ok((name, Some(taken)))
    });
    named.collect()
}

fn find(passed: &mut Passed, name: &str) -> io::Result<Option<Source>> {
    if passed.is_empty() {
        return Ok(None);
    }
    let mut fits = passed
        .iter_mut()
        .filter(|(it, _)| it == name || it.is_empty());
    match fits.find_map(|(_, descriptor)| descriptor.take()) {
        Some(descriptor) => listener(descriptor, name).map(Some),
        None => {
            let names: Vec<_> = passed.iter().map(|(it, _)| it.as_str()).collect();
            let names = names.join(", ");
            Err(invalid(format!(
                "no socket named {name} is left (FileDescriptorName=); passed were: {names}"
            )))
        }
    }
}

fn listener(descriptor: OwnedFd, name: &str) -> io::Result<Source> {
    let wrong = |error: io::Error| {
        let text = format!("the socket named {name} is no listener for streams: {error}");
        io::Error::new(error.kind(), text)
    };
    let address = SockRef::from(&descriptor).local_addr().map_err(wrong)?;
    check_listens(&descriptor).map_err(wrong)?;
    if address.is_unix() {
        Source::given_unix(descriptor.into()).map_err(wrong)
    } else {
        Source::given(descriptor.into()).map_err(wrong)
    }
}

/// With `Accept=yes` a connection is passed on.
#[cfg(target_os = "linux")]
fn check_listens(descriptor: &impl AsFd) -> io::Result<()> {
    if SockRef::from(descriptor).is_listener()? {
        return Ok(());
    }
    Err(invalid("it does not listen (Accept=yes?)".to_owned()))
}

/// Elsewhere it shows at the first `accept`.
#[cfg(not(target_os = "linux"))]
fn check_listens(_: &impl AsFd) -> io::Result<()> {
    Ok(())
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    fn tcp() -> Option<OwnedFd> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Some(listener.into())
    }

    #[test]
    fn each_listener_is_taken_once_by_its_name() {
        let mut passed = vec![("api".to_owned(), tcp()), ("health".to_owned(), tcp())];
        let source = find(&mut passed, "health").expect("a listener");
        assert!(source.expect("it was passed").local_addr().is_some());
        let error = find(&mut passed, "health").expect_err("it is taken");
        let text = "no socket named health is left (FileDescriptorName=); passed were: api, health";
        assert_eq!(error.to_string(), text);
        assert!(find(&mut passed, "api").expect("a listener").is_some());
        assert!(find(&mut Vec::new(), "health").expect("nothing").is_none());
    }

    #[test]
    fn without_names_they_are_taken_in_their_order() {
        let mut passed = vec![(String::new(), tcp()), (String::new(), tcp())];
        for _ in 0..2 {
            assert!(find(&mut passed, "health").expect("a listener").is_some());
        }
        find(&mut passed, "health").expect_err("none is left");
    }

    #[test]
    fn what_is_no_listener_for_streams_is_refused_and_said() {
        let datagrams = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connection = TcpStream::connect(address).expect("it listens");
        let file = std::fs::File::open("/dev/null").expect("a file");
        for descriptor in [datagrams.into(), connection.into(), file.into()] {
            let mut passed = vec![("health".to_owned(), Some(descriptor))];
            let error = find(&mut passed, "health").expect_err("no listener");
            let text = "the socket named health is no listener for streams: ";
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }
}
