//! A program that answers requests about targets at its own pace, as the table needs it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use health_core::server::{Service, TargetAnswer, TargetRequest, TargetRequests, TargetRoutes};

use super::watched;

/// A service with a monitor and this program behind it, for every reader.
///
/// | path | the program |
/// |---|---|
/// | `history` | answers at once, and knows no target `nobody` |
/// | `slow` | answers when it is looked for a second time |
/// | `never` | does not |
/// | `full` | has no place for it |
/// | `pause` | does it, and repeats why |
/// | `resume` | refuses |
pub(crate) fn asked(service: Service) -> Service {
    asked_within(service, Duration::from_secs(10))
}

/// The same, and nobody waits for longer than this.
pub(crate) fn asked_within(service: Service, timeout: Duration) -> Service {
    closed_within(service, timeout).open()
}

/// The same, for those readers only that the service lets see details.
pub(crate) fn closed(service: Service) -> Service {
    closed_within(service, Duration::from_secs(10))
}

fn closed_within(service: Service, timeout: Duration) -> Service {
    let reads = ["history", "slow", "never", "full"];
    let routes = reads
        .iter()
        .fold(TargetRoutes::new(), |it, path| it.read(path));
    let routes = routes.action("pause").action("resume").timeout(timeout);
    let program: Arc<dyn TargetRequests> = Arc::new(Program::default());
    let service = service.targets(&watched());
    service.target_routes(routes, program)
}

#[derive(Default)]
struct Program {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_key: u64,
    /// Each with how often its answer has been looked for.
    requests: BTreeMap<u64, (TargetRequest, u32)>,
}

impl Program {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TargetRequests for Program {
    fn add(&self, request: TargetRequest) -> Option<u64> {
        if request.path() == "full" {
            return None;
        }
        let mut state = self.lock();
        state.last_key += 1;
        let key = state.last_key;
        state.requests.insert(key, (request, 0));
        Some(key)
    }

    fn answer(&self, key: u64) -> Option<TargetAnswer> {
        let mut state = self.lock();
        let (request, looks) = state.requests.get_mut(&key)?;
        *looks += 1;
        let target = request.target().as_str();
        if target == "nobody" {
            return Some(TargetAnswer::not_found());
        }
        let json = |name: &str, text: &str| {
            let json = serde_json::json!({ name: text }).to_string();
            Some(TargetAnswer::json(json))
        };
        match request.path() {
            "never" => None,
            "slow" if *looks < 2 => None,
            "pause" => json("done", request.parameter("why").unwrap_or_default()),
            "resume" => Some(TargetAnswer::conflict("it is not paused")),
            _ => json("name", target),
        }
    }

    fn forget(&self, key: u64) {
        let known = self.lock().requests.remove(&key);
        assert!(known.is_some(), "{key} was forgotten twice");
    }
}
