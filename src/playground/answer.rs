//! Answers of HTTP, each made of bytes that are at hand.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// An answer; none is larger than the page.
pub(super) type Answer = Response<Full<Bytes>>;

/// A plain sentence.
pub(super) fn text(status: StatusCode, sentence: &'static str) -> Answer {
    let mut answer = body("text/plain; charset=utf-8", sentence);
    *answer.status_mut() = status;
    answer
}

/// A body of a kind, which nobody keeps.
pub(super) fn body(kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let answer = with(Response::new(Full::new(body.into())), CONTENT_TYPE, HeaderValue::from_static(kind));
    let answer = with(answer, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let answer = with(answer, REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    with(answer, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
}

/// The answer with one more header.
pub(super) fn with(mut answer: Answer, name: HeaderName, value: HeaderValue) -> Answer {
    answer.headers_mut().insert(name, value);
    answer
}
