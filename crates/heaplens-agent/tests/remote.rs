//! The remote protocol, with whatever features the agent is built.
#![cfg(target_os = "linux")]

mod common;

use common::{LOCAL, allocate, ask, in_child, json, text};
use heaplens_agent::{Agent, Config};
use http::{Request, Response};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");
const ROOTS: [&str; 2] = ["/debug/pprof", "/pprof"];

/// Asks as a local client with one more header.
fn ask_as(name: &str, value: &str, path: &str) -> Response<Vec<u8>> {
    let request = Request::get(path).header("host", "localhost").header(name, value);
    Agent::new().handle(request.body([]).unwrap(), LOCAL)
}

#[test]
fn jeprof_and_whoever_asks_for_text_gets_the_dump() {
    in_child("jeprof_and_whoever_asks_for_text_gets_the_dump", ENABLED, || {
        let live = allocate(100);
        for root in ROOTS {
            for response in [
                ask_as("user-agent", "curl/7.88.1", &format!("{root}/heap")),
                ask_as("accept", "text/plain", &format!("{root}/heap")),
                ask_as("accept", "text/plain", &format!("{root}/allocs")),
                ask(&Agent::new(), "GET", &format!("{root}/heap?debug=1"), ""),
                ask(&Agent::new(), "GET", &format!("{root}/allocs?gc=1&debug=1"), ""),
                ask(&Agent::new(), "GET", &format!("{root}/heap?output=text"), ""),
            ] {
                assert_eq!(response.status(), 200, "{}", text(&response));
                assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
                assert_eq!(response.headers()["heaplens-state"], "active");
                assert!(text(&response).starts_with("heap_v2/1\n"), "{:.100}", text(&response));
            }
        }
        drop(live);
    });
}

#[test]
fn scrapers_get_pprof_or_are_told_what_is_missing() {
    in_child("scrapers_get_pprof_or_are_told_what_is_missing", ENABLED, || {
        let live = allocate(100);
        for root in ROOTS {
            for response in [
                ask_as("user-agent", "Go-http-client/1.1", &format!("{root}/heap")),
                ask_as("user-agent", "Alloy/v1.10.0", &format!("{root}/allocs")),
                ask_as("user-agent", "curl/7.88.1", &format!("{root}/heap?debug=0")),
                ask_as("accept", "application/octet-stream", &format!("{root}/heap")),
                ask(&Agent::new(), "GET", "/debug/prof/mem?output=proto", ""),
            ] {
                if cfg!(feature = "pprof") {
                    assert_eq!(response.status(), 200, "{}", text(&response));
                    assert_eq!(response.headers()["content-type"], "application/octet-stream");
                    assert!(response.body().starts_with(b"\x1f\x8b"));
                } else {
                    assert_eq!(response.status(), 501);
                    let answer = json(&response);
                    assert_eq!(answer["code"], "not-compiled-in");
                    assert!(answer["why"].as_str().unwrap().contains("`pprof`"), "{answer}");
                }
            }
            let response = ask(&Agent::new(), "GET", &format!("{root}/heap?seconds=5"), "");
            assert_eq!((response.status().as_u16(), &json(&response)["code"]), (400, &"no-delta".into()));
        }
        drop(live);
    });
}

#[test]
fn a_program_without_profiling_says_so_here_too() {
    in_child("a_program_without_profiling_says_so_here_too", None, || {
        for path in ["/debug/pprof/heap?debug=1", "/pprof/heap?output=text"] {
            let response = ask(&Agent::new(), "GET", path, "");
            assert_eq!((response.status().as_u16(), &json(&response)["code"]), (400, &"not-enabled".into()));
        }
    });
}

#[test]
fn the_command_line_is_told_with_a_nul_between_arguments() {
    let response = ask(&Agent::new(), "GET", "/pprof/cmdline", "");
    assert_eq!(response.status(), 200);
    let arguments: Vec<String> = std::env::args().collect();
    assert_eq!(text(&response), arguments.join("\0"));
}

#[test]
fn symbols_are_offered_if_there_are_names() {
    let agent = Agent::new();
    let expected = if cfg!(feature = "symbolize") { "num_symbols: 1\n" } else { "num_symbols: 0\n" };
    for root in ROOTS {
        let path = format!("{root}/symbol");
        assert_eq!(text(&ask(&agent, "GET", &path, "")), expected);
        let head = ask(&agent, "HEAD", &path, "");
        assert_eq!((head.status().as_u16(), head.body().len()), (200, 0));
    }
}

#[inline(never)]
fn a_function_to_be_named() -> usize {
    std::hint::black_box(7)
}

#[test]
fn addresses_are_named_or_it_is_said_why_not() {
    let agent = Agent::new();
    let address = a_function_to_be_named as fn() -> usize as usize;
    assert_eq!(a_function_to_be_named(), 7);
    let response = ask(&agent, "POST", "/debug/pprof/symbol?retain=x", &format!("{address:#018x}+0x1"));
    if cfg!(feature = "symbolize") {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        // What is not known is not answered.
        assert_eq!(text(&response), format!("{address:#018x}\tremote::a_function_to_be_named\n"));
    } else {
        assert_eq!((response.status().as_u16(), &json(&response)["code"]), (501, &"not-compiled-in".into()));
    }
}

#[test]
#[cfg(feature = "symbolize")]
fn hostile_bodies_are_refused_or_answered_with_nothing() {
    use std::fmt::Write as _;
    let agent = Agent::new();
    let ask = |body: &str| {
        let response = ask(&agent, "POST", "/pprof/symbol", body);
        (response.status().as_u16(), text(&response))
    };
    assert_eq!(ask(""), (200, String::new()));
    assert_eq!(ask("0xffffffffffffffff+0x0"), (200, String::new()));
    for body in ["name=x", "0x1+../../etc/passwd", "\u{202e}0x1", "0x1,0x2", "1234"] {
        let (status, answer) = ask(body);
        assert!(status == 400 && answer.contains("bad-addresses"), "{body}: {answer}");
    }
    // As many as there is room for, each of a place that is not code; one more byte is too many.
    let mut body = String::new();
    while body.len() < (4 << 20) - 8 {
        let _ = write!(body, "{:#x}+", body.len());
    }
    assert_eq!(ask(&body), (200, String::new()));
    body.push_str(&"+".repeat(9));
    assert_eq!(ask(&body).0, 413);
}

#[test]
#[cfg(feature = "symbolize")]
fn an_answer_is_bounded_like_a_drawing() {
    let address = a_function_to_be_named as fn() -> usize as usize;
    let agent = Agent::with(Config::default().drawing_memory(1));
    let response = ask(&agent, "POST", "/debug/pprof/symbol", &format!("{address:#x}"));
    assert_eq!((response.status().as_u16(), &json(&response)["code"]), (507, &"drawing-too-large".into()));
}

#[test]
fn the_guard_stands_before_every_path() {
    let far = Some(std::net::IpAddr::from([10, 0, 0, 1]));
    let strict = Agent::with(Config::default().token("s3cret"));
    for root in ROOTS {
        for (method, name) in [
            ("GET", "heap"),
            ("GET", "allocs"),
            ("GET", "symbol"),
            ("HEAD", "symbol"),
            ("POST", "symbol"),
            ("GET", "cmdline"),
        ] {
            let ask = |agent: &Agent, header: (&str, &str), peer| {
                let request = Request::builder().method(method).uri(format!("{root}/{name}"));
                let request = request.header(header.0, header.1).body("0x1");
                agent.handle(request.unwrap(), peer).status().as_u16()
            };
            assert_eq!(ask(&Agent::new(), ("host", "localhost"), far), 403, "{method} {name}");
            assert_eq!(ask(&Agent::new(), ("host", "evil.example"), LOCAL), 403, "{method} {name}");
            assert_eq!(ask(&strict, ("host", "localhost"), LOCAL), 401, "{method} {name}");
            assert_ne!(ask(&strict, ("authorization", "Bearer s3cret"), far), 401, "{method} {name}");
            let of_another_site = ("sec-fetch-site", "cross-site");
            assert_eq!(ask(&Agent::new(), of_another_site, LOCAL), 403, "{method} {name}");
        }
    }
    let posted =
        Request::post("/pprof/symbol").header("host", "localhost").header("origin", "http://evil.example");
    assert_eq!(Agent::new().handle(posted.body("0x1").unwrap(), LOCAL).status(), 403);
}
