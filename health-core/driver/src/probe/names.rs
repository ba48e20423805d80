//! Which names are looked up at once: one that hangs never keeps another from its answer.
//!
//! `getaddrinfo` blocks its thread, cannot be interrupted, and knows no deadline: over a name server
//! that is silent it takes ten seconds and more. A lookup under way is shared by all who ask for its
//! name, so a name that hangs takes one thread. Names that took long the last time share a few
//! threads among them, which leaves nearly all for the others.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Clock;
use crate::pool::{SharedWork, Wait};

/// Names that are looked up at once, of which is not known that they take long. Those included that
/// nobody waits for any more.
const MOST: usize = 256;
/// Names that took long, at once.
const MOST_SLOW: usize = 64;
/// Names of the hosts file, at once, if all other places are taken.
const MOST_LOCAL: usize = 4;
/// Names that are remembered as slow: more than a monitor has to have places for.
const MOST_KNOWN: usize = 16 * 1024;

/// The names that are looked up by one resolver.
pub(super) struct Names<A> {
    look_up: fn(&str) -> A,
    /// A lookup that takes at least as long is slow.
    slow_after: Duration,
    quick: SharedWork<String, A>,
    slow: SharedWork<String, A>,
    local: SharedWork<String, A>,
    known_slow: Arc<Mutex<HashSet<String>>>,
}

impl<A: Send + 'static> Names<A> {
    /// None is looked up yet.
    pub(super) fn new(look_up: fn(&str) -> A) -> Self {
        Self {
            look_up,
            slow_after: Duration::from_secs(1),
            quick: SharedWork::new("health-dns", MOST),
            slow: SharedWork::new("health-dns-slow", MOST_SLOW),
            local: SharedWork::new("health-hosts", MOST_LOCAL),
            known_slow: Arc::default(),
        }
    }

    /// Begins to look `name` up, or joins a lookup that is under way.
    pub(super) fn request(&self, name: &str) -> Wait<A> {
        let key = name.to_owned();
        let under_way = [&self.quick, &self.slow];
        if let Some(wait) = under_way.into_iter().find_map(|it| it.join(&key)) {
            return wait;
        }
        let threads = if lock(&self.known_slow).contains(name) {
            &self.slow
        } else if self.quick.is_full() && is_in_hosts_file(name) {
            &self.local
        } else {
            &self.quick
        };
        let (look_up, slow_after) = (self.look_up, self.slow_after);
        let (known_slow, name) = (Arc::clone(&self.known_slow), key.clone());
        threads.request(key, move || {
            let clock = Clock::start();
            let answer = look_up(&name);
            let mut known_slow = lock(&known_slow);
            if clock.elapsed() < slow_after {
                known_slow.remove(&name);
            } else if known_slow.len() < MOST_KNOWN {
                known_slow.insert(name);
            }
            answer
        })
    }
}

/// Whether the resolver needs to ask nobody for it.
fn is_in_hosts_file(name: &str) -> bool {
    let path = if cfg!(windows) {
        r"C:\Windows\System32\drivers\etc\hosts"
    } else {
        "/etc/hosts"
    };
    std::fs::read_to_string(path).is_ok_and(|hosts| has_name(&hosts, name))
}

fn has_name(hosts: &str, name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let lines = hosts.lines().map(|line| line.split('#').next());
    let mut names = lines
        .flatten()
        .flat_map(|line| line.split_whitespace().skip(1));
    names.any(|it| it.eq_ignore_ascii_case(name))
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock(known_slow: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    known_slow.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, mpsc};
    use std::task::{Wake, Waker};
    use std::thread::{self, Thread};

    use super::*;

    /// Whether the name server answers by now, for names that begin with `silent`.
    static ANSWERS: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    fn look_up(name: &str) -> usize {
        if name.starts_with("silent") {
            let answers = ANSWERS.0.lock().expect("no panic");
            let answers = ANSWERS.1.wait_while(answers, |answers| !*answers);
            drop(answers.expect("no panic"));
        }
        name.len()
    }

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Whether there is an answer soon.
    fn is_answered(wait: &Wait<usize>) -> bool {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let (clock, limit) = (Clock::start(), Duration::from_secs(10));
        while wait.poll_over(&waker).is_pending() {
            if clock.elapsed() > limit {
                return false;
            }
            thread::park_timeout(limit);
        }
        true
    }

    /// Names whose server is silent, each asked for in every slot and given up there, and a good name
    /// beside them: be they many, be it the first time or not.
    #[test]
    fn a_good_name_is_answered_in_every_slot() {
        let names = Names::new(look_up);
        for slot in 0..20 {
            let dead = (0..100).map(|dead| names.request(&format!("silent-{dead}.example")));
            let _dead: Vec<_> = dead.collect();
            let good = names.request("good.example");
            assert!(is_answered(&good), "slot {slot}");
        }
        // Known to be slow, they have few places; those of the hosts file need none.
        let known = (0..MOST).map(|dead| format!("silent-known-{dead}.example"));
        lock(&names.known_slow).extend(known.clone());
        assert!(!names.quick.is_full());
        let waits: Vec<_> = known.map(|name| names.request(&name)).collect();
        assert!(names.slow.is_full());
        for slot in 0..20 {
            assert!(is_answered(&names.request("good.example")), "slot {slot}");
        }
        let unknown = |dead| names.request(&format!("silent-unknown-{dead}.example"));
        let unknown: Vec<_> = (0..MOST).map(unknown).collect();
        assert!(names.quick.is_full());
        if is_in_hosts_file("localhost") {
            assert!(is_answered(&names.request("localhost")));
        }

        *ANSWERS.0.lock().expect("no panic") = true;
        ANSWERS.1.notify_all();
        assert!(waits.iter().chain(&unknown).all(is_answered));
        assert!(!lock(&names.known_slow).contains("silent-known-0.example"));
    }

    #[test]
    fn a_name_that_took_long_has_few_places_until_it_does_not() {
        let mut names = Names::new(str::len);
        names.slow_after = Duration::ZERO;
        assert!(is_answered(&names.request("db.example")));
        assert!(lock(&names.known_slow).contains("db.example"));
        names.slow_after = Duration::from_secs(60);
        let wait = names.request("db.example");
        assert!(is_answered(&wait));
        assert!(lock(&names.known_slow).is_empty());
    }

    #[test]
    fn all_who_ask_for_a_name_share_its_lookup() {
        static CALLS: Mutex<Option<mpsc::Sender<()>>> = Mutex::new(None);
        fn counted(_: &str) -> usize {
            let calls = CALLS.lock().expect("no panic");
            let _ = calls.as_ref().expect("set").send(());
            0
        }
        let (sender, calls) = mpsc::channel();
        let mut guard = CALLS.lock().expect("no panic");
        *guard = Some(sender);
        let names = Names::new(counted);
        let waits: Vec<_> = (0..50).map(|_| names.request("db.example")).collect();
        drop(guard);
        assert!(waits.iter().all(is_answered));
        assert_eq!(calls.try_iter().count(), 1);
    }

    #[test]
    fn names_of_a_hosts_file() {
        let hosts = "127.0.0.1 localhost\n# 192.0.2.1 gone\n192.0.2.7\tdb.example DB # alias\n";
        for name in ["localhost", "db.example", "db", "DB.Example", "db.example."] {
            assert!(has_name(hosts, name), "{name}");
        }
        for name in ["gone", "127.0.0.1", "alias", "example", ""] {
            assert!(!has_name(hosts, name), "{name}");
        }
    }
}
