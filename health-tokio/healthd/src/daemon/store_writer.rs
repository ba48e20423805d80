//! Writes the registry: the only task that does, and what it does while the file cannot be written.
//!
//! Targets are watched whether or not the registry can be written. While it cannot, the component
//! `store` gives the reason, the journal holds what is to be stored, transitions are logged and notified
//! all the same, and each retry opens the file again if necessary. A damaged file is moved aside, never
//! deleted, and a new one is filled with everything that is known. The same is done if the file is
//! removed, renamed, replaced or made unreadable: that is checked twice a second, and after each write
//! before the write is acknowledged.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use health_core::health::ComponentConfig;
use health_core::monitor::registry::{Batch, Definition, StoredTarget, TargetStore};
use health_core::{Name, NameError};
use health_driver::{Component, Health};
use tokio::sync::{mpsc, oneshot};
use tokio::task;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use super::announce::Announcement;
use super::documents::now;
use super::list::List;
use super::outbox::Outbox;
use super::place::{hold, identities, set_aside};
use crate::control::Lock;
use crate::store::{Identity, Limits, SqliteStore, StoreError, Stored, peek};

/// How often writing what the file lacks is tried again if no batch does it.
const RETRY: Duration = Duration::from_secs(10);
/// How often the file is checked.
const FILE_CHECK: Duration = Duration::from_millis(500);
/// How long, at least, the component reports that the file was lost.
const LOST_SHOWN: Duration = Duration::from_secs(5);
/// Targets that are written in one transaction, where there may be many.
pub(super) const MAX_TARGETS: usize = 4_096;

/// A change of the registry other than a batch.
#[derive(Debug)]
pub(super) enum StoreCommand {
    Put(Vec<Definition>),
    /// Forget what is known of them.
    Reset(Vec<Name>),
    Remove(Vec<Name>),
}

/// Sends commands to the [`StoreWriter`].
#[derive(Clone, Debug)]
pub(crate) struct StoreHandle(mpsc::Sender<(StoreCommand, oneshot::Sender<Result<(), String>>)>);

/// See the [module](self).
pub(crate) struct StoreWriter {
    path: PathBuf,
    limits: Limits,
    /// Empty until the right to write could be had.
    lock: Arc<OnceLock<Lock>>,
    /// `None`: it could not be opened.
    store: Option<SqliteStore>,
    /// What could not be carried out yet, in its order.
    waiting: VecDeque<Arc<StoreCommand>>,
    /// The next file that is opened may be another, which lacks every target.
    is_new_file: bool,
    /// What the file holds could not be read at the start, and is merged when it can be.
    is_unread: bool,
    is_failing: bool,
    /// When the file was found to be lost, as long as the component says so.
    lost: Option<Instant>,
    /// The directory and the file, when they were last looked at without a file that is open.
    seen: [Option<Identity>; 2],
    component: Component,
    commands: mpsc::Receiver<(StoreCommand, oneshot::Sender<Result<(), String>>)>,
    /// Receives each batch once it is stored.
    announce: mpsc::Sender<Announcement>,
    /// The number of the last batch sent there: a batch that is tried again is not sent again.
    announced: u64,
    /// The notices to keep.
    outbox: Outbox,
    /// See [`run`](Self::run).
    late: Option<Box<dyn FnOnce(Vec<StoredTarget>) + Send>>,
    /// When what is too old is deleted next.
    sweep_at: Instant,
}

impl StoreCommand {
    fn carry_out(&self, store: &mut SqliteStore) -> Result<(), StoreError> {
        match self {
            Self::Put(targets) => store.put(targets),
            Self::Reset(names) => store.reset(names),
            Self::Remove(names) => store.remove(names),
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Put(targets) => targets.is_empty(),
            Self::Reset(names) | Self::Remove(names) => names.is_empty(),
        }
    }
}

impl StoreHandle {
    /// Done, and on the disk.
    ///
    /// # Errors
    ///
    /// It will be done when the registry can be written again; why it could not be.
    pub(super) async fn send(&self, command: StoreCommand) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the monitor is stopping".to_owned();
        self.0.send((command, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl StoreWriter {
    /// Opens the registry and reads it; `lock` is taken as soon as it can be. If the file cannot be read
    /// at all, there is nothing known.
    ///
    /// # Errors
    ///
    /// The file is another program's, or of a newer version: no time will heal that.
    pub(crate) async fn open(
        path: &Path,
        lock: Arc<OnceLock<Lock>>,
        limits: Limits,
        health: &Health,
        announce: mpsc::Sender<Announcement>,
        outbox: Outbox,
    ) -> Result<(Self, StoreHandle, Stored), StoreError> {
        let (sender, commands) = mpsc::channel(16);
        let mut writer = Self {
            path: path.to_owned(),
            limits,
            lock,
            store: None,
            waiting: VecDeque::new(),
            is_new_file: false,
            is_unread: false,
            is_failing: false,
            lost: None,
            seen: identities(path),
            component: component(health).expect("a name of our own, registered first"),
            commands,
            announce,
            announced: 0,
            outbox,
            late: None,
            sweep_at: Instant::now() + limits.sweep_every(),
        };
        let loaded = match writer.work(SqliteStore::load_all).await {
            Ok(loaded) => loaded,
            Err(error) if error.is_foreign() => return Err(error),
            Err(error) => {
                writer.handle_error(&error);
                // Repaired on the spot, if it was damage.
                match writer.work(SqliteStore::load_all).await {
                    Ok(loaded) => loaded,
                    Err(_) => peek(path).unwrap_or_else(|_| Stored {
                        is_unread: true,
                        ..Stored::default()
                    }),
                }
            }
        };
        if writer.store.is_some() {
            writer.handle_success();
        }
        writer.is_unread = loaded.is_unread;
        let notices = &loaded.notices;
        writer
            .outbox
            .restore(&notices.outbox, notices.is_mass_failure);
        Ok((writer, StoreHandle(sender), loaded))
    }

    /// Stores what the monitor reports until it has stopped and everything is stored, or cannot be.
    ///
    /// `late` takes over the targets of a file that could not be read at the start.
    pub(crate) async fn run(
        mut self,
        list: List,
        late: impl FnOnce(Vec<StoredTarget>) + Send + 'static,
    ) {
        self.late = Some(Box::new(late));
        let controls = &list.controls;
        let mut looks = interval(FILE_CHECK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut retries = interval(RETRY);
        retries.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = looks.tick() => self.check_file(&list).await,
                Some((command, reply)) = self.commands.recv() => {
                    self.waiting.push_back(Arc::new(command));
                    let done = self.catch_up(&list).await;
                    // Nobody has to wait for it.
                    let _ = reply.send(done.map_err(|error| error.to_string()));
                }
                batch = poll_fn(|cx| controls.poll_batch(cx.waker())) => {
                    let Some(batch) = batch else {
                        // Lost to the registry, but not to the log and the actions.
                        if let Poll::Ready(batch) = controls.poll_unstored(Waker::noop()) {
                            self.announce(batch, 0).await;
                        }
                        break;
                    };
                    let kept = self.keep(&list, &batch).await;
                    controls.handle_stored(kept.is_ok());
                    // Acted upon once: when it is kept, or when it cannot be for the first time.
                    if batch.number > self.announced && !batch.is_reported {
                        self.announce(Arc::clone(&batch), kept.unwrap_or(0)).await;
                    }
                    self.announced = batch.number;
                }
                batch = poll_fn(|cx| controls.poll_unstored(cx.waker())) => {
                    self.announce(batch, 0).await;
                }
                // While it fails, the retries are enough.
                () = self.outbox.changed(), if !self.is_failing => {
                    let _ = self.catch_up(&list).await;
                }
                _ = retries.tick(), if self.is_behind() => {
                    // Said and tried again, if it does not succeed.
                    let _ = self.catch_up(&list).await;
                }
            }
        }
        self.finish(&list).await;
    }

    /// Stores what becomes of the last notices.
    async fn finish(mut self, list: &List) {
        // There are no more batches.
        self.announce = mpsc::channel(1).0;
        while !self.outbox.is_closed() {
            self.outbox.changed().await;
            if !self.is_failing {
                let _ = self.catch_up(list).await;
            }
        }
        let _ = self.catch_up(list).await;
    }

    async fn announce(&mut self, batch: Arc<Batch>, last: i64) {
        let announcement = Announcement {
            batch,
            last,
            late: None,
        };
        let _ = self.announce.send(announcement).await;
    }

    /// Whether the file is still there; if not, it is made anew.
    async fn check_file(&mut self, list: &List) {
        if self.store.is_some() {
            match self.work(SqliteStore::check).await {
                Ok(()) if self.lost.is_some() && !self.is_failing => self.handle_success(),
                Ok(()) => self.sweep().await,
                Err(error) => {
                    self.handle_error(&error);
                    // Said and tried again, if it does not succeed.
                    let _ = self.catch_up(list).await;
                }
            }
            return;
        }
        let path = self.path.clone();
        let seen = task::spawn_blocking(move || identities(&path));
        let seen = seen.await.unwrap_or_default();
        if std::mem::replace(&mut self.seen, seen) != seen {
            let _ = self.catch_up(list).await;
        }
    }

    /// Deletes what is too old, from time to time.
    async fn sweep(&mut self) {
        if self.sweep_at > Instant::now() {
            return;
        }
        self.sweep_at = Instant::now() + self.limits.sweep_every();
        if let Ok(true) = self.work(|store| store.sweep(now())).await {
            // A part at a time, so that nothing waits for it.
            self.sweep_at = Instant::now();
        }
    }

    /// Returns the number of the last transition.
    async fn keep(&mut self, list: &List, batch: &Arc<Batch>) -> Result<i64, StoreError> {
        match self.try_keep(list, batch).await {
            Err(error) if error.is_lost() => self.try_keep(list, batch).await,
            done => done,
        }
    }

    async fn try_keep(&mut self, list: &List, batch: &Arc<Batch>) -> Result<i64, StoreError> {
        if self.is_behind() {
            self.catch_up(list).await?;
        }
        let rows = Arc::clone(batch);
        let is_noticed = batch.is_reported || batch.number <= self.announced;
        self.write(move |store| store.write_batch(&rows, is_noticed))
            .await
    }

    /// Whether the file lacks something that no batch brings.
    fn is_behind(&self) -> bool {
        self.is_new_file || !self.waiting.is_empty() || self.outbox.unstored().is_some()
    }

    /// As [`try_catch_up`](Self::try_catch_up), and once more if the file was lost meanwhile.
    async fn catch_up(&mut self, list: &List) -> Result<(), StoreError> {
        match self.try_catch_up(list).await {
            Err(error) if error.is_lost() => self.try_catch_up(list).await,
            done => done,
        }
    }

    /// Carries out what waits. A file that may be another one gets every target and how it stands; what
    /// it has besides stays.
    async fn try_catch_up(&mut self, list: &List) -> Result<(), StoreError> {
        if self.is_unread {
            self.merge().await?;
        }
        while let Some(command) = self.waiting.front().cloned() {
            self.write(move |store| command.carry_out(store)).await?;
            self.waiting.pop_front();
        }
        if self.is_new_file {
            let mut last = None;
            loop {
                let Some(targets) = list.definitions(last.as_ref(), MAX_TARGETS) else {
                    // Still behind; results can be kept of those that are there.
                    return Ok(());
                };
                last = targets.last().map(|it| it.name.clone());
                // None of them as well: only who writes knows that the file can be written.
                self.write(move |store| store.put(&targets)).await?;
                if last.is_none() {
                    break;
                }
            }
            self.is_new_file = false;
            self.outbox.handle_new_file();
            list.controls.journal_state();
        }
        while let Some(change) = self.outbox.unstored() {
            let change = Arc::new(change);
            let written = Arc::clone(&change);
            self.write(move |store| store.write_outbox(&written))
                .await?;
            self.outbox.handle_stored(&change);
        }
        Ok(())
    }

    /// Takes over what the file holds, before anything is written to it.
    async fn merge(&mut self) -> Result<(), StoreError> {
        let mut stored = match self.work(SqliteStore::load_all).await {
            Ok(stored) => stored,
            Err(error) => {
                self.handle_error(&error);
                return Err(error);
            }
        };
        self.is_unread = false;
        let rows = &mut stored.notices.outbox;
        *rows = self.outbox.adopt(std::mem::take(rows));
        info!(
            targets = stored.targets.len(),
            "the registry can be read now; taking over what it holds"
        );
        if let Some(late) = self.late.take() {
            late(stored.targets);
        }
        let announcement = Announcement {
            batch: Arc::default(),
            last: stored.notices.last,
            late: Some(stored.notices),
        };
        let _ = self.announce.send(announcement).await;
        Ok(())
    }

    /// Carries it out, and reports the result as the component `store`.
    async fn write<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut SqliteStore) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let done = self.work(|store| {
            let done = work(store)?;
            // Kept is what can be found again.
            store.check()?;
            Ok(done)
        });
        let done = done.await;
        match &done {
            Ok(_) => self.handle_success(),
            Err(error) => self.handle_error(error),
        }
        done
    }

    fn handle_success(&mut self) {
        if self.lost.is_none_or(|at| at.elapsed() >= LOST_SHOWN) {
            self.lost = None;
            self.component.success();
        }
        if std::mem::take(&mut self.is_failing) {
            info!(registry = %self.path.display(), "the registry is kept again");
        }
    }

    fn handle_error(&mut self, error: &StoreError) {
        self.component.failure(error);
        self.is_failing = true;
        if error.is_damage() || error.is_of_the_connection() {
            self.store = None;
        }
        self.is_new_file |= self.store.is_none();
        if error.is_lost() {
            self.store = None;
            self.is_new_file = true;
        }
        if error.is_lost() || error.is_damage() {
            self.lost = Some(Instant::now());
        }
        if error.is_damage() || error.is_forbidden() {
            let word = if error.is_damage() {
                "damaged"
            } else {
                "unreadable"
            };
            match set_aside(&self.path, word) {
                Ok(place) => error!(%error, moved_to = %place.display(), "starting a new registry"),
                Err(moving) => error!(%error, %moving, "the registry cannot be moved aside"),
            }
        } else if error.is_lost() {
            error!(%error, "making the registry anew with everything that is known");
        } else {
            warn!(%error, "the registry cannot be used; going on without it");
        }
    }

    /// Carries it out on a thread that may wait for a disk.
    async fn work<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut SqliteStore) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (store, path, limits) = (self.store.take(), self.path.clone(), self.limits);
        let lock = Arc::clone(&self.lock);
        let worked = task::spawn_blocking(move || {
            // Without the lock there may be another who writes.
            let held = hold(&lock, &path);
            let store = held.and_then(|()| match store {
                Some(store) => Ok(store),
                None => SqliteStore::open(&path, limits),
            });
            match store {
                Ok(mut store) => match work(&mut store) {
                    Err(error) if error.is_lost() || error.is_damage() => {
                        store.give_up(&error);
                        (None, Err(error))
                    }
                    done => (Some(store), done),
                },
                Err(error) => (None, Err(error)),
            }
        });
        let (store, result) = worked.await.expect("the store does not panic");
        self.store = store;
        result
    }
}

fn component(health: &Health) -> Result<Component, NameError> {
    let config = ComponentConfig::new().retries(1).// It goes on watching; what is lost is at most what happens until the next end.
        critical(false);
    health.component_with("store", config)
}
