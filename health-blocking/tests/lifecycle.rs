//! The life of a server of this driver.

#[path = "../../health-core/driver/tests/lifecycle/mod.rs"]
mod lifecycle;

mod driver {
    use std::io;
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    pub(crate) use health_blocking::{
        CloseReason, Handle, Health, Limits, Server, ServerReport, Service,
    };

    use crate::lifecycle::Hang;

    /// The daemon's threads.
    pub(crate) const WORKERS: usize = 2;

    pub(crate) fn serve(server: Server) -> io::Result<ServerReport> {
        server.serve()
    }

    pub(crate) fn shutdown(handle: &Handle, timeout: Duration) -> Option<ServerReport> {
        handle.shutdown(timeout)
    }

    pub(crate) fn drain(handle: &Handle) -> Option<ServerReport> {
        handle.drain()
    }

    /// Each thread beats once, and hangs.
    pub(crate) fn starve(hangs: Vec<Hang>, beat: Box<dyn Fn() + Send>) -> Vec<JoinHandle<()>> {
        beat();
        hangs.into_iter().map(thread::spawn).collect()
    }

    pub(crate) fn join(workers: Vec<JoinHandle<()>>) {
        for worker in workers {
            worker.join().expect("no panic");
        }
    }
}
