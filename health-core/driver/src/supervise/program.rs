//! The command of a group as data: what each replica runs, and what it sees.

mod error;
mod replica;
mod signal;

use std::fmt;

use health_core::Name;
use rustix::process::Signal;

pub use error::ProgramError;
pub use replica::ReplicaProgram;

/// The command of a group: its arguments, its environment, its ports.
///
/// In the arguments and in the restart command, `{port}` is replaced by the replica's port, `{index}`
/// by its index, and `{name}` by the name of the group. A process inherits the environment and the
/// working directory; see [`variables`](ReplicaProgram::variables) for what it sees besides.
///
/// `Debug` shows the program and how many arguments it has: arguments and environment may hold passwords.
///
/// ```
/// use health_driver::supervise::Program;
///
/// let program = Program::new(["./app", "--port", "{port}"])?.port(8000, 1).of_group("web", 3)?;
/// let replica = program.replica(2);
/// assert_eq!(replica.name(), "web-2");
/// assert_eq!(replica.argv(), ["./app", "--port", "8002"]);
/// assert_eq!(program.fill("http://127.0.0.1:{port}/", 1), "http://127.0.0.1:8001/");
/// # Ok::<(), health_driver::supervise::ProgramError>(())
/// ```
#[derive(Clone)]
pub struct Program {
    argv: Vec<String>,
    restart_command: Option<String>,
    env: Vec<(String, String)>,
    port: Option<(u16, u16)>,
    stop_signal: Signal,
    group: String,
    replicas: u16,
}

impl Program {
    /// A program and its arguments. It is searched in `PATH` if it has no slash; no shell reads it.
    ///
    /// # Errors
    ///
    /// There is no program, or a NUL in an argument.
    pub fn new<A: Into<String>>(argv: impl IntoIterator<Item = A>) -> Result<Self, ProgramError> {
        let argv: Vec<String> = argv.into_iter().map(Into::into).collect();
        if argv.first().is_none_or(String::is_empty) {
            return Err(ProgramError::NoProgram);
        }
        let mut program = Self::empty();
        program.argv = argv;
        program.without_nul()
    }

    /// The restart command of instances that belong to somebody else: a line for `/bin/sh -c`. Nothing
    /// is started but this. It sees also `HEALTHD_REASON` (`liveness` or `startup`) and
    /// `HEALTHD_STREAK`.
    ///
    /// # Errors
    ///
    /// The line is empty, or has a NUL.
    pub fn external(restart_command: impl Into<String>) -> Result<Self, ProgramError> {
        let mut program = Self::empty();
        let line = restart_command.into();
        if line.trim().is_empty() {
            return Err(ProgramError::NoProgram);
        }
        program.restart_command = Some(line);
        program.without_nul()
    }

    /// Gives replica `i` the port `base + i · step`, also as the variable `PORT`. Default: no port.
    #[must_use]
    pub fn port(mut self, base: u16, step: u16) -> Self {
        self.port = Some((base, step));
        self
    }

    /// Adds a variable to the environment, or replaces one.
    ///
    /// # Errors
    ///
    /// The name is empty or has a `=`, or there is a NUL in either.
    pub fn env(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, ProgramError> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(ProgramError::Variable(name));
        }
        self.env.push((name, value));
        Ok(self)
    }

    /// The signal that asks a process to end, by name (`INT`, `SIGINT`) or number. Default: `TERM`.
    ///
    /// # Errors
    ///
    /// There is no signal of this name.
    pub fn stop_signal(mut self, name: &str) -> Result<Self, ProgramError> {
        let signal = signal::of_name(name).ok_or_else(|| ProgramError::Signal(name.into()))?;
        self.stop_signal = signal;
        Ok(self)
    }

    /// The same for a group of this name and size, which [`fill`](Self::fill) and
    /// [`replica`](Self::replica) need.
    ///
    /// # Errors
    ///
    /// The name is not a [`Name`] of at most 58 bytes, which leaves room for `-INDEX`; `{port}` stands
    /// somewhere, and there is no port; a port is 0 or more than 65,535.
    pub fn of_group(mut self, name: &str, replicas: u16) -> Result<Self, ProgramError> {
        const MOST: usize = 58;
        Name::new(name).map_err(ProgramError::Name)?;
        if name.len() > MOST {
            return Err(ProgramError::LongName(name.into()));
        }
        let mut texts = self.argv.iter().chain(&self.restart_command);
        if self.port.is_none() && texts.any(|text| text.contains("{port}")) {
            return Err(ProgramError::NoPort);
        }
        if let Some((base, step)) = self.port {
            let last = u32::from(base) + u32::from(step) * u32::from(replicas.saturating_sub(1));
            if base == 0 || last > u32::from(u16::MAX) {
                return Err(ProgramError::Port(last));
            }
        }
        self.group = name.into();
        self.replicas = replicas;
        Ok(self)
    }

    /// `text` with everything replaced that stands for something of this replica; see [`Program`].
    /// `{port}` stays as it is if there is no port.
    #[must_use]
    pub fn fill(&self, text: &str, index: u16) -> String {
        let text = match self.port_of(index) {
            Some(port) => text.replace("{port}", &port.to_string()),
            None => text.to_owned(),
        };
        text.replace("{index}", &index.to_string())
            .replace("{name}", &self.group)
    }

    /// What one replica runs.
    #[must_use]
    pub fn replica(&self, index: u16) -> ReplicaProgram {
        let port = self.port_of(index);
        let mut variables = vec![
            ("HEALTHD_NAME".to_owned(), self.group.clone()),
            ("HEALTHD_REPLICA".to_owned(), index.to_string()),
            ("HEALTHD_REPLICAS".to_owned(), self.replicas.to_string()),
        ];
        variables.extend(port.map(|port| ("PORT".to_owned(), port.to_string())));
        variables.extend(self.env.iter().cloned());
        let fill = |text: &String| self.fill(text, index);
        ReplicaProgram {
            name: format!("{}-{index}", self.group),
            index,
            port,
            argv: self.argv.iter().map(fill).collect(),
            restart_command: self.restart_command.as_ref().map(fill),
            variables,
        }
    }

    /// Whether the instances belong to somebody else.
    #[must_use]
    pub const fn is_external(&self) -> bool {
        self.restart_command.is_some()
    }

    /// The name of the group; empty before [`of_group`](Self::of_group).
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// How many replicas the group has; 0 before [`of_group`](Self::of_group).
    #[must_use]
    pub const fn replicas(&self) -> u16 {
        self.replicas
    }

    pub(super) const fn signal_to_stop(&self) -> Signal {
        self.stop_signal
    }

    const fn empty() -> Self {
        Self {
            argv: Vec::new(),
            restart_command: None,
            env: Vec::new(),
            port: None,
            stop_signal: Signal::TERM,
            group: String::new(),
            replicas: 0,
        }
    }

    fn without_nul(self) -> Result<Self, ProgramError> {
        let mut texts = self.argv.iter().chain(&self.restart_command);
        if texts.any(|text| text.contains('\0')) {
            return Err(ProgramError::Nul);
        }
        Ok(self)
    }

    fn port_of(&self, index: u16) -> Option<u16> {
        let (base, step) = self.port?;
        // Within the bounds by `of_group`.
        Some(base.saturating_add(step.saturating_mul(index)))
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("Program")
            .field("program", &self.argv.first())
            .field("arguments", &self.argv.len().saturating_sub(1))
            .field("is_external", &self.is_external())
            .field("env", &names)
            .field("port", &self.port)
            .field("stop_signal", &self.stop_signal)
            .field("group", &self.group)
            .field("replicas", &self.replicas)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleep() -> Program {
        Program::new(["sleep", "600"]).expect("a program")
    }

    #[test]
    fn each_replica_has_its_own() {
        let program = Program::new(["./{name}", "{index}:{port}", "{x}", "{port}{port}"]);
        let program = program.expect("a program").port(8_000, 10);
        let program = program.env("A", "{index}").expect("a variable");
        let replica = program.of_group("web", 3).expect("a group").replica(2);
        assert_eq!(replica.argv(), ["./web", "2:8020", "{x}", "80208020"]);
        assert_eq!((replica.name(), replica.port()), ("web-2", Some(8_020)));
        let variables: Vec<_> = replica.variables().collect();
        assert_eq!(
            variables,
            [
                ("HEALTHD_NAME", "web"),
                ("HEALTHD_REPLICA", "2"),
                ("HEALTHD_REPLICAS", "3"),
                ("PORT", "8020"),
                ("A", "{index}"),
            ],
            "the environment is left as it is"
        );
        let external = Program::external("docker restart {name}-{index}").expect("a line");
        let external = external.of_group("web", 2).expect("a group");
        let line = external.replica(1);
        assert_eq!(line.restart_command(), Some("docker restart web-1"));
        assert_eq!(external.fill("{port}", 1), "{port}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |result: Result<Program, ProgramError>| result.expect_err("refused");
        assert_eq!(refused(Program::new::<&str>([])), ProgramError::NoProgram);
        assert_eq!(refused(Program::new([""])), ProgramError::NoProgram);
        assert_eq!(refused(Program::new(["a", "\0"])), ProgramError::Nul);
        assert_eq!(refused(Program::external(" ")), ProgramError::NoProgram);
        for name in ["", "A=B", "A\0"] {
            let error = refused(sleep().env(name, ""));
            assert_eq!(error, ProgramError::Variable(name.into()));
        }
        let with_port = Program::new(["app", "{port}"]).expect("a program");
        assert_eq!(
            refused(with_port.clone().of_group("web", 1)),
            ProgramError::NoPort
        );
        for (base, step, replicas) in [(0, 1, 1), (65_535, 1, 2), (1, 65_535, 3)] {
            let error = refused(with_port.clone().port(base, step).of_group("web", replicas));
            assert!(matches!(error, ProgramError::Port(_)), "{error}");
        }
        assert!(with_port.port(65_534, 1).of_group("web", 2).is_ok());
        for name in ["", "a b", "ü"] {
            let error = refused(sleep().of_group(name, 1));
            assert!(matches!(error, ProgramError::Name(_)), "{error}");
        }
        assert!(sleep().of_group(&"x".repeat(58), 1_000).is_ok());
        let long = "x".repeat(59);
        let error = refused(sleep().of_group(&long, 1));
        assert_eq!(error, ProgramError::LongName(long));
    }

    #[test]
    fn signals_have_names_and_numbers() {
        for (name, expected) in [
            ("INT", Signal::INT),
            ("sigint", Signal::INT),
            ("SIGQUIT", Signal::QUIT),
            ("15", Signal::TERM),
        ] {
            let program = sleep().stop_signal(name).expect(name);
            assert_eq!(program.signal_to_stop(), expected);
        }
        for name in ["", "SIG", "NONE", "0", "-1", "4000"] {
            let error = sleep().stop_signal(name).expect_err(name);
            assert_eq!(error, ProgramError::Signal(name.into()));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let program = Program::new(["app", "--password=s3cr3t"]).expect("a program");
        let program = program.env("TOKEN", "s3cr3t").expect("a variable");
        let program = program.of_group("web", 1).expect("a group");
        let text = format!("{program:?} {:?}", program.replica(0));
        assert!(!text.contains("s3cr3t") && text.contains("TOKEN"), "{text}");
    }
}
