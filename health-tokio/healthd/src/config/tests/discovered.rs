//! Targets of lists.

use std::collections::BTreeSet;

use super::{File, toml};

#[test]
fn lists_of_prometheus_name_targets() {
    let list = r#"[{"targets": ["10.0.0.1:8080", "[::1]:9100"], "labels": {"job": "node"}},
                   {"targets": ["db:1"], "labels": {"__scheme__": "https", "__metrics_path__": "/h"}}]"#;
    let list = File::new("sd-1.json", list);
    let pattern = list
        .0
        .file_name()
        .and_then(|it| it.to_str())
        .expect("a name")
        .replace("1.json", "*.json");
    let settings = toml(
        "sd",
        &format!("file_sd = [{{ files = [{pattern:?}], path = \"/healthz\" }}]"),
    );
    let shown: Vec<_> = settings
        .targets
        .iter()
        .map(|it| format!("{} {} {}", it.group, it.name, it.checks[0].probe))
        .collect();
    assert_eq!(
        shown,
        [
            "node 10.0.0.1:8080 http://10.0.0.1:8080/healthz",
            "node ::1_:9100 http://[::1]:9100/healthz",
            "targets db:1 https://db:1/h",
        ]
    );
}

/// Long addresses differ at their end, others in what a name may not have.
#[test]
fn derived_names_are_short_and_unique() {
    let long = "a-service.with-a-long-name.and-a-long-namespace.svc.cluster.local.";
    let list = format!(
        r#"[{{"targets": ["{long}:80", "{long}:81", "a:1/x~y", "a:1/x+y", "b:1", "b:1"]}}]"#
    );
    let list = File::new("derived.json", &list);
    let settings = toml(
        "derived",
        &format!("file_sd = [{{ files = [{:?}] }}]", list.0),
    );
    let names: BTreeSet<_> = settings.targets.iter().map(|it| &it.name).collect();
    assert_eq!((names.len(), settings.targets.len()), (5, 5), "{names:?}");
    let kept = names
        .iter()
        .filter(|it| it.as_str().starts_with(&long[..50]));
    assert_eq!(kept.count(), 2, "{names:?}");
}
