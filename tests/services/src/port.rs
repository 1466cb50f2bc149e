//! A port on the loopback that nobody has.

use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, TcpListener};

use crate::error::{Doing, ServiceError};

/// A port that was free a moment ago. Whoever takes it has to be ready to hear that it is taken.
///
/// Not port 0, from which the system would choose: it chooses from the ports that it gives to outgoing connections as well, so
/// while a server is down, anybody may get its port, even a client that is waiting for it, which is then connected to itself.
/// These here are given to nobody who does not ask for them.
pub(crate) fn free() -> Result<u16, ServiceError> {
    let mut refused = Error::from(ErrorKind::AddrInUse);
    for _ in 0..100 {
        let port = fastrand::u16(16_384..32_768);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => refused = error,
        }
    }
    Err(refused).doing(|| "find a free port on 127.0.0.1".to_owned())
}
