//! Names from the server that a profile came from, where no binary is at hand: it answers beside the profile, as jeprof
//! asks it (`…/pprof/heap` has `…/pprof/symbol`).
//!
//! A server is asked for its own addresses only, and only if the user named it as an input. Its answers are bounded,
//! and escaped where they are shown, like all names.

use crate::http::{self, Client};
use heaplens::Profile;
use heaplens::profile::{Module, ModuleKind, SymbolState};
use heaplens::symbols::{Demangler, Place, Resolution, Resolve};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard};

/// Profiles with a sibling that has their symbols. GreptimeDB's and others' have none.
const PROFILES: [&str; 3] = ["heap", "allocs", "growth"];
/// Addresses in a request: servers take 64 KiB as a rule.
const BATCH: usize = 3000;
/// A profile can name any number of modules.
const MAX_REQUESTS: usize = 1000;
/// Most bytes of one answer.
const MAX_ANSWER: u64 = 16 << 20;
/// Most functions at one address.
const MAX_INLINED: usize = 256;

/// The servers of a run.
#[derive(Debug)]
pub(crate) struct SymbolServers {
    client: Client,
    servers: Vec<Server>,
}

#[derive(Debug)]
struct Server {
    url: String,
    /// Of the process that it is, with their places in its memory.
    modules: Vec<Module>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: usize,
    /// One that fails once is not asked again.
    failed: bool,
}

impl SymbolServers {
    /// `client` has what the user gave for the servers: token and time limit.
    pub(crate) fn new(client: Client) -> SymbolServers {
        SymbolServers { client, servers: Vec::new() }
    }

    /// Makes the server of an input known, if symbols are beside what was fetched. `profile` is that input alone.
    pub(crate) fn add(&mut self, fetched: &str, profile: &Profile) {
        if let Some(url) = symbol_url(fetched) {
            let is_asked = |module: &&Module| module.kind == ModuleKind::File && !module.mapped.is_empty();
            let modules = profile.modules().iter().filter(is_asked).cloned().collect();
            self.servers.push(Server { url, modules, state: Mutex::default() });
        }
    }
}

/// The address of the symbols for that of a profile.
fn symbol_url(profile: &str) -> Option<String> {
    let path = &profile[..profile.find(['?', '#']).unwrap_or(profile.len())];
    let (directory, name) = path.rsplit_once('/')?;
    (PROFILES.contains(&name) && directory.ends_with("/pprof")).then(|| format!("{directory}/symbol"))
}

impl Resolve for SymbolServers {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::default();
        result.places = vec![Vec::new(); lookups.len()];
        for server in &self.servers {
            let Some(theirs) = server.modules.iter().find(|theirs| theirs.same_code(module)) else {
                continue;
            };
            let address = |lookup: u64| theirs.mapped.iter().find_map(|mapped| mapped.address(lookup));
            let wanted: Vec<(u64, usize)> = lookups
                .iter()
                .enumerate()
                .filter(|(at, _)| result.places[*at].is_empty())
                .filter_map(|(at, &lookup)| Some((address(lookup)?, at)))
                .collect();
            for batch in wanted.chunks(BATCH) {
                match server.ask(&self.client, batch) {
                    Ok(Some(answer)) => {
                        take(&answer, batch, &mut result);
                        result.state = SymbolState::Served { by: http::shown(&server.url) };
                    }
                    Ok(None) => break,
                    Err(error) => {
                        let server = http::shown(&server.url);
                        result.notes.push(format!("no names from {server}: {error:#}"));
                        break;
                    }
                }
            }
        }
        result
    }
}

impl Server {
    /// The answer for the addresses of a batch; `None` if the server is not to be asked any more.
    fn ask(&self, client: &Client, batch: &[(u64, usize)]) -> anyhow::Result<Option<Vec<u8>>> {
        let mut state = lock(&self.state);
        if state.failed {
            return Ok(None);
        }
        // Nothing comes after an error.
        state.failed = true;
        state.requests += 1;
        if state.requests > MAX_REQUESTS {
            anyhow::bail!("it was asked {MAX_REQUESTS} times, which is the most in one run");
        }
        let mut form = String::new();
        for (address, _) in batch {
            let separator = if form.is_empty() { "" } else { "+" };
            // Writing to a String cannot fail.
            let _ = write!(form, "{separator}{address:#018x}");
        }
        let answer = client.post(&self.url, &form, MAX_ANSWER)?;
        state.failed = false;
        Ok(Some(answer))
    }
}

/// Takes over the lines `0x…<TAB>caller--inlined into it` of the addresses that were asked for.
fn take(answer: &[u8], asked: &[(u64, usize)], result: &mut Resolution) {
    let index: BTreeMap<u64, usize> = asked.iter().copied().collect();
    let mut demangler = Demangler::default();
    for line in answer.split(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        let Some((address, names)) = line.trim_end().split_once([' ', '\t']) else { continue };
        let digits = address.strip_prefix("0x").unwrap_or_default();
        let at = u64::from_str_radix(digits, 16).ok().and_then(|address| index.get(&address).copied());
        let Some(at) = at else { continue };
        // The one name that has the separator in it.
        let names = names.replace("operator--", "operator- -");
        let names = names.split("--").map(str::trim).filter(|name| is_name(name));
        // The caller comes first; ours come last.
        let mut places: Vec<Place> = names
            .take(MAX_INLINED)
            .map(|name| {
                let function = result.function(demangler.name(name), name, None);
                Place { function, line: 0, column: 0 }
            })
            .collect();
        places.reverse();
        result.places[at] = places;
    }
}

/// What does not know a name repeats the address, or says `??`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with("0x") && !text.starts_with("??")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_beside_profiles_of_the_remote_protocol() {
        for (profile, symbols) in [
            ("http://h:1/debug/pprof/heap", Some("http://h:1/debug/pprof/symbol")),
            ("http://h/pprof/allocs?gc=1", Some("http://h/pprof/symbol")),
            ("http://h/a/pprof/growth#x", Some("http://h/a/pprof/symbol")),
            ("http://h/debug/prof/mem", None),
            ("http://h/debug/pprof/profile", None),
            ("http://h/heap", None),
            ("http://h/xpprof/heap", None),
            ("http://h?x=/pprof/heap", None),
            ("http://h", None),
        ] {
            assert_eq!(symbol_url(profile).as_deref(), symbols, "{profile}");
        }
    }

    fn names(answer: &str, asked: &[(u64, usize)]) -> Vec<Vec<String>> {
        let mut result = Resolution::default();
        result.places = vec![Vec::new(); asked.len()];
        take(answer.as_bytes(), asked, &mut result);
        let name = |place: &Place| result.named(place.function).unwrap().name.clone();
        result.places.iter().map(|places| places.iter().map(name).collect()).collect()
    }

    #[test]
    fn an_answer_is_read_from_the_innermost_function_on() {
        let answer = "num_symbols: 3\n0x0000000000001010\touter--middle--inner\r\n0x2020 _ZN3app3runEv\n\
                      0x3030\t0x3030\n0x4040\t??\n0x9999\tnot asked for\n0x5050\n5060\tname\n";
        let asked = [(0x1010, 0), (0x2020, 1), (0x3030, 2), (0x4040, 3), (0x5050, 4), (0x5060, 5)];
        let expected: [&[&str]; 6] = [&["inner", "middle", "outer"], &["app::run()"], &[], &[], &[], &[]];
        assert_eq!(names(answer, &asked), expected);
    }

    #[test]
    fn a_hostile_answer_is_bounded() {
        let deep = format!("0x10\t{}\n", ["f"; 10_000].join("--"));
        assert_eq!(names(&deep, &[(0x10, 0)])[0].len(), MAX_INLINED);
        let odd =
            "0x10\t----\n0x10\t--a--It::operator--(int)--\n\u{0}\u{feff}0x10 b\n0xfffffffffffffffff c\n";
        assert_eq!(names(odd, &[(0x10, 0)]), [["It::operator- -(int)", "a"]]);
    }
}
