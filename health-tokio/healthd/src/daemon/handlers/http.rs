//! Sends a request, once, and says what the receiver answered.

use std::time::Duration;

use health_core::Class;
use health_core::check::probe::{HttpProbe, Probe, Report};
use health_tokio::probe::Prober;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::time::Instant;

use super::super::documents::now;
use super::message::cut;
use super::{Refusal, Request};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 3;
/// No receiver is left alone for longer than this because it asks for it.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3_600);
/// Bytes of an answer that are shown.
const MAX_SHOWN: usize = 200;
/// Shorter ones are found in any text.
const MIN_SECRET: usize = 6;

/// Returns what the receiver answered, as text for people.
pub(super) async fn send(mut request: Request, timeout: Duration) -> Result<String, Refusal> {
    let until = Instant::now() + timeout;
    for _ in 0..=MAX_REDIRECTS {
        let rest = until.saturating_duration_since(Instant::now());
        let report = once(&request, rest).await?;
        if let Class::Success | Class::Warning = report.outcome.class {
            let status = report
                .status
                .map_or_else(String::new, |it| format!("HTTP {it}"));
            return Ok(status);
        }
        let is_same_request = matches!(report.status, Some(307 | 308));
        match (&report.location, report.status) {
            (Some(location), Some(300..=399)) => match next(&request.url, location) {
                Some(url) if is_same_request => request.url = url,
                // Another host would get what only this one may see, and a GET brings nothing.
                _ => return Err(refusal(&request, &report, Some(&host_of(location)))),
            },
            _ => return Err(refusal(&request, &report, None)),
        }
    }
    Err(format!("more than {MAX_REDIRECTS} redirects").into())
}

async fn once(request: &Request, timeout: Duration) -> Result<Report, Refusal> {
    let mut probe = HttpProbe::builder(&request.url)
        .method(&request.method)
        .header("User-Agent", concat!("healthd/", env!("CARGO_PKG_VERSION")))
        .accept_status(200..=299)
        .capture_body(true)
        .body(&request.body);
    for (name, value) in &request.headers {
        probe = probe.header(name, value);
    }
    let probe = probe.build().map_err(|error| error.to_string())?;
    Ok(Prober::new().probe(&Probe::Http(probe), timeout).await)
}

fn refusal(request: &Request, report: &Report, redirect: Option<&str>) -> Refusal {
    let outcome = &report.outcome;
    let mut text = outcome.message.as_str().to_owned();
    if let Some(host) = redirect {
        text += &format!(", redirects to {host}, which is not followed: set that address");
    } else if let Some(cause) = &outcome.cause {
        let said = cause.reveal().replace(['\r', '\n'], " ");
        text += &format!(", {}", cut(&without_secrets(request, said), MAX_SHOWN));
    }
    let is_asked = matches!(report.status, Some(429 | 503));
    let asked = report.retry_after.as_deref().filter(|_| is_asked);
    Refusal {
        text,
        retry_after: asked.and_then(|it| retry_after(it, now().as_millis())),
    }
}

/// An answer may quote the request.
fn without_secrets(request: &Request, mut text: String) -> String {
    let path = request.url.splitn(4, '/').nth(3).unwrap_or_default();
    let parts = path.split(['/', '?', '&', '=']);
    let secrets = request.secrets.iter().map(String::as_str);
    // A token is shown without its scheme, too.
    let words = request
        .secrets
        .iter()
        .filter_map(|it| it.split(' ').next_back());
    for secret in secrets.chain(words).chain([path]).chain(parts) {
        if secret.len() >= MIN_SECRET {
            text = text.replace(secret, "…");
        }
    }
    text
}

/// Seconds, or a date (RFC 9110 §10.2.3).
fn retry_after(text: &str, now_ms: u64) -> Option<Duration> {
    let asked = match text.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = rfc2822::DateTimeParser::new().parse_timestamp(text.trim());
            let at: Timestamp = date.ok()?;
            let at = u64::try_from(at.as_millisecond()).ok()?;
            Duration::from_millis(at.saturating_sub(now_ms))
        }
    };
    Some(asked.min(MAX_RETRY_AFTER))
}

/// Where a redirect leads, if that is on the same host.
fn next(url: &str, location: &str) -> Option<String> {
    let origin = origin(url);
    if location.starts_with("//") {
        return None;
    }
    if location.starts_with('/') {
        return Some(format!("{origin}{location}"));
    }
    let is_same = self::origin(location).eq_ignore_ascii_case(origin);
    (is_same && location.contains("://")).then(|| location.to_owned())
}

/// `http://host:port`.
fn origin(url: &str) -> &str {
    let end = url.match_indices('/').nth(2);
    &url[..end.map_or(url.len(), |(at, _)| at)]
}

/// What of a redirect's address may be shown.
fn host_of(location: &str) -> String {
    match location.contains("://") {
        true => cut(origin(location), MAX_SHOWN),
        false => "another path".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_seconds_or_a_date_and_has_an_end() {
        let seconds = |it| Some(Duration::from_secs(it));
        assert_eq!(retry_after("120", 0), seconds(120));
        assert_eq!(retry_after("999999999", 0), seconds(3_600));
        // 2015-10-21T07:28:00Z
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        assert_eq!(retry_after(date, 1_445_412_450_000), seconds(30));
        assert_eq!(retry_after(date, 1_500_000_000_000), seconds(0));
        assert_eq!(retry_after("soon", 0), None);
    }

    #[test]
    fn a_redirect_is_followed_on_the_same_host_only() {
        let next = |location| next("https://a.example/hook", location);
        assert_eq!(next("/b?c").as_deref(), Some("https://a.example/b?c"));
        assert_eq!(
            next("https://A.example/b").as_deref(),
            Some("https://A.example/b")
        );
        for other in [
            "http://a.example/b",
            "https://b.example/",
            "//b.example/",
            "b",
        ] {
            assert_eq!(next(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_that_quotes_the_request_gives_nothing_away() {
        let request = Request::json(
            "https://h/services/T0123456/sEcReTsEcReT".to_owned(),
            &1.into(),
        )
        .hiding("Bearer tOkEntOkEn".to_owned());
        let text =
            "no route /services/T0123456/sEcReTsEcReT, no Bearer tOkEntOkEn, tOkEntOkEn, T0123456";
        let shown = without_secrets(&request, text.to_owned());
        assert_eq!(shown, "no route /…, no …, …, …");
    }
}
