//! The service to load: `http://HOST:PORT`.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use anyhow::{Context, ensure};

/// A host and port, from a URL without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(String);

impl Target {
    /// The addresses that the host name stands for; at least one.
    pub fn resolve(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let found: Vec<_> =
            self.0.to_socket_addrs().with_context(|| format!("looking up {}", self.0))?.collect();
        ensure!(!found.is_empty(), "{} has no address", self.0);
        Ok(found)
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let expected = || format!("{url:?}: expected http://HOST:PORT");
        let authority = url.strip_prefix("http://").ok_or_else(expected)?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = authority.rsplit_once(':').ok_or_else(expected)?;
        if host.is_empty() || host.contains(['/', '@', '?', '#']) || port.parse::<u16>().is_err() {
            return Err(expected());
        }
        Ok(Self(authority.to_owned()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_a_host_and_a_port_and_nothing_else() {
        let target: Target = "http://127.0.0.1:4000/".parse().unwrap();
        assert_eq!(target.to_string(), "http://127.0.0.1:4000");
        assert_eq!(target.resolve().unwrap(), ["127.0.0.1:4000".parse().unwrap()]);
        assert!("http://[::1]:80".parse::<Target>().is_ok());
        for bad in ["127.0.0.1:4000", "https://a:1", "http://a", "http://a:b", "http://a/x:1", "http://:1"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
