//! Which targets are the same, at a reload and after a restart, and what is kept of them.

use health_core::Name;
use health_core::monitor::registry::{Definition, StoredTarget};

use super::toml;

#[test]
fn the_same_target_is_the_same_at_a_reload_and_after_a_restart() {
    let read = |rest: &str| toml("same", &format!("target = [{{ name = \"a\", {rest} }}]"));
    let web = "url = \"http://a/health?db=1\"";
    let command = "exec = [\"check\", \"db1\"]";
    for (old, new, is_same) in [
        (
            web,
            "url = \"http://a/health?db=1\", interval = \"5s\"",
            true,
        ),
        (
            web,
            "url = \"http://a/health?db=1\", expect_status = \"200-299\"",
            true,
        ),
        (
            web,
            "url = \"http://a/health?db=1\", headers = { X = \"1\" }",
            true,
        ),
        (
            web,
            "url = \"http://a/health?db=1\", check_name = \"other\"",
            false,
        ),
        (
            web,
            "url = \"http://a/health?db=1\", method = \"POST\"",
            false,
        ),
        (web, "url = \"http://a/health?db=2\"", false),
        (web, "url = \"http://b/health?db=1\"", false),
        (command, command, true),
        (command, "exec = [\"check\", \"db2\"]", false),
        (command, "exec = [\"checkd\", \"b1\"]", false),
    ] {
        let (old, new) = (read(old).targets.remove(0), read(new).targets.remove(0));
        let stored = |definition: Definition| StoredTarget {
            name: definition.name,
            text: definition.text,
            checks: Vec::new(),
        };
        let after = new.probes_the_same_as(&stored(old.definition()));
        let reloaded = old.listed().probes_the_same_as(&new);
        assert_eq!((after, reloaded), (is_same, is_same), "{old:?} {new:?}");
    }
    // Another one would have every target begin anew with the next update.
    let text = read(web).targets[0].definition().text;
    assert!(text.contains(r#""looks_at":"9325ca2754aed891""#), "{text}");
}

#[test]
fn a_definition_of_before_the_fingerprint_is_compared_by_what_it_shows() {
    let read = |path: &str| {
        let text = format!("target = [{{ name = \"a\", url = \"http://a/{path}\" }}]");
        toml("before", &text).targets.remove(0)
    };
    let stored = StoredTarget {
        name: Name::new("a").expect("a name"),
        text: r#"{"checks":[{"name":"http","target":"http://a:80/x"}]}"#.into(),
        checks: Vec::new(),
    };
    assert!(read("x").probes_the_same_as(&stored) && !read("y").probes_the_same_as(&stored));
}

#[test]
fn a_password_that_changes_is_a_change_and_never_shown() {
    let read = |secret: &str| {
        let text = format!(
            "target = [{{ name = \"a\", url = \"http://a/\", headers = {{ Authorization = {secret:?} }} }}]"
        );
        toml("secret", &text).targets.remove(0)
    };
    let (old, new, same) = (read("hunter2"), read("hunter3"), read("hunter2"));
    let listed = old.listed();
    assert!(
        !listed.is_unchanged(&new) && listed.is_unchanged(&same) && listed.probes_the_same_as(&new)
    );
    assert!(
        !old.definition().text.contains("hunter")
            && !format!("{:?}", old.checks).contains("hunter")
    );
}
