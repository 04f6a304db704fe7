//! docs/findings.md comes from the catalogue.

use std::fmt::Write as _;

use wsproxy::cli::explain;
use wsproxy::diagnose::examples::example;
use wsproxy::diagnose::{UNSEEN, words};
use wsproxy::record::finding::{FindingKind, Layer};

use crate::support::document;

const HEAD: &str = "# Findings\n\nWhat wsproxy finds between a browser and a server, by layer. `wsproxy explain ID` \
                    prints the same. An *error* is what browsers fail on or what loses data, a *warning* what breaks \
                    a rule or one browser, a *note* what is worth knowing. *Repair* is what `--policy repair` does \
                    about it.\n\nThis page is written by a test from the catalogue. `WSPROXY_BLESS=1 cargo test` \
                    rewrites it.\n";

#[test]
fn the_page_of_findings_is_up_to_date() {
    let mut out = HEAD.to_owned();
    contents(&mut out);
    let mut layer = None;
    for kind in FindingKind::ALL {
        if layer.replace(kind.layer()) != Some(kind.layer()) {
            let _ = write!(out, "\n## {}\n", heading(kind.layer()));
        }
        finding(*kind, &mut out);
    }
    unseen(&mut out);
    document::check("docs/findings.md", &out);
}

fn contents(out: &mut String) {
    let mut layer = None;
    for kind in FindingKind::ALL {
        let is_first = layer.replace(kind.layer()) != Some(kind.layer());
        if is_first {
            let name = heading(kind.layer());
            let _ = write!(out, "\n- [{name}](#{}): ", name.to_lowercase().replace(' ', "-"));
        } else {
            out.push_str(", ");
        }
        let _ = write!(out, "[{0}](#{0})", kind.id());
    }
    out.push_str("\n- [Never seen by wsproxy](#never-seen-by-wsproxy)\n");
}

const fn heading(layer: Layer) -> &'static str {
    match layer {
        Layer::Tcp => "Connection",
        Layer::Http => "HTTP",
        Layer::Handshake => "Handshake",
        Layer::Extension => "Extensions",
        Layer::Frame => "Frames",
        Layer::Message => "Messages",
        Layer::Close => "Close",
        Layer::Application => "Applications",
        Layer::Draft => "Drafts",
    }
}

fn finding(kind: FindingKind, out: &mut String) {
    let entry = words(kind);
    let _ = write!(out, "\n### {}\n\n{}: {}.\n\n", kind.id(), entry.level.name(), text(entry.title));
    let shown = explain::example_lines(kind);
    if let Some(words) = example(kind).words() {
        let _ = write!(out, "For example: {}.\n\n", text(words));
    } else if !shown.is_empty() {
        let lines: String = shown.iter().map(|line| format!("{}\n", line.text.trim_end())).collect();
        let _ = write!(out, "```text\n{lines}```\n\n");
    }
    let mut facts = vec![("Rule", entry.spec), ("Chrome", entry.chrome), ("Firefox", entry.firefox)];
    facts.push(("Safari", entry.safari));
    facts.extend(entry.from_client.map(|words| ("From a client", words)));
    facts.extend([("Usual cause", entry.cause), ("Fix", entry.fix), ("Repair", entry.repair.unwrap_or("nothing"))]);
    for (label, fact) in facts {
        let _ = writeln!(out, "- {label}: {}", text(fact));
    }
}

fn unseen(out: &mut String) {
    out.push_str("\n## Never seen by wsproxy\n\nNo byte of these reaches wsproxy, so look at the browser's console.\n");
    for subject in UNSEEN {
        let _ = write!(out, "\n### {}\n\n{}.\n\n", subject.id, text(subject.title));
        for (label, fact) in [("Chrome", subject.chrome), ("Usual cause", subject.cause), ("Fix", subject.fix)] {
            let _ = writeln!(out, "- {label}: {}", text(fact));
        }
    }
}

/// Words as Markdown shows them, letter by letter.
fn text(words: &str) -> String {
    words.chars().fold(String::new(), |mut out, character| {
        if "<>*_`|[]$\\".contains(character) {
            out.push('\\');
        }
        out.push(character);
        out
    })
}
