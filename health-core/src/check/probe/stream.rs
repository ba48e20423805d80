//! A probe of a server that speaks another protocol than HTTP: a TLS handshake, bytes sent and expected.

mod awaited;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::endpoint::{Endpoint, Host, IpFamily};
use super::tls::Tls;
use super::without_secrets;
use crate::base::ConfigError;
pub(super) use awaited::Awaited;

/// A connection to a host and a port, what is said over it and what has to be answered.
///
/// Made by [`StreamProbe::builder`] or read from `tcp://host:port` or `tls://host:port`; immutable and cheap
/// to clone. The attempt is a success when its last step is done; all of them share its deadline.
///
/// ```
/// use health_core::check::probe::{Probe, StreamProbe};
///
/// let redis = StreamProbe::builder("tcp://db.example:6379").send("PING\r\n").expect("+PONG");
/// let mail = StreamProbe::builder("tcp://mail.example:25").expect("220").send("QUIT\r\n").expect("221");
/// let (redis, mail) = (Probe::from(redis.build()?), Probe::from(mail.build()?));
/// assert_eq!(mail.to_string(), "tcp://mail.example:25");
/// // A handshake alone.
/// let ldap: Probe = "tls://ldap.example:636".parse()?;
/// # Ok::<(), health_core::ConfigError>(())
/// ```
///
/// Neither its `Display` nor its `Debug` shows what is sent, which may be a password.
//
// Shared, as a probe over HTTP is.
#[derive(Clone)]
pub struct StreamProbe(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    tls: Option<Box<Tls>>,
    server_name: Box<str>,
    steps: Box<[Step]>,
}

/// What is done over a connection.
#[derive(Clone)]
pub(super) enum Step {
    /// These bytes are sent.
    Send(Box<[u8]>),
    /// What comes, or a line of it, has to begin with these bytes.
    Expect(Box<[u8]>),
}

impl StreamProbe {
    /// A probe of `target`: `tcp://host:port`, or `tls://host:port`.
    pub fn builder(target: impl Into<String>) -> StreamProbeBuilder {
        StreamProbeBuilder {
            target: target.into(),
            tls: None,
            family: IpFamily::Any,
            steps: Vec::new(),
        }
    }

    /// The settings of TLS; `None` without.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.0.tls.as_deref()
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    /// The name, or the address without brackets, that the certificate has to be for.
    pub(super) fn server_name(&self) -> &str {
        &self.0.server_name
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0.steps
    }
}

/// Settings of a [`StreamProbe`], checked together by [`build`](StreamProbeBuilder::build).
#[derive(Clone)]
#[must_use = "a probe is made by `build`"]
pub struct StreamProbeBuilder {
    target: String,
    tls: Option<Tls>,
    family: IpFamily,
    steps: Vec<Step>,
}

impl StreamProbeBuilder {
    /// Which addresses of a name are tried. Default: [`IpFamily::Any`].
    pub const fn ip_family(mut self, family: IpFamily) -> Self {
        self.family = family;
        self
    }

    /// Makes a TLS handshake before all else, also with `tcp://`. Default: with `tls://`,
    /// [`Tls::default`].
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Then these bytes are sent: 1 to 16,384.
    pub fn send(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Send(bytes.into().into()));
        self
    }

    /// Then this is waited for: what comes, or a line of it, begins with these 1 to 1,024 bytes. What was
    /// waited for before, and all before it, is past.
    ///
    /// At most 16,384 bytes are read for it.
    pub fn expect(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.steps.push(Step::Expect(bytes.into().into()));
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// A target that is neither `tcp://host:port` nor `tls://host:port`, more than 32 steps, nothing to
    /// send or to expect in one of them, or more than is allowed, an address of the other family.
    pub fn build(self) -> Result<StreamProbe, ConfigError> {
        let Self {
            target,
            tls,
            family,
            steps,
        } = self;
        let (address, is_secure) = match target.split_at_checked(6) {
            Some(("tcp://", address)) => (address, tls.is_some()),
            Some(("tls://", address)) => (address, true),
            _ => {
                let allowed = "allowed are tcp://host:port and tls://host:port";
                return Err(ConfigError::new(
                    "target",
                    &without_secrets(&target),
                    allowed,
                ));
            }
        };
        if steps.len() > MAX_STEPS {
            let value = format!("{}", steps.len());
            return Err(ConfigError::new("steps", &value, "allowed are at most 32"));
        }
        for step in &steps {
            let (field, length, most, allowed) = match step {
                Step::Send(bytes) => ("send", bytes.len(), MAX_SENT, SENT),
                Step::Expect(bytes) => ("expect", bytes.len(), MAX_EXPECTED, EXPECTED),
            };
            if !(1..=most).contains(&length) {
                return Err(ConfigError::new(field, &format!("{length} bytes"), allowed));
            }
        }
        let endpoint = address.parse::<Endpoint>()?.of_family(family)?;
        let tls = is_secure.then(|| Box::new(tls.unwrap_or_default()));
        let stated = tls.as_ref().and_then(|tls| tls.server_name.clone());
        let server_name = stated.unwrap_or_else(|| match endpoint.host() {
            Host::Name(name) => name.clone(),
            Host::Ip(address) => format!("{address}").into(),
            // The zone means something here only.
            Host::Zoned(address) => address.split('%').next().unwrap_or_default().into(),
        });
        Ok(StreamProbe(Arc::new(Inner {
            endpoint,
            tls,
            server_name,
            steps: steps.into(),
        })))
    }
}

const MAX_STEPS: usize = 32;
/// The most bytes of one step that are sent.
const MAX_SENT: usize = 16 * 1_024;
const SENT: &str = "allowed are 1 to 16384 bytes";
/// The most bytes of one step that are expected.
const MAX_EXPECTED: usize = 1_024;
const EXPECTED: &str = "allowed are 1 to 1024 bytes";

impl FromStr for StreamProbe {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::builder(text).build()
    }
}

impl fmt::Display for StreamProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls().is_some() { "tls" } else { "tcp" };
        write!(f, "{scheme}://{}", self.endpoint())
    }
}

impl fmt::Debug for StreamProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamProbe")
            .field("endpoint", self.endpoint())
            .field("tls", &self.tls())
            .field("steps", &self.steps())
            .finish()
    }
}

impl fmt::Debug for StreamProbeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamProbeBuilder")
            .field("target", &without_secrets(&self.target))
            .field("tls", &self.tls)
            .field("steps", &self.steps)
            .finish()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Expect(bytes) => write!(f, "Expect({:?})", String::from_utf8_lossy(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn what_is_read_is_shown_again() {
        for (text, name) in [
            ("tls://a:443", "a"),
            ("tls://[::1]:1", "::1"),
            ("tls://[fe80::1%25eth0]:1", "fe80::1"),
            ("tcp://10.0.0.1:25", "10.0.0.1"),
        ] {
            let probe: StreamProbe = text.parse().expect(text);
            assert_eq!(probe.to_string(), text);
            assert_eq!(probe.server_name(), name);
            assert_eq!(probe.tls().is_some(), text.starts_with("tls"));
        }
        let named = StreamProbe::builder("tcp://10.0.0.1:25").tls(Tls {
            server_name: Some("mail.example".into()),
            ..Tls::default()
        });
        let named = named.build().expect("a probe");
        assert_eq!(named.to_string(), "tls://10.0.0.1:25");
        assert_eq!(named.server_name(), "mail.example");
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "a:1",
            "tls:",
            "tls://",
            "tls://a",
            "ssl://a:1",
            "tls://u@a:1",
        ] {
            assert!(text.parse::<StreamProbe>().is_err(), "{text:?}");
        }
        let error = |build: fn(StreamProbeBuilder) -> StreamProbeBuilder| {
            let built = build(StreamProbe::builder("tcp://a:1")).build();
            built.map(|_| ()).expect_err("refused").to_string()
        };
        let sent = "send \"0 bytes\": allowed are 1 to 16384 bytes";
        assert_eq!(error(|it| it.send("")), sent);
        assert!(error(|it| it.send(vec![0; 16_385])).starts_with("send \"16385 bytes\""));
        assert!(error(|it| it.expect("")).starts_with("expect \"0 bytes\""));
        assert!(error(|it| it.expect(vec![0; 1_025])).starts_with("expect \"1025 bytes\""));
        let many = |it| (0..33).fold(it, |it: StreamProbeBuilder, _| it.send("x"));
        assert_eq!(error(many), "steps \"33\": allowed are at most 32");
    }

    #[test]
    fn what_is_sent_is_not_shown() {
        let builder = StreamProbe::builder("tls://a:1").send("AUTH hunter2\r\n");
        let shown = alloc::format!("{builder:?} {:?}", builder.clone().build());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
