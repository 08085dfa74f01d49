//! The program draws its own profile, and dumps that clients send.
#![cfg(target_os = "linux")]

mod common;

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::PathBuf;

use common::{LOCAL, ask, in_child, is_child, json, text};
use flate2::read::GzDecoder;
use heaplens_agent::{Agent, Config};
use http::{Request, Response};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");

/// Names itself in a stack.
#[inline(never)]
fn keep_for_the_picture() -> Vec<Vec<u8>> {
    common::allocate(300)
}

fn post(path: &str, body: &[u8]) -> Response<Vec<u8>> {
    let request = Request::post(path).header("host", "localhost").body(body);
    Agent::new().handle(request.unwrap(), LOCAL)
}

fn folded(body: &[u8]) -> String {
    let response = post("/debug/prof/mem/symbol?output=folded", body);
    assert_eq!(response.status(), 200, "{}", text(&response));
    text(&response)
}

/// A dump that another process of this program takes, which loads everything elsewhere, and the stacks that it draws
/// of this dump itself; `None` in that process.
fn dump_of_another_process(test: &str) -> Option<(Vec<u8>, String)> {
    let file =
        |pid: u32, kind: &str| std::env::temp_dir().join(format!("heaplens-render-{pid}-{test}-{kind}"));
    in_child(test, ENABLED, || {
        let live = keep_for_the_picture();
        let dump = ask(&Agent::new(), "GET", "/debug/prof/mem", "");
        let parent = std::os::unix::process::parent_id();
        std::fs::write(file(parent, "dump"), dump.body()).unwrap();
        std::fs::write(file(parent, "stacks"), folded(dump.body())).unwrap();
        drop(live);
    });
    if is_child() {
        return None;
    }
    let take = |kind| {
        let path = file(std::process::id(), kind);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        bytes
    };
    Some((take("dump"), String::from_utf8(take("stacks")).unwrap()))
}

/// A dump as a process would have made it that lies so much higher.
fn moved(dump: &[u8], by: u64) -> String {
    let (text, trailer) = heaplens::trailer::split(dump);
    let (stacks, maps) = std::str::from_utf8(text).unwrap().split_once("\nMAPPED_LIBRARIES:\n").unwrap();
    let up = |hex: &str| u64::from_str_radix(hex, 16).unwrap().wrapping_add(by);
    let mut moved = String::new();
    for line in stacks.lines() {
        match line.strip_prefix("@ 0x") {
            Some(addresses) => {
                let addresses = addresses.split(" 0x").map(|address| format!(" {:#x}", up(address)));
                moved.push_str(&format!("@{}\n", addresses.collect::<String>()));
            }
            None => moved.push_str(&format!("{line}\n")),
        }
    }
    moved.push_str("\nMAPPED_LIBRARIES:\n");
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        moved.push_str(&format!("{:x}-{:x} {rest}\n", up(from), up(to)));
    }
    // Without the seal, which is the unmoved text's.
    for line in String::from_utf8_lossy(trailer).lines().filter(|line| !line.starts_with("# end ")) {
        moved.push_str(&format!("{line}\n"));
    }
    assert_ne!(moved.as_bytes(), dump);
    moved
}

/// The message of a pprof answer, unpacked, with its strings readable.
fn pprof(response: &Response<Vec<u8>>) -> String {
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"heap.pb.gz\"");
    let mut message = Vec::new();
    GzDecoder::new(response.body().as_slice()).read_to_end(&mut message).unwrap();
    String::from_utf8_lossy(&message).into_owned()
}

/// What only the drawing itself can have allocated. What the program sets up is the program's.
fn is_of_the_drawing(stack: &str) -> bool {
    ["heaplens::", "heaplens_agent::", "gimli::", "object::", "addr2line::"]
        .iter()
        .any(|name| stack.contains(name))
        && !stack.contains("heaplens_agent::agent::Agent::with")
}

#[test]
fn every_drawing_names_the_function_and_says_what_it_is() {
    in_child("every_drawing_names_the_function_and_says_what_it_is", ENABLED, || {
        let live = keep_for_the_picture();
        let agent = Agent::new();
        for method in ["GET", "POST"] {
            for (output, kind) in [
                ("flamegraph", "image/svg+xml"),
                ("folded", "text/plain; charset=utf-8"),
                ("json", "application/json"),
            ] {
                let response = ask(&agent, method, &format!("/debug/prof/mem?output={output}"), "");
                assert_eq!(response.status(), 200, "{}", text(&response));
                let headers = response.headers();
                assert_eq!(headers["content-type"], kind);
                assert_eq!(headers["heaplens-state"], "active");
                assert!(headers.contains_key("heaplens-dump"));
                assert_eq!(headers["x-content-type-options"], "nosniff");
                assert!(text(&response).contains("render::keep_for_the_picture"), "{output}");
            }
            let response = ask(&agent, method, "/debug/prof/mem?output=proto", "");
            assert_eq!(response.status(), 200, "{}", text(&response));
            // Names are for its readers to find, by build-id.
            let message = pprof(&response);
            assert!(!message.contains("render::keep_for_the_picture"));
            let own = heaplens::symbols::build_id(&std::env::current_exe().unwrap()).unwrap().unwrap();
            assert!(message.contains(&own), "{own}");
            assert_eq!(response.headers()["heaplens-state"], "active");
        }
        let svg = text(&ask(&agent, "GET", "/debug/prof/mem?output=flamegraph", ""));
        let exe = std::env::current_exe().unwrap();
        let heading = format!("{}, process {}", exe.file_name().unwrap().display(), std::process::id());
        assert!(svg.contains(&heading) && svg.contains(" UTC"), "{svg:.2000}");
        let document = json(&ask(&agent, "GET", "/debug/prof/mem?output=json", ""));
        assert_eq!(document["process"]["pid"], std::process::id());
        let module =
            document["modules"].as_array().unwrap().iter().find(|m| exe.to_str() == m["path"].as_str());
        assert_eq!(module.unwrap()["symbols"], "verified", "{module:?}");
        drop(live);
    });
}

#[test]
fn inactive_profiling_is_said_in_the_drawing() {
    let conf = Some("MALLOC_CONF=prof:true,prof_active:false");
    in_child("inactive_profiling_is_said_in_the_drawing", conf, || {
        let response = ask(&Agent::new(), "GET", "/debug/prof/mem?output=flamegraph", "");
        assert!(text(&response).contains("profiling is inactive"));
        let warnings = response.headers()["heaplens-warnings"].to_str().unwrap();
        assert!(warnings.contains("inactive"), "{warnings}");
    });
}

#[test]
fn not_enabled_is_said_before_anything_is_drawn() {
    in_child("not_enabled_is_said_before_anything_is_drawn", None, || {
        for output in ["flamegraph", "folded", "json", "proto"] {
            let response = ask(&Agent::new(), "GET", &format!("/debug/prof/mem?output={output}"), "");
            assert_eq!((response.status().as_u16(), &json(&response)["code"]), (400, &"not-enabled".into()));
        }
    });
}

#[test]
fn a_dump_of_another_run_is_named_by_its_own_mappings() {
    let name = "a_dump_of_another_run_is_named_by_its_own_mappings";
    let Some((dump, stacks)) = dump_of_another_process(name) else { return };
    assert_eq!(folded(&dump), stacks, "the names that the other process has for its own addresses");
    assert!(stacks.contains("render::keep_for_the_picture"));
    // Wherever the system lays processes out: moved by a gigabyte and a page, the dump says the same.
    assert_eq!(folded(moved(&dump, (1 << 30) + 4096).as_bytes()), stacks);
    let proto = post("/debug/prof/mem/symbol?output=proto", &dump);
    assert!(pprof(&proto).contains("render::keep_for_the_picture"));
    let graph = post("/v1/prof/mem/symbol", &dump);
    assert_eq!(graph.headers()["content-type"], "image/svg+xml");
    assert!(text(&graph).contains("render::keep_for_the_picture"));
    assert!(!text(&graph).contains("unverified"), "the trailer has the build-ids");

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&dump).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!(folded(&packed), folded(&dump));

    // Without the trailer the paths speak for the modules, and the answer says that nothing proves them.
    let (bare, _) = heaplens::trailer::split(&dump);
    let response = post("/debug/prof/mem/symbol?output=folded", bare);
    assert!(text(&response).contains("render::keep_for_the_picture"));
    assert!(response.headers()["heaplens-warnings"].to_str().unwrap().contains("unverified-binary"));
}

#[test]
fn files_that_a_dump_names_are_not_opened() {
    let name = "files_that_a_dump_names_are_not_opened";
    let Some((dump, _)) = dump_of_another_process(name) else { return };
    let directory = tempfile::tempdir().unwrap();
    let (copy, fifo) = (directory.path().join("copy"), directory.path().join("fifo"));
    let executable = std::env::current_exe().unwrap();
    std::fs::copy(&executable, &copy).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (bare, _) = heaplens::trailer::split(&dump);
    let bare = String::from_utf8_lossy(bare);
    let renamed = |path: &PathBuf| bare.replace(executable.to_str().unwrap(), path.to_str().unwrap());

    // A file that would give names if it were opened.
    for path in [&copy, &fifo, &PathBuf::from("/etc/passwd"), &PathBuf::from("/proc/self/environ")] {
        let response = post("/debug/prof/mem/symbol?output=json", renamed(path).as_bytes());
        assert_eq!(response.status(), 200, "{}", text(&response));
        assert!(!text(&response).contains("keep_for_the_picture"), "{path:?}");
        let document = json(&response);
        let modules = document["modules"].as_array().unwrap();
        let module = modules.iter().find(|module| module["path"].as_str() == path.to_str()).unwrap();
        assert_eq!(module["symbols"], "missing", "{module}");
        assert!(module["why"].as_str().unwrap().contains("has not loaded it"), "{module}");
        assert!(document["warnings"].as_array().unwrap().iter().any(|w| w["code"] == "missing-symbols"));
    }

    // The same build under another path: named, from this process's own file.
    let dump = String::from_utf8_lossy(&dump).replace(executable.to_str().unwrap(), "/elsewhere/program");
    let document = json(&post("/debug/prof/mem/symbol?output=json", dump.as_bytes()));
    let modules = document["modules"].as_array().unwrap();
    let module = modules.iter().find(|module| module["path"] == "/elsewhere/program").unwrap();
    assert_eq!(module["symbol_file"].as_str(), executable.to_str(), "{module}");

    // Another build under the same path: no names, and said.
    let other =
        dump_with_build_id(&String::from_utf8_lossy(bare.as_bytes()), &executable, "00112233445566778899");
    let response = post("/debug/prof/mem/symbol?output=folded", other.as_bytes());
    assert!(!text(&response).contains("keep_for_the_picture"));
    assert!(response.headers()["heaplens-warnings"].to_str().unwrap().contains("mismatched-binary"));
}

fn dump_with_build_id(bare: &str, path: &std::path::Path, id: &str) -> String {
    format!("{bare}# heaplens 1\n# build-id {id} {}\n", path.display())
}

#[test]
fn what_is_no_dump_is_refused_with_words() {
    let html = b"<!DOCTYPE html><html><body>502</body></html>";
    let mut cut = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    cut.write_all(&[b'x'; 4096]).unwrap();
    let mut cut = cut.finish().unwrap();
    cut.truncate(cut.len() / 2);
    for body in
        [&b""[..], html, b"{\"error\":\"Memory profiling is not enabled\"}", b"\x7fELF\x02\x01\x01", &cut]
    {
        let response = post("/debug/prof/mem/symbol", body);
        assert_eq!(response.status(), 400, "{}", text(&response));
        let answer = json(&response);
        assert_eq!(answer["code"], "unreadable-dump");
        assert!(!answer["why"].as_str().unwrap().is_empty() && answer["fix"].is_string(), "{answer}");
    }
    let refused = post("/debug/prof/mem/symbol?output=text", b"");
    assert_eq!((refused.status().as_u16(), &json(&refused)["code"]), (400, &"unknown-output".into()));
}

#[test]
fn drawings_do_not_stand_in_the_profile() {
    let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:0,prof_accum:true");
    in_child("drawings_do_not_stand_in_the_profile", conf, || {
        let agent = Agent::new();
        let draw = || text(&ask(&agent, "GET", "/debug/prof/mem?output=folded", ""));
        let sampled = || {
            let dump = text(&ask(&agent, "GET", "/debug/prof/mem", ""));
            let total = dump.lines().nth(1).unwrap().to_owned();
            total.rsplit_once(' ').unwrap().1.trim_end_matches(']').parse::<u64>().unwrap()
        };
        draw();
        let before = sampled();
        draw();
        // The figure counts all that was ever sampled; reading the debug information takes many megabytes.
        let grown = sampled() - before;
        assert!(grown < 4 << 20, "{grown}");
        // And afterwards this thread is sampled again.
        let before = sampled();
        drop(common::allocate(300));
        assert!(sampled() - before >= 300 * 1024);
    });
}

#[test]
fn no_drawing_shows_the_drawing() {
    in_child("no_drawing_shows_the_drawing", ENABLED, || {
        let live = keep_for_the_picture();
        // Threads of the library's are no part of the program either.
        for threads in [1, 3] {
            let agent = Agent::with(Config::default().symbol_threads(NonZero::new(threads).unwrap()));
            let draw = |output: &str| ask(&agent, "GET", &format!("/debug/prof/mem?output={output}"), "");
            for _ in 0..2 {
                let stacks = text(&draw("folded"));
                assert!(stacks.contains("render::keep_for_the_picture"));
                let shown: Vec<_> = stacks.lines().filter(|line| is_of_the_drawing(line)).collect();
                assert_eq!(shown, [""; 0], "with {threads} threads");
            }
        }
        drop(live);
    });
}

#[test]
fn what_passes_the_memory_cap_is_left_out_and_said() {
    in_child("what_passes_the_memory_cap_is_left_out_and_said", ENABLED, || {
        let live = keep_for_the_picture();
        let agent = Agent::with(Config::default().symbol_memory(1 << 10));
        let document = json(&ask(&agent, "GET", "/debug/prof/mem?output=json", ""));
        // The symbol table still has the name, and no line.
        let frames = document["frames"].as_array().unwrap();
        let named = |frame: &&serde_json::Value| frame["name"] == "render::keep_for_the_picture";
        let frame = frames.iter().find(named).unwrap();
        assert!(frame["line"].is_null(), "{frame}");
        let warnings = document["warnings"].as_array().unwrap();
        assert!(warnings.iter().any(|w| w["code"] == "damaged-debug-info"), "{warnings:?}");
        drop(live);
    });
}

#[test]
fn nothing_is_left_behind_by_drawings() {
    in_child("nothing_is_left_behind_by_drawings", ENABLED, || {
        let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
        let agent = Agent::new();
        let draw = || assert_eq!(ask(&agent, "GET", "/debug/prof/mem?output=folded", "").status(), 200);
        draw();
        let before = (count("fd"), count("task"));
        for _ in 0..3 {
            draw();
        }
        // A thread that was joined is listed until the kernel is done with it.
        for _ in 0..10_000 {
            if count("task") <= before.1 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert_eq!((count("fd"), count("task")), before);
    });
}
