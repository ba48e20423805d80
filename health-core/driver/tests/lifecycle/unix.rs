//! Unix sockets: the file is the server's own, from its permissions to its end.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::client::{Client, LIVE};
use super::driver::Server;
use super::{PATIENCE, running, shutdown};

/// A directory of this test's own, gone when dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(test: &str) -> Self {
        let name = format!("health-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.0.join("health.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn connect(path: &Path) -> Client<UnixStream> {
    let stream = UnixStream::connect(path).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    Client::new(stream)
}

#[test]
fn a_unix_socket_has_its_mode_sees_details_and_is_removed_at_the_end() {
    let folder = Folder::new("mode");
    let path = folder.socket();
    let health = running();
    let link = health.component("link").expect("a name");
    link.failure("no carrier");
    let server = Server::bind_unix(&path, 0o660, &health).expect("a free path");
    assert_eq!(server.local_addr(), None);
    let handle = server.spawn().expect("a thread");
    let file = fs::symlink_metadata(&path).expect("a file");
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o660);
    assert!(handle.is_running());
    assert_eq!(handle.local_addr(), None);

    let mut client = connect(&path);
    client.send("GET /health?verbose HTTP/1.1\r\nHost: test\r\n\r\n");
    // What only those on this machine may read.
    assert!(client.answer().body.contains("no carrier"));
    let report = shutdown(&handle);
    client.expect_end();
    assert_eq!(report.finished, 1);
    assert!(!path.exists());
}

#[test]
fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
    let folder = Folder::new("stale");
    let path = folder.socket();
    // std leaves the file when the listener is dropped, as a crash does.
    drop(UnixListener::bind(&path).expect("a free path"));
    assert!(path.exists());
    let server = Server::bind_unix(&path, 0o600, &running()).expect("nobody answers there");
    let handle = server.spawn().expect("a thread");

    let error = Server::bind_unix(&path, 0o600, &running()).expect_err("it is taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains("health.sock"), "{error}");
    let mut client = connect(&path);
    client.send(LIVE);
    assert_eq!(client.answer().code, 200);
    // Whoever asked whether it lives has left nothing in its queue.
    assert_eq!(shutdown(&handle).finished, 1);
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = Folder::new("file");
    let path = folder.socket();
    fs::write(&path, "precious").expect("a file");
    let error = Server::bind_unix(&path, 0o600, &running()).expect_err("it is taken");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
}

#[test]
fn a_socket_of_somebody_else_at_the_same_path_is_left_alone() {
    let folder = Folder::new("replaced");
    let path = folder.socket();
    let server = Server::bind_unix(&path, 0o600, &running()).expect("a free path");
    fs::rename(&path, folder.0.join("aside")).expect("a file");
    let _other = UnixListener::bind(&path).expect("a free path");
    drop(server);
    assert!(path.exists());
}

#[test]
fn a_unix_listener_from_elsewhere_keeps_its_file() {
    let folder = Folder::new("inherited");
    let path = folder.socket();
    let listener = UnixListener::bind(&path).expect("a free path");
    let server = Server::from_std_unix(listener, &running()).expect("a listener");
    let handle = server.spawn().expect("a thread");
    let mut client = connect(&path);
    client.send(LIVE);
    assert_eq!(client.answer().code, 200);
    shutdown(&handle);
    assert!(path.exists());
}
