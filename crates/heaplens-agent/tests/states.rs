//! The states of jemalloc, each in a process that was started so, and what every endpoint answers there.

mod common;

use common::{allocate, ask, in_child, json, text};
use heaplens::trailer::{Seal, Trailer, split};
use heaplens_agent::{Agent, Config};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");

#[test]
fn not_enabled_is_the_documented_error() {
    in_child("not_enabled_is_the_documented_error", None, || {
        let agent = Agent::new();
        for (method, path, body) in [
            ("GET", "/debug/prof/mem", ""),
            ("POST", "/v1/prof/mem", ""),
            ("GET", "/debug/prof/mem?output=text", ""),
            ("POST", "/debug/prof/mem/activate", ""),
            ("POST", "/debug/prof/mem/deactivate", ""),
            ("POST", "/debug/prof/mem/gdump", "activate=true"),
        ] {
            let response = ask(&agent, method, path, body);
            assert_eq!(response.status(), 400, "{method} {path}");
            let answer = json(&response);
            assert_eq!(answer["error"], "Memory profiling is not enabled");
            assert_eq!(answer["code"], "not-enabled");
            assert_eq!(answer["fix"], "start the program with MALLOC_CONF=prof:true");
            assert!(answer["why"].as_str().unwrap().contains("MALLOC_CONF"));
        }
        let status = json(&ask(&agent, "GET", "/debug/prof/mem/status", ""));
        assert_eq!(status["active"], false);
        assert_eq!(status["state"], "not-enabled");
        assert_eq!(status["env"], "MALLOC_CONF");
        assert_eq!(status["fix"], "start the program with MALLOC_CONF=prof:true");
        assert!(status["last_dump_ms"].is_null() && status["lg_sample"].is_null());
        assert_eq!(text(&ask(&agent, "GET", "/debug/prof/mem/gdump", "")), r#"{"active": false}"#);
    });
}

#[test]
fn the_wrong_variable_is_named() {
    let wrong = Some("_RJEM_MALLOC_CONF=prof:true");
    in_child("the_wrong_variable_is_named", wrong, || {
        let answer = json(&ask(&Agent::new(), "GET", "/debug/prof/mem", ""));
        assert_eq!(answer["why"], "_RJEM_MALLOC_CONF is set, but this program reads MALLOC_CONF");
    });
}

#[test]
fn active_dumps_are_jemallocs_text_with_a_sealed_trailer() {
    in_child("active_dumps_are_jemallocs_text_with_a_sealed_trailer", ENABLED, || {
        // Large, because jemalloc 5.3.1 leaves sampled small objects out of stats.allocated.
        let live = std::hint::black_box(vec![1u8; 4 << 20]);
        let agent = Agent::new();
        for (method, path) in [("GET", "/debug/prof/mem"), ("POST", "/v1/prof/mem?output=text")] {
            let response = ask(&agent, method, path, "");
            assert_eq!(response.status(), 200, "{}", text(&response));
            let headers = response.headers();
            assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["cache-control"], "no-store");
            assert!(headers.contains_key("content-security-policy"));
            assert_eq!(headers["heaplens-state"], "active");
            let (body, tail) = split(response.body());
            let dump = String::from_utf8_lossy(body);
            assert!(dump.starts_with("heap_v2/1\n  t*: "), "{dump:.80}");
            assert!(dump.contains("\nMAPPED_LIBRARIES:\n") && dump.ends_with('\n'));
            let (trailer, seal) = Trailer::parse(body, tail);
            assert_eq!(seal, Seal::Intact, "{}", String::from_utf8_lossy(tail));
            assert_eq!(trailer.pid, Some(u64::from(std::process::id())));
            assert!(trailer.start_ms.unwrap() <= trailer.time_ms.unwrap() + 1000);
            let exe = std::env::current_exe().unwrap();
            assert_eq!(trailer.exe.as_deref(), exe.to_str());
            assert!(trailer.jemalloc_version.unwrap().starts_with("5."));
            assert!(trailer.stats["allocated"] >= 4 << 20, "{:?}", trailer.stats);
            for key in ["active", "resident", "metadata", "retained", "mapped"] {
                assert!(trailer.stats.contains_key(key), "{key}");
            }
            assert!(trailer.rss["vmrss"] > 0 && trailer.rss.contains_key("lazyfree"));
            // Every path of a build-id is one of the mappings', and the libraries are there.
            assert!(trailer.build_ids.iter().any(|(_, path)| path.contains("libc.so")));
            for (id, path) in &trailer.build_ids {
                assert!(id.len() >= 16 && dump.contains(path.as_str()), "{id} {path}");
            }
            assert!(trailer.active_since_ms.is_none());
        }
        drop(live);
        let status = json(&ask(&agent, "GET", "/debug/prof/mem/status", ""));
        assert_eq!((&status["active"], &status["state"]), (&true.into(), &"active".into()));
        assert_eq!(status["lg_sample"], 0);
        assert!(status["last_dump_ms"].is_u64() && status["last_dump_time_ms"].is_u64());
        assert!(status["version"].as_str().unwrap().starts_with("5."));
        assert!(status.get("fix").is_none());
    });
}

#[test]
fn inactive_dumps_work_and_say_so() {
    let conf = Some("MALLOC_CONF=prof:true,prof_active:false,lg_prof_sample:0");
    in_child("inactive_dumps_work_and_say_so", conf, || {
        let agent = Agent::new();
        let response = ask(&agent, "GET", "/debug/prof/mem", "");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["heaplens-state"], "inactive");
        assert!(response.headers()["heaplens-note"].to_str().unwrap().contains("/activate"));
        assert!(text(&response).contains("\n# note profiling is inactive"));
        let status = json(&ask(&agent, "GET", "/debug/prof/mem/status", ""));
        assert_eq!(status["state"], "inactive");
        assert_eq!(status["fix"], "POST /debug/prof/mem/activate");
    });
}

#[test]
fn profiling_is_switched_by_post_and_keeps_what_it_has() {
    let conf = Some("MALLOC_CONF=prof:true,prof_active:false,lg_prof_sample:0");
    in_child("profiling_is_switched_by_post_and_keeps_what_it_has", conf, || {
        let agent = Agent::new();
        let active = || json(&ask(&agent, "GET", "/debug/prof/mem/status", ""))["active"] == true;
        for path in ["/debug/prof/mem/activate", "/debug/prof/mem/deactivate"] {
            let response = ask(&agent, "GET", path, "");
            assert_eq!(
                (response.status().as_u16(), &response.headers()["allow"]),
                (405, &"POST".parse().unwrap())
            );
            assert!(!active());
        }
        let response = ask(&agent, "POST", "/debug/prof/mem/activate", "");
        assert_eq!((response.status().as_u16(), text(&response)), (200, "Heap profiling activated".into()));
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        assert!(active());
        let live = allocate(300);
        let dump = ask(&agent, "GET", "/debug/prof/mem", "");
        let (body, tail) = split(dump.body());
        let since = Trailer::parse(body, tail).0.active_since_ms.unwrap();
        // Activating what is active does not restart the clock.
        ask(&agent, "POST", "/debug/prof/mem/activate", "");
        let status = json(&ask(&agent, "GET", "/debug/prof/mem/status", ""));
        assert_eq!(status["active_since_ms"], since);

        let response = ask(&agent, "POST", "/v1/prof/mem/deactivate", "");
        assert_eq!((response.status().as_u16(), text(&response)), (200, "Heap profiling deactivated".into()));
        assert!(!active());
        // No prof.reset: what was sampled is still there.
        let dump = ask(&agent, "GET", "/debug/prof/mem", "");
        let total: u64 = text(&dump)
            .lines()
            .nth(1)
            .and_then(|line| {
                line.trim().strip_prefix("t*: ")?.split(": ").nth(1)?.split(' ').next()?.parse().ok()
            })
            .unwrap();
        assert!(total >= 300 * 1024, "{total}");
        drop(live);
    });
}

#[test]
fn gdump_is_read_and_switched() {
    in_child("gdump_is_read_and_switched", ENABLED, || {
        // jemalloc writes gdump files into the working directory.
        let directory = std::env::temp_dir().join(format!("heaplens-gdump-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        std::env::set_current_dir(&directory).unwrap();
        let agent = Agent::new();
        let read = || text(&ask(&agent, "GET", "/debug/prof/mem/gdump", ""));
        assert_eq!(read(), r#"{"active": false}"#);
        let on = ask(&agent, "POST", "/debug/prof/mem/gdump", "activate=true");
        assert_eq!(text(&on), "gdump activated");
        assert_eq!(read(), r#"{"active": true}"#);
        let off = ask(&agent, "POST", "/debug/prof/mem/gdump?activate=false", "");
        assert_eq!(text(&off), "gdump deactivated");
        assert_eq!(read(), r#"{"active": false}"#);
        for wrong in ["", "activate=", "activate=yes", "active=true"] {
            let response = ask(&agent, "POST", "/debug/prof/mem/gdump", wrong);
            assert_eq!(response.status(), 400, "{wrong}");
            assert_eq!(json(&response)["code"], "bad-activate");
        }
        std::env::set_current_dir("/").unwrap();
        std::fs::remove_dir_all(directory).unwrap();
    });
}

#[test]
fn statistics_are_numbers_in_bytes() {
    in_child("statistics_are_numbers_in_bytes", ENABLED, || {
        let response = ask(&Agent::new(), "GET", "/debug/prof/mem/stats", "");
        let stats = json(&response);
        let total = |name: &str| stats["jemalloc"]["stats"][name].as_u64().unwrap();
        assert!(total("allocated") <= total("active") && total("active") <= total("resident"));
        assert!(total("allocated") > 0 && total("metadata") > 0);
        assert!(stats["jemalloc"]["narenas"].as_u64().unwrap() > 0);
        assert!(stats["jemalloc"]["background_thread"].is_boolean());
        assert!(stats["jemalloc"]["dirty_decay_ms"].is_i64());
        for key in ["dirty", "muzzy", "tcache"] {
            assert!(stats["jemalloc"]["arenas"][key].is_u64(), "{key}");
        }
        let options = &stats["jemalloc"]["opt"];
        assert_eq!((&options["prof"], &options["lg_prof_sample"]), (&true.into(), &0.into()));
        assert!(
            options["narenas"].is_u64() && options["thp"].is_string() && options["lg_prof_interval"].is_i64()
        );
        assert!(stats["process"]["threads"].as_u64().unwrap() > 0);
        assert!(stats["process"]["rss"]["vmrss"].as_u64().unwrap() > 0);
        assert_eq!(stats["process"]["pid"], std::process::id());
    });
}

#[test]
#[cfg(not(feature = "symbolize"))]
fn what_is_not_built_in_answers_501_and_takes_no_dump() {
    in_child("what_is_not_built_in_answers_501_and_takes_no_dump", ENABLED, || {
        let agent = Agent::new();
        for (method, path, code) in [
            ("GET", "/debug/prof/mem?output=proto", "not-compiled-in"),
            ("GET", "/debug/prof/mem?output=flamegraph", "not-compiled-in"),
            ("GET", "/debug/prof/mem?output=folded", "not-compiled-in"),
            ("POST", "/debug/prof/mem?output=json", "not-compiled-in"),
            ("POST", "/debug/prof/mem/symbol", "not-compiled-in"),
        ] {
            let response = ask(&agent, method, path, "");
            assert_eq!(response.status(), 501, "{path}");
            let answer = json(&response);
            assert_eq!(answer["code"], code, "{path}");
            assert!(answer["fix"].is_string());
        }
        let answer = json(&ask(&agent, "POST", "/debug/prof/mem/symbol", ""));
        assert!(answer["why"].as_str().unwrap().contains("feature `symbolize`"));
        assert!(json(&ask(&agent, "GET", "/debug/prof/mem/status", ""))["last_dump_ms"].is_null());
    });
}

#[test]
fn wrong_requests_are_refused_with_words() {
    let agent = Agent::new();
    let response = ask(&agent, "GET", "/debug/prof/mem?output=svg", "");
    assert_eq!(response.status(), 400);
    assert!(json(&response)["fix"].as_str().unwrap().contains("text, proto, flamegraph, folded, json"));
    assert_eq!(ask(&agent, "GET", "/debug/prof/mem/nothing", "").status(), 404);
    assert_eq!(ask(&agent, "PUT", "/debug/prof/mem", "").status(), 405);
    let token = Agent::with(Config::default().token("t"));
    assert_eq!(ask(&token, "GET", "/debug/prof/mem/status", "").status(), 401);
}
