//! Plays a scene of the catalogue's examples through a session, and says what is found in it.

use crate::diagnose::examples::{Scene, Step};
use crate::record::finding::Finding;

use super::own::OwnAddress;
use super::session::{Output, Session, SessionConfig};
use super::translate::AddressRules;
use crate::record::{Ending, Event, Log, PerSide, Record, Side, Time};

/// All findings of a scene in their order, each with the side whose bytes it is about.
#[must_use]
pub fn findings(scene: &Scene) -> Vec<(Side, Finding)> {
    found(play(config(), Time(0), 0, scene))
}

/// A session of a scene, from a time on, with so many microseconds before each step. Its reads are the log's, as in the engine.
#[must_use]
pub fn play(config: SessionConfig, begun: Time, pace: u64, scene: &Scene) -> Log {
    let (mut out, mut now) = (Output::default(), begun);
    let mut session = Session::begin(config, now, &scene.request, &mut out);
    for step in &scene.steps {
        now = Time(now.0 + pace);
        out.to = PerSide::default();
        match step {
            Step::Read(from, read) => {
                let at = out.log.read.len();
                out.log.read.extend_from_slice(read);
                let lent = out.log.lend();
                session.receive(now, *from, lent.get(at..).unwrap_or_default(), &mut out);
                out.log.take_back(lent);
            }
            Step::Fin(from) => session.end(now, *from, Ending::Fin, &mut out),
            Step::Reset(from) => session.end(now, *from, Ending::Reset, &mut out),
            Step::Blocked(from) => session.blocked(now, *from, Some(now)),
            Step::Wait(seconds) => {
                now = Time(now.0 + seconds * 1_000_000);
                session.tick(now, &mut out);
            }
        }
    }
    // What never came is told at the end.
    session.finish(now, &mut out);
    out.log
}

fn found(log: Log) -> Vec<(Side, Finding)> {
    let found = log.records.into_iter().filter_map(|record| match record {
        Record::Event(_, event) => match *event {
            Event::Finding(from, finding) => Some((from, finding)),
            _ => None,
        },
        _ => None,
    });
    found.collect()
}

fn config() -> SessionConfig {
    let rules = AddressRules {
        // The host of the drafts' own examples.
        own: OwnAddress { names: vec!["example.com".into()], ..OwnAddress::default() },
        ..AddressRules::to("localhost:9999")
    };
    SessionConfig::new(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::time::Duration;

    use crate::relay::limits::Limits;

    use crate::diagnose::examples::{Example, example};
    use crate::diagnose::handshake;
    use crate::diagnose::inquiry::{self, Question, Replies, Reply};
    use crate::diagnose::net_errors::NoConnection;
    use crate::diagnose::polling::{Exchange, Polling};
    use crate::diagnose::sessions::Sessions;
    use crate::record::SessionId;
    use crate::record::finding::FindingKind;
    use crate::relay::bridge::{Binary, Bridging};
    use crate::relay::session::{Act, Learned};
    use crate::wire::dialect::Dialect;

    fn ids(findings: impl IntoIterator<Item = (Side, Finding)>) -> Vec<&'static str> {
        findings.into_iter().map(|(_, finding)| finding.kind.id()).collect()
    }

    #[test]
    fn each_kind_is_raised_by_its_example_and_no_other_is() {
        let mut amiss = String::new();
        for kind in FindingKind::ALL {
            let example = example(*kind);
            let found = example.scene().map_or_else(|| in_another_way(*kind), findings);
            let found = ids(found);
            if found != [kind.id()] {
                let _ = writeln!(amiss, "{}: {}", kind.id(), found.join(" "));
            }
        }
        assert_eq!(amiss, "");
    }

    /// Those that take a network, another dialect or very many bytes.
    fn in_another_way(kind: FindingKind) -> Vec<(Side, Finding)> {
        match kind {
            FindingKind::TcpRefused => unreachable(NoConnection::Refused),
            FindingKind::TcpDns => unreachable(NoConnection::NameNotResolved),
            FindingKind::TcpConnectTimeout => unreachable(NoConnection::ConnectTimedOut),
            FindingKind::TlsNotTls => unreachable(NoConnection::NotTls),
            FindingKind::TlsBadCert => unreachable(NoConnection::CertificateAuthority),
            FindingKind::TlsClientHelloOnPlainPort => handshake::client_hello(b"\x16\x03\x01\x02\x00\x01")
                .map(|finding| (Side::Client, finding))
                .into_iter()
                .collect(),
            FindingKind::HandshakeUnhandled => silent(Reply::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())),
            FindingKind::ServerHangs => silent(Reply::Silence),
            FindingKind::SessionsSameSilence | FindingKind::SessionsOneWorker | FindingKind::SessionsLimit => {
                of_several(kind)
            }
            FindingKind::PollingNotSticky => polled(None, &[("", 200), ("&sid=a", 400), ("&sid=a", 400)]),
            FindingKind::PollingNoCors => polled(Some(b"http://localhost:3000"), &[("", 200)]),
            FindingKind::HixieBinary => bridged(),
            FindingKind::DeflateBomb => bomb(),
            _ => Vec::new(),
        }
    }

    /// No byte for a while, and what came of a plain request.
    fn silent(get: Reply) -> Vec<(Side, Finding)> {
        let mut out = Output::default();
        let mut session = Session::begin(config(), Time(0), &request(), &mut out);
        session.tick(Time(3_000_000), &mut out);
        assert!(out.acts.contains(&Act::Inquire(Question::Silent)));
        let replies = Replies { get, ..Replies::default() };
        let learned = inquiry::silent(&replies, Duration::from_secs(3), &[]).unwrap();
        session.learn(Time(3_000_001), Learned::Finding(Box::new(learned)), &mut out);
        found(out.log)
    }

    /// Sessions that say something together.
    fn of_several(kind: FindingKind) -> Vec<(Side, Finding)> {
        let (one, two) = (SessionId(1), SessionId(2));
        let second = |seconds: u64| Time(seconds * 1_000_000);
        let mut sessions = Sessions::default();
        sessions.begin(second(0), one, b"/chat");
        let mut found = vec![sessions.response(second(0), one, 101)];
        sessions.begin(second(1), two, b"/chat");
        match kind {
            FindingKind::SessionsLimit => found.push(sessions.response(second(1), two, 503)),
            FindingKind::SessionsOneWorker => {
                found.push(sessions.end(second(8), one));
                found.push(sessions.response(second(8), two, 101));
            }
            _ => {
                let silence = Duration::from_millis(7310);
                found.push(sessions.cut(second(8), one, Side::Server, silence));
                found.push(sessions.cut(second(16), two, Side::Server, silence));
            }
        }
        found.into_iter().flatten().map(|finding| (Side::Server, finding)).collect()
    }

    fn polled(origin: Option<&[u8]>, exchanges: &[(&str, u16)]) -> Vec<(Side, Finding)> {
        let mut polling = Polling::default();
        let found = exchanges.iter().filter_map(|(query, status)| {
            let target = &format!("/socket.io/?EIO=4&transport=polling{query}");
            let host = Some(b"localhost:9000".as_slice());
            polling.exchange(Time(0), &Exchange { method: "GET", target, origin, host, status: *status, allowed: None })
        });
        found.map(|finding| (Side::Server, finding)).collect()
    }

    fn request() -> Vec<u8> {
        let Example::Scene(scene) = example(FindingKind::FrameRsv) else { panic!("it has bytes") };
        scene.request
    }

    fn unreachable(why: NoConnection) -> Vec<(Side, Finding)> {
        let mut out = Output::default();
        let mut session = Session::begin(config(), Time(0), &request(), &mut out);
        session.broke(
            Time(1),
            why.finding("it can't be reached; start it"),
            "it can't be reached".to_owned(),
            &mut out,
        );
        session.finish(Time(2), &mut out);
        found(out.log)
    }

    fn bridged() -> Vec<(Side, Finding)> {
        let mut out = Output::default();
        let to = Bridging { dialect: Dialect::Hixie75, binary: Binary::default() };
        let mut session = Session::bridged(config(), Some(to), Time(0), &request(), &mut out);
        let response = b"HTTP/1.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
            WebSocket-Origin: http://localhost:3000\r\nWebSocket-Location: ws://localhost:9999/chat\r\n\r\n";
        session.receive(Time(1), Side::Server, response, &mut out);
        session.receive(Time(2), Side::Client, b"\x82\x82\x01\x02\x03\x04\x01\xfd", &mut out);
        session.finish(Time(3), &mut out);
        found(out.log)
    }

    fn bomb() -> Vec<(Side, Finding)> {
        let mut deflated = Vec::with_capacity(4096);
        let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
        compress.compress_vec(&[0; 200_000], &mut deflated, flate2::FlushCompress::Sync).unwrap();
        let mut frame = b"\xc2\x7e".to_vec();
        frame.extend(u16::try_from(deflated.len() - 4).unwrap().to_be_bytes());
        frame.extend_from_slice(&deflated[..deflated.len() - 4]);
        let Example::Scene(scene) = example(FindingKind::Rsv1OnControl) else { panic!("it has bytes") };
        let Some(Step::Read(Side::Server, response)) = scene.steps.first() else { panic!("a response comes first") };
        let mut out = Output::default();
        let config = SessionConfig { limits: Limits { inflated: 100_000, ..Limits::default() }, ..config() };
        let mut session = Session::begin(config, Time(0), &scene.request, &mut out);
        session.receive(Time(1), Side::Server, response, &mut out);
        session.receive(Time(2), Side::Server, &frame, &mut out);
        session.finish(Time(3), &mut out);
        found(out.log)
    }
}
