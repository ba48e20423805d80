//! The queue between an endpoint and the program that answers requests about its targets.
//!
//! ```text
//!  endpoint's thread ── add ─► queue ─► next() ─► IncomingRequest     the program's task
//!        ▲                                              │
//!        └── answer ◄── answers by key ◄── answer() ────┘  then the revision moves, which wakes the endpoint
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use health_core::server::{TargetAnswer, TargetRequest, TargetRequests};

use crate::Health;

/// Receives the requests that a [`Service`](health_core::server::Service) hands over, for its
/// [`target_routes`](health_core::server::Service::target_routes). Dropped, it answers all of them 503.
///
/// ```
/// use health_core::server::{Service, TargetAnswer, TargetRoutes};
/// use health_driver::Health;
/// use health_driver::monitor::RequestReceiver;
///
/// # async fn history_of(name: &str) -> Option<String> { None }
/// # async fn serve() {
/// let health = Health::new("watcher", "1.0.0");
/// let mut requests = RequestReceiver::new(&health, 16);
/// let service = Service::new().target_routes(TargetRoutes::new().read("history"), &requests);
/// // … a server of this health, with this service …
/// loop {
///     let request = requests.next().await;
///     match history_of(request.target().as_str()).await {
///         Some(json) => request.answer(TargetAnswer::json(json)),
///         None => request.answer(TargetAnswer::not_found()),
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct RequestReceiver {
    queue: Arc<Queue>,
}

/// A request that waits for its [answer](Self::answer). Dropped, it is answered 503.
#[derive(Debug)]
pub struct IncomingRequest {
    request: TargetRequest,
    key: u64,
    queue: Arc<Queue>,
}

#[derive(Debug)]
struct Queue {
    /// Its servers wake for its revision.
    health: Health,
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_key: u64,
    /// Not received yet.
    requests: VecDeque<(u64, TargetRequest)>,
    /// Of all connections that wait.
    answers: BTreeMap<u64, Option<TargetAnswer>>,
    receiver: Option<Waker>,
    is_closed: bool,
}

impl RequestReceiver {
    /// Receives from services whose servers serve `health`. At most so many requests wait for their answers
    /// at once; one more is answered 503.
    #[must_use]
    pub fn new(health: &Health, most: usize) -> Self {
        let queue = Queue {
            health: health.clone(),
            most,
            state: Mutex::default(),
        };
        Self {
            queue: Arc::new(queue),
        }
    }

    /// The next request. Requests whose clients have gone before that are left out.
    ///
    /// Any runtime may poll it; given up, it loses no request.
    pub async fn next(&mut self) -> IncomingRequest {
        poll_fn(|cx| self.poll_next(cx.waker())).await
    }

    /// The next request, if there is one; else `waker` is woken when there is.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<IncomingRequest> {
        let mut state = self.queue.lock();
        if let Some((key, request)) = state.requests.pop_front() {
            return Poll::Ready(IncomingRequest {
                request,
                key,
                queue: Arc::clone(&self.queue),
            });
        }
        let replaced = state.receiver.replace(waker.clone());
        // Dropping a waker runs the executor's code.
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for RequestReceiver {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.is_closed = true;
        let left = std::mem::take(&mut state.requests);
        let receiver = state.receiver.take();
        drop(state);
        drop(receiver);
        for (key, _) in left {
            self.queue.give(key, ended());
        }
    }
}

impl From<&RequestReceiver> for Arc<dyn TargetRequests> {
    fn from(receiver: &RequestReceiver) -> Self {
        Arc::clone(&receiver.queue) as _
    }
}

impl IncomingRequest {
    /// Answers it. If its client has gone, nothing happens.
    pub fn answer(self, answer: TargetAnswer) {
        self.queue.give(self.key, answer);
    }

    /// Whether its client still waits.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.queue.lock().answers.contains_key(&self.key)
    }
}

impl Deref for IncomingRequest {
    type Target = TargetRequest;

    fn deref(&self) -> &TargetRequest {
        &self.request
    }
}

impl Drop for IncomingRequest {
    fn drop(&mut self) {
        self.queue
            .give(self.key, TargetAnswer::unavailable("It was not answered"));
    }
}

impl Queue {
    /// The first answer counts.
    fn give(&self, key: u64, answer: TargetAnswer) {
        let mut state = self.lock();
        let is_first = match state.answers.get_mut(&key) {
            Some(place @ None) => {
                *place = Some(answer);
                true
            }
            _ => false,
        };
        drop(state);
        if is_first {
            self.health.note_answer();
        }
    }

    /// No code of others runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TargetRequests for Queue {
    fn add(&self, request: TargetRequest) -> Option<u64> {
        let mut state = self.lock();
        if state.answers.len() >= self.most {
            return None;
        }
        state.last_key += 1;
        let key = state.last_key;
        let answer = state.is_closed.then(ended);
        if answer.is_none() {
            state.requests.push_back((key, request));
        }
        state.answers.insert(key, answer);
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Some(key)
    }

    fn answer(&self, key: u64) -> Option<TargetAnswer> {
        self.lock().answers.get_mut(&key)?.take()
    }

    fn forget(&self, key: u64) {
        let mut state = self.lock();
        state.answers.remove(&key);
        state.requests.retain(|(other, _)| *other != key);
    }
}

fn ended() -> TargetAnswer {
    TargetAnswer::unavailable("The program ends")
}

#[cfg(test)]
mod tests {
    use health_core::health::{Phase, Revision};
    use health_core::server::{Connection, Peer, Service, Step, TargetRoutes};

    use super::*;

    /// An endpoint with one connection, and the program's end of the queue.
    struct Endpoint {
        health: Health,
        connection: Connection,
        requests: RequestReceiver,
        out: Vec<u8>,
    }

    impl Endpoint {
        fn new(most: usize) -> Self {
            let health = Health::new("svc", "1");
            health.set_running();
            let requests = RequestReceiver::new(&health, most);
            let routes = TargetRoutes::new().read("history").action("pause");
            let service = Service::new()
                .open()
                .token("s3cret")
                .targets(Arc::new(Nothing) as Arc<dyn health_core::server::Targets>)
                .target_routes(routes, &requests);
            let connection = Connection::new(Arc::new(service), Peer::Unix, health.now());
            Self {
                health,
                connection,
                requests,
                out: Vec::new(),
            }
        }

        fn send(&mut self, request: &str) -> String {
            let input = format!("{request}\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n");
            self.connection
                .handle_input(self.health.now(), input.as_bytes());
            self.run()
        }

        /// Tells it the revision, as a driver does that was woken.
        fn run(&mut self) -> String {
            let now = self.health.now();
            let revision: Revision = self.health.snapshot().revision();
            self.connection.handle_revision(now, revision);
            loop {
                match self.connection.step() {
                    Step::Respond => {
                        let moment = self.health.moment();
                        let snapshot = self.health.snapshot_at(moment.now);
                        self.connection.respond(moment, &snapshot, &mut self.out);
                    }
                    Step::Write { .. } => self.connection.handle_sent(now),
                    _ => break,
                }
            }
            String::from_utf8(std::mem::take(&mut self.out)).expect("text")
        }

        fn receive(&mut self) -> IncomingRequest {
            match self.requests.poll_next(Waker::noop()) {
                Poll::Ready(request) => request,
                Poll::Pending => panic!("nothing was asked"),
            }
        }
    }

    #[derive(Debug)]
    struct Nothing;

    impl health_core::server::Targets for Nothing {
        fn status(&self) -> health_core::monitor::MonitorStatus {
            Default::default()
        }
        fn page(
            &self,
            _: Option<&health_core::Name>,
            _: Option<health_core::monitor::TargetStatus>,
        ) -> health_core::server::Page<health_core::monitor::TargetView> {
            let (entries, next) = (Vec::new(), None);
            health_core::server::Page { entries, next }
        }
        fn ready(
            &self,
            _: Option<&health_core::Name>,
        ) -> health_core::server::Page<health_core::monitor::ReadyTarget> {
            let (entries, next) = (Vec::new(), None);
            health_core::server::Page { entries, next }
        }
    }

    #[test]
    fn a_request_waits_until_the_program_answers() {
        let mut endpoint = Endpoint::new(1);
        endpoint.send("POST /targets/web-1/pause?why=new+disk HTTP/1.1");
        assert!(endpoint.connection.step().wants_revision());
        let request = endpoint.receive();
        assert_eq!(
            (request.target().as_str(), request.path()),
            ("web-1", "pause")
        );
        assert_eq!(request.parameter("why"), Some("new disk"));
        assert_eq!(request.peer(), &Peer::Unix);
        // Another change is none of its business.
        endpoint.health.begin_drain();
        assert_eq!(endpoint.run(), "");
        request.answer(TargetAnswer::json(r#"{"done":"paused"}"#));
        let answer = endpoint.run();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("{\"done\":\"paused\"}"), "{answer}");
        assert!(endpoint.requests.queue.lock().answers.is_empty());
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let mut endpoint = Endpoint::new(1);
        endpoint.send("GET /targets/web-1/history HTTP/1.1");
        let request = endpoint.receive();
        assert!(request.is_awaited());
        endpoint.connection.handle_eof();
        assert!(!request.is_awaited());
        request.answer(TargetAnswer::not_found());
        let state = endpoint.requests.queue.lock();
        assert!(state.answers.is_empty());
    }

    /// Its socket has failed: the state machine is not told, only dropped.
    #[test]
    fn a_connection_that_is_dropped_is_forgotten_before_anybody_looks() {
        let mut endpoint = Endpoint::new(1);
        endpoint.send("GET /targets/web-1/history HTTP/1.1");
        let Endpoint {
            connection,
            mut requests,
            ..
        } = endpoint;
        drop(connection);
        assert!(requests.poll_next(Waker::noop()).is_pending());
    }

    /// The program has ended before its endpoint: nobody would answer.
    #[test]
    fn a_stop_ends_the_wait() {
        let mut endpoint = Endpoint::new(1);
        endpoint.send("GET /targets/web-1/history HTTP/1.1");
        let _request = endpoint.receive();
        endpoint.health.stop();
        endpoint.connection.handle_phase(Phase::Stopped);
        let answer = endpoint.run();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
        assert!(endpoint.requests.queue.lock().answers.is_empty());
    }

    #[test]
    fn what_is_too_much_or_given_up_is_answered_503() {
        let mut endpoint = Endpoint::new(0);
        let answer = endpoint.send("GET /targets/web-1/history HTTP/1.1");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");

        let mut endpoint = Endpoint::new(2);
        endpoint.send("GET /targets/web-1/history HTTP/1.1");
        drop(endpoint.receive());
        assert!(endpoint.run().starts_with("HTTP/1.1 503 "));

        endpoint.send("GET /targets/web-1/history HTTP/1.1");
        endpoint.requests = RequestReceiver::new(&endpoint.health, 1);
        assert!(endpoint.run().starts_with("HTTP/1.1 503 "));
    }
}
