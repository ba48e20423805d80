//! A strict reader of streams: head, chunks, events.

use super::peer::{Conversation, Peer, Received};
use super::response::Response;

/// A stream being read. What has come of it waits in the conversation, chunk lines and all.
#[derive(Debug)]
pub(crate) struct Stream {
    chunked: bool,
    text: String,
    /// The last chunk has come.
    has_ended: bool,
}

impl Stream {
    /// Checks the head of a stream, and what it says about how the stream is cut.
    fn begin(head: &Response, chunked: bool) -> Result<Self, String> {
        let coding = chunked.then_some("chunked");
        for (name, wanted) in [
            ("content-type", Some("text/event-stream")),
            ("cache-control", Some("no-store")),
            ("x-content-type-options", Some("nosniff")),
            ("x-accel-buffering", Some("no")),
            ("connection", Some("close")),
            ("transfer-encoding", coding),
            ("content-length", None),
        ] {
            if head.field(name) != wanted {
                return Err(format!("{name}: {:?}, not {wanted:?}", head.field(name)));
            }
        }
        if head.status != 200 {
            return Err(format!("status {}", head.status));
        }
        Ok(Self {
            chunked,
            text: String::new(),
            has_ended: false,
        })
    }

    /// Takes whole chunks out of `unread`.
    fn take(&mut self, unread: &mut Vec<u8>) -> Result<(), String> {
        if !self.chunked {
            self.text.push_str(&text(&std::mem::take(unread))?);
            return Ok(());
        }
        while let Some(end) = unread.windows(2).position(|two| two == b"\r\n") {
            let line = text(&unread[..end])?;
            let size = usize::from_str_radix(&line, 16).map_err(|e| format!("{line:?}: {e}"))?;
            let (start, stop) = (end + 2, end + 2 + size);
            let Some(data) = unread.get(start..stop + 2) else {
                return Ok(());
            };
            if self.has_ended || !data.ends_with(b"\r\n") {
                return Err(format!("chunk {line:?} behind the last, or without an end"));
            }
            self.text.push_str(&text(&data[..size])?);
            self.has_ended = size == 0;
            unread.drain(..stop + 2);
        }
        Ok(())
    }

    /// The next event or comment, if it is there whole.
    fn event(&mut self) -> Option<String> {
        let (event, rest) = self.text.split_once("\n\n")?;
        let (event, rest) = (event.to_owned(), rest.to_owned());
        self.text = rest;
        Some(event)
    }
}

impl<P: Peer> Conversation<P> {
    /// The head of a stream; with `HEAD` nothing comes behind it.
    pub(super) fn expect_stream(&mut self, chunked: bool) -> Result<(), String> {
        loop {
            if let Some((head, length)) = Response::read_head(&self.unread)? {
                self.unread.drain(..length);
                self.stream = Some(Stream::begin(&head, chunked)?);
                return Ok(());
            }
            self.receive_more()?;
        }
    }

    /// The next event, which has all of these parts.
    pub(super) fn expect_event(&mut self, parts: &[&str]) -> Result<(), String> {
        loop {
            let stream = self.stream.as_mut().ok_or("no stream")?;
            stream.take(&mut self.unread)?;
            if let Some(event) = stream.event() {
                return match parts.iter().find(|part| !event.contains(**part)) {
                    None => Ok(()),
                    Some(part) => Err(format!("no {part:?} in {event:?}")),
                };
            }
            self.receive_more()?;
        }
    }

    /// Nothing more comes: the last chunk, where there are any, and the end.
    pub(super) fn expect_stream_end(&mut self) -> Result<(), String> {
        loop {
            let stream = self.stream.as_mut().ok_or("no stream")?;
            stream.take(&mut self.unread)?;
            if !stream.text.is_empty() {
                return Err(format!("instead of the end: {:?}", stream.text));
            }
            if stream.has_ended || !stream.chunked {
                return self.expect_end(false);
            }
            self.receive_more()?;
        }
    }

    fn receive_more(&mut self) -> Result<(), String> {
        match self.receive() {
            Received::Bytes => Ok(()),
            other => Err(format!("{other:?} after {}", self.shown())),
        }
    }
}

fn text(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "no text".into())
}
