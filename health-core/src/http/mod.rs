//! HTTP/1.1 as bytes: parses request heads and writes response heads.
//!
//! ```text
//! bytes ─► scan (lines, limits, control bytes) ─► request (framing, Host, target) ─► server
//!                                                                  response ◄────────┘
//! ```
//!
//! [`httparse`] splits the fields, but it is more lenient than a server on a hostile network should
//! be (a lone LF ends a line, any number of empty lines may come first). So `scan` reads every byte
//! before it and refuses; what comes out is the same however the bytes were cut into reads.

pub(crate) mod limits;
mod reject;
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub))]
mod request;
pub(crate) mod response;
mod scan;
mod status;
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub))]
mod target;

pub use reject::Reject;
pub use response::Head;
pub use status::StatusCode;

#[cfg(feature = "test-util")]
pub use {
    reject::Fault,
    request::{Method, Request, Version},
    target::RequestTarget,
};
#[cfg(not(feature = "test-util"))]
pub(crate) use {
    reject::Fault,
    request::{Method, Request, Version},
    target::RequestTarget,
};

pub(crate) use request::{Accept, RequestLine};
pub(crate) use scan::HeadScan;
pub(crate) use status::Code;
