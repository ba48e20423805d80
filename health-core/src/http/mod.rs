//! HTTP/1.1 as bytes: what a request head says, and what a response head looks like.
//!
//! ```text
//! bytes ─► scan (lines, fields, limits) ─► request (framing, Host, target) ─► server
//!                                                        response ◄────────┘
//! ```
//!
//! Parsers for everybody are more lenient than a server on a hostile network should be (a lone LF
//! ends a line, any number of empty lines may come first). `scan` reads every byte once and refuses;
//! what comes out is the same however the bytes were cut into reads.

mod fields;
mod reject;
mod request;
pub(crate) mod response;
mod scan;
mod target;

pub use reject::Reject;
pub use request::{Method, Request, Version};
pub use response::{Head, StatusCode};
pub use target::Target;

pub(crate) use request::RequestLine;
pub(crate) use scan::{HeadLimits, HeadScan};
