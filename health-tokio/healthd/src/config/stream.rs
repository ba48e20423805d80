//! Reads what is beyond HTTP: how long a certificate has to be valid, and what is sent and expected over TCP.

use std::fmt;
use std::time::Duration;

use health_core::check::probe::{CertificateLimits, IpFamily, Probe, StreamProbe, Tls};

use super::reader::{Item, Result, Table};

/// What the keys `cert_warn` and `cert_fail` say, or else their defaults.
pub(super) struct Certificate {
    limits: CertificateLimits,
    /// The key that was set, so that a check without TLS can refuse it.
    pub(super) stated: Option<&'static str>,
}

impl Certificate {
    pub(super) fn read(table: &Table<'_>) -> Result<Self> {
        let mut limits = CertificateLimits::default();
        let mut stated = None;
        for (key, limit) in [
            ("cert_warn", &mut limits.warn),
            ("cert_fail", &mut limits.fail),
        ] {
            if let Some(item) = table.get(key) {
                *limit = self::limit(&item)?;
                stated = Some(key);
            }
        }
        Ok(Self { limits, stated })
    }

    pub(super) const fn rule(&self) -> CertificateRule {
        CertificateRule(self.limits)
    }

    /// Settings of TLS with these limits.
    pub(super) fn apply(&self, tls: Option<Tls>) -> Tls {
        let mut tls = tls.unwrap_or_default();
        tls.certificate = Some(self.limits);
        tls
    }
}

/// How long a certificate has to be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CertificateRule(CertificateLimits);

impl fmt::Display for CertificateRule {
    /// `, a certificate for 3d (warning: 21d)`; nothing without limits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CertificateLimits { warn, fail, .. } = self.0;
        match (fail.is_zero(), warn.is_zero()) {
            (true, true) => Ok(()),
            (false, true) => write!(f, ", a certificate for {}", shown(fail)),
            (false, false) => {
                let (fail, warn) = (shown(fail), shown(warn));
                write!(f, ", a certificate for {fail} (warning: {warn})")
            }
            (true, false) => write!(f, ", a certificate (warning: {})", shown(warn)),
        }
    }
}

/// What the keys `send`, `expect` and `steps` say.
#[derive(Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
    /// The key that was set, so that a check of another kind can refuse it.
    pub(super) stated: Option<&'static str>,
}

enum Step {
    Send(Vec<u8>),
    Expect(Vec<u8>),
}

impl Steps {
    pub(super) fn read(table: &Table<'_>) -> Result<Self> {
        let mut steps = Vec::new();
        let mut stated = None;
        if let Some(item) = table.get("send") {
            steps.push(Step::Send(bytes(&item, true)?));
            stated = Some("send");
        }
        if let Some(item) = table.get("expect") {
            steps.push(Step::Expect(bytes(&item, false)?));
            stated = Some("expect");
        }
        if let Some(list) = table.get("steps") {
            if let Some(other) = stated {
                let allowed = format!("allowed without {other}: each is a step of the list");
                return Err(list.wrong_secret(&allowed));
            }
            steps = list.list()?.iter().map(step).collect::<Result<_>>()?;
            stated = Some("steps");
        }
        Ok(Self { steps, stated })
    }
}

/// By which rule a stream is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamRule {
    certificate: Option<CertificateRule>,
    expectations: usize,
}

impl fmt::Display for StreamRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection is accepted")?;
        if let Some(certificate) = &self.certificate {
            write!(f, ", a TLS handshake{certificate}")?;
        }
        match self.expectations {
            0 => Ok(()),
            1 => f.write_str(", the answer that is expected"),
            count => write!(f, ", the {count} answers that are expected"),
        }
    }
}

/// Refuses what is for a network only, on a check without one.
pub(super) fn refuse_any(table: &Table<'_>) -> Result<()> {
    let keys = ["cert_fail", "cert_warn", "expect", "send", "steps", "tls"];
    let mut given = keys
        .into_iter()
        .filter_map(|key| Some((key, table.get(key)?)));
    match given.next() {
        Some((key, item)) => Err(item.wrong_secret(format_args!("{key} is not for a command"))),
        None => Ok(()),
    }
}

/// A probe of `target`, which is `tcp://host:port` or `tls://host:port`.
pub(super) fn stream(
    item: &Item<'_>,
    target: &str,
    family: IpFamily,
    tls: Option<Tls>,
    certificate: &Certificate,
    steps: Steps,
) -> Result<(Probe, StreamRule)> {
    let refused = |error: health_core::ConfigError| item.wrong_secret(error);
    let is_secure = tls.is_some() || target.starts_with("tls://");
    if let Some(key) = certificate.stated.filter(|_| !is_secure) {
        let allowed = format!("{key} is for https, tls:// and tcp with tls");
        return Err(item.wrong(&allowed));
    }
    if is_secure && cfg!(not(feature = "tls")) {
        return Err(item.wrong_secret("built without TLS: allowed is tcp:// without tls"));
    }
    let expects = |step: &&Step| matches!(step, Step::Expect(_));
    let rule = StreamRule {
        certificate: is_secure.then(|| certificate.rule()),
        expectations: steps.steps.iter().filter(expects).count(),
    };
    if !is_secure && steps.steps.is_empty() {
        let probe = match target.parse().map_err(refused)? {
            Probe::Tcp(endpoint) => Probe::Tcp(endpoint.of_family(family).map_err(refused)?),
            other => other,
        };
        return Ok((probe, rule));
    }
    let mut probe = StreamProbe::builder(target).ip_family(family);
    if is_secure {
        probe = probe.tls(certificate.apply(tls));
    }
    for step in steps.steps {
        probe = match step {
            Step::Send(bytes) => probe.send(bytes),
            Step::Expect(bytes) => probe.expect(bytes),
        };
    }
    Ok((probe.build().map_err(refused)?.into(), rule))
}

/// `{send = …}` or `{expect = …}`.
fn step(item: &Item<'_>) -> Result<Step> {
    let table = item.table()?;
    let (send, expect) = (table.get("send"), table.get("expect"));
    table.finish()?;
    match (send, expect) {
        (Some(item), None) => Ok(Step::Send(bytes(&item, true)?)),
        (None, Some(item)) => Ok(Step::Expect(bytes(&item, false)?)),
        _ => Err(item.wrong_secret("allowed is one of: send, expect")),
    }
}

/// A text, or `{hex = "0d0a"}`; what is sent may be in a variable of the environment. It may be a secret.
fn bytes(item: &Item<'_>, is_sent: bool) -> Result<Vec<u8>> {
    let allowed = match is_sent {
        true => "allowed is a text, {hex = \"0d0a\"} or {env = \"NAME\"}",
        false => "allowed is a text or {hex = \"0d0a\"}",
    };
    if let Some(text) = item.value().as_str().filter(|text| !text.is_empty()) {
        return Ok(text.into());
    }
    if !item.is_table() {
        return Err(item.wrong_secret(allowed));
    }
    let table = item.table()?;
    let hex = table.get("hex");
    let env = is_sent.then(|| table.get("env")).flatten();
    table.finish()?;
    match (hex, env) {
        (Some(hex), None) => digits(hex.text()?).ok_or_else(|| {
            hex.wrong_secret("allowed are pairs of hexadecimal digits, with spaces between or none")
        }),
        (None, Some(env)) => {
            let value = std::env::var(env.text()?);
            value
                .map(Into::into)
                .map_err(|_| env.wrong("no such variable"))
        }
        _ => Err(item.wrong_secret(allowed)),
    }
}

fn digits(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.filter(|it| !it.is_empty() && it.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|it| it[0] << 4 | it[1]).collect())
}

/// A duration, in days too; 0 for never.
fn limit(item: &Item<'_>) -> Result<Duration> {
    if item.duration().is_ok_and(|it| it.is_zero()) {
        return Ok(Duration::ZERO);
    }
    let allowed = "allowed is 0 for never, or at least 1s, as in 12h and 21d";
    item.days().map_err(|_| item.wrong(allowed))
}

fn shown(limit: Duration) -> String {
    const DAY: u64 = 24 * 3_600;
    match limit.as_secs() {
        secs if secs % DAY == 0 => format!("{}d", secs / DAY),
        secs if secs % 3_600 == 0 => format!("{}h", secs / 3_600),
        secs => format!("{secs}s"),
    }
}
