//! Where an edge listens for nodes: `tcp:HOST:PORT` or `unix:PATH`.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The address of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `unix:PATH`.
    Unix(PathBuf),
}

/// Not an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an endpoint: write tcp:HOST:PORT or unix:PATH")]
pub struct NotAnEndpoint(String);

/// Any byte link.
pub trait Link: AsyncRead + AsyncWrite + Unpin + Send {}

impl<L: AsyncRead + AsyncWrite + Unpin + Send> Link for L {}

impl Endpoint {
    /// Connects, within five seconds.
    ///
    /// # Errors
    /// Whatever the system says, or that it took too long.
    pub async fn connect(&self) -> io::Result<Box<dyn Link>> {
        let connecting = async {
            Ok(match self {
                Self::Tcp(address) => {
                    let stream = TcpStream::connect(address).await?;
                    // Frames are small and acknowledged one by one: Nagle's rule would add 40 ms to each.
                    stream.set_nodelay(true)?;
                    Box::new(stream) as Box<dyn Link>
                }
                Self::Unix(path) => Box::new(UnixStream::connect(path).await?) as Box<dyn Link>,
            })
        };
        timeout(CONNECT_LIMIT, connecting)
            .await
            .unwrap_or_else(|_| {
                Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "no connection within 5 s",
                ))
            })
    }
}

impl FromStr for Endpoint {
    type Err = NotAnEndpoint;

    fn from_str(text: &str) -> Result<Self, NotAnEndpoint> {
        let refused = || NotAnEndpoint(text.chars().take(120).collect());
        match text.split_once(':') {
            Some(("tcp", address)) => {
                let (host, port) = address.rsplit_once(':').ok_or_else(refused)?;
                if host.is_empty() || port.parse::<u16>().is_err() {
                    return Err(refused());
                }
                Ok(Self::Tcp(address.to_owned()))
            }
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(PathBuf::from(path))),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_round_trip_and_others_are_refused() {
        for text in [
            "tcp:127.0.0.1:4000",
            "tcp:[::1]:4000",
            "tcp:edge.local:1",
            "unix:/run/watchfire/nodes.sock",
        ] {
            assert_eq!(
                text.parse::<Endpoint>()
                    .map(|endpoint| endpoint.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "tcp:",
            "tcp:host",
            "tcp::1",
            "tcp:host:port",
            "tcp:host:70000",
            "unix:",
            "/dev/ttyUSB0",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }
}
