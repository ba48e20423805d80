//! Reads the short forms of an orchestrator's flags, where the host is the task's own.

use alloc::format;

use super::endpoint::{Endpoint, parse_port};
use super::http::HttpProbe;
use crate::base::ConfigError;

impl HttpProbe {
    /// Reads `path=/,port=80[,scheme=https]` or `/path:port` (`--health-http`). What is left out is
    /// path `/`, port 80 (443 with `scheme=https`), scheme `http`.
    ///
    /// # Errors
    ///
    /// Any other form, or a host, path or port that is not allowed.
    ///
    /// ```
    /// use health_core::check::probe::HttpProbe;
    ///
    /// let probe = HttpProbe::from_flag("10.0.0.7", "path=/health,port=8080")?;
    /// assert_eq!(probe.to_string(), "http://10.0.0.7:8080/health");
    /// let probe = HttpProbe::from_flag("10.0.0.7", "/health:8080")?;
    /// assert_eq!(probe.to_string(), "http://10.0.0.7:8080/health");
    /// # Ok::<(), health_core::ConfigError>(())
    /// ```
    pub fn from_flag(host: &str, text: &str) -> Result<Self, ConfigError> {
        let allowed = "allowed is path=/,port=80 or /path:port";
        let refused = || ConfigError::new("health-http", text, allowed);
        let (mut path, mut port, mut scheme) = (None, None, None);
        if text.starts_with('/') {
            let (before, number) = text.rsplit_once(':').ok_or_else(refused)?;
            (path, port) = (Some(before), Some(number));
        } else {
            for setting in text.split(',') {
                let (key, value) = setting.split_once('=').ok_or_else(refused)?;
                let place = match key.trim() {
                    "path" => &mut path,
                    "port" => &mut port,
                    "scheme" => &mut scheme,
                    _ => return Err(refused()),
                };
                if place.replace(value.trim()).is_some() {
                    return Err(refused());
                }
            }
        }
        let scheme = match scheme.unwrap_or("http") {
            scheme @ ("http" | "https") => scheme,
            other => {
                return Err(ConfigError::new(
                    "scheme",
                    other,
                    "allowed are http and https",
                ));
            }
        };
        let default = if scheme == "https" { 443 } else { 80 };
        let port = port.map_or(Ok(default), parse_port)?;
        let path = path.unwrap_or("/");
        if !path.starts_with('/') {
            return Err(ConfigError::new(
                "path",
                path,
                "allowed is a path that begins with /",
            ));
        }
        let endpoint = Endpoint::new(host, port)?;
        format!("{scheme}://{endpoint}{path}").parse()
    }
}

impl Endpoint {
    /// Reads `port=6379` or `6379` (`--health-tcp`).
    ///
    /// # Errors
    ///
    /// Any other form, or a host or port that is not allowed.
    ///
    /// ```
    /// use health_core::check::probe::Endpoint;
    ///
    /// assert_eq!(Endpoint::from_flag("::1", "port=6379")?.to_string(), "[::1]:6379");
    /// # Ok::<(), health_core::ConfigError>(())
    /// ```
    pub fn from_flag(host: &str, text: &str) -> Result<Self, ConfigError> {
        let port = text.strip_prefix("port=").unwrap_or(text);
        Self::new(host, parse_port(port)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[track_caller]
    fn http(text: &str, url: &str) {
        let probe = HttpProbe::from_flag("h", text).expect(text);
        assert_eq!(probe.to_string(), url);
    }

    #[test]
    fn both_forms_and_their_defaults() {
        http("path=/,port=80", "http://h:80/");
        http("port=80,path=/a", "http://h:80/a");
        http("path=/a", "http://h:80/a");
        http("scheme=https", "https://h:443/");
        http("/a/b:8080", "http://h:8080/a/b");
        http("/:1", "http://h:1/");
        for text in ["6379", "port=6379"] {
            let endpoint = Endpoint::from_flag("h", text).expect(text);
            assert_eq!(endpoint.to_string(), "h:6379");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "80",
            "/a",
            "/a:",
            "/a:x",
            "path",
            "path=a",
            "path=/,path=/",
            "port=0",
            "x=1",
            "path=/a b",
            "scheme=ftp",
            "port=80,",
        ] {
            assert!(HttpProbe::from_flag("h", text).is_err(), "{text:?}");
        }
        for text in ["", "port=", "x", "port=x", "0", "65536", "+1"] {
            assert!(Endpoint::from_flag("h", text).is_err(), "{text:?}");
        }
    }
}
