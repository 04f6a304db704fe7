//! Events: everything that is no frame and no raw bytes.

use crate::record::finding::Level;
use crate::record::{
    Basis, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, PerSide, ProxyEvent, SessionId, Side, Stall,
};
use crate::text;

use super::page::Page;
use super::{finding, frame, handshake, way};

pub(super) fn write(page: &mut Page<'_>, event: &Event, session: Option<SessionId>) {
    let theme = page.theme;
    match event {
        Event::SessionOpened { client, path } => {
            page.title("a client asked for a WebSocket");
            page.fact("client", &client.to_string(), theme.text);
            page.fact_bytes("target", path, theme.text);
        }
        Event::Head(head) => {
            handshake::write_head(page, head);
            facts_of_head(page, head.from, head.status, head.dialect.facts().name);
        }
        Event::Open(open) => {
            page.title("open: the server answered with 101");
            handshake::write_open(page, open, None);
        }
        Event::Finding(from, found) => finding::write(page, session, *from, found),
        // They have no row of their own.
        Event::Held(_) | Event::Released(_) | Event::HeadReleased { .. } => {}
        Event::HeadHeld(held) => {
            handshake::write_held(page, held);
            page.blank();
            page.fact("way", way(held.from), theme.text);
            page.fact_bytes("held by", held.query.as_bytes(), theme.text);
        }
        Event::Ruled(ruled) => {
            page.title("a rule acted");
            page.fact_bytes("rule", ruled.rule.as_bytes(), theme.injected);
            page.fact("did", &ruled.what, theme.text);
        }
        Event::Inflated(inflated) => {
            page.title("what a compressed frame inflates to");
            page.fact("frame", &inflated.frame.to_string(), theme.text);
            page.fact_bytes("content", &inflated.bytes, theme.text);
        }
        Event::Verdict(verdict) => {
            page.title(match verdict.basis {
                Basis::Predicted => "Chrome's verdict, predicted from the server's bytes",
                Basis::Observed if verdict.differs => "the browser's own verdict: another than was predicted",
                Basis::Observed => "the browser's own verdict: as it was predicted",
            });
            page.fact("outcome", verdict.outcome.name(), theme.error);
            if let Some(words) = &verdict.error_text {
                page.fact_bytes("its words", words.as_bytes(), theme.text);
            }
            if let Some(code) = verdict.close_code {
                page.fact("page sees", &format!("close code {code}"), theme.text);
            }
        }
        Event::Stall { stall, over } => write_stall(page, session, stall, *over),
        Event::Answered { status, reason } => write_answered(page, *status, reason),
        Event::Ended { from, how } => write_ended(page, *from, *how),
        Event::SessionClosed(closed) => {
            page.title("the session is closed");
            write_closed(page, closed);
        }
        Event::Note(level, message) => write_note(page, *level, message),
    }
}

/// What belongs to no session.
pub(super) fn write_proxy(page: &mut Page<'_>, event: &ProxyEvent) {
    let theme = page.theme;
    match event {
        ProxyEvent::Listening { addresses, upstream, .. } => {
            page.title("wsproxy listens");
            for address in addresses {
                page.fact("on", &address.to_string(), theme.text);
            }
            page.fact_bytes("upstream", upstream.as_bytes(), theme.text);
        }
        ProxyEvent::Upstream { trouble } => write_upstream(page, trouble.as_deref()),
        ProxyEvent::Finding(from, found) => finding::write(page, None, *from, found),
        ProxyEvent::Answered { status, reason } => write_answered(page, *status, reason),
        ProxyEvent::Http { method, path, status } => {
            page.title("a plain HTTP exchange, passed through");
            page.fact_bytes("request", format!("{method} {path}").as_bytes(), theme.text);
            page.fact("status", &status.to_string(), theme.text);
        }
        ProxyEvent::Note(level, message) => write_note(page, *level, message),
    }
}

fn write_note(page: &mut Page<'_>, level: Level, message: &str) {
    page.title(level.name());
    page.row(&text::escape(message.as_bytes()), finding::level(page.theme, level));
}

fn facts_of_head(page: &mut Page<'_>, from: Side, status: Option<u16>, dialect: &str) {
    let text = page.theme.text;
    page.blank();
    page.fact("way", way(from), text);
    match (from, status) {
        (Side::Client, _) => page.fact("speaks", dialect, text),
        (Side::Server, Some(status)) => page.fact("status", &status.to_string(), text),
        (Side::Server, None) => page.fact("status", "none: this is no HTTP", page.theme.warning),
    }
}

fn write_answered(page: &mut Page<'_>, status: u16, reason: &str) {
    page.title(&format!("wsproxy itself answered with {status}"));
    page.row(&text::escape(reason.as_bytes()), page.theme.warning);
}

fn write_stall(page: &mut Page<'_>, session: Option<SessionId>, stall: &Stall, over: bool) {
    let theme = page.theme;
    if !over {
        return finding::write_stall(page, session, stall);
    }
    page.title("a stall is over");
    page.words(&stall.text(), theme.text);
    page.end_row();
    if let Some(frame) = stall.frame {
        page.fact("frame", &frame.to_string(), theme.text);
    }
}

fn write_upstream(page: &mut Page<'_>, trouble: Option<&str>) {
    let theme = page.theme;
    page.title("wsproxy tried whether the upstream answers");
    match trouble {
        None => page.row("it does", theme.good),
        Some(trouble) => page.row(&text::escape(trouble.as_bytes()), theme.error),
    }
}

fn write_ended(page: &mut Page<'_>, from: Side, how: Ending) {
    page.title(&format!("the {}'s bytes ended", from.name()));
    page.fact("how", ending(how), page.theme.text);
}

/// What an ending is.
pub(super) const fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Fin => "FIN: it said that it will send no more",
        Ending::Reset => "RST: the connection was torn down",
    }
}

/// Who ended a session, how, and what the close frame said.
pub(super) fn write_closed(page: &mut Page<'_>, closed: &ClosedEvent) {
    let text = page.theme.text;
    let by = match closed.by {
        ClosedBy::Peer(side) => format!("the {}", side.name()),
        ClosedBy::User => "you".to_owned(),
        ClosedBy::Proxy => "wsproxy".to_owned(),
    };
    page.fact("ended by", &by, text);
    let how = match closed.how {
        ClosedHow::CloseFrame => "a close frame came first",
        ClosedHow::Fin => "FIN without a close frame",
        ClosedHow::Reset => "RST: torn down without a close frame",
        ClosedHow::Timeout => "nothing came in time",
        ClosedHow::Answered => "wsproxy answered by itself: no session with the upstream came about",
    };
    page.fact("how", how, text);
    if let Some(code) = closed.code {
        frame::code_facts(page, code);
        frame::reason_fact(page, &closed.reason);
    }
    let PerSide { client, server } = closed.frames;
    page.fact("frames", &format!("{client} from the client, {server} from the server"), text);
    let PerSide { client, server } = closed.bytes.map(text::byte_count);
    page.fact("bytes", &format!("{client} from the client, {server} from the server"), text);
}
