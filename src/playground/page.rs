//! The page: one HTML file without anything from elsewhere, with the tables of endpoints and commands put in.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};

use super::command::COMMANDS;
use super::endpoint::Gallery;
use super::endpoints::{ENDPOINTS, GALLERIES};

const TEMPLATE: &str = include_str!("page.html");

/// The page's icon.
pub(super) const ICON: &str = concat!(
    r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">"##,
    r##"<rect width="32" height="32" rx="7" fill="#0b7a75"/>"##,
    r##"<path d="M7 12h16l-4-4M25 20H9l4 4" fill="none" stroke="#fff" stroke-width="3""##,
    r##" stroke-linecap="round" stroke-linejoin="round"/></svg>"##
);

/// A fresh word that marks the page's own style and script. The page holds nothing of a stranger's that could guess at
/// it, so the seed of the standard library's hash maps is random enough.
pub(super) fn nonce() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}

/// What the page may do: run its own script and style, and open WebSockets.
pub(super) fn security_policy(nonce: &str) -> String {
    // Not all browsers count ws: among 'self'.
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self'; \
         connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The page for one response.
pub(super) fn html(nonce: &str) -> String {
    let (options, descriptions) = endpoints();
    TEMPLATE
        .replace("{{nonce}}", nonce)
        .replace("{{endpoint options}}", &options)
        .replace("{{endpoint descriptions}}", &descriptions)
        .replace("{{commands}}", &commands())
        .replace("{{gallery links}}", &gallery_links())
        .replace("{{galleries}}", &GALLERIES.iter().map(gallery).collect::<String>())
}

// The tables are our own plain words; a test holds that none of them needs escaping.

fn endpoints() -> (String, String) {
    let (mut options, mut descriptions) = (String::new(), String::new());
    for endpoint in ENDPOINTS {
        let _ = write!(options, "<option>{}</option>", endpoint.path);
        let _ = write!(descriptions, "<dt><code>{}</code></dt><dd>{}</dd>", endpoint.path, endpoint.sentence);
    }
    (options, descriptions)
}

fn commands() -> String {
    let mut out = String::new();
    for help in COMMANDS {
        let _ = write!(
            out,
            r#"<li><button type="button" class="command">{}</button><span><code>{}</code> {}</span></li>"#,
            help.example, help.form, help.sentence
        );
    }
    out
}

fn gallery_links() -> String {
    let link = |gallery: &Gallery| format!(r##"<a href="#{}">{}</a>"##, gallery.id, gallery.title.to_lowercase());
    GALLERIES.iter().map(link).collect::<Vec<_>>().join(" and ")
}

fn gallery(gallery: &Gallery) -> String {
    let Gallery { id, title, sentence, endpoints } = gallery;
    let mut out = format!(
        r#"<section class="gallery" id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2><p>{sentence}</p><ul>"#
    );
    for endpoint in *endpoints {
        let (path, sends) = (endpoint.path, endpoint.sends.join(","));
        let _ = write!(
            out,
            r#"<li><button type="button" class="try" data-path="{path}" data-sends="{sends}" data-protocol="{}">{path}</button><span>{}</span><output class="outcome"></output></li>"#,
            endpoint.protocol, endpoint.sentence
        );
    }
    out.push_str("</ul></section>");
    out
}

#[cfg(test)]
mod tests {
    use super::super::endpoints;
    use super::*;

    #[test]
    fn all_places_are_filled_and_nothing_comes_from_elsewhere() {
        let page = html("n0");
        assert!(!page.contains("{{"), "a place was left unfilled");
        assert!(!page.contains("http://") && !page.contains("https://"));
        assert!(!page.contains("innerHTML") && !page.contains("style=\""));
        for id in ["connect", "message", "send", "log", "state"] {
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        for endpoint in endpoints::all() {
            assert!(page.contains(endpoint.path) && page.contains(endpoint.sentence), "{}", endpoint.path);
        }
        for endpoint in GALLERIES.iter().flat_map(|gallery| gallery.endpoints) {
            assert!(page.contains(&format!(r#"data-path="{}""#, endpoint.path)), "{} has no button", endpoint.path);
        }
    }

    #[test]
    fn the_tables_need_no_escaping() {
        let words = endpoints::all().flat_map(|endpoint| [endpoint.path, endpoint.sentence, endpoint.protocol]);
        let words = words.chain(GALLERIES.iter().flat_map(|gallery| [gallery.id, gallery.title, gallery.sentence]));
        let help = COMMANDS.iter().flat_map(|help| [help.form, help.example, help.sentence]);
        assert!(endpoints::all().flat_map(|endpoint| endpoint.sends).all(|text| !text.contains(',')));
        for words in words.chain(help) {
            assert!(!words.contains(['<', '>', '&', '"', '\'']), "{words}");
        }
    }

    #[test]
    fn each_page_has_its_own_nonce() {
        assert_ne!(nonce(), nonce());
        assert!(security_policy("abc").contains("script-src 'nonce-abc'"));
    }
}
