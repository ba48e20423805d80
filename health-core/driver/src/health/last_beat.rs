//! The time of a heartbeat's last beat, which its loop stores without a lock.

use health_core::Instant;

/// The time of a heartbeat's last beat, outside the lock of its [`Health`](super::Health).
#[derive(Debug)]
pub(super) struct LastBeat(
    #[cfg(target_has_atomic = "64")] std::sync::atomic::AtomicU64,
    #[cfg(not(target_has_atomic = "64"))] std::sync::Mutex<u64>,
);

#[cfg(target_has_atomic = "64")]
impl LastBeat {
    pub(super) fn new(now: Instant) -> Self {
        Self(now.as_micros().into())
    }

    pub(super) fn load(&self) -> Instant {
        Instant::from_micros(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }

    pub(super) fn store(&self, now: Instant) {
        self.0
            .store(now.as_micros(), std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(not(target_has_atomic = "64"))]
impl LastBeat {
    pub(super) fn new(now: Instant) -> Self {
        Self(std::sync::Mutex::new(now.as_micros()))
    }

    pub(super) fn load(&self) -> Instant {
        Instant::from_micros(
            *self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    pub(super) fn store(&self, now: Instant) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = now.as_micros();
    }
}
