//! The remote protocol: what jeprof, `go tool pprof` and scrapers get from a running service.

use crate::by_name::{Told, named, same_stacks};
use crate::jeprof::lines;
use crate::pprof_decode::{Decoded, decode};
use crate::server::{self, reply, send};
use crate::service::{Lab, Server};
use crate::tools::{heaplens, stdout};
use heaplens::dump::Dump;
use heaplens::input::{Limits, unpack};
use heaplens::symbols;
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use ureq::config::AutoHeaderValue;

const FINE: &str = "prof:true,lg_prof_sample:12";

/// jeprof names a dump that it fetches with the names that the service gives, and writes them down with `--raw`.
pub(crate) fn jeprof(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    let server = Server::start(program, FINE)?;
    server.load(program);
    let url = format!("{}/debug/pprof/heap", server.url);
    let fetched = |option: &str| {
        let dir = lab.dir().join(format!("jeprof{option}"));
        std::fs::create_dir(&dir).unwrap();
        let printed = stdout(Command::new("jeprof").args([option, &url]).env("JEPROF_TMPDIR", &dir));
        let dumps: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(dumps.len(), 1, "{dumps:?}");
        (printed, dumps[0].clone())
    };

    let (collapsed, dump) = fetched("--collapsed");
    same_stacks(&named(&dump, program), lines(&collapsed), Told::ByServer, 100)?;

    let (raw, dump) = fetched("--raw");
    let head = format!("--- symbol\nbinary={}\n", program.display());
    let rest = raw.strip_prefix(&head).ok_or_else(|| format!("{:.200}", raw))?;
    let (symbols, profile) = rest.split_once("---\n--- heap\n").ok_or("no profile")?;
    let bytes = std::fs::read(&dump)?;
    assert!(profile.as_bytes() == bytes, "the profile is not the dump");
    // jeprof takes the innermost address for a place of its own, and the others for what calls return to.
    let asked_for = |addresses: &[u64]| -> Vec<u64> {
        addresses.iter().enumerate().map(|(depth, address)| address - u64::from(depth > 0)).collect()
    };
    let places: BTreeSet<u64> =
        Dump::parse(&bytes)?.stacks().flat_map(|stack| asked_for(stack.addresses)).collect();
    let known: BTreeMap<u64, &str> = symbols
        .lines()
        .map(|line| {
            let (address, names) = line.split_once(' ').unwrap();
            (u64::from_str_radix(&address[2..], 16).unwrap(), names)
        })
        .collect();
    assert_eq!(known.keys().copied().collect::<BTreeSet<_>>(), places);
    let unknown = known.iter().filter(|(_, names)| names.starts_with("0x")).count();
    assert!(known.len() > 100 && unknown * 10 < known.len(), "{unknown} of {} have no name", known.len());

    // What it wrote has all that it needs.
    let file = lab.dir().join("raw.heap");
    std::fs::write(&file, &raw)?;
    let again = stdout(Command::new("jeprof").arg("--collapsed").arg(&file));
    same_stacks(&named(&dump, program), lines(&again), Told::ByServer, 100)?;
    alike(lab, &server, bytes, &file);
    Ok(())
}

/// `heaplens jeprof` prints what jeprof does for the same address, and for the file that jeprof has written.
fn alike(lab: &Lab, service: &Server, dump: Vec<u8>, raw: &Path) {
    let still = still(service, dump);
    let url = still.url("/debug/pprof/heap");
    let without_scheme = &url["http://".len()..];
    // Under another name, or jeprof's two downloads would be one file.
    let again = url.replace("127.0.0.1", "localhost");
    for options in [vec![url.as_str()], vec![without_scheme], vec![&url, &again], vec![raw.to_str().unwrap()]]
    {
        let mut jeprof = Command::new("jeprof");
        let theirs = stdout(jeprof.arg("--collapsed").args(&options).env("JEPROF_TMPDIR", lab.dir()));
        let ours = stdout(heaplens(["jeprof", "--jeprof-skip-list", "--collapsed"]).args(&options));
        let lines = |text: &str| -> Vec<String> {
            let lines =
                text.lines().filter(|line| !line.ends_with(" 0")).map(|line| line.replace("\\x3b", ";"));
            lines.collect::<BTreeSet<_>>().into_iter().collect()
        };
        assert_eq!(lines(&ours), lines(&theirs), "{options:?}");
        assert!(ours.contains("heaplens_demo::"), "{ours}");
    }
}

/// The service, but for its heap, which changes no more.
fn still(service: &Server, dump: Vec<u8>) -> server::Server {
    let service = service.url.clone();
    let client: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    server::Server::new(move |request, stream| {
        let path = request.line.split(' ').nth(1).unwrap();
        let url = format!("{service}{path}");
        let answer = match request.is("POST") {
            _ if path.ends_with("/heap") => None,
            true => Some(client.post(url).send(&request.body)),
            false => Some(client.get(url).call()),
        };
        let body = answer.map(|answer| answer.unwrap().body_mut().read_to_vec().unwrap());
        let body = if request.is("HEAD") { &[] } else { body.as_deref().unwrap_or(&dump) };
        send(stream, &reply("200 OK", "", body));
    })
}

/// `go tool pprof` takes the service for one of Go's own: the profile without names, and the names from beside it.
pub(crate) fn go(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    let server = Server::start(program, "prof:true")?;
    server.load(program);
    let top = |path: &str, symbols: &str| {
        let mut go = Command::new("go");
        go.args(["tool", "pprof", "-top", symbols]).arg(format!("{}{path}", server.url));
        stdout(go.env("PPROF_TMPDIR", lab.dir()))
    };
    for path in ["/debug/pprof/heap", "/pprof/heap", "/debug/pprof/allocs", "/debug/pprof/heap?debug=0"] {
        let text = top(path, "-symbolize=remote");
        assert!(text.contains("\nType: inuse_space\nTime: "), "{path}: {text}");
        assert!(text.contains("  heaplens_demo::"), "{path}: {text}");
    }
    let text = top("/debug/prof/mem?output=proto", "-symbolize=none");
    assert!(text.contains("\nType: inuse_space\nTime: ") && !text.contains("heaplens_demo::"), "{text}");
    Ok(())
}

/// What scrapers demand of an answer, one by one.
pub(crate) fn scrapers(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    let server = Server::start(program, &format!("{FINE},prof_accum:true"))?;
    server.load(program);
    let mut before = 0;
    for (agent, path, shown_first) in [
        ("Alloy/v1.10.0 (linux; docker)", "/debug/pprof/allocs", "alloc_space"),
        ("conprof/0.24.0", "/debug/pprof/allocs", "alloc_space"),
        ("Alloy/v1.10.0 (linux; docker)", "/debug/pprof/heap", "inuse_space"),
        ("Go-http-client/1.1", "/pprof/heap", "inuse_space"),
    ] {
        let profile = scrape(&server, agent, path);
        assert_eq!(profile.default_type, shown_first, "{path}");
        rules(&profile, program)?;
        // Deltas of what was allocated are made by the scraper, which takes it for a sum that grows.
        let allocated: i64 = profile.samples.iter().map(|sample| sample.values[1]).sum();
        assert!(allocated >= before, "{allocated} after {before}");
        before = allocated;
    }
    assert!(before > 0);
    Ok(())
}

/// GET with the headers of Go's client; the answer must be pprof by its type, and whole.
fn scrape(server: &Server, agent: &str, path: &str) -> Decoded {
    let client: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .user_agent(agent)
        .accept(AutoHeaderValue::None)
        .build()
        .into();
    let mut answer = client.get(format!("{}{path}", server.url)).call().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    // Compressed as content: Go's client would undo an encoding, and hand on what is then not gzip.
    assert!(!answer.headers().contains_key("content-encoding"));
    let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
    assert!(body.starts_with(b"\x1f\x8b"));
    let message = unpack(&body, &Limits::default()).unwrap();
    assert!(message.len() < 4 << 20, "Pyroscope takes 4 MiB");
    // Ids from 1 without gaps, references that lead somewhere, as many values as types, UTF-8, "" as the first string;
    // and no field of which the reader does not know, so no duration.
    decode(&message)
}

fn rules(profile: &Decoded, program: &Path) -> Result<(), Failed> {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let types = [
        pair("alloc_objects", "count"),
        pair("alloc_space", "bytes"),
        pair("inuse_objects", "count"),
        pair("inuse_space", "bytes"),
    ];
    assert_eq!(profile.types, types);
    assert_eq!((&profile.period_type, profile.period), (&pair("space", "bytes"), 4096));
    assert!(profile.time_nanos > 0);
    assert!(!profile.drop_frames.is_empty());
    assert!((1..=16_000).contains(&profile.samples.len()), "{} samples", profile.samples.len());
    for sample in &profile.samples {
        assert!(!sample.locations.is_empty() && sample.locations.len() <= 1000);
        assert!(sample.values.iter().all(|value| *value >= 0), "{sample:?}");
        assert!(sample.labels.iter().all(|(key, _)| !key.is_empty()), "{sample:?}");
    }
    // Without names, so that stores look for them; and with all that they need for it.
    assert!(profile.functions.is_empty());
    assert!(profile.mappings.iter().all(|mapping| mapping.has == [false; 4]));
    for location in &profile.locations {
        let mapping = &profile.mappings[location.mapping as usize - 1];
        assert!((mapping.start..mapping.limit).contains(&location.address), "{location:?} in {mapping:?}");
        assert!(location.lines.is_empty());
    }
    let main = &profile.mappings[0];
    assert_eq!(
        (Path::new(&main.file), Some(&main.build_id)),
        (program, symbols::build_id(program)?.as_ref())
    );
    // A place in the file, as its addresses minus the start tell it.
    assert!(main.offset + (main.limit - main.start) <= std::fs::metadata(program)?.len());
    Ok(())
}
