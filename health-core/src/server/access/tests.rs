//! Every rule, alone and beside others.

use super::*;
use crate::http::Method;
use core::net::IpAddr;

extern crate std;

fn catching(run: &mut dyn FnMut()) {
    let _ = std::panic::catch_unwind(core::panic::AssertUnwindSafe(run));
}

const LOCAL: Peer = Peer::Ip(IpAddr::V4(core::net::Ipv4Addr::LOCALHOST));
const REMOTE: Peer = Peer::Ip(IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1)));

fn decide(policy: &Policy, peer: &Peer, field: Option<(&str, &str)>) -> Access {
    let field = |name: &str| {
        let (own, value) = field?;
        name.eq_ignore_ascii_case(own).then_some(value.as_bytes())
    };
    let request = AccessRequest {
        peer,
        method: Method::Get,
        path: b"/stats",
        authority: None,
        field: &field,
    };
    policy.decide(catching, &request)
}

fn sees(policy: &Policy, peer: &Peer) -> bool {
    decide(policy, peer, None) == Access::Detailed
}

#[test]
fn without_rules_it_is_who_is_on_this_machine() {
    let policy = Policy::default();
    let mapped = Peer::Ip("::ffff:127.0.0.1".parse().expect("an address"));
    let local_tls = Peer::identified(mapped.address(), b"x");
    for peer in [LOCAL, mapped, Peer::Unix, local_tls] {
        assert!(sees(&policy, &peer), "{peer:?}");
    }
    for peer in [REMOTE, Peer::Unknown, Peer::identified(None, b"x")] {
        assert!(!sees(&policy, &peer), "{peer:?}");
    }
    assert_eq!(policy.refusal(), Code::Forbidden);
}

#[test]
fn a_secret_once_set_is_what_counts() {
    let mut policy = Policy::default();
    policy.add_token("s3cret");
    policy.add_token("");
    assert!(!sees(&policy, &LOCAL));
    assert_eq!(policy.refusal(), Code::Unauthorized);
    for (name, value, expected) in [
        ("Authorization", "Bearer s3cret", Access::Detailed),
        ("authorization", "bearer  s3cret", Access::Detailed),
        ("X-API-Key", "s3cret", Access::Detailed),
        ("Authorization", "Bearer s3cre", Access::Public),
        ("Authorization", "Bearer s3crett", Access::Public),
        ("Authorization", "Bearer ", Access::Public),
        ("Authorization", "Basic s3cret", Access::Public),
        ("Authorization", "s3cret", Access::Public),
        ("X-API-Key", "Bearer s3cret", Access::Public),
        ("X-API-Key", "", Access::Public),
        ("X-Key", "s3cret", Access::Public),
    ] {
        let field = Some((name, value));
        assert_eq!(decide(&policy, &REMOTE, field), expected, "{field:?}");
    }
    policy.set_key_header("X-Key");
    assert_eq!(
        decide(&policy, &REMOTE, Some(("x-key", "s3cret"))),
        Access::Detailed
    );
    assert_eq!(
        decide(&policy, &REMOTE, Some(("x-api-key", "s3cret"))),
        Access::Public
    );
    assert!(!alloc::format!("{policy:?}").contains("s3cret"));
}

#[test]
fn an_address_is_another_way_in() {
    let mut policy = Policy::default();
    policy.add_peers(["192.0.2.0/24".parse().expect("a block")]);
    assert!(sees(&policy, &REMOTE) && !sees(&policy, &LOCAL) && !sees(&policy, &Peer::Unix));
    assert!(sees(&policy, &Peer::identified(REMOTE.address(), b"x")));
    assert_eq!(policy.refusal(), Code::Forbidden);
    policy.add_token("s3cret");
    assert!(sees(&policy, &REMOTE));
    let bearer = Some(("authorization", "Bearer s3cret"));
    assert_eq!(decide(&policy, &LOCAL, bearer), Access::Detailed);
}

#[test]
fn a_closure_goes_first_and_may_leave_it_to_the_others() {
    let mut policy = Policy::default();
    policy.set_closure(|request| match request.field("cookie") {
        Some(b"in") => Some(Access::Detailed),
        Some(b"out") => Some(Access::Public),
        _ => request.peer().identity().map(|_| Access::Detailed),
    });
    assert_eq!(policy.refusal(), Code::Unauthorized);
    assert!(!sees(&policy, &LOCAL), "it is a rule, so rule 6 is none");
    assert!(sees(&policy, &Peer::identified(None, b"CN=prometheus")));
    policy.add_token("s3cret");
    policy.add_peers(["192.0.2.1".parse().expect("a block")]);
    assert!(sees(&policy, &REMOTE));
    assert_eq!(
        decide(&policy, &REMOTE, Some(("cookie", "out"))),
        Access::Public
    );
    assert_eq!(
        decide(&policy, &LOCAL, Some(("cookie", "in"))),
        Access::Detailed
    );
}

#[test]
fn the_last_of_open_and_closed_goes_before_everything() {
    let mut policy = Policy::default();
    policy.add_token("s3cret");
    policy.set_closure(|_| Some(Access::Detailed));
    policy.close();
    assert!(!sees(&policy, &LOCAL));
    assert_eq!(policy.refusal(), Code::Forbidden);
    policy.set_closure(|_| Some(Access::Public));
    policy.open();
    assert!(sees(&policy, &REMOTE));
}

#[test]
fn a_closure_that_panics_has_said_no() {
    let mut policy = Policy::default();
    policy.add_peers(["192.0.2.1".parse().expect("a block")]);
    policy.set_closure(|request| {
        let token = request.bearer().expect("a token");
        (token == b"good").then_some(Access::Detailed)
    });
    assert_eq!(decide(&policy, &REMOTE, None), Access::Public);
    let good = Some(("authorization", "Bearer good"));
    assert_eq!(decide(&policy, &LOCAL, good), Access::Detailed);
}
