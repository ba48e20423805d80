//! What an exchange wants of its driver.

#[cfg(doc)]
use super::machine::Exchange;
use crate::base::Instant;

/// The one thing to do next. Asking again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the exchange waits until its step is carried out"]
pub enum Step {
    /// Send all of [`Exchange::request`], then call [`Exchange::handle_sent`]; at `until`, call
    /// [`Exchange::handle_timeout`] instead.
    Write {
        /// The deadline of the exchange.
        until: Instant,
    },
    /// Wait for bytes or for the end of the stream, until `until`.
    Read {
        /// The deadline of the exchange.
        until: Instant,
    },
    /// As `Read`. The [report](Exchange::report) is ready and does not change any more; the wait
    /// lets the server close first, so that the `TIME_WAIT` is on its side.
    Linger {
        /// At most [`Exchange::LINGER`] from the end of the answer, within the deadline.
        until: Instant,
    },
    /// Close the connection.
    Close,
    /// The connection may be used for another exchange (only with
    /// [`keep_alive`](super::HttpProbeBuilder::keep_alive)). Bytes or an end of the stream that
    /// come before that make it a [`Close`](Self::Close).
    Keep,
}
