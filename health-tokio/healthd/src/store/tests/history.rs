//! The document of a target's history.

use serde_json::json;

use super::*;
use crate::store::history;

#[test]
fn the_document_says_what_was() {
    let place = Place::new("document");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let midnight = 1_700_006_400_000;
    let mut rig = Rig::reporting(midnight, Saved::default());
    for outcome in [Outcome::success(), refused(), refused(), refused()] {
        rig.attempt(&mut store, outcome);
    }
    let reader = open_reader(&place);
    let document = history(&reader, "web-1", rig.moment().unix).expect("read");
    assert_eq!(document["name"], "web-1");
    let check = &document["checks"][0];
    assert_eq!(check["name"], "http");
    let uptime = json!({ "24h": 0.25, "7d": 0.25, "30d": 0.25, "90d": 0.25 });
    assert_eq!(check["uptime"], uptime);
    let none = json!({ "own": 0, "early": 0, "paused": 0, "silenced": 0 });
    assert_eq!(check["left_out"]["24h"], none);
    let day = json!([{ "at": midnight, "uptime": 0.25, "results": 4, "failures": 3 }]);
    assert_eq!(check["days"], day);
    for (window, points) in check["latency"].as_object().expect("an object") {
        let point = &points[0];
        assert_eq!(
            (&point["at"], &point["failures"]),
            (&json!(midnight), &json!(3)),
            "{window}"
        );
        // 5 ms, by a bucket.
        for quantile in ["p50_ms", "p99_ms"] {
            let ms = point[quantile].as_f64().expect("a number");
            assert!((4.77..5.23).contains(&ms), "{ms}");
        }
    }
    // The ring has room for three.
    let results = check["results"].as_array().expect("a list");
    assert_eq!(results.len(), 3);
    assert!(results.is_sorted_by_key(|it| std::cmp::Reverse(it["at"].as_u64())));
    assert_eq!(
        (&results[0]["class"], &results[0]["counted"]),
        (&json!("failure"), &json!(true))
    );
    let transitions = check["transitions"].as_array().expect("a list");
    assert_eq!(
        (&transitions[0]["from"], &transitions[0]["to"]),
        (&json!("healthy"), &json!("unhealthy"))
    );
    let nobody = history(&reader, "nobody", rig.moment().unix).expect("read");
    assert_eq!(nobody, json!({ "name": "nobody", "checks": [] }));
}

/// Without a single result everything is there, and nothing is known.
#[test]
fn nothing_known_is_null() {
    let place = Place::new("null");
    let mut store = place.open();
    store.put(&[definition("web-1")]).expect("put");
    let now = UnixTime::from_millis(1_700_000_000_000);
    let document = history(&open_reader(&place), "web-1", now).expect("read");
    let check = &document["checks"][0];
    assert_eq!(check["uptime"]["90d"], serde_json::Value::Null);
    assert_eq!(check["days"], json!([]));
    assert_eq!(check["latency"], json!({ "24h": [], "7d": [] }));
}

pub(super) fn open_reader(place: &Place) -> Connection {
    schema::open_to_read(&place.db(), VERSION).expect("a reader")
}
