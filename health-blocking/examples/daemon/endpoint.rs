//! The endpoint of the daemon, and what its service manager hears of it (with the feature `systemd`).

use std::io;

use crate::args::Args;
use crate::driver::{Handle, Health, Server};
use crate::output::Output;

/// Starts the endpoint. A daemon whose endpoint cannot be had does its work all the same.
pub(crate) fn start(args: &Args, health: &Health, output: &Output) -> Option<Handle> {
    let bound = bind(args, health).map(|server| server.service(args.service()));
    match bound.and_then(Server::spawn) {
        Ok(handle) => Some(handle),
        Err(error) => {
            output.log(format!("{error}; going on without the endpoint"));
            None
        }
    }
}

#[cfg(feature = "systemd")]
pub(crate) use with_systemd::{bind, notify};

#[cfg(feature = "systemd")]
mod with_systemd {
    use super::{Args, Health, Output, Server, io};
    use crate::driver::systemd::{Notifier, NotifierHandle};

    /// Takes the socket that is named `health` in the socket unit, if there is one.
    pub(crate) fn bind(args: &Args, health: &Health) -> io::Result<Server> {
        match Server::from_systemd("health", health)? {
            Some(server) => Ok(server),
            None => Server::bind(args.listen, health),
        }
    }

    /// Reports to the service manager; what is returned is to be kept to the end.
    pub(crate) fn notify(health: &Health, output: &Output) -> Option<NotifierHandle> {
        let notifier = Notifier::new(health).spawn();
        let said = |error: &io::Error| output.log(format!("{error}; going on without reports"));
        notifier.inspect_err(said).ok()
    }
}

#[cfg(not(feature = "systemd"))]
fn bind(args: &Args, health: &Health) -> io::Result<Server> {
    Server::bind(args.listen, health)
}

/// Nothing is reported.
#[cfg(not(feature = "systemd"))]
pub(crate) fn notify(_: &Health, _: &Output) -> Option<()> {
    None
}
