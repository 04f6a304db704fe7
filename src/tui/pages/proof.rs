//! How the accept value comes about, step by step: what a server has to do with the client's key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::journal::SessionSummary;
use crate::text;
use crate::wire::accept;
use crate::wire::head::Head;

use super::page::Page;

/// Bytes that a key has to hold (RFC 6455 4.1).
const KEY: usize = 16;

/// Adds the steps, from the request's key to what came.
pub(super) fn write(page: &mut Page<'_>, summary: &SessionSummary) {
    let theme = page.theme;
    page.title("how the accept value comes about (RFC 6455 4.2.2)");
    let request = summary.request.as_ref().map(|head| Head::new(&head.bytes));
    let Some(key) = request.and_then(|head| head.value("sec-websocket-key")) else {
        page.row("the request has no key, so there is nothing to compute", theme.warning);
        return;
    };
    page.fact_bytes("key", key, theme.text);
    match STANDARD.decode(key) {
        Ok(bytes) if bytes.len() == KEY => page.fact("", "16 bytes in base64, as it should be", theme.dim),
        Ok(bytes) => page.fact("", &format!("{} bytes in base64, not 16", bytes.len()), theme.warning),
        Err(_) => page.fact("", "no base64; it is taken as it stands all the same", theme.warning),
    }
    page.fact("+ GUID", accept::GUID, theme.text);
    page.fact("SHA-1", &text::pairs(&accept::digest(key)), theme.text);
    let expected = accept::value_for(key);
    page.fact("in base64", &expected, theme.text);
    let response = summary.response.as_ref().map(|head| Head::new(&head.bytes));
    match response.map(|head| head.value("sec-websocket-accept")) {
        None => page.fact("came", "no answer yet", theme.dim),
        Some(None) => page.fact("came", "✗ an answer without an accept value", theme.error),
        Some(Some(came)) if came == expected.as_bytes() => page.fact("came", "✓ the same", theme.good),
        Some(Some(came)) => {
            page.fact_bytes("came", came, theme.error);
            page.fact("", "✗ another", theme.error);
        }
    }
}
