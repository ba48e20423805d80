//! A monitor whose future is dropped.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use health_core::check::probe::ExecProbe;
use health_core::check::{self, CheckConfig};
use health_core::monitor::MonitorEvent;
use health_driver::monitor::Target;

use crate::clock::wait;
use crate::driver::{Monitor, defaults, within};
use crate::procs;

#[test]
fn it_takes_its_commands_along_and_has_stopped() {
    let mark = procs::mark();
    let mut config = defaults();
    config.trace = true;
    let (monitor, run) = Monitor::new(config).run();
    let command = ExecProbe::shell("sleep 600 & sleep 600").env("MARK", &mark);
    let command = command.build().expect("valid").into();
    let target = Target::new("slow").expect("a name");
    let target = target.probe("exec", CheckConfig::default(), command);
    monitor.add(target.expect("a name")).expect("added");
    within(|| {
        let mut run = pin!(run);
        wait(|waker| {
            let _ = run.as_mut().poll(&mut Context::from_waker(waker));
            while let Poll::Ready(event) = monitor.poll_event(waker) {
                if matches!(event, Some(MonitorEvent::Started { .. })) {
                    return Some(());
                }
            }
            None
        });
        // It may not have been started yet: then it never will be.
        assert!(monitor.is_running());
    });
    assert!(!monitor.is_running());
    let mut events = std::iter::from_fn(|| match monitor.poll_event(Waker::noop()) {
        Poll::Ready(event) => event,
        Poll::Pending => panic!("there is nobody to wait for"),
    });
    let is_cancelled = |event| match event {
        MonitorEvent::Check { event, .. } => matches!(event, check::Event::Cancelled { .. }),
        _ => false,
    };
    assert!(events.any(is_cancelled), "and that is told");
    procs::none_left(&mark);
}
