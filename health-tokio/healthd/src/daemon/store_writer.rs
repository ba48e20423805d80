//! Writes the registry: the only task that does.
//!
//! ```text
//!  monitor ── batches ──┐
//!  registry ─ commands ─┼─► StoreWriter ─► RegistryFile ─► SQLite
//!  actions ── outbox ───┘        └─ each batch, once ─► Reporter
//! ```
//!
//! Targets are watched whether or not the registry can be written. While it cannot, the component
//! `store` gives the reason, the journal holds what is to be stored, transitions are logged and notified
//! all the same, and each retry opens the file again if necessary. A new file is filled with everything
//! that is known. What is acknowledged is in the file: that is checked after each write, and twice a
//! second besides.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use health_core::monitor::registry::{Batch, StoredTarget, TargetStore};
use health_driver::Health;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::info;

use super::documents::now;
use super::list::List;
use super::outbox::Outbox;
use super::registry_file::{FileCheck, RegistryFile};
use super::reporter::StoredBatch;
pub(super) use super::store_command::StoreCommand;
use crate::control::Lock;
use crate::store::{Limits, SqliteStore, StoreError, Stored, peek};

/// How often writing what the file lacks is tried again if no batch does it.
const RETRY: Duration = Duration::from_secs(10);
/// How often the file is checked.
const FILE_CHECK: Duration = Duration::from_millis(500);
/// Targets that are written in one transaction, where there may be many.
pub(super) const MAX_TARGETS: usize = 4_096;

/// Why a command is not done.
const GONE: &str = "the monitor is stopping";

/// Sends commands to the [`StoreWriter`].
#[derive(Clone, Debug)]
pub(crate) struct StoreHandle(mpsc::Sender<(StoreCommand, oneshot::Sender<Result<(), String>>)>);

/// See the [module](self).
pub(crate) struct StoreWriter {
    file: RegistryFile,
    /// What could not be carried out yet, in its order.
    waiting: VecDeque<Arc<StoreCommand>>,
    /// What the file holds could not be read at the start, and is merged when it can be.
    is_unread: bool,
    commands: mpsc::Receiver<(StoreCommand, oneshot::Sender<Result<(), String>>)>,
    /// Receives each batch once it is stored.
    reports: mpsc::Sender<StoredBatch>,
    /// The number of the last batch sent there: a batch that is tried again is not sent again.
    reported: u64,
    /// The notices to keep.
    outbox: Outbox,
    /// See [`run`](Self::run).
    late: Option<Box<dyn FnOnce(Vec<StoredTarget>) + Send>>,
    /// When what is too old is deleted next.
    sweep_at: Instant,
}

impl StoreHandle {
    /// Done, and on the disk.
    ///
    /// # Errors
    ///
    /// It will be done when the registry can be written again; why it could not be.
    pub(super) async fn send(&self, command: StoreCommand) -> Result<(), String> {
        let answer = self.queue(command).await?;
        answer.await.map_err(|_| GONE.to_owned())?
    }

    /// The same, waiting for the disk no longer than whoever asked: it is done then when it can be.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) async fn send_for(
        &self,
        limit: Duration,
        command: StoreCommand,
    ) -> Result<(), String> {
        let answer = self.queue(command).await?;
        match timeout(limit, answer).await {
            Ok(done) => done.map_err(|_| GONE.to_owned())?,
            Err(_) => Err("the registry could not be written so far".to_owned()),
        }
    }

    async fn queue(
        &self,
        command: StoreCommand,
    ) -> Result<oneshot::Receiver<Result<(), String>>, String> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send((command, reply)).await;
        sent.map_err(|_| GONE.to_owned()).map(|()| answer)
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
        reports: mpsc::Sender<StoredBatch>,
        outbox: Outbox,
    ) -> Result<(Self, StoreHandle, Stored), StoreError> {
        let (sender, commands) = mpsc::channel(16);
        let file = RegistryFile::new(path, lock, limits, health);
        let mut writer = Self {
            file: file.expect("a name of our own, registered first"),
            waiting: VecDeque::new(),
            is_unread: false,
            commands,
            reports,
            reported: 0,
            outbox,
            late: None,
            sweep_at: Instant::now() + limits.sweep_every(),
        };
        let loaded = match writer.file.call(SqliteStore::load_all).await {
            Ok(loaded) => loaded,
            Err(error) if error.is_foreign() => return Err(error),
            Err(error) => {
                writer.file.handle_error(&error);
                // Repaired on the spot, if it was damage.
                match writer.file.call(SqliteStore::load_all).await {
                    Ok(loaded) => loaded,
                    Err(_) => peek(path).unwrap_or_else(|_| Stored {
                        is_unread: true,
                        ..Stored::default()
                    }),
                }
            }
        };
        if writer.file.is_open() {
            writer.file.handle_success();
        }
        writer.is_unread = loaded.is_unread;
        writer.outbox.restore(&loaded.notices);
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
        let mut checks = interval(FILE_CHECK);
        checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut retries = interval(RETRY);
        retries.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = checks.tick() => self.check_file(&list).await,
                Some((command, reply)) = self.commands.recv() => {
                    if let StoreCommand::Limits(limits) = command {
                        self.file.limits = limits;
                        self.sweep_at = Instant::now();
                    }
                    self.waiting.push_back(Arc::new(command));
                    let done = self.catch_up(&list).await;
                    // Nobody has to wait for it.
                    let _ = reply.send(done.map_err(|error| error.to_string()));
                }
                batch = poll_fn(|cx| controls.poll_batch(cx.waker())) => {
                    let Some(batch) = batch else {
                        // Lost to the registry, but not to the log and the actions.
                        if let Poll::Ready(batch) = controls.poll_unstored(Waker::noop()) {
                            self.report(batch, 0).await;
                        }
                        break;
                    };
                    let kept = self.keep(&list, &batch).await;
                    controls.handle_stored(kept.is_ok());
                    // Acted upon once: when it is kept, or when it cannot be for the first time.
                    if batch.number > self.reported && !batch.is_reported {
                        self.report(Arc::clone(&batch), kept.unwrap_or(0)).await;
                    }
                    self.reported = batch.number;
                }
                batch = poll_fn(|cx| controls.poll_unstored(cx.waker())) => {
                    self.report(batch, 0).await;
                }
                // While it fails, the retries are enough.
                () = self.outbox.changed(), if !self.file.is_failing() => {
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
        self.reports = mpsc::channel(1).0;
        while !self.outbox.is_closed() {
            self.outbox.changed().await;
            if !self.file.is_failing() {
                let _ = self.catch_up(list).await;
            }
        }
        let _ = self.catch_up(list).await;
    }

    async fn report(&mut self, batch: Arc<Batch>, last: i64) {
        let report = StoredBatch {
            batch,
            last,
            late: None,
        };
        let _ = self.reports.send(report).await;
    }

    /// Whether the file is still there; if not, it is made anew.
    async fn check_file(&mut self, list: &List) {
        match self.file.check().await {
            FileCheck::Open => self.sweep().await,
            // Said and tried again, if it does not succeed.
            FileCheck::Changed => drop(self.catch_up(list).await),
            FileCheck::Closed => {}
        }
    }

    /// Deletes what is too old, from time to time.
    async fn sweep(&mut self) {
        if self.sweep_at > Instant::now() {
            return;
        }
        self.sweep_at = Instant::now() + self.file.limits.sweep_every();
        if let Ok(true) = self.file.call(|store| store.sweep(now())).await {
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
        let is_noticed = batch.is_reported || batch.number <= self.reported;
        self.file
            .write(move |store| store.write_batch(&rows, is_noticed))
            .await
    }

    /// Whether the file lacks something that no batch brings.
    fn is_behind(&self) -> bool {
        self.file.is_new || !self.waiting.is_empty() || self.outbox.unstored().is_some()
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
            self.merge(list).await?;
        }
        while let Some(command) = self.waiting.front().cloned() {
            self.file
                .write(move |store| command.carry_out(store))
                .await?;
            self.waiting.pop_front();
        }
        if self.file.is_new && !self.fill(list).await? {
            return Ok(());
        }
        while let Some(change) = self.outbox.unstored() {
            let change = Arc::new(change);
            let written = Arc::clone(&change);
            self.file
                .write(move |store| store.write_outbox(&written))
                .await?;
            self.outbox.handle_stored(&change);
        }
        Ok(())
    }

    /// Writes every target into a new file. False when the monitor has ended meanwhile: the file is still
    /// behind then, but results can be kept of the targets that are there.
    async fn fill(&mut self, list: &List) -> Result<bool, StoreError> {
        let mut last = None;
        loop {
            let Some(targets) = list.definitions(last.as_ref(), MAX_TARGETS) else {
                return Ok(false);
            };
            last = targets.last().map(|it| it.name.clone());
            // None of them as well: only who writes knows that the file can be written.
            self.file.write(move |store| store.put(&targets)).await?;
            if last.is_none() {
                break;
            }
        }
        let quiet = list.controls.quiet();
        self.file
            .write(move |store| store.write_quiet(&quiet))
            .await?;
        self.file.is_new = false;
        self.outbox.handle_new_file();
        list.controls.journal_state();
        Ok(true)
    }

    /// Takes over what the file holds, before anything is written to it.
    async fn merge(&mut self, list: &List) -> Result<(), StoreError> {
        let mut stored = match self.file.call(SqliteStore::load_all).await {
            Ok(stored) => stored,
            Err(error) => {
                self.file.handle_error(&error);
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
        // What was asked for meanwhile counts; the targets begin as they are to be.
        let mut quiet = (*list.controls.quiet()).clone();
        quiet.merge(&stored.quiet);
        let quiet = Arc::new(quiet);
        list.controls.set_quiet(Arc::clone(&quiet));
        self.waiting.push_back(Arc::new(StoreCommand::Quiet(quiet)));
        if let Some(late) = self.late.take() {
            late(stored.targets);
        }
        let report = StoredBatch {
            batch: Arc::default(),
            last: stored.notices.last,
            late: Some(stored.notices),
        };
        let _ = self.reports.send(report).await;
        Ok(())
    }
}
