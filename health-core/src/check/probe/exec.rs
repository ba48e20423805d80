//! A probe that runs a command.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::exit::ExitCodes;
use super::without_nul;
use crate::base::ConfigError;

/// A command that is run, and which exit codes are a success.
///
/// It is a list of arguments; no shell reads it unless one is asked for ([`ExecProbe::shell`]). It
/// sees a fixed environment (only `PATH`, unless more is given), the directory `/`, and nothing on
/// its standard input. Its output is kept for authorised readers: the first and last 2,048 bytes.
///
/// `Debug` and `Display` show the program and how many arguments it has: arguments and environment may
/// hold passwords.
///
/// ```
/// use health_core::check::probe::{ExecProbe, Probe};
///
/// let probe = ExecProbe::command(["pg_isready", "-h", "127.0.0.1"])
///     .env("PGPASSWORD", "s3cr3t")
///     .build()?;
/// assert!(!format!("{probe:?}").contains("s3cr3t"));
/// assert_eq!(Probe::from(probe).to_string(), "exec pg_isready (2 arguments)");
///
/// // The same inside a container.
/// let inside = ExecProbe::command(["pg_isready"]).prefix(["docker", "exec", "3f2a"]).build()?;
/// assert_eq!(inside.argv().collect::<Vec<_>>(), ["docker", "exec", "3f2a", "pg_isready"]);
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ExecProbe {
    settings: Settings,
}

#[derive(Clone, PartialEq, Eq)]
struct Settings {
    prefix: Vec<String>,
    command: Vec<String>,
    env: Vec<(String, String)>,
    dir: String,
    uid: Option<u32>,
    gid: Option<u32>,
    limits: ResourceLimits,
    exit_codes: ExitCodes,
}

/// What one run may use. `None`: what the prober itself may.
///
/// They are set right after the process has started, so that its first instructions escape them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceLimits {
    /// Processor time, in whole seconds (rounded up), of each process: `RLIMIT_CPU`.
    pub cpu: Option<Duration>,
    /// Address space in bytes, of each process: `RLIMIT_AS`.
    pub address_space: Option<u64>,
    /// Processes of the user it runs as, all of them: `RLIMIT_NPROC`.
    pub processes: Option<u64>,
    /// Descriptors, of each process: `RLIMIT_NOFILE`.
    pub files: Option<u64>,
}

impl ExecProbe {
    /// The most bytes that arguments and environment may have together, as Linux allows a single one.
    const MAX_SIZE: usize = 128 * 1_024;

    /// A command by its arguments; the first one is searched in `PATH` if it has no slash.
    pub fn command<A: Into<String>>(argv: impl IntoIterator<Item = A>) -> ExecProbeBuilder {
        ExecProbeBuilder(Settings {
            prefix: Vec::new(),
            command: argv.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            dir: "/".to_string(),
            uid: None,
            gid: None,
            limits: ResourceLimits::default(),
            exit_codes: ExitCodes::Zero,
        })
    }

    /// A line for `/bin/sh -c`. Never build one from words that somebody else chose.
    pub fn shell(line: impl Into<String>) -> ExecProbeBuilder {
        Self::command(["/bin/sh".to_string(), "-c".to_string(), line.into()])
    }

    /// The prefix, the program and its arguments.
    pub fn argv(&self) -> impl Iterator<Item = &str> {
        let Settings {
            prefix, command, ..
        } = &self.settings;
        prefix.iter().chain(command).map(String::as_str)
    }

    /// The program that is started: the prefix's, if there is one.
    #[must_use]
    pub fn program(&self) -> &str {
        self.argv().next().unwrap_or_default()
    }

    /// All of its environment.
    pub fn env(&self) -> impl Iterator<Item = (&str, &str)> {
        let given = &self.settings.env;
        let has_path = given.iter().any(|(name, _)| name == "PATH");
        let path = (!has_path).then_some(("PATH", DEFAULT_PATH));
        path.into_iter()
            .chain(given.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// Where it runs.
    #[must_use]
    pub fn dir(&self) -> &str {
        &self.settings.dir
    }

    /// As which user; `None`: the prober's.
    #[must_use]
    pub const fn uid(&self) -> Option<u32> {
        self.settings.uid
    }

    /// As which group; `None`: the prober's.
    #[must_use]
    pub const fn gid(&self) -> Option<u32> {
        self.settings.gid
    }

    /// What it may use.
    #[must_use]
    pub const fn limits(&self) -> &ResourceLimits {
        &self.settings.limits
    }

    /// What its exit codes mean.
    pub(super) const fn exit_codes(&self) -> ExitCodes {
        self.settings.exit_codes
    }
}

impl fmt::Display for ExecProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings {
            prefix, command, ..
        } = &self.settings;
        if let Some(outer) = prefix.first() {
            write!(f, "{outer} ")?;
        }
        let program = command.first().map_or("", |it| it);
        write!(f, "exec {program} ({} arguments)", command.len() - 1)
    }
}

impl fmt::Debug for ExecProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Box<[&str]> = self.env.iter().map(|(name, _)| &**name).collect();
        f.debug_struct("ExecProbe")
            .field("prefix", &self.prefix.first())
            .field("program", &self.command.first())
            .field("arguments", &self.command.len().saturating_sub(1))
            .field("env", &names)
            .field("dir", &self.dir)
            .field("uid", &self.uid)
            .field("gid", &self.gid)
            .field("limits", &self.limits)
            .field("exit_codes", &self.exit_codes)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`ExecProbe`], checked together by [`build`](ExecProbeBuilder::build).
#[derive(Clone, Debug)]
#[must_use = "a probe is made by `build`"]
pub struct ExecProbeBuilder(Settings);

impl ExecProbeBuilder {
    /// What is put before the command, so that it runs elsewhere: `docker exec ID`,
    /// `crictl exec ID`, `nsenter -t PID -a`, `ip netns exec NAME`. Default: nothing.
    ///
    /// A timeout then ends the prefix's processes; what `docker exec` and `crictl exec` started on
    /// the other side of their daemon is the daemon's to end.
    pub fn prefix<A: Into<String>>(mut self, argv: impl IntoIterator<Item = A>) -> Self {
        self.0.prefix = argv.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a variable to the environment, which is otherwise only a `PATH` of the usual places.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.env.push((name.into(), value.into()));
        self
    }

    /// The working directory, an absolute path. Default: `/`.
    pub fn dir(mut self, dir: impl Into<String>) -> Self {
        self.0.dir = dir.into();
        self
    }

    /// As which user it runs; the prober needs the right to become that. Default: its own.
    pub const fn uid(mut self, uid: u32) -> Self {
        self.0.uid = Some(uid);
        self
    }

    /// As which group it runs. Default: the prober's.
    pub const fn gid(mut self, gid: u32) -> Self {
        self.0.gid = Some(gid);
        self
    }

    /// What it may use. Default: what the prober may.
    pub const fn limits(mut self, limits: ResourceLimits) -> Self {
        self.0.limits = limits;
        self
    }

    /// What its exit codes mean. Default: [`ExitCodes::Zero`].
    pub const fn exit_codes(mut self, exit_codes: ExitCodes) -> Self {
        self.0.exit_codes = exit_codes;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// An empty command or program, a NUL anywhere, a variable whose name is empty or has a `=`, a
    /// directory that is not absolute, a limit of zero, or more than 128 KiB of arguments and
    /// environment.
    pub fn build(self) -> Result<ExecProbe, ConfigError> {
        let Settings {
            prefix,
            command,
            env,
            dir,
            limits,
            ..
        } = &self.0;
        let is_named = |argv: &[String]| argv.first().is_none_or(|program| !program.is_empty());
        if command.is_empty() || !is_named(command) || !is_named(prefix) {
            let allowed = "allowed is a program with its arguments";
            return Err(ConfigError::new("command", "", allowed));
        }
        for argument in prefix.iter().chain(command) {
            // Only its name: an argument may be a password.
            without_nul("argument", argument)
                .map_err(|_| ConfigError::new("argument", "", "allowed is text without NUL"))?;
        }
        for (name, value) in env {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                let allowed = "allowed is a name without = and a value, both without NUL";
                return Err(ConfigError::new("environment", name, allowed));
            }
        }
        if !without_nul("directory", dir)?.starts_with('/') {
            return Err(ConfigError::new(
                "directory",
                dir,
                "allowed is an absolute path",
            ));
        }
        for (field, limit) in [
            ("limit cpu", limits.cpu.map(|cpu| cpu.as_nanos() as u64)),
            ("limit address_space", limits.address_space),
            ("limit processes", limits.processes),
            ("limit files", limits.files),
        ] {
            if limit == Some(0) {
                return Err(ConfigError::new(field, "0", "allowed is at least 1"));
            }
        }
        let arguments = prefix.iter().chain(command).map(String::len);
        let variables = env.iter().map(|(name, value)| name.len() + value.len() + 1);
        let size: usize = arguments.chain(variables).map(|length| length + 1).sum();
        if size > ExecProbe::MAX_SIZE {
            let allowed = "allowed are at most 131072 bytes of arguments and environment";
            return Err(ConfigError::new("command", &size.to_string(), allowed));
        }
        Ok(ExecProbe { settings: self.0 })
    }
}

/// Where commands are searched: fixed, so that a probe does not depend on who started the prober.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let ok = || ExecProbe::command(["true"]);
        assert!(ok().build().is_ok());
        for (builder, field) in [
            (ExecProbe::command::<String>([]), "command"),
            (ExecProbe::command([""]), "command"),
            (ok().prefix([""]), "command"),
            (ExecProbe::command(["true", "a\0b"]), "argument"),
            (ok().env("", "x"), "environment"),
            (ok().env("A=B", "x"), "environment"),
            (ok().env("A", "x\0"), "environment"),
            (ok().dir("tmp"), "directory"),
            (
                ok().limits(ResourceLimits {
                    files: Some(0),
                    ..Default::default()
                }),
                "limit files",
            ),
            (
                ExecProbe::command(["true".into(), "x".repeat(ExecProbe::MAX_SIZE)]),
                "command",
            ),
        ] {
            let error = builder.build().expect_err(field);
            assert_eq!(error.field(), field);
        }
    }

    #[test]
    fn a_path_that_is_given_is_the_only_one() {
        let probe = ExecProbe::command(["x"])
            .env("PATH", "/opt")
            .build()
            .expect("valid");
        assert_eq!(probe.env().collect::<Vec<_>>(), [("PATH", "/opt")]);
    }
}
