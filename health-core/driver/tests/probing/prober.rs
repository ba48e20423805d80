//! What the prober itself lacks is said at once, and counts against nobody.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use health_core::check::CheckConfig;
use health_core::{Class, Kind, Outcome, ProbeKind, Status};
use health_driver::Health;
use health_driver::monitor::Target;

use crate::driver::{Monitor, Running, defaults};

const LIMIT: Duration = Duration::from_secs(20);

fn every(millis: u64) -> CheckConfig {
    let mut config = CheckConfig::default();
    config.interval = Duration::from_millis(millis);
    config.timeout = LIMIT;
    config
}

/// The status and the message of a component; `None` if there is none.
fn shown(health: &Health, name: &str) -> Option<(Status, String)> {
    let snapshot = health.snapshot();
    let mut all = snapshot.components().iter();
    let component = all.find(|it| it.name().as_str() == name)?;
    let message = component.message().as_str().to_owned();
    Some((component.status(), message))
}

#[track_caller]
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::yield_now();
    }
}

/// Every shortage, at its first result, and its end.
#[test]
fn each_shortage_is_a_component_at_its_first_result() {
    for (kind, name) in [
        (Kind::Resolver, "resolver"),
        (Kind::Certificates, "certificates"),
        (Kind::Descriptors, "descriptors"),
        (Kind::Memory, "memory"),
        (Kind::Processes, "processes"),
        (Kind::Ports, "ports"),
        (Kind::CommandBusy, "commands"),
    ] {
        let health = Health::new("prober", "1");
        health.set_running();
        let answer = Arc::new(Mutex::new(Outcome::success()));
        let of_check = Arc::clone(&answer);
        let attempts = Arc::new(AtomicUsize::new(0));
        let of_attempts = Arc::clone(&attempts);
        let check = move || {
            of_attempts.fetch_add(1, Ordering::SeqCst);
            of_check.lock().expect("no panic").clone()
        };
        let target = Target::new("t").expect("a name");
        // No attempt but those that are asked for.
        let target = target.self_check("check", every(3_600_000), check);
        let monitor = Running::spawn(Monitor::new(defaults()).show_prober(&health));
        monitor.add(target.expect("a name")).expect("added");
        wait_for("a first result", || monitor.summary().healthy() == 1);
        assert_eq!(shown(&health, name), None, "{name}");

        *answer.lock().expect("no panic") = Outcome::indeterminate("ours").of_kind(kind);
        assert!(monitor.trigger("t"));
        let mut seen = None;
        wait_for(name, || {
            seen = shown(&health, name).filter(|(it, _)| *it != Status::Unknown);
            seen.is_some()
        });
        let (status, message) = seen.expect("it is there");
        assert_eq!(status, Status::Unhealthy, "{name}");
        let daemon = health.snapshot().status(ProbeKind::Health);
        assert_eq!(daemon, Status::Degraded, "{name}: it is not critical");
        assert!(!message.is_empty());
        assert_eq!(attempts.load(Ordering::SeqCst), 2, "at once");
        let view = monitor.target("t").expect("there");
        assert_eq!(
            (view.checks[0].streak.failures(), view.healthy),
            (0, (1, 1))
        );

        *answer.lock().expect("no panic") = Outcome::failure("theirs");
        assert!(monitor.trigger("t"));
        wait_for("its end", || {
            shown(&health, name).is_some_and(|(status, _)| status == Status::Healthy)
        });
        assert!(monitor.stop(LIMIT));
    }
}

/// A target that is removed lacks nothing any more, and the daemon's own names stay its own.
#[test]
fn a_shortage_goes_with_its_target_and_takes_no_name() {
    let health = Health::new("prober", "1");
    let own = health.component("resolver").expect("a name");
    own.success();
    let monitor = Running::spawn(Monitor::new(defaults()).show_prober(&health));
    let target = Target::new("t").expect("a name");
    let outcome = || Outcome::indeterminate("ours").of_kind(Kind::Resolver);
    let target = target.self_check("check", every(20), outcome);
    monitor.add(target.expect("a name")).expect("added");
    let is = |wanted| shown(&health, "prober.resolver").is_some_and(|(it, _)| it == wanted);
    wait_for("it is shown", || is(Status::Unhealthy));
    assert!(shown(&health, "resolver").is_some_and(|(it, _)| it == Status::Healthy));
    assert!(monitor.remove("t"));
    wait_for("it is over", || is(Status::Healthy));
    assert!(monitor.stop(LIMIT));
}

/// Certificates that cannot be read are ours; they are read again at each attempt.
#[cfg(feature = "tls")]
#[test]
fn certificates_that_cannot_be_read() {
    use health_core::check::probe::{ClientIdentity, HttpProbe, Probe, Tls, Trust};

    let address = crate::peer::server(std::mem::forget);
    let missing = || "/nonexistent/health.pem".into();
    let mut ca = Tls::default();
    ca.trust = Trust::CaFile(missing());
    let mut client = Tls::default();
    client.trust = Trust::Insecure;
    client.identity = Some(ClientIdentity::new(missing(), missing()));
    for tls in [ca, client] {
        let http = HttpProbe::builder(format!("https://{address}/")).tls(tls);
        let probe = Probe::from(http.build().expect("a probe"));
        let health = Health::new("prober", "1");
        let monitor = Running::spawn(Monitor::new(defaults()).show_prober(&health));
        let config = every(50);
        let target = Target::new("t").expect("a name");
        let target = target.probe("https", config, probe).expect("a name");
        monitor.add(target).expect("added");
        wait_for("it is shown", || {
            shown(&health, "certificates").is_some_and(|(it, _)| it == Status::Unhealthy)
        });
        let view = monitor.target("t").expect("there");
        let last = view.checks[0].history.last().expect("a result");
        assert_eq!(
            (last.class(), last.kind()),
            (Class::Indeterminate, Some(Kind::Certificates))
        );
        assert!(monitor.stop(LIMIT));
    }
}

/// A file that hangs, as on a dead network file system, holds up its own attempt and nothing else.
#[cfg(all(feature = "tls", unix))]
#[test]
fn certificates_that_hang_hold_nobody_up() {
    use health_core::check::probe::{HttpProbe, Probe, Tls, Trust};

    // Whoever opens it to read waits until somebody opens it to write.
    let name = format!(
        "health-ca-{}-{:?}.pem",
        std::process::id(),
        std::thread::current().id()
    );
    let file = std::env::temp_dir().join(name);
    let made = std::process::Command::new("mkfifo").arg(&file).status();
    assert!(made.expect("mkfifo").success());
    let (accepted, has_accepted) = std::sync::mpsc::channel();
    let accepted = Mutex::new(accepted);
    let address = crate::peer::server(move |socket| {
        let _ = accepted.lock().expect("no panic").send(socket);
    });
    let mut tls = Tls::default();
    tls.trust = Trust::CaFile(file.to_str().expect("UTF-8").into());
    let http = HttpProbe::builder(format!("https://{address}/")).tls(tls);
    let probe = Probe::from(http.build().expect("a probe"));
    let monitor = Running::spawn(Monitor::new(defaults()));
    let target = Target::new("hangs").expect("a name");
    let target = target.probe("https", every(60_000), probe).expect("a name");
    monitor.add(target).expect("added");
    let _socket = has_accepted.recv_timeout(LIMIT).expect("it connects");
    let count = Arc::new(AtomicUsize::new(0));
    let of_check = Arc::clone(&count);
    let target = Target::new("good").expect("a name");
    let target = target.self_check("check", every(10), move || {
        of_check.fetch_add(1, Ordering::SeqCst);
        Outcome::success()
    });
    monitor.add(target.expect("a name")).expect("added");
    wait_for("the others go on", || count.load(Ordering::SeqCst) > 50);
    assert_eq!(
        monitor.target("hangs").expect("there").checks[0].attempts,
        1
    );
    assert!(monitor.stop(LIMIT));
    // Its thread ends.
    drop(
        std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&file),
    );
    let _ = std::fs::remove_file(&file);
}

/// What could never be carried out is refused when it is added.
#[cfg(not(feature = "tls"))]
#[test]
fn https_without_tls_is_refused() {
    use health_core::check::probe::Probe;
    use health_core::monitor::AddError;

    let monitor = Running::spawn(Monitor::new(defaults()));
    for url in ["https://127.0.0.1/", "https://db.example:8443/health"] {
        let probe: Probe = url.parse().expect("a URL");
        let target = Target::new("t").expect("a name");
        let http: Probe = "http://127.0.0.1:9/".parse().expect("a URL");
        let target = target.probe("http", every(1_000), http).expect("a name");
        let target = target.probe("https", every(1_000), probe).expect("a name");
        let error = monitor.add(target).expect_err(url);
        let text = "check https: https needs a build with the feature `tls`";
        assert_eq!(error.to_string(), text);
    }
    assert!(monitor.targets().is_empty());
    assert!(monitor.stop(LIMIT));
}
