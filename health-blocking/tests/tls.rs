//! The example `tls`, asked by curl: with the certificate of an operator, with that of a stranger, and
//! without any.

#[allow(dead_code, reason = "the test does what main does")]
#[path = "../examples/tls.rs"]
mod example;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use health_blocking::Health;

const EXTENSIONS: &str = "[req]\ndistinguished_name=name\n[name]\n\
    [ca]\nbasicConstraints=critical,CA:TRUE\n\
    [server]\nbasicConstraints=CA:FALSE\nsubjectAltName=IP:127.0.0.1\n\
    [client]\nbasicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n";

/// A directory of this test's own, gone when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path in UTF-8").into()
    }

    /// A certificate of this kind, signed by that authority or by itself.
    fn certify(&self, name: &str, kind: &str, authority: Option<&str>) {
        let mut openssl = Command::new("openssl");
        openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(' '));
        openssl.args([
            "-days",
            "1",
            "-subj",
            &format!("/CN={name}"),
            "-extensions",
            kind,
        ]);
        let [key, pem] = [".key", ".pem"].map(|end| self.file(&format!("{name}{end}")));
        openssl.args([
            "-config",
            &self.file("openssl.cnf"),
            "-keyout",
            &key,
            "-out",
            &pem,
        ]);
        if let Some(authority) = authority {
            let [key, pem] = [".key", ".pem"].map(|end| self.file(&format!("{authority}{end}")));
            openssl.args(["-CA", &pem, "-CAkey", &key]);
        }
        let made = openssl.output().expect("openssl");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
}

fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("version").output().is_ok();
    if !found {
        eprintln!("!!! NOT TESTED: there is no {program}");
    }
    found
}

#[test]
fn who_shows_a_certificate_sees_details() {
    if !is_installed("openssl") || !is_installed("curl") {
        return;
    }
    let name = format!("health-{}-tls", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(&folder.0).expect("a directory");
    fs::write(Path::new(&folder.file("openssl.cnf")), EXTENSIONS).expect("a file");
    folder.certify("ca", "ca", None);
    folder.certify("other-ca", "ca", None);
    folder.certify("server", "server", Some("ca"));
    folder.certify("operator", "client", Some("ca"));
    folder.certify("stranger", "client", Some("other-ca"));

    let health = Health::new("shop", "1.0.0");
    let requests = health.stats("requests").expect("a free name");
    requests.set(&17).expect("a number");
    health.set_running();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let [chain, key, ca] = ["server.pem", "server.key", "ca.pem"].map(|name| folder.file(name));
    let config = example::config(&chain, &key, &ca).expect("good files");
    thread::spawn(move || example::serve(&listener, config, example::service(), &health));

    let ask = |path: &str, client: Option<&str>| {
        let mut curl = Command::new("curl");
        curl.args([
            "-sS",
            "--max-time",
            "20",
            "-w",
            " %{http_code}",
            "--cacert",
            &ca,
        ]);
        if let Some(client) = client {
            let [key, pem] = [".key", ".pem"].map(|end| folder.file(&format!("{client}{end}")));
            curl.args(["--cert", &pem, "--key", &key]);
        }
        let output = curl.arg(format!("https://127.0.0.1:{port}{path}")).output();
        let output = output.expect("curl");
        let text = String::from_utf8(output.stdout).expect("text");
        (output.status.success(), text)
    };
    let good = |text: &str| (true, text.to_owned());
    assert_eq!(
        ask("/health/ready", None),
        good("{\"status\":\"healthy\"} 200")
    );
    assert_eq!(
        ask("/stats", None),
        good("{\"error\":\"Unauthorized\"} 401")
    );
    assert_eq!(
        ask("/stats", Some("operator")),
        good("{\"requests\":17} 200")
    );
    let (succeeded, text) = ask("/health/ready", Some("stranger"));
    assert!(!succeeded, "{text}");

    #[cfg(feature = "cli")]
    {
        let healthcheck = |options: &[&str]| {
            let url = format!("https://127.0.0.1:{port}/health/ready");
            let args = [&[url.as_str()], options].concat();
            health_blocking::healthcheck::answer(args.into_iter().map(Into::into))
        };
        let (line, code) = healthcheck(&["--ca", &ca]);
        assert!(line.starts_with("healthy in ") && code == 0, "{line}");
        let (line, code) = healthcheck(&["--insecure"]);
        assert!(line.starts_with("healthy in ") && code == 0, "{line}");
        let (line, code) = healthcheck(&[]);
        assert!(line.starts_with("unhealthy: ") && code == 1, "{line}");
        let [key, pem] = ["stranger.key", "stranger.pem"].map(|name| folder.file(name));
        let (line, code) = healthcheck(&["--ca", &ca, "--cert", &pem, "--key", &key]);
        assert!(line.starts_with("unhealthy: ") && code == 1, "{line}");
    }
}
