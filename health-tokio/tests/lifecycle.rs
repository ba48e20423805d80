//! The life of a server of this driver.

#[path = "../../health-core/driver/tests/lifecycle/mod.rs"]
mod lifecycle;

mod driver {
    use std::io;
    use std::time::Duration;

    pub(crate) use health_tokio::{
        CloseReason, Handle, Health, Limits, Server, ServerReport, Service,
    };
    use tokio::runtime::{Builder, Runtime};

    use crate::lifecycle::Hang;

    /// Of the daemon's runtime.
    pub(crate) const WORKERS: usize = 2;

    fn runtime() -> Runtime {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(WORKERS).enable_all();
        builder.build().expect("a runtime")
    }

    pub(crate) fn serve(server: Server) -> io::Result<ServerReport> {
        // As a task, for that is what it has to be able to be.
        let runtime = runtime();
        let serving = runtime.spawn(server.serve());
        runtime.block_on(serving).expect("no panic")
    }

    pub(crate) fn shutdown(handle: &Handle, timeout: Duration) -> Option<ServerReport> {
        runtime().block_on(handle.shutdown(timeout))
    }

    pub(crate) fn drain(handle: &Handle) -> Option<ServerReport> {
        runtime().block_on(handle.drain())
    }

    /// Every worker hangs in a task; the loop that beats is one more task, which never runs again.
    pub(crate) fn starve(hangs: Vec<Hang>, beat: Box<dyn Fn() + Send>) -> Runtime {
        let runtime = runtime();
        runtime.spawn(async move {
            loop {
                beat();
                tokio::task::yield_now().await;
            }
        });
        for hang in hangs {
            runtime.spawn(async move { hang() });
        }
        runtime
    }

    pub(crate) fn join(workers: Runtime) {
        workers.shutdown_background();
    }
}
