//! What the application decides about its agent.

use std::fmt;
use std::num::NonZero;
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
    pub(crate) drawing: Drawing,
}

/// What a drawing may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "symbolize"), allow(dead_code))]
pub(crate) struct Drawing {
    pub(crate) symbol_threads: usize,
    pub(crate) symbol_memory: u64,
    pub(crate) posted: usize,
    pub(crate) memory: u64,
}

impl Default for Drawing {
    fn default() -> Drawing {
        Drawing { symbol_threads: 1, symbol_memory: 64 << 20, posted: 64 << 20, memory: 512 << 20 }
    }
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

    /// How many threads read symbols for one drawing (feature `symbolize`). Default: 1.
    ///
    /// Each takes a core while it reads, and memory of its own; [`Config::symbol_memory`] is shared by all of them.
    pub fn symbol_threads(mut self, threads: NonZero<usize>) -> Config {
        self.drawing.symbol_threads = threads.get();
        self
    }

    /// The most bytes that debug information may take while it is read for a drawing (feature `symbolize`). Default:
    /// 64 MiB.
    ///
    /// Most programs need a few: units of debug information are read one after the other and dropped. A unit, or a
    /// compressed section, that would pass the cap is left out; its functions have the names of the symbol table, and
    /// the drawing says so. Programs that are built as a single unit (fat LTO), or whose debug information is
    /// compressed, may need more. For the rest of a drawing see [`Config::drawing_memory`].
    pub fn symbol_memory(mut self, bytes: u64) -> Config {
        self.drawing.symbol_memory = bytes;
        self
    }

    /// The largest dump that `POST …/symbol` takes (413), in bytes, as it is sent and unpacked (feature `symbolize`).
    /// Default: 64 MiB.
    pub fn posted_dump(mut self, bytes: usize) -> Config {
        self.drawing.posted = bytes;
        self
    }

    /// The most bytes that a drawing may hold between two of its stages: reading the dump, naming its places, folding,
    /// laying out, writing (features `pprof` and `symbolize`). A drawing that holds more is given up (507). Default: 512 MiB.
    ///
    /// A stage makes its result beside that of the stage before, so for moments a drawing takes more, and the answer
    /// comes on top. Ten thousand different stacks take some 100 MiB.
    pub fn drawing_memory(mut self, bytes: u64) -> Config {
        self.drawing.memory = bytes;
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
            .field("drawing", &self.drawing)
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
