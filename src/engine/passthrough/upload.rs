//! The body of a plain request on its way to the upstream: when it is whole, and whether the client has broken it.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::watch;
use tokio::time::sleep;

/// A body that tells how far it is.
pub(super) struct Upload {
    body: Incoming,
    whole: watch::Sender<bool>,
    broken: Arc<Mutex<Option<String>>>,
}

/// What is known of a body that was handed over.
pub(super) struct Progress {
    whole: watch::Receiver<bool>,
    broken: Arc<Mutex<Option<String>>>,
}

impl Upload {
    /// A body, and where its progress is told.
    pub(super) fn of(body: Incoming) -> (Self, Progress) {
        let (whole, seen) = watch::channel(body.is_end_stream());
        let broken = Arc::default();
        (Self { body, whole, broken: Arc::clone(&broken) }, Progress { whole: seen, broken })
    }
}

impl Progress {
    /// Waits until the body is whole and `time` has passed since. For ever where it never is: how long a body takes is
    /// nobody's business, and the response often waits for its end.
    pub(super) async fn overdue(&mut self, time: Duration) {
        if self.whole.wait_for(|whole| *whole).await.is_ok() {
            sleep(time).await;
        } else {
            pending().await
        }
    }

    /// What the client has done to its body, if it can't be read to its end.
    pub(super) fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let upload = self.get_mut();
        let frame = ready!(Pin::new(&mut upload.body).poll_frame(cx));
        if let Some(Err(error)) = &frame {
            *upload.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(super::words(error));
        }
        if frame.is_none() || upload.body.is_end_stream() {
            upload.whole.send_replace(true);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
