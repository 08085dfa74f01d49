//! What the application decides about its agent.

use std::fmt;
use std::time::Duration;

/// Which peers are answered when there is no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peers {
    /// The local machine only.
    #[default]
    LoopbackOnly,
    /// Everybody who can reach the port. Dumps show addresses and mappings, which undo address-space randomisation.
    Any,
}

/// Settings of an [`Agent`](crate::Agent); start from `Config::default()`.
///
/// ```
/// use heaplens_agent::{Agent, Config};
/// let agent = Agent::with(Config::default().token("from a secret store"));
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Config {
    pub(crate) token: Option<String>,
    pub(crate) peers: Peers,
    pub(crate) hosts: Vec<String>,
    pub(crate) min_interval: Duration,
}

impl Config {
    /// Asks everybody, local or not, for `Authorization: Bearer <token>`; compared in constant time.
    ///
    /// With a token the peer's address is not looked at. An empty token lets nobody in.
    pub fn token(mut self, token: impl Into<String>) -> Config {
        self.token = Some(token.into());
        self
    }

    /// Which peers are answered when there is no token. Default: the local machine only.
    pub fn peers(mut self, peers: Peers) -> Config {
        self.peers = peers;
        self
    }

    /// Allows a host name, without port, besides IP addresses and `localhost`, while only the local machine is
    /// answered. Other names are refused: a web page can point its own name at 127.0.0.1.
    pub fn allow_host(mut self, name: impl Into<String>) -> Config {
        self.hosts.push(name.into());
        self
    }

    /// Refuses a dump (429 with `Retry-After`) that would start sooner than this after the last one ended.
    ///
    /// Default: zero. In any case there is one dump at a time: callers that ask while one is being written share it,
    /// callers that ask later get a fresh one.
    pub fn min_interval(mut self, interval: Duration) -> Config {
        self.min_interval = interval;
        self
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("peers", &self.peers)
            .field("hosts", &self.hosts)
            .field("min_interval", &self.min_interval)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_not_printed() {
        let shown = format!("{:?}", Config::default().token("s3cret"));
        assert!(shown.contains("LoopbackOnly") && !shown.contains("s3cret"), "{shown}");
    }
}
