//! Connections that are made beside one another, of which the first that stands is used.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;

use health_core::check::probe::Destination;

/// The connections under way. Dropped, they are given up.
pub(super) struct Race<'p, S>(Vec<(Destination<'p>, Connecting<'p, S>)>);

type Connecting<'p, S> = Pin<Box<dyn Future<Output = io::Result<S>> + Send + 'p>>;

impl<S> Default for Race<'_, S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'p, S> Race<'p, S> {
    /// Begins to connect to `to`, if that is not under way.
    pub(super) fn begin<F>(&mut self, to: Destination<'p>, connect: impl FnOnce() -> F)
    where
        F: Future<Output = io::Result<S>> + Send + 'p,
    {
        if self.0.iter().all(|(other, _)| *other != to) {
            self.0.push((to, Box::pin(connect())));
        }
    }

    /// The first connection that stands or fails. It is not under way any more.
    pub(super) async fn next(&mut self) -> (Destination<'p>, io::Result<S>) {
        poll_fn(|cx| {
            for at in 0..self.0.len() {
                let (to, connecting) = &mut self.0[at];
                if let Poll::Ready(result) = connecting.as_mut().poll(cx) {
                    let to = *to;
                    drop(self.0.remove(at));
                    return Poll::Ready((to, result));
                }
            }
            Poll::Pending
        })
        .await
    }
}
