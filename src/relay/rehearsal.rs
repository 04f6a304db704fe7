//! Plays a scene of the catalogue's examples through a session, and says what is found in it. No time passes.

use std::sync::Arc;

use crate::diagnose::examples::{Scene, Step};
use crate::record::finding::Finding;

use super::limits::Limits;
use super::own::OwnAddress;
use super::session::{Output, Session, SessionConfig};
use super::translate::AddressRules;
use crate::record::{Ending, Event, Log, PerSide, Record, Side, Time};

/// All findings of a scene in their order, each with the side whose bytes it is about.
#[must_use]
pub fn findings(scene: &Scene) -> Vec<(Side, Finding)> {
    let mut out = Output::default();
    let mut session = Session::begin(config(), Time(0), &scene.request, &mut out);
    for step in &scene.steps {
        out.to = PerSide::default();
        match step {
            Step::Read(from, read) => session.receive(Time(0), *from, read, &mut out),
            Step::Fin(from) => session.end(Time(0), *from, Ending::Fin, &mut out),
            Step::Reset(from) => session.end(Time(0), *from, Ending::Reset, &mut out),
        }
    }
    found(out.log)
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
    SessionConfig { rules: Arc::new(rules), limits: Limits::default(), seed: [0; 32], policy: Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::examples::{Example, example};
    use crate::record::finding::FindingKind;
    use std::fmt::Write as _;

    #[test]
    fn each_example_shows_its_finding_and_no_other() {
        let mut amiss = String::new();
        for kind in FindingKind::ALL {
            if let Example::Scene(scene) = example(*kind) {
                let found: Vec<_> = findings(&scene).into_iter().map(|(_, finding)| finding.kind.id()).collect();
                if found != [kind.id()] {
                    let _ = writeln!(amiss, "{}: {}", kind.id(), found.join(" "));
                }
            }
        }
        assert_eq!(amiss, "");
    }
}
