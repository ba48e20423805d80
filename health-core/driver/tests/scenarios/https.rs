//! A Go server over HTTPS, and everything a certificate can be.

use std::process::Command;

use health_core::Kind;
use health_core::check::CheckStatus;
use health_core::check::probe::{ClientIdentity, HttpProbe, Probe, Tls, Trust};

use super::server::{Directory, Server, free_port, installed};
use super::{LIMIT, collect, every, healthy, kind, spawn, traced, turns};

/// It makes a certificate for `localhost` and 127.0.0.1 and writes it to a file; the second port wants
/// a client that shows the same one.
const SERVER: &str = r#"
package main

import (
    "crypto/ecdsa"
    "crypto/elliptic"
    "crypto/rand"
    "crypto/tls"
    "crypto/x509"
    "encoding/pem"
    "math/big"
    "net"
    "net/http"
    "os"
    "time"
)

func main() {
    key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
    template := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour),
        NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
        KeyUsage: x509.KeyUsageDigitalSignature,
        ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
    der, _ := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
    pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
    certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
    private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
    os.WriteFile(os.Args[1]+"/cert.pem", certificate, 0600)
    os.WriteFile(os.Args[1]+"/key.pem", private, 0600)
    pair, _ := tls.X509KeyPair(certificate, private)
    roots := x509.NewCertPool()
    roots.AppendCertsFromPEM(certificate)
    http.HandleFunc("/health", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{\"status\":\"ok\"}")) })
    serve := func(address string, auth tls.ClientAuthType) {
        config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: auth, ClientCAs: roots}
        listener, _ := tls.Listen("tcp", address, config)
        http.Serve(listener, nil)
    }
    go serve("127.0.0.1:"+os.Args[3], tls.RequireAndVerifyClientCert)
    serve("127.0.0.1:"+os.Args[2], tls.NoClientCert)
}
"#;

/// A Go server over HTTPS: believed if its certificate is, and only then.
#[test]
fn https() {
    let Some(go) = installed("go", &["/usr/local/go/bin/go"]) else {
        return;
    };
    let directory = Directory::new();
    let source = directory.write("main.go", SERVER);
    let binary = directory.file("server");
    let built = Command::new(go)
        .args(["build", "-o", &binary, &source])
        .env("GO111MODULE", "off")
        .output()
        .expect("go");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let (port, strict) = (free_port(), free_port());
    let mut command = Command::new(&binary);
    command
        .arg(directory.path())
        .args([port.to_string(), strict.to_string()]);
    let _server = Server::start(&mut command, port);

    let ours = || Trust::CaFile(directory.file("cert.pem").into());
    let identity = ClientIdentity::new(directory.file("cert.pem"), directory.file("key.pem"));
    let tls = |trust, identity, name: Option<&str>| {
        let mut tls = Tls::default();
        (tls.trust, tls.identity) = (trust, identity);
        tls.server_name = name.map(Into::into);
        tls
    };
    let other = Some("other.example");
    for (name, host, port, tls, expected) in [
        ("ca", "127.0.0.1", port, tls(ours(), None, None), Ok(())),
        ("name", "localhost", port, tls(ours(), None, None), Ok(())),
        (
            "insecure",
            "127.0.0.1",
            port,
            tls(Trust::Insecure, None, other),
            Ok(()),
        ),
        (
            "client",
            "127.0.0.1",
            strict,
            tls(ours(), Some(identity), None),
            Ok(()),
        ),
        (
            "system",
            "127.0.0.1",
            port,
            tls(Trust::System, None, None),
            Err(Some(Kind::Tls)),
        ),
        (
            "wrong-name",
            "127.0.0.1",
            port,
            tls(ours(), None, other),
            Err(Some(Kind::Tls)),
        ),
        // With TLS 1.3 the refusal comes after the handshake, when the client already speaks.
        (
            "no-client",
            "127.0.0.1",
            strict,
            tls(ours(), None, None),
            Err(None),
        ),
    ] {
        let http = HttpProbe::builder(format!("https://{host}:{port}/health"));
        let probe = Probe::from(http.tls(tls).build().expect("a probe"));
        let targets = vec![(name.to_owned(), vec![(every(100), probe)])];
        let monitor = spawn(traced(), targets);
        let wanted = match expected {
            Ok(()) => CheckStatus::Healthy,
            Err(_) => CheckStatus::Unhealthy,
        };
        let events = collect(&monitor, |event| turns(event) == Some(wanted));
        if let Err(Some(expected)) = expected {
            assert!(
                events.iter().filter_map(kind).all(|kind| kind == expected),
                "{events:?}"
            );
        }
        let expected = usize::from(expected.is_ok());
        assert_eq!(healthy(&monitor, name), (expected, 1), "{name}");
        assert!(monitor.stop(LIMIT));
    }
}
