//! The life of a server of this driver.

#[path = "../../health-core/driver/tests/lifecycle/mod.rs"]
mod lifecycle;

mod driver {
    use std::future::pending;
    use std::io;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    pub(crate) use health_smol::{
        CloseReason, Handle, Health, Limits, Server, ServerReport, Service,
    };
    use smol::Executor;

    use crate::lifecycle::Hang;

    /// Of the daemon's executor.
    pub(crate) const WORKERS: usize = 2;

    pub(crate) fn serve(server: Server) -> io::Result<ServerReport> {
        // As a task, for that is what it has to be able to be.
        smol::block_on(smol::spawn(server.serve()))
    }

    pub(crate) fn shutdown(handle: &Handle, timeout: Duration) -> Option<ServerReport> {
        smol::block_on(handle.shutdown(timeout))
    }

    pub(crate) fn drain(handle: &Handle) -> Option<ServerReport> {
        smol::block_on(handle.drain())
    }

    /// Every worker hangs in a task; the loop that beats is one more task, which never runs again.
    pub(crate) fn starve(hangs: Vec<Hang>, beat: Box<dyn Fn() + Send>) -> Arc<Executor<'static>> {
        let executor = Arc::new(Executor::new());
        let beating = executor.spawn(async move {
            loop {
                beat();
                smol::future::yield_now().await;
            }
        });
        beating.detach();
        for hang in hangs {
            executor.spawn(async move { hang() }).detach();
        }
        for _ in 0..WORKERS {
            let executor = Arc::clone(&executor);
            thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
        }
        executor
    }

    /// The threads of an executor end with the process.
    pub(crate) fn join(_workers: Arc<Executor<'static>>) {}
}
