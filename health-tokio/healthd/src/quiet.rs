//! What people ask of the targets that there are: pause, resume, silence, unsilence, check now, reactivate.
//!
//! The same request comes from a command and over HTTP, and is carried out by the monitor or, where none
//! runs, by the command on the registry.

use std::fmt;
use std::time::Duration;

use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};
use health_core::{Name, UnixTime, parse_duration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::daemon::rfc3339;
use super::text;

/// A request.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Act {
    pub(super) verb: Verb,
    pub(super) of: Of,
    /// Who asks: `user@host`, or an address.
    pub(super) by: String,
}

/// What is to be done.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verb {
    Reactivate,
    CheckNow,
    Pause { why: String },
    Resume,
    Silence { length: Duration, why: String },
    Unsilence,
}

/// To whom.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Of {
    Target(String),
    Group(String),
    All,
}

/// A target that there is.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: Name,
    pub(super) group: Option<Name>,
}

/// Why a request is not carried out; a line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Something of it is not allowed.
    Wrong(String),
    /// There is no such target or group.
    NoSuch(String),
    /// It makes no sense as things stand.
    Refused(String),
}

/// The longest silence.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);
/// The most bytes of a reason.
const MAX_WHY: usize = 200;
/// Targets that an answer names; the others are counted.
const MAX_NAMED: usize = 5;

impl Act {
    /// # Errors
    ///
    /// Something of it is not allowed: what, and what is.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if let Verb::Silence { length, .. } = &self.verb {
            if !(Duration::from_secs(1)..=LONGEST).contains(length) {
                let line = format!("for = {length:?}: allowed is 1s to 366d");
                return Err(Refusal::Wrong(line));
            }
        }
        let why = self.why();
        if why.len() > MAX_WHY || why.chars().any(char::is_control) {
            let why = text::safe(why);
            let line = format!("why = {why:?}: allowed is one line of at most {MAX_WHY} bytes");
            return Err(Refusal::Wrong(line));
        }
        Ok(())
    }

    pub(super) fn why(&self) -> &str {
        match &self.verb {
            Verb::Pause { why } | Verb::Silence { why, .. } => why,
            _ => "",
        }
    }

    /// Changes what is paused and silenced. `members` are those whom it is for. Returns a line for people.
    ///
    /// # Errors
    ///
    /// It makes no sense as it stands; nothing has changed.
    pub(super) fn apply(
        &self,
        quiet: &mut Quiet,
        members: &[Member],
        now: UnixTime,
    ) -> Result<String, Refusal> {
        let reason = |until| QuietReason {
            since: now,
            until,
            why: self.why().into(),
            by: self.by.as_str().into(),
        };
        let no_such = || Refusal::NoSuch(format!("{}: no such target or group", self.of));
        let names = members.iter().map(|it| &it.name);
        match &self.verb {
            Verb::Pause { .. } => {
                let names: Vec<_> = names.filter(|it| quiet.paused(it).is_none()).collect();
                let already = || {
                    let known = members.first().and_then(|it| quiet.paused(&it.name));
                    let known = known.map(|it| sentence(it)).unwrap_or_default();
                    Refusal::Refused(format!("{}: paused already, {known}", self.of))
                };
                let done = self.done(&names, "paused").ok_or_else(already)?;
                let names: Vec<_> = names.into_iter().cloned().collect();
                names
                    .into_iter()
                    .for_each(|it| quiet.pause(it, reason(None)));
                Ok(done)
            }
            Verb::Resume => {
                let names: Vec<_> = names.filter(|it| quiet.paused(it).is_some()).collect();
                let not = || Refusal::Refused(format!("{}: not paused", self.of));
                let done = self.done(&names, "resumed").ok_or_else(not)?;
                names.into_iter().for_each(|it| drop(quiet.resume(it)));
                Ok(done)
            }
            Verb::Silence { length, .. } => {
                let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
                let until = UnixTime::from_millis(now.as_millis().saturating_add(length));
                let scope = self.of.scope().ok_or_else(no_such)?;
                quiet.silence(scope, reason(Some(until)));
                Ok(format!("{} silenced until {}", self.of, rfc3339(until)))
            }
            Verb::Unsilence => {
                let scope = self.of.scope().ok_or_else(no_such)?;
                let taken = quiet.unsilence(&scope);
                let others = members.first().filter(|_| matches!(self.of, Of::Target(_)));
                let other = others.and_then(|it| quiet.silenced(now, &it.name, it.group.as_ref()));
                let other = other.map(|it| format!("silenced {}", sentence(it)));
                match (taken, other) {
                    (Some(_), None) => Ok(format!("{} no longer silenced", self.of)),
                    (Some(_), Some(other)) => Ok(format!("{} is still {other}", self.of)),
                    (None, Some(other)) => Err(Refusal::Refused(format!(
                        "{}: {other}: not by a silence of its own",
                        self.of
                    ))),
                    (None, None) => Err(Refusal::Refused(format!("{}: not silenced", self.of))),
                }
            }
            Verb::Reactivate | Verb::CheckNow => Err(Refusal::Refused("not done here".to_owned())),
        }
    }

    /// What has been done to these; `None` if there are none.
    pub(super) fn done(&self, names: &[&Name], what: &str) -> Option<String> {
        let named: Vec<_> = names.iter().map(|it| it.as_str()).take(MAX_NAMED).collect();
        let named = named.join(", ");
        match (names.len(), &self.of) {
            (0, _) => None,
            (1, _) => Some(format!("{named} {what}")),
            (count @ ..=MAX_NAMED, _) => Some(format!("{count} targets {what}: {named}")),
            (count, _) => Some(format!("{count} targets {what}: {named}, …")),
        }
    }
}

impl Of {
    fn scope(&self) -> Option<QuietScope> {
        match self {
            Self::All => Some(QuietScope::All),
            Self::Target(name) => Name::new(name).ok().map(QuietScope::Target),
            Self::Group(name) => Name::new(name).ok().map(QuietScope::Group),
        }
    }

    /// What is said when none of them is deregistered.
    pub(super) fn all_active(&self) -> String {
        match self {
            Self::Target(name) => format!("{name} is active"),
            others => format!("{others}: none is deregistered"),
        }
    }

    /// Those of all targets whom it is for.
    ///
    /// # Errors
    ///
    /// There is no such target, or no target of such a group.
    pub(super) fn members(
        &self,
        all: impl Iterator<Item = Member>,
    ) -> Result<Vec<Member>, Refusal> {
        let members = all.filter(|it| match self {
            Self::All => true,
            Self::Target(name) => it.name.as_str() == name,
            Self::Group(name) => it.group.as_ref().is_some_and(|it| it.as_str() == name),
        });
        let members: Vec<_> = members.collect();
        match self {
            Self::Target(name) if members.is_empty() => {
                Err(Refusal::NoSuch(format!("{name}: no such target")))
            }
            Self::Group(name) if members.is_empty() => Err(Refusal::NoSuch(format!(
                "{name}: no target is of such a group"
            ))),
            _ => Ok(members),
        }
    }
}

impl From<&QuietScope> for Of {
    fn from(scope: &QuietScope) -> Self {
        match scope {
            QuietScope::All => Self::All,
            QuietScope::Group(name) => Self::Group(name.to_string()),
            QuietScope::Target(name) => Self::Target(name.to_string()),
        }
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(name) => f.write_str(name),
            Self::Group(name) => write!(f, "group {name}"),
            Self::All => f.write_str("all targets"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Wrong(line) | Self::NoSuch(line) | Self::Refused(line)) = self;
        f.write_str(line)
    }
}

/// Reads how long a silence is to be, which may be in days (`3d`).
///
/// # Errors
///
/// It is no duration; a line for people.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) => Ok(Duration::from_secs(u64::from(days) * 24 * 3_600)),
        _ => parse_duration(text).map_err(|error| error.to_string()),
    }
}

/// `until 2026-12-01T02:00:00.000Z by alice@ops: new disks`; of what has no end, since when.
pub(super) fn sentence(reason: &QuietReason) -> String {
    let when = match reason.until {
        Some(until) => format!("until {}", rfc3339(until)),
        None => format!("since {}", rfc3339(reason.since)),
    };
    let why = match &*reason.why {
        "" => String::new(),
        why => format!(": {}", text::safe(why)),
    };
    format!("{when} by {}{why}", text::safe(&reason.by))
}

/// Everything that is paused or silenced, or will be by a window, for programs.
pub(super) fn document(quiet: &Quiet) -> Value {
    let row = |state: &str, scope: &str, name: &str, reason: &QuietReason| {
        json!({
            "state": state,
            "scope": scope,
            "name": name,
            "since": reason.since.as_millis(),
            "until": reason.until.map(UnixTime::as_millis),
            "why": reason.why,
            "by": reason.by,
        })
    };
    let pauses = quiet
        .pauses()
        .map(|(name, it)| row("paused", "target", name.as_str(), it));
    let silences = quiet
        .silences()
        .chain(quiet.windows())
        .map(|(scope, it)| match scope {
            QuietScope::All => row("silenced", "all", "", it),
            QuietScope::Group(name) => row("silenced", "group", name.as_str(), it),
            QuietScope::Target(name) => row("silenced", "target", name.as_str(), it),
        });
    pauses.chain(silences).collect()
}

/// Who runs this process: `user@host`, with the user behind sudo.
pub(super) fn caller() -> String {
    let uid = rustix::process::getuid().as_raw();
    let variable = |name: &str| std::env::var(name).ok().filter(|it| !it.is_empty());
    let behind = || variable("SUDO_USER").filter(|_| uid == 0);
    let user = behind()
        .or_else(|| user_name(uid))
        .or_else(|| variable("USER"));
    let user = user.unwrap_or_else(|| format!("uid {uid}"));
    let system = rustix::system::uname();
    format!("{user}@{}", system.nodename().to_string_lossy())
}

/// As `/etc/passwd` has it: the variables of the environment are whatever somebody has set.
fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut users = users.lines().map(|line| line.split(':'));
    users.find_map(|mut fields| {
        let name = fields.next()?;
        let of_user: u32 = fields.nth(1)?.parse().ok()?;
        (of_user == uid).then(|| name.to_owned())
    })
}
