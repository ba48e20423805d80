//! The page for people: one file, no framework, nothing fetched from elsewhere.
//!
//! It is the same bytes for every client except for the verdict's word, so it is as public as the
//! verdict; and except for the table of targets that browsers without scripts show, which is for clients
//! that may see details. Its script reads the documents of the endpoint it came from, under the same rules of
//! access as every other client, and inserts what it reads as text only. Paths begin with that of the page,
//! so it works behind any prefix.
//!
//! The answer's code stays that of the verdict: a page is one more dialect, and a monitor
//! that sends a browser's `Accept` must not get 200 for a daemon that is down.

#[cfg(feature = "monitor")]
mod table;

use alloc::vec::Vec;

#[cfg(feature = "monitor")]
pub(crate) use table::table;

use super::Probe;

/// What the page may do: run this script, wear this style, talk to where it came from.
///
/// The hashes are of the files beside this one as they are sent; a test computes them.
pub(super) const POLICY: &str = "default-src 'none'; \
    script-src 'sha256-nqWmUH8Nqc3gHu1wTdAuJgJA6QiWdF0Ft07ak24bLzA='; \
    style-src 'sha256-BQ7lEu3Aq2JmmuBAYi1z5kSbebHYcxWzAthpXigEPto='; \
    img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const ELEMENTS: &str = include_str!("elements.js");
const REPLICAS: &str = include_str!("replicas.js");
const TARGETS: &str = include_str!("targets.js");
const TARGET: &str = include_str!("target.js");
const CHARTS: &str = include_str!("charts.js");
const ACTIONS: &str = include_str!("actions.js");
const SCRIPT: &str = include_str!("page.js");

/// Appends the page. Without scripts it shows the verdict, and what `table` appends.
pub(crate) fn page(probe: &Probe<'_>, table: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    let mut table = Some(table);
    for piece in PAGE.split(['{', '}']) {
        match piece {
            "status" => out.extend_from_slice(probe.word().as_bytes()),
            "table" => {
                if let Some(table) = table.take() {
                    table(out);
                }
            }
            "style" => source(STYLE, out),
            "elements" => source(ELEMENTS, out),
            "replicas" => source(REPLICAS, out),
            "targets" => source(TARGETS, out),
            "target" => source(TARGET, out),
            "charts" => source(CHARTS, out),
            "actions" => source(ACTIONS, out),
            "script" => source(SCRIPT, out),
            text => out.extend_from_slice(text.as_bytes()),
        }
    }
}

/// Without what only its authors read: comments, which have lines of their own, and indentation.
fn source(text: &str, out: &mut Vec<u8>) {
    let lines = text.lines().map(str::trim_start);
    for line in
        lines.filter(|line| !line.is_empty() && !line.starts_with("//") && !line.starts_with("/*"))
    {
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::base::Moment;
    use crate::health::Registry;

    /// Bytes of the page, all told: it shall load over a bad line, which takes 64 KiB in 10 s at 56 kbit/s.
    /// Half of them shows targets and replicas, which a daemon that has none sends as well: one page has one
    /// hash.
    const MOST_BYTES: usize = 64 * 1024;

    fn rendered() -> String {
        let moment = Moment::default();
        let mut registry = Registry::new("steering", "1.4.0", moment.now);
        let snapshot = registry.snapshot(moment.now);
        let mut out = Vec::new();
        let probe = Probe {
            verbose: false,
            ..Probe::health(moment, &snapshot)
        };
        page(&probe, |_| {}, &mut out);
        String::from_utf8(out).expect("text")
    }

    /// What stands between the tags, as a browser sees it: line ends are LF (WHATWG HTML §13.2.3.5).
    fn inside<'p>(page: &'p str, begin: &str, end: &str) -> &'p str {
        let (_, rest) = page.split_once(begin).expect(begin);
        rest.split_once(end).expect(end).0
    }

    #[test]
    fn the_policy_allows_exactly_this_script_and_this_style() {
        let page = rendered().replace("\r\n", "\n");
        for (directive, begin, end) in [
            ("script-src", "<script type=\"module\">", "</script>"),
            ("style-src", "<style>", "</style>"),
        ] {
            let hash = BASE64.encode(Sha256::digest(inside(&page, begin, end)));
            let wanted = format!("{directive} 'sha256-{hash}';");
            assert!(POLICY.contains(&wanted), "the policy has to say: {wanted}");
        }
        assert_eq!(page.matches("<script").count(), 1);
        assert_eq!(page.matches("<style").count(), 1);
        assert!(!page.contains("style=\""), "the policy forbids it");
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_is_small() {
        let page = rendered();
        // The name of SVG's namespace is nothing that is fetched.
        let rest = page.replace("http://www.w3.org/2000/svg", "");
        for forbidden in ["http:", "https:", "url(", "@import", "src=", "import("] {
            assert!(!rest.contains(forbidden), "{forbidden}");
        }
        assert!(page.len() <= MOST_BYTES, "{} bytes", page.len());
    }

    /// Stats and messages are whatever a daemon publishes: markup in them must stay text.
    #[test]
    fn the_script_inserts_text_only() {
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
        ] {
            assert!(!rendered().contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn what_only_authors_read_stays_at_home() {
        let page = rendered();
        let sources = inside(&page, "<style>", "</style>").lines();
        for line in sources.chain(inside(&page, "<script type=\"module\">", "</script>").lines()) {
            assert!(
                !line.starts_with([' ', '/']) && !line.is_empty(),
                "{line:?}"
            );
        }
        assert!(!page.contains("*/"), "a comment longer than a line");
    }

    #[test]
    fn the_verdict_is_told_without_script_too() {
        let page = rendered();
        assert!(page.contains("data-status=\"unknown\""));
        assert!(!page[..page.find("<style>").expect("a style")].contains('{'));
    }
}
