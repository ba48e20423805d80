//! The directory in which a running group has its socket and its lock, and how commands find it.

use std::env;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

/// Where groups may have their sockets, the preferred place first.
fn candidates(stated: Option<&Path>) -> Vec<PathBuf> {
    if let Some(stated) = stated {
        return vec![stated.to_owned()];
    }
    let runtime = env::var_os("XDG_RUNTIME_DIR").filter(|it| !it.is_empty());
    let mut places: Vec<_> = runtime
        .map(|it| Path::new(&it).join("healthd"))
        .into_iter()
        .collect();
    places.push("/run/healthd".into());
    places.push(env::temp_dir().join(format!("healthd-{}", geteuid().as_raw())));
    places
}

/// Where to look for the socket of a running group. Anybody may make a directory in the temporary one, and
/// answer there for a group of somebody else's: it is asked only if it is this user's own.
pub(super) fn known(stated: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let temporary = stated.is_none().then(env::temp_dir);
    let places = candidates(stated).into_iter();
    places.filter(move |it| it.parent() != temporary.as_deref() || is_own(it))
}

fn is_own(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|it| it.uid() == geteuid().as_raw())
}

/// The first of them that can be used; it is made if there is none.
///
/// # Errors
///
/// Why the last one cannot be used; one line for people.
pub(super) fn prepare(stated: Option<&Path>) -> Result<PathBuf, String> {
    let mut last = String::new();
    for place in candidates(stated) {
        match usable(&place, stated.is_some()) {
            Ok(()) => return Ok(place),
            Err(error) => last = format!("{}: {error}", place.display()),
        }
    }
    Err(last)
}

/// A directory that somebody else could write would let them answer for the group.
fn usable(place: &Path, is_stated: bool) -> io::Result<()> {
    let made = DirBuilder::new()
        .recursive(is_stated)
        .mode(0o700)
        .create(place);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Of a link in the temporary directory, the link itself.
    let metadata = if is_stated {
        fs::metadata(place)
    } else {
        fs::symlink_metadata(place)
    }?;
    let is_safe = is_stated || metadata.uid() == geteuid().as_raw() && metadata.mode() & 0o022 == 0;
    if !metadata.is_dir() || !is_safe {
        return Err(io::Error::other("not a directory of this user's own"));
    }
    access(place, Access::WRITE_OK)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_place_is_asked_that_was_stated_or_is_our_own() {
        let own = env::temp_dir().join(format!("healthd-{}", geteuid().as_raw()));
        let is_there = own.exists();
        assert_eq!(known(None).any(|it| it == own), is_there);
        assert!(known(Some(&own)).eq([own.clone()]));
        assert!(!is_own(Path::new("/no/such")) && is_own(Path::new("/proc/self")));
    }

    #[test]
    fn a_place_that_others_may_write_is_not_taken() {
        let id = std::process::id();
        let place = env::temp_dir().join(format!("healthd-place-{id}"));
        assert!(prepare(Some(&place)).is_ok(), "made");
        assert!(usable(&place, false).is_ok(), "our own");
        fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).expect("set");
        assert!(usable(&place, false).is_err(), "everybody's");
        assert!(usable(&place, true).is_ok(), "asked for");
        fs::remove_dir(&place).expect("removed");
        fs::write(&place, "").expect("written");
        assert!(usable(&place, true).is_err(), "a file");
        fs::remove_file(&place).expect("removed");
    }
}
