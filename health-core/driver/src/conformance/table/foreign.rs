//! What else finds an open port: other protocols, scanners, and prefixes of proxies.
//!
//! Each is told 400 in HTTP, at its first byte that no request can have, or at its first line.

use super::super::answer::{ok, refused};
use super::super::case::{Case, field, get, raw};

pub(super) fn cases() -> Vec<Case> {
    let bytes = |name, input: &[u8]| raw(name, input, refused(400));
    let text = |name, input: &str| raw(name, input, refused(400));
    vec![
        bytes(
            "tls_client_hello",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x8f\x0d\x0a",
        ),
        bytes("tls_alert", b"\x15\x03\x03\x00\x02\x02\x28"),
        bytes(
            "ssl_2_client_hello",
            b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10",
        ),
        // RFC 9113 §3.4 chose these bytes so that a server of HTTP/1 stops at its version.
        raw(
            "http_2_preface",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
            refused(505),
        ),
        bytes(
            "http_2_frames_without_preface",
            b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        ),
        raw("websocket_handshake", websocket(), ok().without("upgrade")),
        field(
            "h2c_upgrade",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
            ok().without("upgrade"),
        ),
        // The line of a proxy that speaks the PROXY protocol to us: 400 shows the wrong setting.
        raw(
            "proxy_protocol_1",
            [
                b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\n".to_vec(),
                get("/health"),
            ]
            .concat(),
            refused(400),
        ),
        raw(
            "proxy_protocol_2",
            [
                b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".to_vec(),
                get("/health"),
            ]
            .concat(),
            refused(400),
        ),
        text("ssh", "SSH-2.0-OpenSSH_9.7\r\n"),
        text("smtp", "EHLO conformance\r\n"),
        text("ftp", "USER anonymous\r\n"),
        text("pop3", "APOP x y\r\n"),
        text("imap", "a1 LOGIN x y\r\n"),
        text("irc", "NICK x\r\nUSER x 0 * :x\r\n"),
        text("redis_inline", "PING\r\n"),
        text("redis", "*1\r\n$4\r\nPING\r\n"),
        text("memcached", "stats\r\n"),
        text("memcached_get", "get x y\r\n"),
        text(
            "rtsp",
            "OPTIONS rtsp://conformance/health RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        ),
        text(
            "sip",
            "OPTIONS sip:conformance SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n",
        ),
        text(
            "icap",
            "OPTIONS icap://conformance/health ICAP/1.0\r\nHost: a\r\n\r\n",
        ),
        text("gopher", "\r\n/health\r\n"),
        text("finger", "root\r\n"),
        text("nmap_help", "HELP\r\n"),
        text("json_lines", "{\"ping\":1}\n"),
        text(
            "json_rpc",
            "{\"jsonrpc\":\"2.0\",\"method\":\"health\",\"id\":1}\r\n",
        ),
        text("xml", "<?xml version=\"1.0\"?>\r\n<policy-file-request/>\0"),
        text("haproxy_agent_send", "health\n"),
        text("zabbix_agent", "agent.ping\n"),
        text("zookeeper_ruok", "ruok\n"),
        bytes("zabbix", b"ZBXD\x01\x0a\0\0\0\0\0\0\0agent.ping"),
        bytes("telnet", b"\xff\xfd\x03\xff\xfb\x18"),
        bytes("postgresql", b"\0\0\0\x08\x04\xd2\x16\x2f"),
        bytes("mqtt", b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0"),
        bytes("amqp", b"AMQP\0\0\x09\x01"),
        bytes("dns_over_tcp", b"\0\x1c\x12\x34\x01\0\0\x01\0\0\0\0\0\0"),
        bytes("smb", b"\0\0\0\x45\xffSMBr\0\0\0\0"),
        bytes(
            "rdp",
            b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
        ),
        bytes("bittorrent", b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0"),
        bytes("printer_job", b"\x1b%-12345X@PJL INFO ID\r\n"),
        bytes("shell_shock", b"() { :;}; /bin/true\r\n"),
        bytes("zero_octets", &[0; 64]),
        bytes("octets_of_ones", &[0xff; 64]),
        text(
            "http_answer",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ),
        text("utf_16_request", "G\0E\0T\0 \0/\0 \0H\0T\0T\0P\0"),
    ]
}

fn websocket() -> &'static str {
    "GET /health HTTP/1.1\r\nHost: conformance\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
}
