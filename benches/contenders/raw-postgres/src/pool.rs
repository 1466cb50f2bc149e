//! Connections that are lent to one command each.

use std::sync::{Mutex, PoisonError};

use harness::Failure;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::connection::Connection;
use crate::schema::Schema;

/// As many as the peers' pools have.
const CONNECTIONS: usize = 32;

pub struct Pool {
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

/// A connection of one's own for a while.
pub struct Lent<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
    _permit: SemaphorePermit<'p>,
}

impl Pool {
    pub async fn open(url: &str, schema: Schema) -> Result<Self, Failure> {
        let mut idle = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            idle.push(Connection::open(url, schema).await?);
        }
        Ok(Self {
            idle: Mutex::new(idle),
            permits: Semaphore::new(CONNECTIONS),
        })
    }

    pub async fn lend(&self) -> Result<Lent<'_>, Failure> {
        let permit = self.permits.acquire().await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Lent {
            pool: self,
            connection: idle.pop(),
            _permit: permit,
        })
    }
}

impl Lent<'_> {
    pub fn connection(&mut self) -> Result<&mut Connection, Failure> {
        let connection = self.connection.as_mut();
        connection.ok_or_else(|| Failure::Failed("there are more permits than connections".into()))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self
            .pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
    }
}
