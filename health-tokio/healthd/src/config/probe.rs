//! Reads what a check probes: HTTP, TCP or a command, in three grammars.

use std::fmt;

use health_core::check::probe::{
    ClientIdentity, Condition, ExecProbe, HttpProbe, HttpProbeBuilder, Probe, Tls, Trust,
};

use super::check::Defaults;
use super::header_files::read_value;
use super::reader::{Item, Result, Table};
use super::stream::{Certificate, CertificateRule, Steps, StreamRule, stream};

/// The grammar in which a check is written, on which its default interval depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// `url`, or `exec` as a list.
    Own,
    /// That of Kubernetes or of the orchestrator.
    Other,
}

pub(super) fn probe(table: &Table<'_>, defaults: &Defaults, host: Option<&str>) -> Result<Parsed> {
    let forms = ["url", "httpGet", "http", "tcpSocket", "tcp", "exec"];
    let mut given = forms
        .iter()
        .filter_map(|form| Some((*form, table.get(form)?)));
    let first = given.next();
    if let Some((_, second)) = given.next() {
        let forms = forms.join(", ");
        return Err(second.wrong_secret(format_args!("a check has one of: {forms}")));
    }
    let Some((form, item)) = first else {
        let forms = forms.join(", ");
        return Err(table.lacks(format_args!("nothing to check; allowed is one of: {forms}")));
    };
    let expectations = Expectations::read(table, form == "url" && defaults.json)?;
    let (probe, rule) = match form {
        "url" => url(&item, expectations)?,
        "httpGet" | "http" => http(&item, host, expectations)?,
        "tcpSocket" | "tcp" => {
            expectations.refuse_on_tcp(&item)?;
            let target = tcp(&item, host)?;
            let (probe, rule) = expectations.stream(&item, &target)?;
            (probe, Rule::Stream(rule))
        }
        _ => {
            expectations.refuse_on_a_command(&item)?;
            (exec(&item)?, Rule::ExitCode)
        }
    };
    let name = match rule {
        Rule::Http { .. } => "http",
        Rule::Stream(_) => "tcp",
        Rule::ExitCode => "exec",
    };
    if let Some(item) = table.get("type") {
        let types = [("HTTP", "http"), ("TCP", "tcp"), ("EXEC", "exec")];
        let stated = item.word(&types)?;
        if stated != name {
            return Err(item.wrong(format_args!("it has {form}, which is of another type")));
        }
    }
    let is_own = form == "url" || form == "exec" && !item.is_table();
    let grammar = if is_own { Grammar::Own } else { Grammar::Other };
    Ok(Parsed {
        probe,
        name,
        rule,
        grammar,
    })
}

/// By which rule a check judges what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The answer to a request.
    Http {
        /// The first and the last accepted status.
        status: (u16, u16),
        /// Whether the body has to be JSON.
        is_json: bool,
        /// Whether the body has to contain a text.
        has_text: bool,
        /// How long its certificate has to be valid.
        certificate: Option<CertificateRule>,
    },
    /// A connection that can be made, and what is said over it.
    Stream(StreamRule),
    /// A command that ends with code 0.
    ExitCode,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Http {
                status: (first, last),
                is_json,
                has_text,
                certificate,
            } => {
                write!(f, "status {first}")?;
                if last != first {
                    write!(f, "-{last}")?;
                }
                if is_json {
                    f.write_str(", a body of JSON")?;
                }
                if has_text {
                    f.write_str(", a body with the text of contains")?;
                }
                match certificate {
                    Some(certificate) => certificate.fmt(f),
                    None => Ok(()),
                }
            }
            Self::Stream(rule) => rule.fmt(f),
            Self::ExitCode => f.write_str("exit code 0"),
        }
    }
}

/// A probe and what belongs to it.
pub(super) struct Parsed {
    pub(super) probe: Probe,
    /// Of its scheme; the check's name if it has no other.
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    pub(super) grammar: Grammar,
}

/// What is sent, and what the answer has to be.
struct Expectations {
    method: Option<String>,
    headers: Vec<(String, String)>,
    status: Option<(u16, u16)>,
    json: bool,
    contains: Option<String>,
    max_body: Option<u64>,
    tls: Option<Tls>,
    certificate: Certificate,
    steps: Steps,
    /// The last key that was set, so that a check without HTTP can refuse it.
    stated: Option<&'static str>,
}

impl Expectations {
    fn read(table: &Table<'_>, is_strict: bool) -> Result<Self> {
        let mut stated = None;
        let mut get = |name| {
            let item = table.get(name);
            if item.is_some() {
                stated = Some(name);
            }
            item
        };
        let method = get("method").map(|item| item.text().map(str::to_owned));
        let status = get("expect_status").map(|item| statuses(&item));
        let json = get("json").map(|item| item.flag());
        let contains = get("contains").map(|item| item.text().map(str::to_owned));
        let max_body = get("max_body").map(|item| item.integer(1, 1 << 30));
        let headers = get("headers").map(|item| headers(&item));
        let tls = table.get("tls").map(|item| tls(&item));
        let json = json.transpose()?;
        Ok(Self {
            method: method.transpose()?,
            headers: headers.transpose()?.unwrap_or_default(),
            status: status.transpose()?.or(is_strict.then_some((200, 200))),
            json: json.unwrap_or(is_strict),
            contains: contains.transpose()?,
            max_body: max_body.transpose()?,
            tls: tls.transpose()?,
            certificate: Certificate::read(table)?,
            steps: Steps::read(table)?,
            stated,
        })
    }

    /// Refuses what is for HTTP only.
    fn refuse_on_tcp(&self, item: &Item<'_>) -> Result<()> {
        match self.stated {
            Some(name) => Err(item.wrong(format_args!("{name} is for http and https"))),
            None => Ok(()),
        }
    }

    /// Refuses what is for a network only.
    fn refuse_on_a_command(&self, item: &Item<'_>) -> Result<()> {
        match self.certificate.stated.or(self.steps.stated) {
            Some(name) => Err(item.wrong_secret(format_args!("{name} is not for a command"))),
            None => Ok(()),
        }
    }

    fn stream(self, item: &Item<'_>, target: &str) -> Result<(Probe, StreamRule)> {
        stream(item, target, self.tls, &self.certificate, self.steps)
    }

    fn rule(&self, is_secure: bool) -> Rule {
        Rule::Http {
            status: self.status.unwrap_or((200, 399)),
            is_json: self.json,
            has_text: self.contains.is_some(),
            certificate: is_secure.then(|| self.certificate.rule()),
        }
    }

    fn apply(self, mut request: HttpProbeBuilder) -> HttpProbeBuilder {
        if let Some(method) = self.method {
            request = request.method(method);
        }
        if let Some((first, last)) = self.status {
            request = request.accept_status(first..=last);
        }
        if self.json {
            request = request.expect(Condition::body_is_json());
        }
        if let Some(text) = self.contains {
            request = request.expect(Condition::body_contains(text));
        }
        if let Some(most) = self.max_body.and_then(|most| usize::try_from(most).ok()) {
            request = request.max_body(most);
        }
        let headers = self.headers.into_iter();
        headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }
}

fn url(item: &Item<'_>, expected: Expectations) -> Result<(Probe, Rule)> {
    let text = item.text()?;
    if text.starts_with("tcp://") || text.starts_with("tls://") {
        expected.refuse_on_tcp(item)?;
        let (probe, rule) = expected.stream(item, text)?;
        return Ok((probe, Rule::Stream(rule)));
    }
    if !["http://", "https://", "unix:"]
        .iter()
        .any(|it| text.starts_with(it))
    {
        let allowed = "allowed are http://…, https://…, tcp://host:port, tls://host:port and \
                       unix:/path.sock:/path";
        return Err(item.wrong(allowed));
    }
    http_at(item, text, expected)
}

fn http(item: &Item<'_>, host: Option<&str>, mut expected: Expectations) -> Result<(Probe, Rule)> {
    let table = item.table()?;
    let host = self::host(&table, host)?;
    let port = table.get("port").map(|it| it.port()).transpose()?;
    let path = table.get("path").map(|it| it.text()).transpose()?;
    let schemes = [("http", "http"), ("https", "https")];
    let scheme = table
        .get("scheme")
        .map(|it| it.word(&schemes))
        .transpose()?;
    let scheme = scheme.unwrap_or("http");
    if let Some(more) = table.either(&["httpHeaders", "headers"])? {
        expected.headers.extend(headers(&more)?);
    }
    let code = |name, default| -> Result<u16> {
        let code = table.get(name).map(|it| it.integer(100, 599)).transpose()?;
        Ok(u16::try_from(code.unwrap_or(default)).unwrap_or(599))
    };
    let (first, last) = (code("status_code_min", 200)?, code("status_code_max", 399)?);
    if first > last {
        return Err(table.lacks("status_code_min is above status_code_max"));
    }
    expected.status.get_or_insert((first, last));
    table.finish()?;
    let path = path.unwrap_or("/");
    let slash = if path.starts_with('/') { "" } else { "/" };
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    http_at(
        item,
        &format!("{scheme}://{host}{port}{slash}{path}"),
        expected,
    )
}

fn http_at(item: &Item<'_>, text: &str, mut expected: Expectations) -> Result<(Probe, Rule)> {
    if let Some(name) = expected.steps.stated {
        return Err(item.wrong(format_args!("{name} is for tcp:// and tls://")));
    }
    let is_https = text.starts_with("https://");
    if let Some(name) = expected.certificate.stated.filter(|_| !is_https) {
        return Err(item.wrong(format_args!("{name} is for https, tls:// and tcp with tls")));
    }
    let rule = expected.rule(is_https);
    let tls = expected.tls.take();
    let has_tls = tls.is_some();
    let with_limits = is_https.then(|| expected.certificate.apply(tls));
    let mut request = expected.apply(HttpProbe::builder(text));
    if let Some(tls) = with_limits {
        request = request.tls(tls);
    }
    let probe = request.build().map_err(|error| refused(item, &error))?;
    if has_tls && !is_https {
        return Err(item.wrong("tls is for https"));
    }
    if is_https && cfg!(not(feature = "tls")) {
        return Err(item.wrong_secret("built without TLS: allowed is http://"));
    }
    Ok((probe.into(), rule))
}

fn tcp(item: &Item<'_>, host: Option<&str>) -> Result<String> {
    let table = item.table()?;
    let host = self::host(&table, host)?;
    let port = table.need("port")?.port()?;
    table.finish()?;
    Ok(format!("tcp://{host}:{port}"))
}

fn exec(item: &Item<'_>) -> Result<Probe> {
    let built = if item.is_table() {
        let table = item.table()?;
        let mut command = ExecProbe::command(table.need("command")?.texts()?);
        if let Some(item) = table.get("dir") {
            command = command.dir(item.text()?);
        }
        if let Some(item) = table.get("env") {
            for (name, value) in item.table()?.entries() {
                command = command.env(name, value.text()?);
            }
        }
        table.finish()?;
        command.build()
    } else {
        ExecProbe::command(item.texts()?).build()
    };
    Ok(built.map_err(|error| refused(item, &error))?.into())
}

/// The host of the table, or else that of its target.
fn host(table: &Table<'_>, of_target: Option<&str>) -> Result<String> {
    let host = match table.get("host") {
        Some(item) => item.text()?,
        None => of_target.ok_or_else(|| table.lacks("host is missing, here and in the target"))?,
    };
    let is_bare_v6 = host.contains(':') && !host.starts_with('[');
    Ok(if is_bare_v6 {
        format!("[{host}]")
    } else {
        host.to_owned()
    })
}

/// `200` or `200-399`.
fn statuses(item: &Item<'_>) -> Result<(u16, u16)> {
    let text = item.value().as_u64().map(|code| code.to_string());
    let text = text.unwrap_or_else(|| item.value().as_str().unwrap_or_default().to_owned());
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if (100..=599).contains(&first) && (first..=599).contains(&last) => {
            Ok((first, last))
        }
        _ => Err(item.wrong("allowed is 200 or 200-399")),
    }
}

/// `{Name = "value"}`, or a list of `{name, value}`; instead of the value, the variable of the
/// environment or the file it is in.
fn headers(item: &Item<'_>) -> Result<Vec<(String, String)>> {
    if item.is_table() {
        let table = item.table()?;
        let entries = table.entries();
        let headers = entries.map(|(name, value)| Ok((name.to_owned(), secret(&value)?)));
        return headers.collect();
    }
    let items = item.list()?.into_iter();
    let headers = items.map(|item| {
        let table = item.table()?;
        let name = table.either(&["name", "key"])?;
        let name = name.ok_or_else(|| table.lacks("name is missing"))?;
        let value = secret(&table.need("value")?)?;
        let name = name.text()?.to_owned();
        table.finish()?;
        Ok((name, value))
    });
    headers.collect()
}

fn secret(item: &Item<'_>) -> Result<String> {
    if let Some(text) = item.value().as_str() {
        // An empty value removes a default header of the probe, as in a pod's manifest.
        return Ok(text.to_owned());
    }
    if !item.is_table() {
        return Err(item.wrong_secret("allowed is a text, {env = \"NAME\"} or {file = \"PATH\"}"));
    }
    let table = item.table()?;
    let (env, file) = (table.get("env"), table.get("file"));
    table.finish()?;
    match (env, file) {
        (Some(env), None) => {
            let name = env.text()?;
            std::env::var(name).map_err(|_| env.wrong("no such variable"))
        }
        (None, Some(file)) => read_value(file.text()?).map_err(|error| file.wrong(error)),
        _ => Err(item.wrong_secret("allowed is one of: env, file")),
    }
}

fn tls(item: &Item<'_>) -> Result<Tls> {
    let table = item.table()?;
    let text = |name| -> Result<Option<Box<str>>> {
        let item = table.get(name);
        Ok(item.map(|item| item.text()).transpose()?.map(Into::into))
    };
    let (ca, cert, key) = (text("ca")?, text("cert")?, text("key")?);
    let server_name = text("server_name")?;
    let insecure = table.get("insecure").map(|it| it.flag()).transpose()?;
    let trust = match (insecure.unwrap_or(false), ca) {
        (true, Some(_)) => return Err(table.lacks("ca and insecure exclude each other")),
        (true, None) => Trust::Insecure,
        (false, Some(file)) => Trust::CaFile(file),
        (false, None) => Trust::System,
    };
    let identity = match (cert, key) {
        (Some(cert), Some(key)) => Some(ClientIdentity::new(cert, key)),
        (None, None) => None,
        _ => return Err(table.lacks("cert and key belong together")),
    };
    table.finish()?;
    let mut tls = Tls::default();
    (tls.trust, tls.server_name, tls.identity) = (trust, server_name, identity);
    Ok(tls)
}

fn refused(item: &Item<'_>, error: &health_core::ConfigError) -> super::ConfigError {
    // The error quotes the wrong part itself, without secrets.
    item.wrong_secret(error)
}
