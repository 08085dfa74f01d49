//! The demo's part without the real service: a shell script stands for it, and this process answers its requests.

use crate::programs;
use crate::run::{Ran, run};
use crate::server::{Server, reply, send};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

const BASE: &str =
    "main;app::serve;app::Index::insert;std::collections::HashMap::insert 1000\nmain;app::cache 5000\n";
const LEAK: &str =
    "main;app::serve;app::Index::insert;std::collections::HashMap::insert 90000\nmain;app::cache 5100\n";

/// A service that says where it listens and then waits to be stopped; its load generator only leaves a mark.
fn service(dir: &Path, says: &str) -> PathBuf {
    let path = dir.join("service");
    let marks = dir.display();
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = load ]; then echo \"$@\" >> {marks}/loads; exit 0; fi\n\
         echo \"$@ $MALLOC_CONF\" > {marks}/started; echo $$ > {marks}/pid\necho '{says}'\nexec sleep 1000\n"
    );
    programs::script(&path, &script).unwrap();
    path
}

fn demo(dir: &Path, service: &Path) -> Ran {
    let out = dir.join("out");
    run(["demo", "--seconds", "1", "--server", service.to_str().unwrap(), "--out-dir", out.to_str().unwrap()])
}

fn is_stopped(dir: &Path) -> bool {
    let pid = std::fs::read_to_string(dir.join("pid")).unwrap();
    !Command::new("sh")
        .args(["-c", &format!("kill -0 {} 2>/dev/null", pid.trim())])
        .status()
        .unwrap()
        .success()
}

#[test]
fn the_function_that_grew_most_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let asked = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        let body = if asked.fetch_add(1, Ordering::SeqCst) == 0 { BASE } else { LEAK };
        send(stream, &reply("200 OK", "", body.as_bytes()));
    });
    let service = service(dir.path(), &format!("listening on {}", server.url("")));
    let said = demo(dir.path(), &service).ok();
    assert!(said.contains("The leak: app::Index::insert grew most, +86.9 KiB"), "{said}");
    for name in ["mem.svg", "diff.svg"] {
        let path = dir.path().join("out").join(name);
        assert!(said.contains(path.to_str().unwrap()), "{name} is not in {said}");
        assert!(std::fs::read_to_string(path).unwrap().trim_end().ends_with("</svg>"), "{name}");
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("out/base.heap")).unwrap(), BASE);
    assert_eq!(std::fs::read_to_string(dir.path().join("out/leak.heap")).unwrap(), LEAK);
    let started = std::fs::read_to_string(dir.path().join("started")).unwrap();
    assert_eq!(started, "standalone start --http-addr 127.0.0.1:0 --leak prof:true\n");
    let loads = std::fs::read_to_string(dir.path().join("loads")).unwrap();
    assert_eq!(loads, format!("load --target {} --seconds 1\n", server.url("")).repeat(2));
    assert!(is_stopped(dir.path()), "the service still runs");
}

#[test]
fn what_goes_wrong_is_said_and_the_service_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    demo(dir.path(), &service(dir.path(), "hello")).fails(4, &["did not start to listen", "server.log"]);
    assert!(is_stopped(dir.path()), "the service still runs");
    let featureless = Server::fixed(
        "501 Not Implemented",
        "",
        br#"{"error":"not compiled in","fix":"build with -F mem-prof"}"#,
    );
    let says = format!("listening on {}", featureless.url(""));
    demo(dir.path(), &service(dir.path(), &says)).fails(4, &["501", "build with -F mem-prof"]);
    let steady = Server::fixed("200 OK", "", BASE.as_bytes());
    let says = format!("listening on {}", steady.url(""));
    demo(dir.path(), &service(dir.path(), &says))
        .fails(4, &["no function of the program itself grew", "--seconds"]);
    assert!(is_stopped(dir.path()), "the service still runs");
    demo(dir.path(), &dir.path().join("none")).fails(4, &["no such file", "--server"]);
}
