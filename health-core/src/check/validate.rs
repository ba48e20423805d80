//! Checks the settings; an error names the field, its value and what is allowed.

use core::time::Duration;

use super::config::CheckConfig;
use crate::base::ConfigError;
use crate::base::ProbeKind;

impl CheckConfig {
    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first field that is out of its bounds, as [`CheckConfig`] states them.
    ///
    /// ```
    /// use health_core::check::CheckConfig;
    ///
    /// let mut config = CheckConfig::default();
    /// config.retries = 0;
    /// assert_eq!(config.validate().unwrap_err().to_string(), "retries 0: allowed is at least 1");
    /// ```
    pub fn validate(&self) -> Result<(), ConfigError> {
        duration("interval", self.interval)?;
        duration("timeout", self.timeout)?;
        at_least_1("retries", self.retries)?;
        at_least_1("success_threshold", self.success_threshold)?;
        for (field, interval) in [
            ("start_interval", self.start_interval),
            ("edge_interval", self.edge_interval),
            ("unhealthy_interval", self.unhealthy_interval),
            ("unhealthy_interval_max", self.unhealthy_interval_max),
            ("recheck_interval", self.recheck_interval),
        ] {
            interval.map_or(Ok(()), |interval| duration(field, interval))?;
        }
        let factor = self.unhealthy_backoff_factor;
        if !(factor.is_finite() && factor >= 1.0) {
            return ConfigError::refuse(
                "unhealthy_backoff_factor",
                factor,
                "allowed is a number of at least 1",
            );
        }
        if self.jitter_percent > 50 {
            return ConfigError::refuse(
                "jitter_percent",
                self.jitter_percent,
                "allowed is 0 to 50",
            );
        }
        let one_success = matches!(self.kind, ProbeKind::Startup | ProbeKind::Liveness);
        if one_success && self.success_threshold != 1 {
            return ConfigError::refuse(
                "success_threshold",
                self.success_threshold,
                "allowed is 1 for a startup or liveness check",
            );
        }
        at_least_1("history", u32::from(self.history))
    }
}

/// Below a millisecond a check is a busy loop.
fn duration(field: &'static str, value: Duration) -> Result<(), ConfigError> {
    if value < Duration::from_millis(1) {
        return ConfigError::refuse(field, format_args!("{value:?}"), "allowed is at least 1ms");
    }
    Ok(())
}

fn at_least_1(field: &'static str, value: u32) -> Result<(), ConfigError> {
    if value == 0 {
        return ConfigError::refuse(field, value, "allowed is at least 1");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[track_caller]
    fn refused(change: impl FnOnce(&mut CheckConfig), text: &str) {
        let mut config = CheckConfig::default();
        change(&mut config);
        let error = config.validate().expect_err("out of bounds");
        assert_eq!(error.to_string(), text);
        assert!(text.starts_with(error.field()) && text.ends_with(error.allowed()));
        assert!(text.contains(error.value()));
    }

    #[test]
    fn every_bound_is_kept_and_said() {
        refused(
            |c| c.interval = Duration::ZERO,
            "interval 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.timeout = Duration::from_micros(999),
            "timeout 999µs: allowed is at least 1ms",
        );
        refused(|c| c.retries = 0, "retries 0: allowed is at least 1");
        refused(
            |c| c.success_threshold = 0,
            "success_threshold 0: allowed is at least 1",
        );
        refused(
            |c| c.start_interval = Some(Duration::ZERO),
            "start_interval 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.edge_interval = Some(Duration::ZERO),
            "edge_interval 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.unhealthy_interval = Some(Duration::ZERO),
            "unhealthy_interval 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.unhealthy_interval_max = Some(Duration::ZERO),
            "unhealthy_interval_max 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.recheck_interval = Some(Duration::ZERO),
            "recheck_interval 0ns: allowed is at least 1ms",
        );
        refused(
            |c| c.unhealthy_backoff_factor = 0.9,
            "unhealthy_backoff_factor 0.9: allowed is a number of at least 1",
        );
        refused(
            |c| c.unhealthy_backoff_factor = f64::NAN,
            "unhealthy_backoff_factor NaN: allowed is a number of at least 1",
        );
        refused(
            |c| c.jitter_percent = 51,
            "jitter_percent 51: allowed is 0 to 50",
        );
        refused(|c| c.history = 0, "history 0: allowed is at least 1");
        for kind in [ProbeKind::Startup, ProbeKind::Liveness] {
            refused(
                |c| (c.kind, c.success_threshold) = (kind, 2),
                "success_threshold 2: allowed is 1 for a startup or liveness check",
            );
        }
    }

    #[test]
    fn what_others_refuse_is_allowed() {
        for config in [
            CheckConfig::default(),
            CheckConfig::docker(),
            CheckConfig::kubelet(),
            CheckConfig {
                interval: Duration::from_millis(1),
                timeout: Duration::from_secs(3_600),
                ..CheckConfig::default()
            },
        ] {
            assert_eq!(config.validate(), Ok(()));
        }
    }
}
