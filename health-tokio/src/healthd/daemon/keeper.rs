//! Keeps the registry: the one task that writes, and what it does when it cannot.
//!
//! Targets are watched whether or not the registry can be written. While it cannot, the component
//! `store` says so, the journal holds what is to be kept, and each retry opens the file again if that
//! is what is wrong. A damaged file is moved out of the way, never deleted, and a new one gets
//! everything that is known.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use health_core::driver::monitor::Controls;
use health_core::health::ComponentConfig;
use health_core::monitor::{Batch, Definition, StoredTarget, TargetStore};
use health_core::name::{Name, NameError};
use health_core::shared::{Component, Health};
use tokio::sync::{mpsc, oneshot};
use tokio::task;
use tracing::{error, info, warn};

use crate::healthd::store::{SqliteStore, StoreError};

/// What the registry is asked to do besides batches.
#[derive(Debug)]
pub(super) enum Order {
    Put(Vec<Definition>),
    /// Forget what is known of it.
    Reset(Name),
    Remove(Name),
}

/// How to reach the keeper.
#[derive(Clone, Debug)]
pub(super) struct Orders(mpsc::Sender<(Order, oneshot::Sender<Result<(), String>>)>);

/// See the [module](self).
pub(super) struct Keeper {
    path: PathBuf,
    results: u32,
    /// `None`: it could not be opened.
    store: Option<SqliteStore>,
    /// All targets there should be. What the file lacks of it is made up for when it can be.
    targets: BTreeMap<Name, Definition>,
    is_behind: bool,
    component: Component,
    orders: mpsc::Receiver<(Order, oneshot::Sender<Result<(), String>>)>,
    /// What was kept is told to.
    announce: mpsc::Sender<Arc<Batch>>,
    /// The last batch that was: one that is tried again is not told again.
    announced: u64,
}

impl Orders {
    /// Done, and on the disk.
    ///
    /// # Errors
    ///
    /// It will be done when the registry can be written again; why it could not be.
    pub(super) async fn give(&self, order: Order) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        let gone = || "the monitor is stopping".to_owned();
        self.0.send((order, reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Keeper {
    /// Opens the registry and reads it. If that cannot be done, there is nothing known.
    ///
    /// # Errors
    ///
    /// The file is another program's, or of a newer version: no time will heal that.
    pub(super) async fn open(
        path: &Path,
        results: u32,
        health: &Health,
        announce: mpsc::Sender<Arc<Batch>>,
    ) -> Result<(Self, Orders, Vec<StoredTarget>), StoreError> {
        let (sender, orders) = mpsc::channel(16);
        let mut keeper = Self {
            path: path.to_owned(),
            results,
            store: None,
            targets: BTreeMap::new(),
            is_behind: false,
            component: component(health).expect("a name of our own, registered first"),
            orders,
            announce,
            announced: 0,
        };
        let loaded = match keeper.work(TargetStore::load).await {
            Ok(loaded) => loaded,
            Err(error) if error.is_foreign() => return Err(error),
            Err(error) => {
                keeper.trouble(&error);
                // Repaired on the spot, if it was damage.
                keeper.work(TargetStore::load).await.unwrap_or_default()
            }
        };
        if keeper.store.is_some() {
            keeper.component.success();
        }
        Ok((keeper, Orders(sender), loaded))
    }

    /// Keeps what the monitor has to say until it has stopped and all of it is kept, or cannot be.
    pub(super) async fn run(mut self, controls: Controls) {
        loop {
            tokio::select! {
                biased;
                Some((order, reply)) = self.orders.recv() => {
                    let done = self.carry_out(order).await;
                    // Nobody has to wait for it.
                    let _ = reply.send(done.map_err(|error| error.to_string()));
                }
                batch = poll_fn(|cx| controls.poll_batch(cx.waker())) => {
                    let Some(batch) = batch else {
                        return;
                    };
                    let kept = self.keep(&controls, &batch).await;
                    controls.handle_stored(kept);
                    // Acted upon once: when it is kept, or when it cannot be for the first time.
                    if batch.number > self.announced {
                        self.announced = batch.number;
                        let _ = self.announce.send(batch).await;
                    }
                }
            }
        }
    }

    async fn keep(&mut self, controls: &Controls, batch: &Arc<Batch>) -> bool {
        if self.is_behind {
            if self.catch_up().await.is_err() {
                return false;
            }
            controls.journal_all();
        }
        let rows = Arc::clone(batch);
        match self.work(move |store| store.write(&rows)).await {
            Ok(()) => {
                self.component.success();
                true
            }
            Err(error) => {
                self.trouble(&error);
                false
            }
        }
    }

    async fn carry_out(&mut self, order: Order) -> Result<(), StoreError> {
        let done = match order {
            Order::Put(targets) => {
                let names = targets.iter().map(|it| (it.name.clone(), it.clone()));
                self.targets.extend(names);
                self.work(move |store| store.put(&targets)).await
            }
            Order::Reset(name) => self.work(move |store| store.reset(&name)).await,
            Order::Remove(name) => {
                self.targets.remove(&name);
                self.work(move |store| store.remove(&name)).await
            }
        };
        if let Err(error) = &done {
            self.is_behind = true;
            self.trouble(error);
        }
        done
    }

    /// Brings the file's list of targets up to ours.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let targets: Vec<_> = self.targets.values().cloned().collect();
        let caught_up = self.work(move |store| {
            let known = store.load()?;
            store.put(&targets)?;
            for gone in known {
                if targets
                    .binary_search_by(|it| it.name.cmp(&gone.name))
                    .is_err()
                {
                    store.remove(&gone.name)?;
                }
            }
            Ok(())
        });
        let caught_up = caught_up.await;
        match &caught_up {
            Ok(()) => {
                self.is_behind = false;
                info!(registry = %self.path.display(), "the registry is up to date again");
            }
            Err(error) => self.trouble(error),
        }
        caught_up
    }

    fn trouble(&mut self, error: &StoreError) {
        self.component.failure(error);
        self.is_behind |= self.store.is_none();
        if error.is_damage() {
            self.store = None;
            self.is_behind = true;
            match set_aside(&self.path) {
                Ok(place) => error!(%error, moved_to = %place.display(), "starting a new registry"),
                Err(moving) => error!(%error, %moving, "the registry cannot be moved aside"),
            }
        } else {
            warn!(%error, "the registry cannot be used; going on without it");
        }
    }

    /// Does it on a thread that may wait for a disk.
    async fn work<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut SqliteStore) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (store, path, results) = (self.store.take(), self.path.clone(), self.results);
        let worked = task::spawn_blocking(move || {
            let store = match store {
                Some(store) => Ok(store),
                None => SqliteStore::open(&path, results),
            };
            match store {
                Ok(mut store) => {
                    let result = work(&mut store);
                    (Some(store), result)
                }
                Err(error) => (None, Err(error)),
            }
        });
        let (store, result) = worked.await.expect("the store does not panic");
        self.store = store;
        result
    }
}

fn component(health: &Health) -> Result<Component, NameError> {
    let config = ComponentConfig {
        retries: 1,
        // It goes on watching; what is lost is at most what happens until the next end.
        critical: false,
        ..ComponentConfig::default()
    };
    health.component_with("store", config)
}

/// Moves a damaged file away, with what belongs to it.
fn set_aside(path: &Path) -> std::io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let suffix = format!(".damaged-{}", now.unwrap_or_default().as_secs());
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let place = with(path, &suffix);
    std::fs::rename(path, &place)?;
    for part in ["-wal", "-shm"] {
        // There may be none.
        let _ = std::fs::rename(with(path, part), with(&place, part));
    }
    Ok(place)
}
