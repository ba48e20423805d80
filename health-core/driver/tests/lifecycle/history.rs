//! What happened, as whoever comes later is told.

use serde_json::Value;

use super::client::get;
use super::{running, spawn};

#[test]
fn history_tells_what_happened_and_from_an_id_the_rest() {
    let health = running();
    health.set_history(4);
    let link = health.component("link").expect("a name");
    let handle = spawn(&health, |_| {});
    let address = handle.local_addr().expect("it is bound");
    let ask = |query: &str| -> Value {
        let request = format!("GET /health/history{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = get(address, &request);
        assert_eq!(answer.code, 200);
        serde_json::from_str(&answer.body).expect("JSON")
    };
    let changes = |document: &Value| -> Vec<String> {
        let of_link = |entry: &&Value| entry["name"] == "link";
        let transitions = document["transitions"].as_array().expect("a list");
        let changes = transitions.iter().filter(of_link);
        changes
            .map(|it| format!("{} to {}", it["from"], it["to"]))
            .collect()
    };

    link.success();
    (0..3).for_each(|_| link.failure("no carrier"));
    let document = ask("");
    let told = [r#""unknown" to "healthy""#, r#""healthy" to "unhealthy""#];
    assert_eq!(changes(&document), told);

    link.success();
    let seen = document["last_id"].as_u64().expect("a number");
    let document = ask(&format!("?after={seen}"));
    assert_eq!(document["reset"], false);
    assert_eq!(changes(&document), [r#""unhealthy" to "healthy""#]);

    // Who has missed more than is remembered is told so, and everything that is left.
    for _ in 0..4 {
        (0..3).for_each(|_| link.failure("no carrier"));
        link.success();
    }
    let document = ask(&format!("?after={seen}"));
    assert_eq!(document["reset"], true);
    assert_eq!(changes(&document).len(), 4);
}
