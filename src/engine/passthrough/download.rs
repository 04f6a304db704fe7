//! The body of a response on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::gate::Turn;

/// A body that ends its turn when hyper has all of it, or wants no more.
pub(super) struct Download {
    content: Content,
    turn: Turn,
}

enum Content {
    /// What the upstream sends, and whom to tell where it breaks off.
    Upstream(Incoming, Box<dyn Fn(&hyper::Error) + Send>),
    /// A sentence of wsproxy's own, until it is taken.
    Own(Option<Bytes>),
}

impl Download {
    pub(super) fn of_upstream(body: Incoming, turn: Turn, broken: impl Fn(&hyper::Error) + Send + 'static) -> Self {
        Self { content: Content::Upstream(body, Box::new(broken)), turn }
    }

    pub(super) fn own(sentence: String, turn: Turn) -> Self {
        Self { content: Content::Own(Some(sentence.into())), turn }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.get_mut().content {
            Content::Upstream(body, broken) => {
                let frame = Pin::new(body).poll_frame(cx);
                if let Poll::Ready(Some(Err(error))) = &frame {
                    broken(error);
                }
                frame
            }
            Content::Own(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Upstream(body, _) => body.is_end_stream(),
            Content::Own(bytes) => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Upstream(body, _) => body.size_hint(),
            Content::Own(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.turn.end();
    }
}
