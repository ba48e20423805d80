//! What the fuzz targets found: the smallest case of each.

use std::sync::Arc;

use health_core::Moment;
use health_core::health::{Phase, Registry};
use health_core::server::{CloseReason, Connection, Peer, Service, Step};

const GET: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";

fn connection() -> Connection {
    let service = Arc::new(Service::new());
    Connection::new(service, Peer::Unknown, Moment::default().now)
}

/// Does what the machine says until it waits for its client; returns what was answered.
fn settle(connection: &mut Connection, registry: &mut Registry) -> String {
    let moment = Moment::default();
    let mut answers = Vec::new();
    loop {
        match connection.step() {
            Step::Respond => {
                let snapshot = registry.snapshot(moment.now);
                connection.respond(moment, &snapshot, &mut answers);
            }
            Step::Write { .. } => connection.handle_sent(moment.now),
            _ => return String::from_utf8(answers).expect("ASCII"),
        }
    }
}

/// A client has sent three requests and closed its half; before the first is answered, the daemon
/// begins to drain. The end of the input hid the drain: all three were answered.
#[test]
fn a_drain_behind_the_end_of_input_still_ends_the_connection() {
    let now = Moment::default().now;
    for driver_knows in [true, false] {
        let mut registry = Registry::new("steering", "1.4.0", now);
        registry.set_running(now);
        let mut connection = connection();
        connection.handle_input(now, GET.repeat(3).as_bytes());
        connection.handle_eof();
        registry.begin_drain(now);
        if driver_knows {
            connection.handle_phase(Phase::Draining);
        }
        let answers = settle(&mut connection, &mut registry);
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
        assert!(answers.contains("\r\nConnection: close\r\n"), "{answers}");
        connection.handle_eof();
        assert_eq!(connection.step(), Step::Close(CloseReason::Draining));
    }
}

/// A client that ends its requests with one CRLF too many has asked nothing more by it. It was
/// given the ten seconds of a head and then a 408, which it would have taken for the answer to its
/// next request.
#[test]
fn an_empty_line_begins_no_request() {
    let mut now = Moment::default().now;
    let mut registry = Registry::new("steering", "1.4.0", now);
    for (sent, reason) in [
        ("\r\n".to_owned(), CloseReason::Silent),
        ("\r\n\r\n\r".to_owned(), CloseReason::Silent),
        (format!("{GET}\r\n"), CloseReason::Idle),
        (format!("{GET}{GET}\r\n\r\n\r"), CloseReason::Idle),
    ] {
        for way in [sent.len(), 1] {
            let mut connection = connection();
            let mut answers = String::new();
            for piece in sent.as_bytes().chunks(way) {
                connection.handle_input(now, piece);
                answers += &settle(&mut connection, &mut registry);
            }
            assert!(
                connection.buffered() <= 8,
                "{} bytes",
                connection.buffered()
            );
            now = connection.step().until().expect("it waits");
            connection.handle_timeout(now);
            answers += &settle(&mut connection, &mut registry);
            let asked = sent.matches("GET").count();
            assert_eq!(answers.matches("HTTP/1.1 ").count(), asked, "{sent:?}");
            assert_eq!(connection.step(), Step::Close(reason), "{sent:?}");
            now = Moment::default().now;
        }
    }
}

mod monitor {
    use std::sync::Arc;
    use std::time::Duration;

    use health_core::Name;
    use health_core::check::{CheckConfig, Mode, OnUnhealthy, Saved};
    use health_core::monitor::{AttemptId, Command, Monitor, MonitorConfig, Spread};
    use health_core::monitor::{TargetId, TargetSpec};
    use health_core::{Instant, Moment, Outcome, UnixTime};

    const START: Instant = Instant::from_micros(0);

    fn monitor() -> Monitor {
        let mut config = MonitorConfig::default();
        config.spread = Spread::AsConfigured;
        Monitor::new(config)
    }

    fn add(monitor: &mut Monitor, saved: Saved) -> TargetId {
        let mut config = CheckConfig::kubelet();
        config.retries = 1;
        config.on_unhealthy = OnUnhealthy::Deregister;
        add_with(monitor, saved, config)
    }

    fn add_with(monitor: &mut Monitor, saved: Saved, config: CheckConfig) -> TargetId {
        let name = Name::new("web").expect("a name");
        let check = Name::new("http").expect("a name");
        let spec = TargetSpec::new(name).restored_check(check, Arc::new(config), saved);
        monitor.add(START, spec).expect("a new target")
    }

    fn mode(monitor: &Monitor, target: TargetId) -> Option<Mode> {
        let (_, check) = monitor.target(target)?.checks().next()?;
        Some(check.mode())
    }

    /// A target that was deregistered before a restart was reactivated before the start: its first
    /// attempt began in a monitor that had not started.
    #[test]
    fn nothing_begins_before_the_start() {
        let mut monitor = monitor();
        let mut deregistered = Saved::default();
        deregistered.deregistered = true;
        let target = add(&mut monitor, deregistered);
        monitor.reactivate(START, target);
        assert_eq!((monitor.poll(START), monitor.poll_timeout()), (None, None));
        monitor.start(START);
        let command = monitor.poll(START);
        assert!(matches!(command, Some(Command::Start { .. })));
    }

    /// T13: a target that is paused before the start was paused afterwards, and no longer stale.
    #[test]
    fn what_was_paused_before_the_start_is_stale_behind_it() {
        let mut monitor = monitor();
        let target = add(&mut monitor, Saved::default());
        monitor.pause(START, target);
        monitor.start(START);
        let (_, target) = monitor.targets(None).next().expect("it is there");
        let (_, check) = target.checks().next().expect("its check");
        assert_eq!((check.mode(), check.is_stale()), (Mode::Paused, true));
    }

    /// The deadline that deregisters a target has passed and nobody has called for it, when the
    /// target is reactivated. That was taken for nothing, and the deadline came after it.
    #[test]
    fn a_deadline_comes_before_a_later_reactivation() {
        let mut monitor = monitor();
        let target = add(&mut monitor, Saved::default());
        monitor.start(START);
        let Some(Command::Start { deadline, .. }) = monitor.poll(START) else {
            panic!("it is due at once");
        };
        monitor.reactivate(deadline + Duration::from_micros(1), target);
        assert_eq!(mode(&monitor, target), Some(Mode::Idle));
        assert_eq!(monitor.status(Moment::default()).stats.deregistered, 1);
    }

    /// T5: an outcome that was not wanted reactivated a target that had answered before its settings
    /// said that it is to be reactivated by itself.
    #[test]
    fn an_outcome_that_is_ignored_reactivates_nobody() {
        let mut monitor = monitor();
        let mut saved = Saved::default();
        saved.deregistered = true;
        saved.answers_since = Some(UnixTime::default());
        let mut config = CheckConfig::kubelet();
        config.recheck_interval = Some(Duration::from_secs(60));
        config.auto_reactivate = true;
        let target = add_with(&mut monitor, saved, config);
        monitor.start(START);
        let check = monitor.checks(target).next().expect("it has one");
        let invented = AttemptId::new(check, 7);
        monitor.handle_outcome(START, invented, Outcome::success());
        assert_eq!(mode(&monitor, target), Some(Mode::Inactive));
        // The next recheck does.
        let next = monitor.poll_timeout().expect("a recheck");
        let Some(Command::Start { attempt, .. }) = monitor.poll(next) else {
            panic!("it is due");
        };
        monitor.handle_outcome(next, attempt, Outcome::success());
        assert_eq!(mode(&monitor, target), Some(Mode::Idle));
    }

    /// A recheck was given up by a pause, and its process was still there when the next one was due:
    /// that slot is made up for, as every slot that our own killing took.
    #[test]
    fn a_recheck_that_our_own_killing_took_is_made_up_for() {
        let mut monitor = monitor();
        let mut saved = Saved::default();
        saved.deregistered = true;
        let mut config = CheckConfig::kubelet();
        config.recheck_interval = Some(Duration::from_secs(60));
        config.needs_reap = true;
        let target = add_with(&mut monitor, saved, config);
        monitor.start(START);
        let now = monitor.poll_timeout().expect("a recheck");
        let Some(Command::Start { attempt, .. }) = monitor.poll(now) else {
            panic!("it is due");
        };
        monitor.pause(now, target);
        monitor.resume(now, target);
        while monitor.poll(now).is_some() {}
        assert!(monitor.poll_timeout() > Some(now), "the slot has passed");
        monitor.handle_reaped(now, attempt);
        assert_eq!(monitor.poll_timeout(), Some(now));
        assert!(matches!(monitor.poll(now), Some(Command::Start { .. })));
    }
}
