//! Commands against a group that runs.

use super::super::daemon::Place;
use super::super::schema;
use super::*;

const SCRIPT: &str = "echo up $HEALTHD_INSTANCE; exec sleep 1000";

#[test]
fn a_running_group_is_shown() {
    let place = Place::new("run-shown");
    let run = Run::start(&place, &["--name", "web", "--replicas", "2"], SCRIPT);
    wait_for(&place, "web", |it| {
        it["health"] == "2/2 healthy" && it["ready"] == true
    });
    let text = out(&place, &["inspect", "web"]);
    assert!(
        text.starts_with("Name:    web\nHealth:  2/2 healthy\n"),
        "{text}"
    );
    assert!(text.contains("web-1  ready  1"), "{text}");
    let text = out(&place, &["explain", "web"]);
    assert!(
        text.contains("web-0 is ready") && text.contains("rule      R3"),
        "{text}"
    );
    let text = out(&place, &["explain", "web-1"]);
    let is_alone = text.contains("web-1 is ready") && !text.contains("web-0");
    assert!(is_alone, "{text}");
    assert!(out(&place, &["inspect", "web-1"]).contains("web-1  ready  1"));
    assert!(out(&place, &["list"]).contains("web-0  ready"));
    assert!(out(&place, &["status"]).contains("group web  2/2 healthy"));
    assert!(run.get("/health/ready").contains("healthy"));
    run.wait_for_body("/health?verbose", "2/2 healthy");
    for name in ["db", "web-2"] {
        let (code, error) = fails(&place, &["inspect", name]);
        let expected = "healthd: no such group runs, and there is no registry /";
        let is_said = error.starts_with(expected) && error.ends_with("/healthd.db\n");
        assert!(code == 1 && is_said, "{name}: {error}");
    }
}

/// From the program to the endpoint: the history says why, and the list of targets shows the replica, its
/// last end and its output, though it has no check.
#[test]
fn the_endpoint_tells_of_replicas() {
    let place = Place::new("run-told");
    // Whoever exits within 10 ms waits for the rest of them.
    let script = "echo up; echo last words >&2; sleep 0.1; exit 3";
    let flags = ["--name", "web", "--backoff", "1h", "--backoff-max", "1h"];
    let run = Run::start(&place, &flags, script);
    let planned = "R9: exit, code 3; restart 2 in a row in 3600s";
    run.wait_for_body("/health/history", planned);
    run.wait_for_body("/targets", "\"state\":\"backoff\"");
    let history = document(&run, "/health/history", "history");
    let all = history["transitions"].as_array().expect("a list").iter();
    let told = all.filter(|it| it["what"] == "replica" && it["name"] == "web-0");
    let told: Vec<_> = told.map(|it| (&it["from"], &it["to"])).collect();
    let expected = [
        ("waiting", "starting"),
        ("starting", "starting"),
        ("starting", "backoff"),
    ];
    let expected = expected.map(|(from, to)| (Value::from(from), Value::from(to)));
    let expected: Vec<_> = expected.iter().map(|(from, to)| (from, to)).collect();
    assert_eq!(told, expected, "{history:#}");
    let targets = document(&run, "/targets", "targets");
    assert_eq!(targets["targets"], Value::Array(Vec::new()));
    let group = &targets["groups"][0];
    assert_eq!(group["health"], "0/1 healthy, 1/1 restarting");
    let replica = &group["replicas"][0];
    assert_eq!(
        (&replica["name"], &replica["instance"]),
        (&"web-0".into(), &2.into())
    );
    let end = &replica["last_end"];
    assert_eq!((&end["code"], &end["instance"]), (&3.into(), &2.into()));
    assert_eq!(end["output"], "up\nlast words\n");
    // Those of one status, or behind a name, are targets only.
    for query in ["status=unhealthy", "after=a"] {
        let targets = document(&run, &format!("/targets?{query}"), "targets");
        assert_eq!(targets.get("groups"), None, "{query}");
    }
}

/// A document of the endpoint, which keeps to the schema.
fn document(run: &Run, path: &str, schema: &str) -> Value {
    let document = serde_json::from_str(&run.get(path)).expect("JSON");
    assert_eq!(schema::problems(schema, &document), [""; 0], "{path}");
    document
}

/// An image may say once for all commands where the registry is.
#[test]
fn a_registry_of_the_environment_hides_no_group() {
    let place = Place::new("run-and-registry");
    let _run = Run::start(&place, &["--name", "web"], SCRIPT);
    let missing = place.path("healthd.db");
    for is_there in [false, true] {
        if is_there {
            place.out(&["add", "far=http://127.0.0.1:1/"]);
        }
        for command in [
            &["list"][..],
            &["status"],
            &["inspect", "web"],
            &["explain", "web-0"],
        ] {
            assert!(place.out(command).contains("web"), "{command:?}");
        }
        let (code, error) = place.fails(&["inspect", "db"]);
        let looked_at = match is_there {
            true => "db: no such target in REGISTRY, and no such group runs",
            false => "no such group runs, and there is no registry REGISTRY",
        };
        let looked_at = looked_at.replace("REGISTRY", &missing.display().to_string());
        assert_eq!((code, error), (1, format!("healthd: {looked_at}\n")));
    }
    assert!(place.out(&["list"]).contains("far"));
    // The flag asks for it alone.
    let db = missing.display().to_string();
    assert!(!place.out(&["list", "--db", &db]).contains("web"));
    let (_, error) = place.fails(&["status", "--db", &db]);
    assert_eq!(error, format!("healthd: no monitor runs for {db}\n"));
    let (_, error) = place.fails(&["restart", "web", "--db", &db]);
    assert_eq!(error, "healthd: web: with --db, no group is asked\n");
}

/// Who asks for what there is not leaves no trace.
#[test]
fn commands_on_what_there_is_not_make_nothing() {
    let place = Place::new("run-nothing");
    let db = place.path("healthd.db").display().to_string();
    for flags in [vec![], vec!["--db", &*db]] {
        for words in [
            &["list"][..],
            &["status"],
            &["inspect", "x"],
            &["explain", "x"],
            &["check", "x"],
            &["remove", "x"],
            &["reactivate", "x"],
            &["reactivate", "x-0"],
            &["restart", "x"],
            &["restart", "x-0"],
        ] {
            let args = [words, &flags].concat();
            for (code, error) in [place.fails(&args), fails(&place, &args)] {
                assert!(code == 1 || code == 2, "{args:?}: {error}");
            }
            let left = std::fs::read_dir(place.path("")).expect("a directory");
            let left: Vec<_> = left.flatten().map(|it| it.file_name()).collect();
            assert!(left.is_empty(), "{args:?} makes {left:?}");
        }
    }
}

#[test]
fn a_second_group_of_the_same_name_is_refused() {
    let place = Place::new("run-second");
    let _run = Run::start(&place, &["--name", "web"], SCRIPT);
    let (code, error) = fails(&place, &["run", "--name", "web", "--", "true"]);
    assert_eq!(
        (code, &*error),
        (1, "healthd: a group named web runs already\n")
    );
}

#[test]
fn restarts_are_made_on_request_and_not_counted() {
    let place = Place::new("run-restart");
    let flags = [
        "--name",
        "web",
        "--replicas",
        "2",
        "--min-uptime",
        "0",
        "--settle",
        "0",
    ];
    let run = Run::start(&place, &flags, SCRIPT);
    wait_for(&place, "web", |it| it["health"] == "2/2 healthy");
    assert_eq!(out(&place, &["restart", "web-1"]), "web-1 is restarted\n");
    let is_second = |it: &Value| it["instance"] == 2 && it["state"] == "ready";
    let group = wait_for(&place, "web", |it| is_second(&it["replicas"][1]));
    assert_eq!(group["replicas"][0]["instance"], 1);
    assert_eq!(group["replicas"][1]["restarts"], 0);
    assert_eq!(group["replicas"][1]["last_end"]["reason"], "requested");
    assert_eq!(out(&place, &["restart", "web"]), "web is restarted\n");
    wait_for(&place, "web", |it| {
        is_second(&it["replicas"][0]) && it["replicas"][1]["instance"] == 3
    });
    let (code, error) = fails(&place, &["restart", "web-2"]);
    assert_eq!((code, &*error), (1, "healthd: web-2: no such replica\n"));
    let (code, error) = fails(&place, &["restart", "db"]);
    assert_eq!((code, &*error), (1, "healthd: db: no such group runs\n"));
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

#[test]
fn what_was_given_up_is_explained_and_can_begin_again() {
    let place = Place::new("run-reactivate");
    // One goes on, so that the program does.
    let script = "echo up $HEALTHD_INSTANCE; if [ $HEALTHD_REPLICA = 0 ]; then echo last words >&2; exit 9; fi; exec sleep 1000";
    let flags = ["--name", "web", "--replicas", "2", "--fatal-exit", "9"];
    let run = Run::start(&place, &flags, script);
    run.wait_for(&["ERROR", "given up", "web-0"]);
    wait_for(&place, "web", |it| {
        it["health"] == "1/2 healthy, 1/2 failed"
    });
    let text = out(&place, &["explain", "web"]);
    for part in [
        "rule      R8: its exit code is one of --fatal-exit",
        "exit, code 9",
        "    | last words",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(out(&place, &["reactivate", "web-1"]), "web-1 is ready\n");
    assert_eq!(out(&place, &["reactivate", "web-0"]), "web-0 reactivated\n");
    let group = wait_for(&place, "web", |it| it["replicas"][0]["instance"] == 2);
    assert_eq!(group["replicas"][0]["streak"], 0);
}
