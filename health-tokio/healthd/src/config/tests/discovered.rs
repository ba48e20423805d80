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

/// Whoever writes a list may err: one entry, one address, or the whole of it.
#[test]
fn a_mistake_leaves_out_no_more_than_it_has_to() {
    let list = File::new(
        "mixed.yml",
        "- targets: ['a:1', 5, 'b c:1', 'd:1']\n  labels: {job: web, zone: eu-1, __meta_x: y}\n\
         - targets: 7\n- labels: {}\n- targets: ['e:1', 'fixed']\n  labels: {zone: [1]}\n\
         - targets: ['fixed', 'f:1']\n",
    );
    let settings = toml(
        "mixed",
        &format!(
            "target = [{{ name = \"fixed\", url = \"http://a/\" }}]\n\
             file_sd = [{{ files = [{:?}, \"absent.json\"] }}]",
            list.0
        ),
    );
    let names: Vec<_> = settings.targets.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["fixed", "a:1", "d:1", "f:1"]);
    let warnings = settings.warnings();
    for expected in [
        "[0].targets[1] = 5: allowed is a text; this address is left out",
        "[0].targets[2] = \"b c:1\": ",
        "[1].targets = 7: allowed is a list; this entry is left out",
        "[2]: targets is missing; this entry is left out",
        "[3].labels.zone = […]: allowed is a text",
        "[4].targets[0] = \"fixed\": there is a target fixed outside of the lists",
        "absent.json: No such file",
    ] {
        let has_it = warnings.iter().any(|it| it.contains(expected));
        assert!(has_it, "{expected}\n{warnings:#?}");
    }
    assert_eq!(warnings.len(), 7, "{warnings:#?}");
    let listing = settings.targets[1].listing.as_ref().expect("of a list");
    let labels: Vec<_> = listing.labels.iter().collect();
    let [job, zone] = ["job", "zone"].map(str::to_owned);
    assert_eq!(
        labels,
        [(&job, &"web".to_owned()), (&zone, &"eu-1".to_owned())]
    );
    let definition = settings.targets[1].definition().text;
    assert!(
        definition.contains(r#""labels":{"job":"web","zone":"eu-1"}"#),
        "{definition}"
    );
    assert!(!settings.targets[0].definition().text.contains("labels"));
}
