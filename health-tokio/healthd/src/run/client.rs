//! How commands reach a running group: by its socket.

use std::io;

use health_core::Name;

use super::place::known;
use crate::cli::{NameArgs, ShowArgs};
use crate::control::{self, Reply, Request};
use crate::{CommandError, CommandResult, EXIT_FAILURE, print, print_json};

/// Asks the group of this name; `None` if none runs, or if the registry is what was asked for.
///
/// # Errors
///
/// It runs, but does not answer or refuses.
pub(crate) fn ask(
    args: &ShowArgs,
    name: &str,
    request: &Request,
) -> Result<Option<Reply>, CommandError> {
    if args.registry.is_alone() || Name::new(name).is_err() {
        return Ok(None);
    }
    for place in known(args.run_dir.as_deref()) {
        match control::ask(&place.join(name), request) {
            Ok(Some(Reply::Refused(line))) => return Err(CommandError::new(EXIT_FAILURE, line)),
            Ok(Some(reply)) => return Ok(Some(reply)),
            Ok(None) => {}
            Err(error) if is_elsewhere(&error) => {}
            Err(error) => {
                let line = format!("group {name} does not answer: {error}");
                return Err(CommandError::new(EXIT_FAILURE, line));
            }
        }
    }
    Ok(None)
}

/// No group of this user's can be there.
fn is_elsewhere(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    [NotADirectory, NotFound, PermissionDenied].contains(&error.kind())
}

/// The names of the groups that have a socket, in order.
pub(super) fn names(args: &ShowArgs) -> Vec<String> {
    if args.registry.is_alone() {
        return Vec::new();
    }
    let places = known(args.run_dir.as_deref());
    let entries = places.filter_map(|it| std::fs::read_dir(it).ok());
    let names = entries.flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(".sock").map(str::to_owned)
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// `restart NAME[-INDEX]`.
pub(crate) fn restart(args: &NameArgs) -> CommandResult {
    let name = args.name.as_str();
    let mut reply = ask(&args.show, name, &Request::Restart(None))?;
    if let (None, Some((group, index))) = (&reply, replica(name)) {
        reply = ask(&args.show, group, &Request::Restart(Some(index)))?;
    }
    let why = match args.show.registry.is_alone() {
        true => "with --db, no group is asked",
        false => "no such group runs",
    };
    let none = || CommandError::new(EXIT_FAILURE, format!("{name}: {why}"));
    done(args, reply.ok_or_else(none)?)
}

/// `reactivate NAME-INDEX`; `None` if there is no such group.
pub(crate) fn reactivate(args: &NameArgs) -> Result<Option<()>, CommandError> {
    let Some((group, index)) = replica(&args.name) else {
        return Ok(None);
    };
    let reply = ask(&args.show, group, &Request::ReactivateReplica(index))?;
    reply.map(|reply| done(args, reply)).transpose()
}

fn done(args: &NameArgs, reply: Reply) -> CommandResult {
    match reply {
        reply if args.show.json => print_json(&reply),
        Reply::Done(line) => print(&line),
        _ => {}
    }
    Ok(())
}

/// The group and the index of `NAME-INDEX`.
pub(super) fn replica(name: &str) -> Option<(&str, u16)> {
    let (group, index) = name.rsplit_once('-')?;
    let is_index = !index.is_empty() && index.bytes().all(|it| it.is_ascii_digit());
    Some((group, index.parse().ok().filter(|_| is_index)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_is_the_replica() {
        assert_eq!(replica("web-2-0"), Some(("web-2", 0)));
        assert_eq!(replica("web-999"), Some(("web", 999)));
        for name in ["web", "web-", "web-+1", "web-x", "web-65536"] {
            assert_eq!(replica(name), None, "{name}");
        }
    }
}
