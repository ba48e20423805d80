//! Who is paused and silenced, over a restart.

use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};

use super::*;

fn reason(until: Option<u64>, by: &str) -> QuietReason {
    QuietReason {
        since: UnixTime::from_millis(5),
        until: until.map(UnixTime::from_millis),
        why: "disks; it's \"new\"".into(),
        by: by.into(),
    }
}

#[test]
fn what_is_written_is_read_back_and_goes_with_its_target() {
    let place = Place::new("quiet");
    let mut quiet = Quiet::default();
    quiet.pause(name("web-1"), reason(None, "alice@ops"));
    quiet.pause(name("web-2"), reason(None, "alice@ops"));
    quiet.silence(
        QuietScope::Target(name("web-1")),
        reason(Some(9), "alice@ops"),
    );
    quiet.silence(
        QuietScope::Group(name("web-1")),
        reason(Some(9), "10.0.0.9"),
    );
    quiet.silence(QuietScope::All, reason(Some(9), "alice@ops"));
    let window = (
        QuietScope::Target(name("web-1")),
        reason(Some(9), "window w"),
    );
    quiet.set_windows([window]);
    let mut store = place.open();
    store.write_quiet(&Quiet::default()).expect("written");
    store.write_quiet(&quiet).expect("written");
    drop(store);
    let mut store = place.open();
    assert_eq!(store.load_quiet().expect("read"), quiet);
    assert_eq!(store.load_all().expect("read").quiet, quiet);
    assert_eq!(read_quiet(&place.db()).expect("read"), quiet);
    store.remove(&[name("web-1")]).expect("removed");
    quiet.forget(&name("web-1"));
    assert_eq!(store.load_quiet().expect("read"), quiet);
    assert_eq!((quiet.silences().len(), quiet.windows().len()), (2, 1));
}
