//! Connects the other commands with a running monitor, or lets them write the registry if none runs.
//!
//! Reading needs no connection: SQLite lets other processes read while one writes, so
//! `list`, `inspect` and `explain` need no monitor and cannot disturb one. What changes something is a
//! line of JSON to the monitor's socket, `REGISTRY.sock`, and one line back. If no monitor runs, the
//! command writes the registry itself. So that there is never a second writer, a writer holds a
//! lock on `REGISTRY.lock`: the system gives it back however the holder ends.
//!
//! The socket belongs to its owner alone (mode 600): a user who may connect may also write the registry.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::fs::{Access, FlockOperation, access, flock};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::quiet::Act;
use super::store::Identity;

/// A request of a command to the monitor, or to a group that runs.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    /// A target's table, as in a configuration.
    Add(Map<String, Value>),
    Remove(String),
    Reactivate(String),
    /// Where the settings of a target come from.
    Origin(String),
    Status,
    /// To a group: what it and its replicas are.
    Inspect,
    /// To a group: the same, and why.
    Explain,
    /// To a group: restart one replica, or all.
    Restart(Option<u16>),
    /// To a group: begin a replica again that has ended.
    ReactivateReplica(u16),
    /// To the monitor: how the last attempts on a target went.
    Now(String),
    /// To a monitor: something about targets that there are.
    Act(Act),
    /// Change keys of an added target's table; those that are null are taken away.
    Update {
        name: String,
        changes: Map<String, Value>,
    },
    /// Read the configuration again.
    Reload,
}

impl Request {
    /// How long the answer may take. A hundred thousand targets are not read in a moment.
    const fn limit(&self) -> Duration {
        match self {
            Self::Reload => Duration::from_secs(60),
            _ => LIMIT,
        }
    }
}

/// The reply.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// It is done; one line for people.
    Done(String),
    /// It is refused; one line for people.
    Refused(String),
    Origin {
        /// The monitor's configuration.
        config: Option<PathBuf>,
        /// If the target was named by a flag or the environment.
        url: Option<String>,
    },
    Status(Value),
}

/// A request, and where its answer goes.
pub(super) type PendingRequest = (Request, oneshot::Sender<Reply>);

/// How long a whole exchange may take, on either side.
const LIMIT: Duration = Duration::from_secs(5);
/// How long to wait before trying to listen again.
const RETRY: Duration = Duration::from_secs(5);
/// How often the socket's file is checked.
const SOCKET_CHECK: Duration = Duration::from_secs(1);
/// The most bytes of a request.
const MAX_REQUEST: u64 = 64 * 1_024;

/// The right to write a registry, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    file: Mutex<File>,
}

impl Lock {
    /// Takes it; `None` if another process has it, or did until its file was removed a moment ago: a
    /// monitor that answers takes it again.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub(super) fn take(db: &Path) -> io::Result<Option<Self>> {
        let taken = Self::take_file(db)?;
        Ok(taken.filter(|_| !is_served(db)))
    }

    fn take_file(db: &Path) -> io::Result<Option<Self>> {
        let path = sibling(db, ".lock");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        // An existing file can be locked on a read-only disk, too, and that of another user: the registry
        // may be theirs by a mistake that is mended while the monitor runs.
        let file = file.or_else(|error| match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                File::open(&path).map_err(|_| error)
            }
            _ => Err(error),
        });
        let file = file.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let file = Mutex::new(file);
                Ok(Some(Self { file }))
            }
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes it again if its file is no longer the one at the path: another process could lock the new
    /// one. False if another process has done so.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub(super) fn renew(&self, db: &Path) -> io::Result<bool> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let held = Identity::of(&file.metadata()?);
        if Identity::at(&sibling(db, ".lock")) == Some(held) {
            return Ok(true);
        }
        let Some(taken) = Self::take_file(db)? else {
            return Ok(false);
        };
        *file = taken
            .file
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(true)
    }
}

/// Whether another process has the right to write, without taking it for longer than it takes to ask.
pub(super) fn is_locked(db: &Path) -> bool {
    let file = File::open(sibling(db, ".lock"));
    file.is_ok_and(|file| {
        flock(&file, FlockOperation::NonBlockingLockShared) == Err(rustix::io::Errno::WOULDBLOCK)
    })
}

/// Whether a monitor listens for commands.
fn is_served(db: &Path) -> bool {
    socket(db).is_ok_and(|(path, _directory)| UnixStream::connect(path).is_ok())
}

/// Why a monitor cannot make its socket, if nothing can be written to the registry's directory; a line for
/// people.
pub(super) fn obstacle(db: &Path) -> Option<String> {
    let directory = db.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    let error = access(directory, Access::WRITE_OK).err()?;
    Some(format!(
        "{}: {error}; the monitor of this registry takes commands again when it can write there",
        directory.display()
    ))
}

/// Whether the error may pass, such as a full disk, in contrast to a wrong path.
pub(super) fn may_pass(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let kinds = [QuotaExceeded, ReadOnlyFilesystem, StorageFull];
    kinds.contains(&error.kind())
}

/// Sends a request to the monitor of this registry; `None` if none runs.
///
/// # Errors
///
/// It runs but does not answer.
pub(super) fn ask(db: &Path, request: &Request) -> io::Result<Option<Reply>> {
    let (path, _directory) = socket(db)?;
    let mut stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(error),
            };
        }
    };
    stream.set_read_timeout(Some(request.limit()))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    if BufReader::new(stream).read_line(&mut answer)? == 0 {
        return Err(io::Error::other("it ended before this was done"));
    }
    Ok(Some(serde_json::from_str(&answer)?))
}

/// Listens for commands. It needs the lock: a socket that exists is then left from a monitor that ended.
///
/// # Errors
///
/// The system's, with the path.
pub(super) fn listen(db: &Path, _held: &Lock) -> io::Result<UnixListener> {
    let path = sibling(db, ".sock");
    let listen = || {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let (short, _directory) = socket(db)?;
        let listener = UnixListener::bind(short)?;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
        Ok(listener)
    };
    listen().map_err(|error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    })
}

/// The longest path of a socket that every system takes (`sockaddr_un`, with a NUL at its end).
const LONGEST: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
/// The longest name of a registry: the path of its socket is at most `/proc/self/fd/NUMBER/`, the name
/// and `.sock`.
const LONGEST_NAME: usize = LONGEST - 5 - 25;

/// Whether a socket can be made beside the registry; if not, what is allowed.
pub(super) fn check_path(db: &Path) -> Result<(), String> {
    if sibling(db, ".sock").as_os_str().len() <= LONGEST {
        return Ok(());
    }
    let name = db.file_name().map_or(0, std::ffi::OsStr::len);
    match cfg!(target_os = "linux") {
        true if name <= LONGEST_NAME => Ok(()),
        true => Err(format!(
            "allowed is a file's name of at most {LONGEST_NAME} bytes"
        )),
        false => Err(format!(
            "allowed is a path of at most {} bytes",
            LONGEST - 5
        )),
    }
}

/// The path of the socket, as short as a socket's has to be: if need be by way of its directory, which
/// is held open for as long as the path is used.
fn socket(db: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = sibling(db, ".sock");
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok((path, None));
    };
    if path.as_os_str().len() <= LONGEST {
        return Ok((path, None));
    }
    let directory = File::open(directory)?;
    let short = Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string());
    Ok((short.join(name), Some(directory)))
}

/// Removes the socket's file.
pub(super) fn remove_socket(db: &Path) {
    let _ = std::fs::remove_file(sibling(db, ".sock"));
}

/// Receives requests and passes them on, one after the other: few people send commands at once.
/// Without a listener, or when its file was removed, it makes one as soon as the lock is held and the
/// disk can be written.
pub(super) async fn serve(
    db: PathBuf,
    lock: Arc<OnceLock<Lock>>,
    mut listener: Option<UnixListener>,
    requests: mpsc::Sender<PendingRequest>,
) {
    loop {
        match listener.take() {
            Some(listener) => accept(&db, &listener, &requests).await,
            None => sleep(RETRY).await,
        }
        let held = lock.get().filter(|it| it.renew(&db).is_ok_and(|it| it));
        listener = held.and_then(|lock| listen(&db, lock).ok());
    }
}

/// Accepts connections until the listener's file was removed.
async fn accept(db: &Path, listener: &UnixListener, requests: &mpsc::Sender<PendingRequest>) {
    let path = sibling(db, ".sock");
    let own = Identity::at(&path);
    while own.is_some() && Identity::at(&path) == own {
        let Ok(accepted) = timeout(SOCKET_CHECK, listener.accept()).await else {
            continue;
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, most likely.
            sleep(Duration::from_millis(500)).await;
            continue;
        };
        let _ = serve_connection(stream, requests).await;
    }
}

async fn serve_connection(
    stream: tokio::net::UnixStream,
    requests: &mpsc::Sender<PendingRequest>,
) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(MAX_REQUEST));
    // A client that does not send or does not read is given up.
    timeout(LIMIT, reader.read_line(&mut line)).await??;
    let reply = match serde_json::from_str::<Request>(&line) {
        Ok(request) => {
            let limit = request.limit();
            let (reply, answer) = oneshot::channel();
            let asked = async {
                let stopping = || io::Error::other("stopping");
                let sent = requests.send((request, reply)).await;
                sent.map_err(|_| stopping())?;
                answer.await.map_err(|_| stopping())
            };
            timeout(limit, asked).await??
        }
        Err(error) => Reply::Refused(format!("not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&reply)?;
    line.push(b'\n');
    timeout(LIMIT, writer.write_all(&line)).await?
}

/// The path with this suffix.
pub(super) fn sibling(db: &Path, suffix: &str) -> PathBuf {
    let mut path = db.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}
