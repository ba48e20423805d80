//! What is wrong with a response that is not HTTP/1.1 as we read it: always the server's fault.

use core::fmt;

/// Why a response is refused. Its display is the public half of the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Malformed {
    /// Something else than `HTTP/1.` at the start: another protocol, HTTP/0.9, HTTP/2.
    NotHttp,
    /// Bytes before the request was sent: an SSH or SMTP banner, or a leftover of an earlier
    /// exchange (RFC 9112 §9.2).
    Unasked,
    /// Not `HTTP/1.DIGIT 1*SP 3DIGIT [SP reason]` (RFC 9112 §4).
    StatusLine,
    /// CR without LF (RFC 9112 §2.2).
    BareCr,
    /// A NUL in the head (RFC 9110 §5.5: dangerous, since for some readers a text ends there).
    Nul,
    /// Heads of more than 64 KiB.
    HeadTooLong,
    /// A line without a colon (RFC 9112 §5).
    FieldName,
    /// `Content-Length` or `Transfer-Encoding` with a blank before the colon, or with another byte
    /// that no name has (RFC 9112 §5.1: such blanks have led to smuggling).
    FramingName,
    /// A blank at the start of the first field, which has no line to continue (RFC 9112 §2.2).
    Folded,
    /// `Content-Length` is not `1*DIGIT`, or beyond 64 bits (RFC 9112 §6.3).
    ContentLength,
    /// More than one `Content-Length`, and not the same (RFC 9112 §6.3).
    RepeatedLength,
    /// `Content-Length` and `Transfer-Encoding` (RFC 9112 §6.3: a smuggler's pair).
    LengthAndCoding,
    /// `Transfer-Encoding` is not one field, `chunked`, in HTTP/1.1 (RFC 9112 §6.1, §7).
    Coding,
    /// A chunk size that is not 1 to 16 hexadecimal digits (RFC 9112 §7.1).
    ChunkSize,
    /// LF without CR, or NUL, in a chunk extension (RFC 9112 §7.1.1).
    ChunkExtension,
    /// A chunk's line of more than 256 bytes.
    ChunkLineTooLong,
    /// A chunk's data longer than its size (RFC 9112 §7.1).
    ChunkEnd,
    /// A trailer without a colon, or with bare CR, bare LF or NUL (RFC 9112 §7.1.2).
    Trailer,
    /// More than 4 KiB of trailers.
    TrailersTooLong,
    /// 101, for which nobody asked (RFC 9110 §15.2.2).
    Switched,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "answer is not HTTP/1.1",
            Self::Unasked => "answer before the request was sent",
            Self::StatusLine => "malformed status line",
            Self::BareCr => "malformed answer: CR without LF",
            Self::Nul => "malformed answer: NUL in the head",
            Self::HeadTooLong => "response head is longer than 65536 bytes",
            Self::FieldName => "malformed answer: header name",
            Self::FramingName => "malformed answer: name of Content-Length or Transfer-Encoding",
            Self::Folded => "malformed answer: folded header line",
            Self::ContentLength => "malformed answer: Content-Length is not a number",
            Self::RepeatedLength => "malformed answer: more than one Content-Length",
            Self::LengthAndCoding => "malformed answer: Content-Length and Transfer-Encoding",
            Self::Coding => "unsupported Transfer-Encoding (supported: chunked in HTTP/1.1)",
            Self::ChunkSize => "malformed answer: chunk size",
            Self::ChunkExtension => "malformed answer: chunk extension",
            Self::ChunkLineTooLong => "malformed answer: chunk line is longer than 256 bytes",
            Self::ChunkEnd => "malformed answer: chunk is longer than its size",
            Self::Trailer => "malformed answer: trailer",
            Self::TrailersTooLong => "malformed answer: trailers are longer than 4096 bytes",
            Self::Switched => "HTTP 101 Switching Protocols was not asked for",
        })
    }
}
