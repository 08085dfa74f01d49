//! Names for addresses of this process, as jeprof and `go tool pprof` ask for them.

use std::io::Write;

use heaplens::maps::Maps;
use heaplens::out::escape;
use heaplens::symbols::{self, Resolution, Resolve};
use http::{Response, StatusCode};

use super::named::options;
use super::own_modules::OwnModules;
use super::{Body, Drawing, posted_work, within, written};
use crate::config::Config;
use crate::problem::{Kind, Problem};

/// Names the addresses in a body. Blocks.
pub(crate) fn posted<B: AsRef<[u8]> + Send>(
    body: impl FnOnce() -> Result<B, Problem>,
    config: &Config,
) -> Result<Response<Vec<u8>>, Problem> {
    posted_work(body, |body| {
        let addresses = parse(body.as_ref())?;
        drop(body);
        named(&addresses, config)
    })
}

/// `0x1f+0x2f`: addresses of calls, sorted, each once.
fn parse(body: &[u8]) -> Result<Vec<u64>, Problem> {
    let words = body.split(|&byte| byte == b'+' || byte.is_ascii_whitespace());
    let mut addresses =
        words.filter(|word| !word.is_empty()).map(address).collect::<Result<Vec<u64>, Problem>>()?;
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

fn address(word: &[u8]) -> Result<u64, Problem> {
    let digits = word.strip_prefix(b"0x").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or_else(|| {
        let shown = &word[..word.len().min(40)];
        Problem::new(StatusCode::BAD_REQUEST, "bad-addresses", "The body is no list of addresses")
            .why(format!("it has `{}`", shown.escape_ascii()))
            .fix("send addresses of calls as 0x1f+0x2f")
    })
}

/// A module of this process, and the places in it that are asked for, ascending as their addresses need not be.
struct Job {
    lookups: Vec<u64>,
    resolution: Resolution,
}

fn named(addresses: &[u64], config: &Config) -> Result<Drawing, Problem> {
    let maps = Maps::parse(&std::fs::read("/proc/self/maps").unwrap_or_default());
    let places: Vec<Option<(usize, u64)>> = addresses.iter().map(|&address| maps.find(address)).collect();
    let options = options(config);
    let resolver = OwnModules::now(symbols::files(&options, maps.modules()));
    let mut jobs: Vec<Option<Job>> = maps.modules().iter().map(|_| None).collect();
    for &(module, offset) in places.iter().flatten() {
        let job = jobs[module]
            .get_or_insert_with(|| Job { lookups: Vec::new(), resolution: Resolution::default() });
        job.lookups.push(offset);
    }
    for (module, job) in maps.modules().iter().zip(&mut jobs) {
        let Some(job) = job else { continue };
        job.lookups.sort_unstable();
        job.lookups.dedup();
        job.resolution = resolver.resolve(module, &job.lookups);
        within(config)?;
    }
    written(Kind::Text, String::new(), config, |body| {
        for (address, place) in addresses.iter().zip(&places) {
            let Some((module, offset)) = place else { continue };
            if let Some(job) = &jobs[*module] {
                line(*address, job, *offset, body)?;
            }
        }
        Ok(())
    })
}

/// `0x000000000000001f\tcaller--inlined into it`; nothing for what has no name: readers then show the address.
fn line(address: u64, job: &Job, offset: u64, body: &mut Body) -> Result<(), heaplens::Error> {
    let places = job.lookups.binary_search(&offset).ok().and_then(|at| job.resolution.places.get(at));
    let functions =
        places.into_iter().flatten().rev().filter_map(|place| job.resolution.named(place.function));
    let mut separator = format!("{address:#018x}\t");
    let mut is_named = false;
    for function in functions {
        body.write_all(separator.as_bytes())?;
        body.write_all(shown(&function.name).as_bytes())?;
        "--".clone_into(&mut separator);
        is_named = true;
    }
    if is_named {
        body.write_all(b"\n")?;
    }
    Ok(())
}

/// A name as a part of a line in which `--` ends a name; C++ has `operator--`.
fn shown(name: &str) -> String {
    escape::terminal(name).replace("--", "- -")
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::symbols::Place;

    #[test]
    fn addresses_are_read_and_nothing_else() {
        let addresses = |body: &[u8]| parse(body).map_err(|problem| problem.code());
        assert_eq!(
            addresses(b"0x000000000000101f+0x10\n0xFFFFFFFFFFFFFFFF+0x10"),
            Ok(vec![0x10, 0x101f, u64::MAX])
        );
        assert_eq!(addresses(b""), Ok(vec![]));
        for body in [
            &b"10"[..],
            b"0x",
            b"0x+10",
            b"0x10&0x20",
            b"0x1g",
            b"0x-1",
            b"0x+",
            b"0X10",
            b"0x10000000000000000",
            b"\xff\xfe",
            b"address=0x10",
            b"0x10\0",
        ] {
            assert_eq!(addresses(body), Err("bad-addresses"), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn a_hostile_address_is_shown_short_and_escaped() {
        let body = [b"\x1b[2J\"".as_slice(), &[b'x'; 9000]].concat();
        let response = parse(&body).unwrap_err().into_response();
        assert!(response.body().len() < 400 && !response.body().contains(&0x1b));
    }

    #[test]
    fn names_go_from_the_caller_to_what_is_inlined() {
        let mut resolution = Resolution::default();
        let names = ["a::inner", "It::operator--(int)", "evil\n0x10\tname\x1b[2J"];
        let functions = names.map(|name| resolution.function(name, name, None));
        let place = |function| Place { function, line: 0, column: 0 };
        resolution.places =
            vec![vec![place(functions[0]), place(functions[1])], vec![place(functions[2])], vec![]];
        let job = Job { lookups: vec![1, 2, 3], resolution };
        let mut body = Body { bytes: Vec::new(), most: 1000 };
        for offset in 1..5 {
            line(0x1000 + offset, &job, offset, &mut body).unwrap();
        }
        assert_eq!(
            String::from_utf8(body.bytes).unwrap(),
            "0x0000000000001001\tIt::operator- -(int)--a::inner\n0x0000000000001002\tevil\\n0x10\\tname\\x1b[2J\n"
        );
    }
}
