//! What stands between a store and its server, as networks do: it can fall silent, or let nobody through.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What it does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes it on.
    Carries,
    /// Keeps it, and says nothing.
    Silent,
    /// Ends the connections there are, and all that are made.
    Refuses,
}

/// Passes on what a store and its server say to each other.
pub(crate) struct Between {
    port: u16,
    mode: watch::Sender<Mode>,
    connections: Arc<AtomicUsize>,
}

impl Between {
    /// Stands before the server on that port of this machine.
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, seen) = watch::channel(Mode::Carries);
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((store, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(carry(store, server, seen.clone()));
            }
        });
        Self {
            port,
            mode,
            connections,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// How many connections were ever made to it.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn carry(store: TcpStream, server: u16, mode: watch::Receiver<Mode>) {
    if *mode.borrow() == Mode::Refuses {
        return;
    }
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else {
        return;
    };
    let (from_store, to_store) = store.into_split();
    let (from_server, to_server) = server.into_split();
    let mut refuses = mode.clone();
    tokio::select! {
        () = pass_on(from_store, to_server, mode.clone()) => {}
        () = pass_on(from_server, to_store, mode) => {}
        _ = refuses.wait_for(|mode| *mode == Mode::Refuses) => {}
    }
}

async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut mode: watch::Receiver<Mode>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await.unwrap_or(0);
        let carries = mode.wait_for(|mode| *mode == Mode::Carries).await.is_ok();
        if count == 0 || !carries || to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
