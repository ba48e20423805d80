//! A result counts no longer than it may, whoever asks and whoever does not.

use std::time::Duration;

use health_core::health::ComponentConfig;

use super::client::{LIVE, READY, eventually, get};
use super::{running, spawn};

#[test]
fn stale_results_refuse_readiness_until_the_next_one() {
    let health = running();
    let config = ComponentConfig::new().validity(Duration::from_millis(300));
    let pool = health.component_with("pool", config).expect("a name");
    pool.success();
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");

    // Nobody looks at the pool any more, and nobody says so.
    eventually("readiness ends with the result", || {
        let answer = get(address, READY);
        answer.code == 503 && answer.body.ends_with(r#""failing":["pool"]}"#)
    });
    let answer = get(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(answer.code, 503);
    assert!(
        answer
            .body
            .starts_with(r#"{"status":"unknown","healthy":false,"#)
    );
    assert!(answer.body.ends_with(r#""components":{"pool":false}}"#));
    assert_eq!(
        get(address, LIVE).code,
        200,
        "the daemon is alive all the same"
    );

    eventually("another result brings it back", || {
        pool.success();
        get(address, READY).code == 200
    });
}
