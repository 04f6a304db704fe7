//! Responses of HTTP, each made of bytes that are at hand.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// A response; none is larger than the page.
pub(super) type PlainResponse = Response<Full<Bytes>>;

/// A plain sentence.
pub(super) fn text(status: StatusCode, sentence: &'static str) -> PlainResponse {
    let mut response = body("text/plain; charset=utf-8", sentence);
    *response.status_mut() = status;
    response
}

/// A body of a kind, which nobody keeps.
pub(super) fn body(kind: &'static str, body: impl Into<Bytes>) -> PlainResponse {
    let response = with(Response::new(Full::new(body.into())), CONTENT_TYPE, HeaderValue::from_static(kind));
    let response = with(response, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let response = with(response, REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    with(response, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

/// The response with one more header.
pub(super) fn with(mut response: PlainResponse, name: HeaderName, value: HeaderValue) -> PlainResponse {
    response.headers_mut().insert(name, value);
    response
}
