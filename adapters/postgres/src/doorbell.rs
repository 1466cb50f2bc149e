//! That something was appended: told to those who wait here, and to those in other processes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio_postgres::AsyncMessage;

use crate::error::Failure;
use crate::session::Connector;

/// How long others are not told again. Telling takes a lock that all who tell in the database wait
/// for.
const PAUSE: Duration = Duration::from_millis(5);
/// The longest wait before an attempt to listen again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Rings when something was appended, or may have been. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Doorbell {
    /// How often it rang.
    rings: Arc<watch::Sender<u64>>,
    /// Told when others are to be told.
    here: Arc<Notify>,
}

impl Doorbell {
    pub(crate) fn new() -> Self {
        Self {
            rings: Arc::new(watch::Sender::new(0)),
            here: Arc::default(),
        }
    }

    /// This process has appended something.
    pub(crate) fn ring(&self) {
        self.ring_here();
        self.here.notify_one();
    }

    fn ring_here(&self) {
        self.rings
            .send_modify(|rings| *rings = rings.wrapping_add(1));
    }

    /// To wait for the next time from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.rings.subscribe()
    }

    /// Hears of other processes, and tells them, until the store is closed. Where the connection is
    /// lost there is another one.
    pub(crate) async fn connect(
        self,
        connector: Arc<Connector>,
        mut closed: watch::Receiver<bool>,
    ) {
        let mut pause = PAUSE;
        let work = async {
            loop {
                if self.carry(&connector).await.is_ok() {
                    pause = PAUSE;
                }
                // What others appended meanwhile nobody has told.
                self.ring_here();
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        tokio::select! {
            // Where nobody holds the store any more, it is as good as closed.
            _ = closed.wait_for(|closed| *closed) => {}
            () = work => {}
        }
    }

    /// On one connection. Ends well when that is lost.
    async fn carry(&self, connector: &Connector) -> Result<(), Failure> {
        let channel = connector.sql.names.channel();
        let bell = self.clone();
        // Dropped with the connection's driver.
        let (alive, mut lost) = oneshot::channel::<()>();
        let client = connector
            .client_with(move |message| {
                let _alive = &alive;
                if matches!(message, AsyncMessage::Notification(_)) {
                    bell.ring_here();
                }
            })
            .await?;
        // Nothing is lost with a hint that is not written to the disk.
        let listen = format!("SET synchronous_commit = off; LISTEN {channel}");
        client.batch_execute(&listen).await?;
        self.ring_here();
        let notify = format!("NOTIFY {channel}");
        loop {
            tokio::select! {
                _ = &mut lost => return Ok(()),
                () = self.here.notified() => {}
            }
            if let Err(error) = client.batch_execute(&notify).await {
                // They are told on the next connection.
                self.here.notify_one();
                return Err(error.into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
