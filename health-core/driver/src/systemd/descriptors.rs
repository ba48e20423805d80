//! Takes over descriptors that a service manager has passed on by their numbers.
//!
//! A number becomes an owned descriptor only by unsafe code, of which there is none here. So the process
//! sends the descriptor to itself: what arrives is owned, and a copy of the same socket. (`pidfd_getfd`
//! would be shorter; the filters of hardened units and containers forbid it.) Then the number is closed.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use rustix::cmsg_space;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// Takes a descriptor over: it is closed in children, and the number is free. Call it once for a number.
///
/// # Errors
///
/// There is no such descriptor, or the system gives no other.
pub(super) fn take(number: RawFd) -> io::Result<OwnedFd> {
    let (ours, theirs) = UnixStream::pair()?;
    let byte = [IoSlice::new(&[0])];
    let rights = [number];
    let rights = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(ours.as_raw_fd(), &byte, &rights, MsgFlags::empty(), None)?;
    let taken = receive(&theirs)?;
    // As early as it can be: a child that another thread starts before has it too.
    fcntl_setfd(&taken, FdFlags::CLOEXEC)?;
    nix::unistd::close(number)?;
    Ok(taken)
}

fn receive(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut byte = [0];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [IoSliceMut::new(&mut byte)];
    recvmsg(socket, &mut byte, &mut control, RecvFlags::empty())?;
    let received = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    received.ok_or_else(|| io::Error::other("no descriptor is left"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::IntoRawFd;

    use rustix::io::fcntl_getfd;

    use super::*;

    #[test]
    fn what_is_taken_is_the_same_socket_and_its_number_is_closed() {
        let (mut one, other) = UnixStream::pair().expect("a pair");
        let number = other.into_raw_fd();
        let taken = take(number).expect("it is open");
        assert_eq!(fcntl_getfd(&taken).expect("open"), FdFlags::CLOEXEC);
        let mut other = UnixStream::from(taken);
        other.write_all(b"x").expect("connected");
        drop(other);
        let mut bytes = Vec::new();
        // It ends only if nobody else has the other end any more.
        one.read_to_end(&mut bytes).expect("the end");
        assert_eq!(bytes, b"x");
    }

    #[test]
    fn a_number_without_a_descriptor_is_an_error() {
        take(RawFd::MAX).expect_err("there are not so many");
    }
}
