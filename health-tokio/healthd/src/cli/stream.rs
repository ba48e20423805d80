//! Flags of TLS and of what is said over TCP, and the keys of a configuration that they are.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

#[derive(Args, Debug)]
pub(crate) struct StreamArgs {
    /// Less than this left until a certificate expires is a warning; 0 for never [default: 21d]
    #[arg(long, value_name = "TIME")]
    cert_warn: Option<String>,
    /// Less than this left until a certificate expires is a failure; 0 for never [default: 3d]
    #[arg(long, value_name = "TIME")]
    cert_fail: Option<String>,
    /// The certificates that are believed (PEM), instead of the system's
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// The name that the certificate has to be for [default: the host]
    #[arg(long, value_name = "NAME")]
    server_name: Option<String>,
    /// Believe any certificate
    #[arg(long)]
    insecure: bool,
    /// What is sent over tcp:// or tls://; \r, \n, \t, \0, \\ and \xHH stand for a byte
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    send: Option<Bytes>,
    /// What has to come over tcp:// or tls://: it, or a line of it, begins with this; as for --send
    #[arg(long, value_name = "TEXT", value_parser = unescaped)]
    expect: Option<Bytes>,
}

/// Bytes, as they stand behind a flag.
#[derive(Clone, Debug)]
struct Bytes(Vec<u8>);

impl StreamArgs {
    /// Whether any of it was given.
    pub(crate) fn is_any(&self) -> bool {
        let mut table = Map::new();
        self.add_to(&mut table);
        !table.is_empty()
    }

    /// Adds it under the keys of a configuration.
    pub(crate) fn add_to(&self, table: &mut Map<String, Value>) {
        for (key, limit) in [
            ("cert_warn", &self.cert_warn),
            ("cert_fail", &self.cert_fail),
        ] {
            if let Some(limit) = limit {
                table.insert(key.into(), limit.as_str().into());
            }
        }
        for (key, bytes) in [("send", &self.send), ("expect", &self.expect)] {
            if let Some(bytes) = bytes {
                table.insert(key.into(), bytes.value());
            }
        }
        let mut tls = Map::new();
        if let Some(file) = &self.ca {
            // A monitor may run in another directory.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            tls.insert("ca".into(), file.to_string_lossy().into());
        }
        if let Some(name) = &self.server_name {
            tls.insert("server_name".into(), name.as_str().into());
        }
        if self.insecure {
            tls.insert("insecure".into(), true.into());
        }
        if !tls.is_empty() {
            table.insert("tls".into(), tls.into());
        }
    }
}

impl Bytes {
    fn value(&self) -> Value {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text.into(),
            Err(_) => {
                let digits = self.0.iter().map(|byte| format!("{byte:02x}"));
                json!({ "hex": digits.collect::<String>() })
            }
        }
    }
}

fn unescaped(text: &str) -> Result<Bytes, &'static str> {
    const ALLOWED: &str = "behind \\ allowed are r, n, t, 0, \\ and x with two hexadecimal digits";
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(plain.as_bytes());
        let (byte, length) = match escaped.bytes().next() {
            Some(b'r') => (b'\r', 1),
            Some(b'n') => (b'\n', 1),
            Some(b't') => (b'\t', 1),
            Some(b'0') => (0, 1),
            Some(b'\\') => (b'\\', 1),
            Some(b'x') => {
                let digits = escaped.get(1..3).filter(|it| !it.starts_with('+'));
                let byte = digits.and_then(|it| u8::from_str_radix(it, 16).ok());
                (byte.ok_or(ALLOWED)?, 3)
            }
            _ => return Err(ALLOWED),
        };
        bytes.push(byte);
        rest = &escaped[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    match bytes.is_empty() {
        true => Err("allowed is a text"),
        false => Ok(Bytes(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_bytes() {
        for (text, bytes) in [
            ("PING\\r\\n", &b"PING\r\n"[..]),
            ("\\x00\\xff\\\\n", b"\0\xff\\n"),
            ("\u{e4}\\t\\0", b"\xc3\xa4\t\0"),
        ] {
            assert_eq!(unescaped(text).expect(text).0, bytes);
        }
        for text in [
            "",
            "\\",
            "a\\",
            "\\q",
            "\\x",
            "\\x1",
            "\\x+1",
            "\\xg0",
            "\\x\u{e4}",
        ] {
            assert!(unescaped(text).is_err(), "{text:?}");
        }
        let value = |text| unescaped(text).expect(text).value();
        assert_eq!(value("PING\\r\\n"), json!("PING\r\n"));
        assert_eq!(value("\\xff\\x00"), json!({ "hex": "ff00" }));
    }
}
