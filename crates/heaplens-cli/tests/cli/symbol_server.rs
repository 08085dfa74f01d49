//! Names from the server that a profile came from.

use crate::run::run;
use crate::server::{Request, Server, reply, send};

/// Two addresses in a program that is not here, loaded at `base`.
fn dump(base: u64) -> String {
    let (inner, outer, limit) = (base + 0x10, base + 0x20, base + 0x100_0000);
    format!(
        "heap_v2/524288\n  t*: 2: 2097152 [0: 0]\n@ {inner:#x} {outer:#x}\n  t*: 2: 2097152 [0: 0]\n\n\
         MAPPED_LIBRARIES:\n{base:x}-{limit:x} r-xp 00000000 fe:00 7 /no/such/server\n"
    )
}

/// Answers a profile, and each address with the name that `named` gives to it.
fn server(dump: String, named: impl Fn(u64) -> String + Send + 'static) -> Server {
    Server::new(move |request, stream| {
        let body = match (request.is("POST"), request.line.contains("/symbol ")) {
            (true, true) => {
                request.body.split('+').map(|word| format!("{word}\t{}\n", named(address(word)))).collect()
            }
            (false, false) => dump.clone(),
            _ => return send(stream, &reply("404 Not Found", "", b"")),
        };
        send(stream, &reply("200 OK", "", body.as_bytes()));
    })
}

fn address(word: &str) -> u64 {
    u64::from_str_radix(word.strip_prefix("0x").unwrap(), 16).unwrap()
}

fn posts(server: &Server) -> Vec<Request> {
    server.requests().into_iter().filter(|request| request.is("POST")).collect()
}

#[test]
fn what_no_file_names_the_server_does() {
    let names = |address| match address {
        0x100f => "caller--app::inlined".to_owned(),
        0x101f => "_ZN3app4mainEv".to_owned(),
        other => panic!("{other:#x} was not to be asked for"),
    };
    let server = server(dump(0x1000), names);
    let ran = run(["folded", "--token", "s3cret", &server.url("/debug/pprof/heap?gc=1")]);
    assert!(ran.stderr.contains("symbols: /no/such/server (from the server)"), "{ran:?}");
    assert!(!ran.stderr.contains("no symbols"), "{ran:?}");
    assert_eq!(ran.ok(), "app::main();caller;app::inlined 2425393\n");
    let posts = posts(&server);
    assert_eq!(posts.len(), 1, "{posts:?}");
    assert!(posts[0].line.starts_with("POST /debug/pprof/symbol HTTP"), "{posts:?}");
    assert_eq!(posts[0].body, "0x000000000000100f+0x000000000000101f");
    for header in ["content-type: application/x-www-form-urlencoded", "authorization: bearer s3cret"] {
        assert!(posts[0].headers.contains(&header.to_owned()), "{posts:?}");
    }
}

#[test]
fn jeprofs_arguments_reach_it_too() {
    let server = server(dump(0x1000), |a| if a == 0x100f { "caller--inlined" } else { "main" }.to_owned());
    let ran = run(["jeprof", "--collapsed", &server.url("/debug/pprof/heap")]);
    assert_eq!(ran.ok(), "main;caller;inlined[inline] 2425393\n");
    assert_eq!(posts(&server).len(), 1);
}

#[test]
fn runs_of_one_build_are_named_by_either_server() {
    let (early, late) =
        (server(dump(0x1000), |a| format!("f{:x}", a - 0x1000)), server(dump(0x7000), |_| "late".into()));
    let ran = run(["folded", "--base", &early.url("/pprof/heap"), &late.url("/pprof/heap")]);
    // The new one is asked first, and knows all.
    assert_eq!(ran.ok(), "late;late 2425393 2425393\n");
    assert_eq!((posts(&early).len(), posts(&late).len()), (0, 1));
    assert_eq!(posts(&late)[0].body, "0x000000000000700f+0x000000000000701f");
}

#[test]
fn servers_that_have_no_symbols_are_not_asked() {
    let server = server(dump(0x1000), |_| "asked".into());
    for (option, path) in [("--show-allocator", "/debug/prof/mem"), ("--no-symbols", "/pprof/heap")] {
        let text = run(["folded", option, &server.url(path)]).ok();
        assert_eq!(text, "server+0x20;server+0x10 2425393\n", "{path}");
    }
    assert!(posts(&server).is_empty());
}

#[test]
fn a_server_that_refuses_is_said_and_not_asked_again() {
    let two = dump(0x1000).replace("\n\nMAPPED", "\n@ 0x2001010\n  t*: 1: 1048576 [0: 0]\n\nMAPPED")
        + "2001000-2002000 r-xp 00000000 fe:00 8 /no/such/library.so\n";
    for (status, body, words) in [
        (
            "501 Not Implemented",
            r#"{"error":"This program cannot","fix":"build it"}"#,
            "501 Not Implemented: This program cannot; build it",
        ),
        ("404 Not Found", "", "404 Not Found"),
    ] {
        let dump = two.clone();
        let server = Server::new(move |request, stream| {
            let answer = match request.is("POST") {
                true => reply(status, "", body.as_bytes()),
                false => reply("200 OK", "", dump.as_bytes()),
            };
            send(stream, &answer);
        });
        let ran = run(["folded", &server.url("/debug/pprof/allocs")]);
        let note =
            format!("no names from {}: the server answered {words}", server.url("/debug/pprof/symbol"));
        assert_eq!(ran.stderr.matches(&note).count(), 1, "{ran:?}");
        assert!(ran.stderr.contains("/no/such/server: no symbols"), "{ran:?}");
        assert!(ran.ok().contains("server+0x20;server+0x10 "));
        assert_eq!(posts(&server).len(), 1);
    }
}

#[test]
fn many_addresses_are_asked_for_in_parts_and_hostile_names_are_shown() {
    let stacks: String =
        (0..7000u64).map(|i| format!("@ {:#x}\n  t*: 1: 1048576 [0: 0]\n", 0x1010 + 16 * i)).collect();
    let (_, maps) = dump(0x1000).split_once("\n\n").map(|(_, maps)| ((), maps.to_owned())).unwrap();
    let text = format!("heap_v2/524288\n  t*: 7000: 7340032000 [0: 0]\n{stacks}\n{maps}");
    let server = server(text, |address| format!("f{address:x}\u{1b}[2J"));
    let ran = run(["folded", &server.url("/pprof/heap")]);
    let out = ran.ok();
    assert_eq!(
        out.lines().filter(|line| line.starts_with('f') && line.contains("\\x1b[2J")).count(),
        7000,
        "{out:.300}"
    );
    let bodies: Vec<usize> = posts(&server).iter().map(|post| post.body.len()).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies.iter().all(|length| *length <= 64 << 10), "{bodies:?}");
}

#[test]
fn a_binary_at_hand_is_surer_than_the_server() {
    let readme = |name: &str| format!("{}/tests/readme/{name}", env!("CARGO_MANIFEST_DIR"));
    let dump = std::fs::read_to_string(readme("leak.heap")).unwrap();
    let server = server(dump, |_| "asked".into());
    let text = run(["folded", "--binary", &readme("tsdb"), &server.url("/pprof/heap")]).ok();
    assert!(text.contains("tsdb::main"), "{text}");
    let asked: Vec<String> = posts(&server).into_iter().map(|post| post.body).collect();
    // Its libraries are not here.
    assert!(asked.iter().all(|body| !body.contains("0x000055")), "{asked:?}");
}
