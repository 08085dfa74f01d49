//! Programs that still run, and what becomes of each module in every output.

use crate::programs;
use crate::run::{Ran, heaplens, run};
use object::{Object, ObjectSegment, ObjectSymbol};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

/// A copy of the program itself that waits for its input, its file deleted.
struct Deleted {
    child: Child,
    path: PathBuf,
    /// The offset of its `main` in the file.
    place: u64,
    _dir: tempfile::TempDir,
}

impl Drop for Deleted {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn deleted() -> Deleted {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("server");
    programs::copy(Path::new(env!("CARGO_BIN_EXE_heaplens")), &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let main = file.symbols().find(|s| s.name() == Ok("main")).expect("the program is not stripped");
    let inside = main.address() + main.size() / 2;
    let place = file.segments().find_map(|segment| {
        let (offset, size) = segment.file_range();
        let at = inside.checked_sub(segment.address()).filter(|&at| at < size)?;
        Some(offset + at)
    });
    let mut command = std::process::Command::new(&path);
    let child = command.args(["top", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::fs::remove_file(&path).unwrap();
    Deleted { child, path, place: place.unwrap(), _dir: dir }
}

/// Its mapping lines, and the address in them of its `main`.
fn mapped(of: &Deleted) -> (String, u64) {
    let address = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let (start, end) = (number(start)?, number(end)?);
        let offset = number(words.nth(1)?)?;
        let at = of.place.checked_sub(offset).filter(|at| *at < end - start && line.contains("/server"))?;
        Some(start + at)
    };
    // A program counts as started before the kernel has mapped it. The bound is generous; only a hang meets it.
    for _ in 0..6000 {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", of.child.id())).unwrap();
        if let Some(address) = maps.lines().find_map(address) {
            return (maps, address);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the program is not mapped");
}

/// A dump of it, with a trailer that names this process, host and start.
fn dump(of: &Deleted, start_ms: Option<u64>) -> Vec<u8> {
    let pid = of.child.id();
    let (maps, address) = mapped(of);
    let mut text = "heap_v2/524288\n  t*: 1: 1048576 [0: 0]\n  t0: 1: 1048576 [0: 0]\n".to_owned();
    write!(text, "@ {address:#x}\n  t*: 1: 1048576 [0: 0]\n  t0: 1: 1048576 [0: 0]\n").unwrap();
    write!(text, "\nMAPPED_LIBRARIES:\n{maps}").unwrap();
    if let Some(start_ms) = start_ms {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let (length, crc) = (text.len(), crc32fast::hash(text.as_bytes()));
        let exe = of.path.display();
        write!(text, "# heaplens 1\n# process pid={pid} start={start_ms} exe={exe} host={}\n", host.trim())
            .unwrap();
        writeln!(text, "# end length={length} crc32={crc:x}").unwrap();
    }
    text.into_bytes()
}

/// When it started, as the agent computes it on the usual kernel of 100 ticks a second.
fn start_ms(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let boot = std::fs::read_to_string("/proc/stat").unwrap();
    let boot: u64 = boot.lines().find_map(|l| l.strip_prefix("btime ")).unwrap().parse().unwrap();
    let ticks: u64 =
        stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().nth(19).unwrap().parse().unwrap();
    boot * 1000 + ticks * 10
}

fn folded(dump: &[u8], more: &[&str]) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.heap");
    std::fs::write(&path, dump).unwrap();
    heaplens(["folded"]).args(more).arg(&path).output().unwrap().into()
}

#[test]
fn a_deleted_program_is_read_from_its_process() {
    let server = deleted();
    let pid = server.child.id().to_string();
    let plain = dump(&server, None);
    let lost = folded(&plain, &[]);
    assert!(lost.stderr.contains("removed or replaced") && lost.stderr.contains("--pid"), "{}", lost.stderr);
    assert!(lost.ok().starts_with("server+0x"));
    let named = folded(&plain, &["--pid", &pid]);
    assert!(named.stderr.contains(&format!("/proc/{pid}/exe (unverified)")), "{}", named.stderr);
    assert!(named.ok().starts_with("main"));
    // A dump that says that it is of this process needs no option; of an earlier one with its number it is not.
    let start = start_ms(server.child.id());
    assert!(folded(&dump(&server, Some(start)), &[]).ok().starts_with("main"));
    assert!(folded(&dump(&server, Some(start - 60_000)), &[]).ok().starts_with("server+0x"));
    drop(server);
    folded(&plain, &["--pid", &pid]).fails(4, &["--pid", "no such process"]);
}

#[test]
fn each_output_says_what_became_of_the_module() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readme");
    let text = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let other = env!("CARGO_BIN_EXE_heaplens");
    let (leak, tsdb) = (text("leak.heap"), text("tsdb"));
    // Without a build-id in the dump, by leaving the trailer out.
    let temporary = tempfile::tempdir().unwrap();
    let plain = temporary.path().join("plain.heap");
    let bytes = std::fs::read(dir.join("leak.heap")).unwrap();
    let (body, _) = heaplens::trailer::split(&bytes);
    std::fs::write(&plain, body).unwrap();
    let plain = plain.to_str().unwrap().to_owned();
    let states = [
        ("verified", vec!["--binary", &tsdb, &leak], "tsdb (verified)"),
        ("unverified", vec!["--binary", &tsdb, &plain], "tsdb (unverified)"),
        ("mismatched", vec!["--binary", other, &leak], "(MISMATCH, not used)"),
        ("missing", vec![&*leak], "tsdb (none)"),
    ];
    for (state, arguments, said) in states {
        for command in [
            &["top"][..],
            &["folded"],
            &["flamegraph"],
            &["top", "--format", "json"],
            &["flamegraph", "--format", "json"],
        ] {
            let ran = run(command.iter().copied().chain(arguments.iter().copied()));
            assert!(ran.stderr.lines().any(|l| l.starts_with("symbols: ") && l.contains(said)), "{ran:?}");
            // What would mend it.
            let warned = |text: &str| match state {
                "unverified" => text.contains("symbols unverified: ") && text.contains("--pid"),
                _ => text.contains("--binary") && text.contains("/opt/tsdb/bin/tsdb"),
            };
            assert_eq!(
                ran.stderr.lines().any(|l| l.starts_with("warning: ") && warned(l)),
                state != "verified",
                "{ran:?}"
            );
            let out = ran.ok();
            match command {
                [.., "json"] => {
                    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
                    let modules = json["modules"].as_array().unwrap();
                    let module = modules.iter().find(|m| m["path"] == "/opt/tsdb/bin/tsdb").unwrap();
                    assert_eq!(module["symbols"], state, "{json}");
                    let warnings = json["warnings"].as_array().unwrap();
                    let said = |w: &serde_json::Value| warned(w["message"].as_str().unwrap());
                    assert_eq!(warnings.iter().any(said), state != "verified", "{json}");
                }
                ["flamegraph"] => {
                    assert_eq!(warned(&out), state != "verified", "{state}");
                    let file = match state {
                        "mismatched" => other,
                        "missing" => "/opt/tsdb/bin/tsdb",
                        _ => &tsdb,
                    };
                    assert!(out.contains(&format!(">Symbols: tsdb {state}</text>")), "{state}");
                    assert!(out.contains(&format!("\"tsdb: {state}, {file}\"")), "{state}");
                }
                _ => {}
            }
        }
    }
}
