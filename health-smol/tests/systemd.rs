//! A daemon of this driver under a service manager.
#![cfg(unix)]

#[path = "../../health-core/driver/tests/systemd/mod.rs"]
mod systemd;

mod driver {
    pub(crate) use health_smol::systemd::Notifier;
    pub(crate) use health_smol::{Health, Server};
}
