//! A listener where the runtime accepts.

use std::io;
use std::task::{Context, Poll, ready};

use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::Listen;
use tokio::net::{TcpListener, TcpStream};

use super::Link;

#[derive(Debug)]
pub struct Listener(TcpListener, Option<(TcpStream, Peer)>);

impl Listen for Listener {
    type Socket = Link;

    fn new(Bound::Tcp(listener): Bound) -> io::Result<Self> {
        Ok(Self(TcpListener::from_std(listener)?, None))
    }

    /// There the runtime accepts while it waits.
    fn accept(&mut self) -> io::Result<(Link, Peer)> {
        let (stream, peer) = self.1.take().ok_or(io::ErrorKind::WouldBlock)?;
        Ok((Link::Tcp(stream), peer))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.1.is_none() {
            let (stream, address) = ready!(self.0.poll_accept(cx))?;
            self.1 = Some((stream, Peer::Ip(address.ip())));
        }
        Poll::Ready(Ok(()))
    }
}
