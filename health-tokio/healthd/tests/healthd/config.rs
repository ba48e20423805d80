//! `healthd config`: whether a file is right, and what is in effect.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::daemon::Place;

#[test]
fn a_file_is_checked_before_anything_runs() {
    let place = Place::new("config-check");
    let path = |name: &str, text: &str| {
        fs::write(place.path(name), text).expect("written");
        place.path(name).display().to_string()
    };
    let right = path(
        "a.yaml",
        "target:\n- {name: a, url: 'http://127.0.0.1:1/', interval: 5s}\n- name: b\n  exec: ['true']\n",
    );
    let said = place.out(&["config", "check", &right]);
    assert!(said.contains("a.yaml: 2 targets, 0 actions"), "{said}");
    assert!(
        said.contains("\nwarning: target a, check http: timeout"),
        "{said}"
    );
    let run = path("run.toml", "[[run]]\ncommand = [\"true\"]\n");
    let said = place.out(&["config", "check", &run]);
    assert!(said.contains("run.toml: 1 group, 0 actions"), "{said}");
    for (name, text, expected) in [
        (
            "b.toml",
            "interval = 5\nretries = 0\n",
            "b.toml:2:1: retries = 0: allowed is 1 to",
        ),
        (
            "b.json",
            "{\"target\": [\n{\"name\": \"a\"}]}",
            "b.json:2:1: target[0]: nothing to check",
        ),
        (
            "b.yml",
            "target:\n- name: a\n  url: 5\n",
            "b.yml:3:3: target[0].url = 5: allowed is a text",
        ),
        ("c.yml", "target: [\n", "c.yml: line 2, column 1: "),
        (
            "r.yml",
            "run:\n- command: []\n",
            "r.yml:2:3: run[0].command = […]: allowed is",
        ),
    ] {
        let (code, error) = place.fails(&["config", "check", &path(name, text)]);
        assert!(code == 2 && error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let (code, error) = place.fails(&["config", "check", "/no/such.toml"]);
    assert!(
        code == 2 && error.contains("/no/such.toml: No such file"),
        "{error}"
    );
}

#[test]
fn what_is_in_effect_is_shown_without_secrets() {
    let place = Place::new("config-show");
    let file = place.path("a.toml");
    let text = "token = \"hunter2\"\ninterval = 5\nretries = 7\n[[target]]\nname = \"a\"\n\
        url = \"https://h/x?key=hunter2\"\ntimeout = \"1500ms\"\n\
        headers = { Authorization = \"Bearer hunter2\" }\n\
        [[target]]\nname = \"b\"\nexec = [\"curl\", \"hunter2\"]\n\
        [[action]]\nwebhook = \"http://h/hooks/hunter2\"\n\
        [[action]]\ncommand = [\"notify\", \"hunter2\"]\nname = \"told\"\non = [\"unhealthy\"]\n";
    fs::write(&file, text).expect("written");
    let args = [
        "config",
        "show",
        "--retries",
        "4",
        "--config",
        &file.display().to_string(),
    ]
    .map(str::to_owned);
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let text = place.out(&args);
    assert!(!text.contains("hunter2"), "{text}");
    for line in [
        "token = \"(secret)\"",
        "interval = \"5s\"",
        "retries = 4",
        "auto_deregister = true",
        "timeout = \"1500ms\"",
        "rule = \"status 200, a body of JSON, a certificate for 3d (warning: 21d)\"",
        "webhook = \"http://h\"",
        "command = \"notify\"",
        "[[target.check]]",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    let json: Value =
        serde_json::from_str(&place.out(&[&args[..], &["--json"]].concat())).expect("JSON");
    assert!(!json.to_string().contains("hunter2"), "{json}");
    assert_eq!(json["target"][0]["check"][0]["retries"], 4);
    assert_eq!(json["action"][1]["on"], json!(["unhealthy"]));
    assert_eq!(json["db"], place.path("healthd.db").display().to_string());
}

/// Whoever adds a key runs both commands again.
#[test]
fn the_reference_and_the_schema_are_those_of_the_program() {
    let place = Place::new("config-docs");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (command, file) in [
        ("reference", "configuration.md"),
        ("schema", "healthd.schema.json"),
    ] {
        let made = place.out(&["config", command]);
        let kept = fs::read_to_string(docs.join(file)).unwrap_or_default();
        assert!(
            made == kept,
            "write the output of `healthd config {command}` to docs/{file}"
        );
    }
}

#[test]
fn probes_and_healthchecks_become_a_configuration() {
    let place = Place::new("config-import");
    let path = |name: &str, text: &str| {
        fs::write(place.path(name), text).expect("written");
        place.path(name).display().to_string()
    };
    let pod = "kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: app\n    \
        livenessProbe: {httpGet: {path: /live, port: 8080}}\n";
    let pod = path("pod.yaml", pod);
    let made = place.out(&["import", &pod, "--host", "10.0.0.7"]);
    assert!(
        made.contains("url = \"http://10.0.0.7:8080/live\""),
        "{made}"
    );
    let said = place.out(&["config", "check", &path("made.toml", &made)]);
    assert!(said.contains("made.toml: 1 target, 0 actions"), "{said}");
    let (code, error) = place.fails(&["import", &path("x.yaml", "kind: Pod\n")]);
    assert!(
        code == 2 && error.contains("x.yaml: metadata is missing"),
        "{error}"
    );
}

#[test]
fn the_default_registry_is_that_of_the_user_and_another_is_named() {
    let place = Place::new("config-default");
    let default = place.path("state").join("healthd.db");
    let command = |args: &[&str]| {
        let mut command = place.command();
        command.env_remove("HEALTHD_DB").current_dir(place.path(""));
        command.env("STATE_DIRECTORY", place.path("state"));
        command.args(args).output().expect("healthd")
    };
    let added = command(&["add", "a=http://127.0.0.1:1/"]);
    assert!(added.status.success(), "{added:?}");
    assert!(default.is_file() && added.stderr.is_empty(), "{added:?}");
    fs::write(place.path("healthd.db"), "").expect("written");
    let listed = command(&["list", "--json"]);
    let said = String::from_utf8_lossy(&listed.stderr);
    let line = format!(
        "healthd.db in this directory is not the registry, which is {}",
        default.display()
    );
    assert!(said.contains(&line), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("127.0.0.1:1"));
}
