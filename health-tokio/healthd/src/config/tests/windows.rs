//! When windows of maintenance are open, with the clocks changed in between.

use health_core::UnixTime;
use health_core::monitor::registry::QuietScope;
use jiff::Timestamp;

use super::toml;
use crate::config::Window;

fn window(cron: &str, length: &str, zone: &str) -> Window {
    let text =
        format!("[[window]]\nname = \"w\"\ncron = {cron:?}\nfor = {length:?}\nzone = {zone:?}\n");
    let mut windows = toml("window", &text).windows;
    windows.remove(0)
}

fn unix(text: &str) -> UnixTime {
    let at: Timestamp = text.parse().expect("a time");
    UnixTime::from_millis(u64::try_from(at.as_millisecond()).expect("after 1970"))
}

/// The window that is open at that time, or the next one.
fn span(window: &Window, now: &str) -> [String; 2] {
    let (begin, end) = window.span(unix(now)).expect("a window");
    [begin, end].map(|it| {
        let millis = i64::try_from(it.as_millis()).expect("small");
        Timestamp::from_millisecond(millis)
            .expect("a time")
            .to_string()
    })
}

#[test]
fn a_window_is_open_from_its_begin_to_just_before_its_end() {
    let nightly = window("30 2 * * *", "2h", "UTC");
    let today = ["2026-05-04T02:30:00Z", "2026-05-04T04:30:00Z"];
    for now in [
        "2026-05-03T04:30:00Z",
        "2026-05-04T02:29:59Z",
        "2026-05-04T02:30:00Z",
        "2026-05-04T04:29:59.999Z",
    ] {
        assert_eq!(span(&nightly, now), today, "{now}");
    }
    let tomorrow = ["2026-05-05T02:30:00Z", "2026-05-05T04:30:00Z"];
    assert_eq!(span(&nightly, "2026-05-04T04:30:00Z"), tomorrow);
}

#[test]
fn the_zone_decides_which_hour_it_is() {
    let sunday = window("0 3 * * SUN", "1h", "Europe/Berlin");
    let winter = ["2026-01-04T02:00:00Z", "2026-01-04T03:00:00Z"];
    assert_eq!(span(&sunday, "2026-01-01T00:00:00Z"), winter);
    let summer = ["2026-07-05T01:00:00Z", "2026-07-05T02:00:00Z"];
    assert_eq!(span(&sunday, "2026-07-01T00:00:00Z"), summer);
}

/// On 2026-03-29 there is no 02:30 in Berlin: at 01:00 UTC it is 03:00.
#[test]
fn a_window_in_the_hour_that_is_left_out_is_not_left_out() {
    let nightly = window("30 2 * * *", "1h", "Europe/Berlin");
    let [begin, end] = span(&nightly, "2026-03-29T00:00:00Z");
    assert!(
        ("2026-03-29T01:00:00Z"..="2026-03-29T01:30:00Z").contains(&&*begin),
        "{begin}"
    );
    let length = unix(&end).as_millis() - unix(&begin).as_millis();
    assert_eq!(length, 3_600_000);
    // In the midst of it, it is the same.
    assert_eq!(span(&nightly, "2026-03-29T01:45:00Z"), [begin, end]);
    // It is as long by the clock on the wall as it is said to be, in time that passes.
    let over = window("30 1 * * *", "2h", "Europe/Berlin");
    let both = ["2026-03-29T00:30:00Z", "2026-03-29T02:30:00Z"];
    assert_eq!(span(&over, "2026-03-29T00:29:00Z"), both);
    assert_eq!(span(&over, "2026-03-29T02:29:00Z"), both);
}

/// On 2026-10-25 there are two: at 00:30 and at 01:30 UTC.
#[test]
fn a_window_in_the_hour_that_comes_twice_opens_once() {
    let nightly = window("30 2 * * *", "30m", "Europe/Berlin");
    let first = ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"];
    assert_eq!(span(&nightly, "2026-10-25T00:00:00Z"), first);
    assert_eq!(span(&nightly, "2026-10-25T00:59:00Z"), first);
    let next = ["2026-10-26T01:30:00Z", "2026-10-26T02:00:00Z"];
    for now in ["2026-10-25T01:00:00Z", "2026-10-25T01:31:00Z"] {
        assert_eq!(span(&nightly, now), next, "{now}");
    }
}

#[test]
fn windows_without_a_gap_between_them_are_one() {
    let hourly = window("0 * * * *", "1h", "UTC");
    let [begin, end] = span(&hourly, "2026-05-04T10:59:30Z");
    assert_eq!(begin, "2026-05-04T10:00:00Z");
    assert_eq!(end, "2026-05-04T12:00:00Z");
    let overlapping = window("*/10 * * * *", "15m", "UTC");
    let [_, end] = span(&overlapping, "2026-05-04T10:10:01Z");
    assert_eq!(end, "2026-05-04T10:25:00Z");
}

#[test]
fn whom_a_window_is_for_is_named_or_everybody() {
    let scopes = |keys: &str| {
        let text = format!("[[window]]\nname = \"w\"\ncron = \"@daily\"\nfor = \"1h\"\n{keys}");
        let window = toml("scopes", &text).windows.remove(0);
        let span = window.span(unix("2026-05-04T00:30:00Z")).expect("open");
        let scopes: Vec<_> = window.silences(span).map(|(scope, _)| scope).collect();
        scopes
    };
    let name = |text| health_core::Name::new(text).expect("a name");
    assert_eq!(scopes(""), [QuietScope::All]);
    assert_eq!(
        scopes("targets = [\"a\"]\ngroups = [\"web\", \"db\"]"),
        [
            QuietScope::Target(name("a")),
            QuietScope::Group(name("web")),
            QuietScope::Group(name("db"))
        ]
    );
}
