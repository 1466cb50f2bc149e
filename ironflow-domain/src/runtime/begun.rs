//! Work that goes on elsewhere while something else is done.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A future that has been polled once: what it asked for is on its way. Dropping it is dropping the
/// future.
///
/// Nothing is spawned, so it may borrow, and costs as good as nothing.
pub(crate) struct Begun<'f, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'f>>,
    done: Option<T>,
}

impl<'f, T> Begun<'f, T> {
    /// Begins it. What is done next is not kept waiting.
    pub(crate) async fn begin(mut future: Pin<Box<dyn Future<Output = T> + Send + 'f>>) -> Self {
        let done = poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            })
        });
        let done = done.await;
        Self { future, done }
    }

    /// Waits for what comes of it.
    pub(crate) async fn finish(self) -> T {
        match self.done {
            Some(done) => done,
            None => self.future.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn it_has_begun_before_anyone_waits_for_it() {
        let (asked, question) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let begun = Begun::begin(Box::pin(async {
            asked.send(()).unwrap();
            answered.await.unwrap()
        }));
        let begun = begun.await;
        question.await.unwrap();
        answer.send(7).unwrap();
        assert_eq!(begun.finish().await, 7);
    }

    #[tokio::test]
    async fn what_is_done_at_once_is_kept() {
        let begun = Begun::begin(Box::pin(async { 7 })).await;
        assert_eq!(begun.finish().await, 7);
    }
}
