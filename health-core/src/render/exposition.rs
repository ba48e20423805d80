//! The two text formats of metrics, as a writer that keeps their rules.
//!
//! Prometheus 0.0.4 and OpenMetrics 1.0.0 differ in the header of a family (OpenMetrics names it
//! without `_total` and `_info`, and knows state sets), in `# UNIT` and in `# EOF`. Samples and
//! their labels are the same bytes in both, so that one set of alert rules fits both.

use alloc::vec::Vec;
use core::fmt::Write as _;
use core::ops::Deref;
use core::time::Duration;

use crate::base::decimal;

/// An exposition being written.
pub(crate) struct Exposition<'a> {
    out: &'a mut Vec<u8>,
    is_open: bool,
}

/// What a family of samples measures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows; samples end in `_total`.
    Counter,
    Gauge,
    /// Exactly one state is 1; the label that says which has the family's name.
    StateSet,
    /// Always 1: the labels are what matters; samples end in `_info`.
    Info,
    /// A number of things that were measured and their sum: `_count` and `_sum`.
    Summary,
}

/// Samples under one name, whose header is written before the first.
pub(crate) struct Family<'e, 'a> {
    exposition: &'e mut Exposition<'a>,
    kind: Kind,
    name: &'e str,
    help: &'e str,
    has_begun: bool,
}

/// A label's name and value.
pub(crate) type Label<'a> = (&'a str, &'a str);

/// The most labels any sample has.
const MOST_LABELS: usize = 4;

/// The labels of a sample, where they are put together one by one.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    all: [Label<'a>; MOST_LABELS],
    len: usize,
}

impl<'a> Labels<'a> {
    pub(crate) const NONE: Self = Self {
        all: [("", ""); MOST_LABELS],
        len: 0,
    };

    /// These and one more.
    pub(crate) fn with(mut self, name: &'a str, value: &'a str) -> Self {
        debug_assert!(self.len < MOST_LABELS);
        if let Some(free) = self.all.get_mut(self.len) {
            *free = (name, value);
            self.len += 1;
        }
        self
    }
}

impl<'a> Deref for Labels<'a> {
    type Target = [Label<'a>];

    fn deref(&self) -> &[Label<'a>] {
        &self.all[..self.len]
    }
}

impl<'a> Exposition<'a> {
    /// Appends the samples that `fill` adds; `open` is OpenMetrics.
    pub(crate) fn write(open: bool, out: &'a mut Vec<u8>, fill: impl FnOnce(&mut Self)) {
        let mut exposition = Self { out, is_open: open };
        fill(&mut exposition);
        if open {
            exposition.out.extend_from_slice(b"# EOF\n");
        }
    }

    /// Begins a family. Each is begun once: its samples must stand together.
    pub(crate) fn family<'e>(
        &'e mut self,
        kind: Kind,
        name: &'e str,
        help: &'e str,
    ) -> Family<'e, 'a> {
        Family {
            exposition: self,
            kind,
            name,
            help,
            has_begun: false,
        }
    }
}

impl Family<'_, '_> {
    /// Writes one whole number.
    pub(crate) fn integer(&mut self, labels: &[Label<'_>], value: u64) {
        self.sample(self.kind.suffix(), labels, |out| decimal(out, value));
    }

    /// Writes 1 or 0.
    pub(crate) fn bool(&mut self, labels: &[Label<'_>], value: bool) {
        self.integer(labels, value.into());
    }

    /// Writes seconds, to the microsecond.
    pub(crate) fn seconds(&mut self, labels: &[Label<'_>], value: Duration) {
        self.sample(self.kind.suffix(), labels, |out| seconds(out, value));
    }

    /// Writes how many durations there were, and their sum.
    pub(crate) fn summary(&mut self, labels: &[Label<'_>], count: u64, sum: Duration) {
        self.sample("_count", labels, |out| decimal(out, count));
        self.sample("_sum", labels, |out| seconds(out, sum));
    }

    /// Writes any number, NaN and the infinities included.
    pub(crate) fn float(&mut self, labels: &[Label<'_>], value: f64) {
        self.sample(self.kind.suffix(), labels, |out| {
            if value.is_infinite() {
                out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
            } else {
                let _ = write!(Utf8(out), "{value}");
            }
        });
    }

    /// Writes every state of a set, of which `is` is the present one.
    pub(crate) fn states<'s>(
        &mut self,
        labels: Labels<'_>,
        states: impl Iterator<Item = &'s str>,
        is: &str,
    ) {
        for state in states {
            let own = labels.with(self.name, state);
            self.integer(&own, u64::from(state == is));
        }
    }

    fn sample(&mut self, suffix: &str, labels: &[Label<'_>], value: impl FnOnce(&mut Vec<u8>)) {
        if !core::mem::replace(&mut self.has_begun, true) {
            self.header();
        }
        let out = &mut *self.exposition.out;
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(suffix.as_bytes());
        for (index, (name, value)) in labels.iter().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"=\"");
            escape(value, true, out);
            out.push(b'"');
        }
        out.extend_from_slice(if labels.is_empty() { b" " } else { b"} " });
        value(out);
        out.push(b'\n');
    }

    fn header(&mut self) {
        let Self {
            exposition,
            kind,
            name,
            help,
            ..
        } = self;
        let is_open = exposition.is_open;
        let suffix = if is_open { "" } else { kind.suffix() };
        let out = &mut *exposition.out;
        for part in ["# HELP ", name, suffix, " "] {
            out.extend_from_slice(part.as_bytes());
        }
        // OpenMetrics escapes quotes in a help text too, 0.0.4 does not.
        escape(help, is_open, out);
        for part in ["\n# TYPE ", name, suffix, " ", kind.word(is_open), "\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        if is_open && name.ends_with("_seconds") {
            for part in ["# UNIT ", name, " seconds\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
    }
}

impl Kind {
    const fn suffix(self) -> &'static str {
        match self {
            Self::Counter => "_total",
            Self::Info => "_info",
            Self::Gauge | Self::StateSet | Self::Summary => "",
        }
    }

    const fn word(self, is_open: bool) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Summary => "summary",
            Self::StateSet if is_open => "stateset",
            Self::Info if is_open => "info",
            Self::Gauge | Self::StateSet | Self::Info => "gauge",
        }
    }
}

/// Appends seconds, to the microsecond.
fn seconds(out: &mut Vec<u8>, value: Duration) {
    decimal(out, value.as_secs());
    out.push(b'.');
    let micros = value.subsec_micros();
    let mut place = 100_000;
    while place > 0 {
        out.push(b'0' + (micros / place % 10) as u8);
        place /= 10;
    }
}

fn escape(text: &str, quotes: bool, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' if quotes => out.extend_from_slice(b"\\\""),
            _ => out.push(byte),
        }
    }
}

/// Lets a number's `Display` write into a buffer of bytes.
pub(super) struct Utf8<'a>(pub(super) &'a mut Vec<u8>);

impl core::fmt::Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn written(open: bool) -> String {
        let mut out = Vec::new();
        Exposition::write(open, &mut out, |e| {
            e.family(Kind::Counter, "requests", "Say \"hi\"\\\n.")
                .integer(&[("path", "a\"b\\c\nd")], 3);
            e.family(Kind::StateSet, "phase", "It.").states(
                Labels::NONE,
                ["on", "off"].into_iter(),
                "off",
            );
            e.family(Kind::Gauge, "empty", "Never begun.");
            let mut odd = e.family(Kind::Gauge, "odd", "Odd.");
            odd.float(&[], f64::INFINITY);
            odd.float(&[], f64::NEG_INFINITY);
            odd.float(&[], f64::NAN);
            odd.float(&[], -0.25);
            e.family(Kind::Gauge, "age_seconds", "Old.")
                .seconds(&[], Duration::from_micros(1_000_020));
            e.family(Kind::Info, "build", "What.")
                .bool(&[("v", "1")], true);
            e.family(Kind::Summary, "took_seconds", "Long.").summary(
                &[("a", "b")],
                2,
                Duration::from_millis(1_500),
            );
        });
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn prometheus() {
        assert_eq!(
            written(false),
            "# HELP requests_total Say \"hi\"\\\\\\n.\n# TYPE requests_total counter\n\
             requests_total{path=\"a\\\"b\\\\c\\nd\"} 3\n\
             # HELP phase It.\n# TYPE phase gauge\n\
             phase{phase=\"on\"} 0\nphase{phase=\"off\"} 1\n\
             # HELP odd Odd.\n# TYPE odd gauge\nodd +Inf\nodd -Inf\nodd NaN\nodd -0.25\n\
             # HELP age_seconds Old.\n# TYPE age_seconds gauge\nage_seconds 1.000020\n\
             # HELP build_info What.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n\
             # HELP took_seconds Long.\n# TYPE took_seconds summary\n\
             took_seconds_count{a=\"b\"} 2\ntook_seconds_sum{a=\"b\"} 1.500000\n"
        );
    }

    #[test]
    fn openmetrics() {
        let text = written(true);
        for line in [
            "# HELP requests Say \\\"hi\\\"\\\\\\n.\n# TYPE requests counter\nrequests_total{",
            "# TYPE phase stateset\n",
            "# TYPE age_seconds gauge\n# UNIT age_seconds seconds\nage_seconds 1.000020\n",
            "# TYPE build info\nbuild_info{v=\"1\"} 1\n",
            "# TYPE took_seconds summary\n# UNIT took_seconds seconds\ntook_seconds_count{",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.ends_with("\n# EOF\n"));
    }
}
