//! One connection over a stream of the daemon's own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};
use health_core::server::{CloseReason, Peer, Service};
use health_driver::Health;
use health_driver::runtime::Stream;
use health_driver::task;

use crate::runtime::Alarm;

/// Serves `stream` until the conversation is over, and says why it ended.
///
/// For daemons that have accepted the connection themselves, over TLS for example. The limit of
/// connections and their eviction are the caller's own then. It follows the daemon's phase like a
/// connection of a [`Server`](crate::Server). Dropping the future ends the conversation.
///
/// `poll_close` of the stream must half-close, as that of `smol::net::TcpStream` does and that of
/// `async_io::Async` does not.
///
/// # Errors
///
/// The stream's. It is of no further use then, nor after an `Ok`.
///
/// ```no_run
/// use std::sync::Arc;
/// use health_smol::{Health, Peer, Service, serve_connection};
/// use smol::net::TcpListener;
///
/// # async fn accept() -> std::io::Result<()> {
/// let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
/// let service = Arc::new(Service::new());
/// let listener = TcpListener::bind("127.0.0.1:9102").await?;
/// loop {
///     let (mut stream, address) = listener.accept().await?;
///     let (health, service) = (health.clone(), Arc::clone(&service));
///     let task = smol::spawn(async move {
///         let peer = Peer::Ip(address.ip());
///         serve_connection(&mut stream, peer, &service, &health).await
///     });
///     task.detach();
/// }
/// # }
/// ```
pub async fn serve_connection(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    let stream = Foreign(Pin::new(stream));
    task::serve_connection::<Alarm>(stream, peer, service, health).await
}

/// A stream of the daemon's.
struct Foreign<'a, S>(Pin<&'a mut S>);

impl<S: AsyncRead + AsyncWrite> Stream for Foreign<'_, S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_close(cx)
    }
}
