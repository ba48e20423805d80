//! What a service manager tells a daemon alone, which no process that the daemon starts may see.

/// The variables by which a service manager speaks to a daemon, and to no child of its own: one that used
/// them would speak in the daemon's name.
#[cfg_attr(
    not(feature = "systemd"),
    allow(unreachable_pub, reason = "shown with `systemd`")
)]
pub const VARIABLES: [&str; 6] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_PID",
    "WATCHDOG_USEC",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
];
