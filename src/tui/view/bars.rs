//! The lines around the panes: what is proxied, the pages, the worst problem, the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::control::{RecordedAs, RecordedState};
use crate::journal::{ArchiveEnd, ArchiveStatus, Index};
use crate::record::Policy;
use crate::text;
use crate::tui::clock::{self, Digits};
use crate::tui::fit;
use crate::tui::keymap::{self, Action, Place, key_of};
use crate::tui::pages::words::{level_glyph, level_style};
use crate::tui::state::answer::Repeating;
use crate::tui::state::model::Model;
use crate::tui::state::overlay::Overlay;
use crate::tui::state::panes::Tab;

/// What listens, where to, how much.
pub(super) fn header(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &model.look.theme;
    let width = usize::from(area.width);
    let upstream = if model.proxy.info.playground { "the built-in playground" } else { &model.proxy.info.upstream };
    let left = match &model.proxy.capture {
        Some(capture) => self::capture(model, capture),
        None => Line::from(vec![
            Span::styled(" wsproxy ", theme.title),
            Span::styled(format!(" {} ", model.proxy.info.listening()), theme.client),
            Span::styled("→ ", theme.dim),
            Span::styled(upstream.to_owned(), theme.server),
        ]),
    };
    buffer.set_line(area.x, area.y, &left, area.width);
    let room = width.saturating_sub(left.width() + 3);
    let numbers = [Numbers::All, Numbers::Few, Numbers::Fewest].map(|numbers| self::numbers(model, numbers));
    if let Some(line) = numbers.iter().find(|line| line.width() <= room) {
        let width = line.width() as u16;
        buffer.set_line(area.right() - width - 1, area.y, line, width);
    }
}

/// Which file, how large, how it ends and from when to when it is.
fn capture(model: &Model, capture: &ArchiveStatus) -> Line<'static> {
    let theme = &model.look.theme;
    let mut parts = vec![
        Span::styled(" wsproxy ", theme.title),
        Span::styled(format!(" {} ", fit::cut(&capture.name, 32)), theme.client),
        Span::styled(text::byte_count(capture.size), theme.text),
    ];
    let end = match capture.end {
        ArchiveEnd::Whole => None,
        ArchiveEnd::Growing => Some(("growing".to_owned(), theme.good)),
        ArchiveEnd::Missing => Some(("not ended".to_owned(), theme.warning)),
        ArchiveEnd::Cut(at) => Some((format!("cut at byte {}", fit::number(at)), theme.warning)),
        ArchiveEnd::Damaged(at) => Some((format!("damaged at byte {}", fit::number(at)), theme.error)),
    };
    if let Some((words, style)) = end {
        parts.push(Span::styled(" · ", theme.dim));
        parts.push(Span::styled(words, style));
    }
    if let Some((first, last)) = capture.range {
        let zone = &model.look.zone;
        let [from, to] = [first, last].map(|time| clock::clock(time, zone, Digits::Seconds));
        let [first, last] = [first, last].map(|time| time.local(zone).date());
        let (from, to) = if first == last {
            (format!("{first} {from}"), to)
        } else {
            (format!("{first} {from}"), format!("{last} {to}"))
        };
        parts.push(Span::styled(format!(" · {from} – {to}"), theme.dim));
    }
    Line::from(parts)
}

/// How many of the numbers there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    All,
    Few,
    Fewest,
}

fn numbers(model: &Model, numbers: Numbers) -> Line<'static> {
    let theme = &model.look.theme;
    let overview = &model.overview;
    let mut parts = Vec::new();
    if let Some(since) = model.frozen {
        let since = match numbers {
            Numbers::All => format!(" since {}", clock::clock(since, &model.look.zone, Digits::Seconds)),
            _ => String::new(),
        };
        parts.push(Span::styled(format!("FROZEN{since} ({}) · ", key_of(Action::Freeze)), theme.warning));
    }
    if model.proxy.policy != Policy::Faithful {
        parts.push(Span::styled(
            format!("{} ({}) · ", model.proxy.policy.name(), key_of(Action::NextPolicy)),
            theme.warning,
        ));
    }
    if model.proxy.capture.is_some() {
        let (sessions, frames) = (fit::number(overview.sessions), fit::short(overview.frames));
        let each = if overview.sessions == 1 { "session" } else { "sessions" };
        parts.push(Span::styled(format!("{sessions} {each} · {frames} frames"), theme.dim));
        return Line::from(parts);
    }
    parts.extend(recorded(model, numbers));
    let open = if overview.live > 0 { theme.good } else { theme.dim };
    parts.push(Span::styled(format!("{} open", overview.live), open));
    let rate = overview.rate(model.now);
    match numbers {
        Numbers::All => {
            let (sessions, frames) = (fit::number(overview.sessions), fit::number(overview.frames));
            parts.push(Span::styled(format!(" of {sessions} · {frames} frames"), theme.dim));
        }
        Numbers::Few => parts.push(Span::styled(format!(" · {} frames", fit::short(overview.frames)), theme.dim)),
        Numbers::Fewest => {}
    }
    if rate > 0 {
        parts.push(Span::styled(format!(" · {}/s", fit::short(rate)), theme.text));
    }
    Line::from(parts)
}

/// How a capture stands; of an autosave only that it has ended too early.
fn recorded(model: &Model, numbers: Numbers) -> Option<Span<'static>> {
    let (theme, recorded) = (&model.look.theme, model.proxy.recorded.as_ref()?);
    let name = match recorded.what {
        RecordedAs::Capture => "REC",
        RecordedAs::Autosave => "autosave",
    };
    Some(match (&recorded.state, recorded.what) {
        (RecordedState::Stopped(_), _) => Span::styled(format!("{name} stopped · "), theme.error),
        (RecordedState::Waiting, _) => Span::styled(format!("{name}: disk slow, relay waits · "), theme.warning),
        (RecordedState::Writing, RecordedAs::Autosave) => return None,
        (RecordedState::Writing, RecordedAs::Capture) if numbers == Numbers::All => {
            Span::styled(format!("{name} {} · ", text::byte_count(recorded.bytes)), theme.good)
        }
        (RecordedState::Writing, RecordedAs::Capture) => Span::styled(format!("{name} · "), theme.good),
    })
}

/// The pages, and a word where the screen is small. Gives where each name is.
pub(super) fn tabs(model: &Model, area: Rect, buffer: &mut Buffer) -> Vec<(Rect, Tab)> {
    if area.is_empty() {
        return Vec::new();
    }
    let theme = &model.look.theme;
    let all: usize = Tab::ALL.iter().map(|tab| tab.name().len() + 5).sum();
    let roomy = all < usize::from(area.width);
    let mut x = area.x;
    let mut places = Vec::new();
    for (index, tab) in Tab::ALL.into_iter().enumerate() {
        let (here, name) = (tab == model.panes.tab, tab.name());
        let words = if roomy || here { format!(" {} {name} ", index + 1) } else { format!(" {} ", index + 1) };
        let style = if here { theme.selected.patch(theme.title) } else { theme.dim };
        let room = area.right().saturating_sub(x);
        let (end, _) = buffer.set_stringn(x, area.y, &words, usize::from(room), style);
        places.push((Rect { x, width: end - x, ..area }, tab));
        x = end.saturating_add(1).min(area.right());
    }
    let small = area.width < 60 || buffer.area.height < 16;
    let room = usize::from(area.right().saturating_sub(x));
    let (held, rules) = (held(model), super::ruling::banner(model));
    let both = held.iter().flat_map(|held| rules.iter().map(move |rules| (rules.as_str(), held.as_str())));
    let one = held.iter().map(|held| ("", held.as_str())).chain(rules.iter().map(|rules| (rules.as_str(), "")));
    let fits = |(rules, held): &(&str, &str)| fit::width(rules) + fit::width(held) <= room;
    if let Some((rules, held)) = both.chain(one).find(fits) {
        let width = fit::width(held);
        let style = if model.holding.held().is_some() { theme.warning } else { theme.note };
        buffer.set_stringn(area.right() - width as u16, area.y, held, width, style);
        let x = area.right() - width as u16 - fit::width(rules) as u16;
        buffer.set_stringn(x, area.y, rules, fit::width(rules), theme.warning);
    } else if small {
        let room = usize::from(area.right().saturating_sub(x));
        if let Some(words) = ["small screen", "small"].into_iter().find(|words| words.len() < room) {
            buffer.set_stringn(area.right() - words.len() as u16, area.y, words, room, theme.dim);
        }
    }
    places
}

/// What is held and by what, in fewer and fewer words; nothing where no hold is on.
fn held(model: &Model) -> Vec<String> {
    let words = text::escape(model.holding.words().as_bytes());
    let query = |columns: usize| fit::cut(&words, columns);
    match model.holding.held() {
        None if !model.holding.is_on() => Vec::new(),
        None => vec![format!("HOLD {} ", query(40)), format!("HOLD {} ", query(16)), "HOLD ".to_owned()],
        Some(held) => {
            let age = clock::age(held.oldest, model.now);
            let age = if age == "now" { String::new() } else { format!(" · {age}") };
            let (count, bytes) = (held.count(), text::byte_count(held.bytes));
            let by = if model.holding.is_on() { format!("{} · ", query(30)) } else { String::new() };
            vec![
                format!("HOLD {by}{count} held, {bytes}{age} "),
                format!("HOLD {count}, {bytes}{age} "),
                format!("HOLD {count}{age} "),
                format!("HOLD {count} "),
            ]
        }
    }
}

/// The worst problem, in plain words, and its age.
pub(super) fn problem(model: &Model, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &model.look.theme;
    let line = match &model.overview.problem {
        None => Line::from(vec![Span::styled(" ✓ ", theme.good), Span::styled("no problems seen", theme.dim)]),
        Some(problem) => {
            let style = level_style(problem.level, theme);
            let age = match clock::age(problem.time, model.now).as_str() {
                "now" => " · now ".to_owned(),
                age if problem.lasts => format!(" · for {age} "),
                age => format!(" · {age} ago "),
            };
            let words = match problem.session {
                Some(session) => format!("session {}: {}", session.0, problem.text),
                None => problem.text.clone(),
            };
            let room = usize::from(area.width).saturating_sub(3 + fit::width(&age));
            Line::from(vec![
                Span::styled(format!(" {} ", level_glyph(problem.level)), style),
                Span::styled(fit::cut(&words, room), style),
                Span::styled(age, theme.dim),
            ])
        }
    };
    buffer.set_line(area.x, area.y, &line, area.width);
}

/// What there is to say just now; else the keys that work here.
pub(super) fn footer(model: &Model, view: &Index, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &model.look.theme;
    if let Some(count) = model.count.typed() {
        let words = "  times the next motion: j k n ] and others, G: that frame · esc drops it";
        let line = Line::from(vec![Span::styled(format!(" {count}"), theme.key), Span::styled(words, theme.dim)]);
        buffer.set_line(area.x, area.y, &line, area.width);
        return;
    }
    let composing = matches!(model.overlay, Some(Overlay::Composer(_)));
    let waiting =
        model.sending.answer.as_ref().filter(|answer| answer.reply.is_some() && answer.is_waiting() && !composing);
    let running = model.sending.repeating.as_ref().filter(|repeating| repeating.is_running() && !composing);
    let toast = model.toast.as_ref().map(|toast| (toast.level, toast.text.clone()));
    let words = toast
        .or_else(|| waiting.map(|answer| (answer.level(), answer.text(model.now))))
        .or_else(|| running.map(|repeating| (repeating.level(), repeating.text(model.now))))
        .or_else(|| {
            let writing = model.writing.as_ref().filter(|writing| writing.is_running())?;
            Some((writing.level(), writing.text()))
        });
    let line = match words {
        Some((level, words)) => said(&words, level_style(level, theme), level_glyph(level), area),
        None => keys(model, view, area),
    };
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn said(text: &str, style: Style, glyph: &'static str, area: Rect) -> Line<'static> {
    Line::styled(format!(" {glyph} {}", fit::cut(text, usize::from(area.width).saturating_sub(4))), style)
}

fn keys(model: &Model, view: &Index, area: Rect) -> Line<'static> {
    let theme = &model.look.theme;
    let place = model.place();
    let width = usize::from(area.width);
    let shown =
        keymap::in_place(place).filter(|binding| !binding.hint.is_empty() && model.is_useful(view, binding.action));
    // Help is the key to all others, so it stays when there is no room for the rest.
    let help = (place.is_pane() && place != Place::Everywhere).then(|| (key_of(Action::Help), "help"));
    let asked = if place == Place::Copy { "copy as  " } else { "" };
    let mut used = 1 + asked.len() + help.as_ref().map_or(0, |(key, hint)| key.len() + hint.len() + 3);
    let mut spans = vec![Span::raw(" "), Span::styled(asked, theme.title)];
    for binding in shown.filter(|binding| binding.action != Action::Help) {
        let key = key_of_binding(binding);
        let more = fit::width(&key) + binding.hint.len() + 3;
        if used + more > width {
            continue;
        }
        used += more;
        spans.push(Span::styled(key, theme.key));
        spans.push(Span::styled(format!(" {}  ", hint(model, binding)), theme.dim));
    }
    if let Some((key, hint)) = help {
        spans.push(Span::styled(key, theme.key));
        spans.push(Span::styled(format!(" {hint}"), theme.dim));
    }
    Line::from(spans)
}

fn key_of_binding(binding: &keymap::Binding) -> String {
    binding.keys.first().map(ToString::to_string).unwrap_or_default()
}

/// The word for the footer: `q` goes back before it quits.
fn hint(model: &Model, binding: &keymap::Binding) -> &'static str {
    let inside = model.panes.is_deep();
    match binding.action {
        Action::Leave if inside => "back",
        Action::Freeze if model.is_frozen() => "go on",
        Action::Send if model.edits_held() => "send it edited",
        Action::Discard if model.edits_held() => "leave it held",
        Action::Discard if model.sending.repeating.as_ref().is_some_and(Repeating::is_running) => "stop",
        _ => binding.hint,
    }
}
