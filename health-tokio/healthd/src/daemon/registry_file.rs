//! The registry's file, as the store writer uses it: opened when it is needed, checked, given up, made
//! anew.
//!
//! ```text
//!             ┌── damaged, unreadable ─► moved aside ─┐
//!  an error ──┼── lost: removed, renamed, replaced ───┼─► a new file, which lacks everything
//!             └── anything else ─► tried again ───────┘
//! ```
//!
//! SQLite may wait for a disk, so it is called on a thread of its own. The component `store` says how the
//! last call went.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use health_core::NameError;
use health_core::health::ComponentConfig;
use health_driver::{Component, Health};
use tokio::task;
use tracing::{error, info, warn};

use super::place::{hold, identities, set_aside};
use crate::control::Lock;
use crate::store::{Identity, Limits, SqliteStore, StoreError};

/// How long, at least, the component reports that the file was lost.
const LOST_SHOWN: Duration = Duration::from_secs(5);

/// See the [module](self).
pub(super) struct RegistryFile {
    path: PathBuf,
    pub(super) limits: Limits,
    /// Empty until the right to write could be had.
    lock: Arc<OnceLock<Lock>>,
    /// `None`: it could not be opened.
    store: Option<SqliteStore>,
    /// The next file that is opened may be another, which lacks every target.
    pub(super) is_new: bool,
    is_failing: bool,
    /// When the file was found to be lost, as long as the component says so.
    lost: Option<Instant>,
    /// The directory and the file, when they were last checked without a file that is open.
    seen: [Option<Identity>; 2],
    component: Component,
}

/// What a check of the file has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileCheck {
    /// It is open, and where it belongs.
    Open,
    /// It was lost, or there is another one now: write what it lacks.
    Changed,
    /// It could not be opened, and nothing has changed.
    Closed,
}

impl RegistryFile {
    /// Opens nothing yet; `lock` is taken as soon as it can be.
    ///
    /// # Errors
    ///
    /// There is a component `store`.
    pub(super) fn new(
        path: &Path,
        lock: Arc<OnceLock<Lock>>,
        limits: Limits,
        health: &Health,
    ) -> Result<Self, NameError> {
        // Targets are watched all the same; what is lost is at most what happens until the next end.
        let config = ComponentConfig::new().retries(1).critical(false);
        Ok(Self {
            path: path.to_owned(),
            limits,
            lock,
            store: None,
            is_new: false,
            is_failing: false,
            lost: None,
            seen: identities(path),
            component: health.component_with("store", config)?,
        })
    }

    /// Whether it is open.
    pub(super) const fn is_open(&self) -> bool {
        self.store.is_some()
    }

    /// Whether the last call has failed.
    pub(super) const fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// Whether the file is still there, or, if there was none, whether one may be there now.
    pub(super) async fn check(&mut self) -> FileCheck {
        if self.is_open() {
            return match self.call(SqliteStore::check).await {
                Ok(()) => {
                    if self.lost.is_some() && !self.is_failing {
                        self.handle_success();
                    }
                    FileCheck::Open
                }
                Err(error) => {
                    self.handle_error(&error);
                    FileCheck::Changed
                }
            };
        }
        let path = self.path.clone();
        let seen = task::spawn_blocking(move || identities(&path));
        let seen = seen.await.unwrap_or_default();
        if std::mem::replace(&mut self.seen, seen) == seen {
            FileCheck::Closed
        } else {
            FileCheck::Changed
        }
    }

    /// Carries it out, checks that the file is still found at its path, and reports the result as the
    /// component `store`.
    ///
    /// # Errors
    ///
    /// It was not done, or is not kept.
    pub(super) async fn write<R: Send + 'static>(
        &mut self,
        write: impl FnOnce(&mut SqliteStore) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let done = self.call(|store| {
            let done = write(store)?;
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

    /// Carries it out on a thread that may wait for a disk, with the file opened if it is not. Reports
    /// nothing.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or `work` has failed.
    pub(super) async fn call<R: Send + 'static>(
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

    /// The file can be used.
    pub(super) fn handle_success(&mut self) {
        if self.lost.is_none_or(|at| at.elapsed() >= LOST_SHOWN) {
            self.lost = None;
            self.component.success();
        }
        if std::mem::take(&mut self.is_failing) {
            info!(registry = %self.path.display(), "the registry is kept again");
        }
    }

    /// A call has failed: says so, and moves a file aside that can never be used again.
    pub(super) fn handle_error(&mut self, error: &StoreError) {
        self.component.failure(error);
        self.is_failing = true;
        if error.is_lost() || error.is_damage() || error.is_of_the_connection() {
            self.store = None;
        }
        self.is_new |= self.store.is_none();
        if error.is_lost() || error.is_damage() {
            self.lost = Some(Instant::now());
        }
        if error.is_damage() || error.is_forbidden() {
            self.set_aside(error);
        } else if error.is_lost() {
            error!(%error, "making the registry anew with everything that is known");
        } else {
            warn!(%error, "the registry cannot be used; going on without it");
        }
    }

    fn set_aside(&self, error: &StoreError) {
        let word = if error.is_damage() {
            "damaged"
        } else {
            "unreadable"
        };
        match set_aside(&self.path, word) {
            Ok(place) => error!(%error, moved_to = %place.display(), "starting a new registry"),
            Err(moving) => error!(%error, %moving, "the registry cannot be moved aside"),
        }
    }
}
