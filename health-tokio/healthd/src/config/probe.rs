//! Reads what a check probes: HTTP, TCP or a command, in three grammars.
//!
//! ```text
//!  table ─┬─ url, http, httpGet ─► expectations ─► conditions   what is sent, what has to come back
//!         │                     └► headers                      values in files and variables, TLS
//!         ├─ tcp, tcpSocket ──────► stream                       TLS, what is sent and expected
//!         └─ exec ───────────────► exec                         command, user, limits
//! ```

mod conditions;
mod exec;
mod expectations;
mod headers;
mod rule;

use health_core::check::probe::{HttpProbe, Probe};

use super::check::Defaults;
use super::reader::{Item, Result, Table};
use super::stream::{self, Certificate, Steps};
use expectations::Expectations;
pub(crate) use rule::Rule;

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
    let (probe, rule) = match form {
        "url" if is_stream(item.text()?) => connection(table, &item, item.text()?)?,
        "url" => url(&item, expectations(table, defaults.json)?)?,
        "httpGet" | "http" => http(&item, host, expectations(table, false)?)?,
        "tcpSocket" | "tcp" => tcp(table, &item, host)?,
        _ => {
            expectations::refuse_any(table)?;
            stream::refuse_any(table)?;
            let (command, rule) = exec::exec(table, &item)?;
            (command.into(), rule)
        }
    };
    let name = match probe {
        Probe::Http(_) => "http",
        Probe::Exec(_) => "exec",
        _ => "tcp",
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

/// A probe and what belongs to it.
pub(super) struct Parsed {
    pub(super) probe: Probe,
    /// Of its scheme; the check's name if it has no other.
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    pub(super) grammar: Grammar,
}

fn expectations(table: &Table<'_>, is_strict: bool) -> Result<Expectations> {
    exec::refuse_any(table)?;
    Expectations::read(table, is_strict)
}

fn url(item: &Item<'_>, expected: Expectations) -> Result<(Probe, Rule)> {
    let text = item.text()?;
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
        expected.headers.extend(headers::headers(&more)?);
    }
    let code = |name, default| -> Result<u16> {
        let code = table.get(name).map(|it| it.integer(100, 599)).transpose()?;
        Ok(u16::try_from(code.unwrap_or(default)).unwrap_or(599))
    };
    let (first, last) = (code("status_code_min", 200)?, code("status_code_max", 399)?);
    if first > last {
        return Err(table.lacks("status_code_min is above status_code_max"));
    }
    if expected.status.is_empty() {
        expected.status.push(first..=last);
    }
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
    if let Some(name) = expected.of_stream {
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

fn is_stream(url: &str) -> bool {
    url.starts_with("tcp://") || url.starts_with("tls://")
}

fn tcp(table: &Table<'_>, item: &Item<'_>, host: Option<&str>) -> Result<(Probe, Rule)> {
    let place = item.table()?;
    let host = self::host(&place, host)?;
    let port = place.need("port")?.port()?;
    place.finish()?;
    connection(table, item, &format!("tcp://{host}:{port}"))
}

/// A connection that has to be accepted, and what is said over it.
fn connection(table: &Table<'_>, item: &Item<'_>, target: &str) -> Result<(Probe, Rule)> {
    expectations::refuse_any(table)?;
    exec::refuse_any(table)?;
    let family = expectations::family(table)?;
    let tls = table.get("tls").map(|item| headers::tls(&item));
    let (certificate, steps) = (Certificate::read(table)?, Steps::read(table)?);
    let (probe, rule) =
        stream::stream(item, target, family, tls.transpose()?, &certificate, steps)?;
    let over = expectations::over(family).map(|it| format!(" {it}"));
    let rule = format!("{rule}{}", over.unwrap_or_default());
    Ok((probe, Rule::new(&rule)))
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

fn refused(item: &Item<'_>, error: &health_core::ConfigError) -> super::ConfigError {
    // The error quotes the wrong part itself, without secrets.
    item.wrong_secret(error)
}
