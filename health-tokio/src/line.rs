//! One connection over a stream of the daemon's own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use health_core::server::{CloseReason, Peer, Service};
use health_driver::Health;
use health_driver::runtime::Stream;
use health_driver::task;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::runtime::Alarm;

/// Serves `stream` until the conversation is over, and says why it ended.
///
/// For daemons that have accepted the connection themselves, over TLS for example. The limit of
/// connections and their eviction are the caller's own then. It follows the daemon's phase like a
/// connection of a [`Server`](crate::Server). Dropping the future ends the conversation.
///
/// # Errors
///
/// The stream's. It is of no further use then, nor after an `Ok`.
///
/// # Panics
///
/// Outside of a tokio runtime with timers.
///
/// ```no_run
/// use std::sync::Arc;
/// use health_tokio::{Health, Peer, Service, serve_connection};
/// use tokio::net::TcpListener;
///
/// # async fn accept() -> std::io::Result<()> {
/// let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
/// let service = Arc::new(Service::new());
/// let listener = TcpListener::bind("127.0.0.1:9102").await?;
/// loop {
///     let (mut stream, address) = listener.accept().await?;
///     let (health, service) = (health.clone(), Arc::clone(&service));
///     tokio::spawn(async move {
///         let peer = Peer::Ip(address.ip());
///         serve_connection(&mut stream, peer, &service, &health).await
///     });
/// }
/// # }
/// ```
pub async fn serve_connection(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    task::serve_connection::<Alarm>(Foreign(stream), peer, service, health).await
}

struct Foreign<'a, S>(&'a mut S);

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Foreign<'_, S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut input = ReadBuf::new(buffer);
        let read = Pin::new(&mut *self.0).poll_read(cx, &mut input);
        read.map_ok(|()| input.filled().len())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(cx)
    }
}
