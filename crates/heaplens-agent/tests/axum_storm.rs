//! Many requests to the endpoints of an axum server with one worker, and a sibling route meanwhile.

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{allocate, in_child};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const REQUESTS: usize = 2_000;
const THREADS: usize = 4;

fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Serves on a thread that the process's end takes along.
fn serve() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let app = axum::Router::new()
                .route("/", axum::routing::get(async || "hello"))
                .merge(heaplens_agent::axum::router());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let service = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, service).await.unwrap();
        });
    });
    told.recv().unwrap()
}

#[test]
fn thousands_of_requests_leave_a_sibling_route_answering() {
    let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:10");
    in_child("thousands_of_requests_leave_a_sibling_route_answering", conf, || {
        let live = allocate(500);
        let address = serve();
        let left = AtomicUsize::new(REQUESTS);
        let next = || left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let mut siblings = 0;
        std::thread::scope(|scope| {
            let storm: Vec<_> = (0..THREADS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut answered = 0;
                        while let Ok(number) = next() {
                            let path =
                                if number % 2 == 0 { "/debug/prof/mem/status" } else { "/debug/prof/mem" };
                            let answer = get(address, path);
                            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer:.300}");
                            let whole =
                                if number % 2 == 0 { "\"state\":\"active\"" } else { "\n# end length=" };
                            assert!(answer.contains(whole), "{answer:.300}");
                            answered += 1;
                        }
                        answered
                    })
                })
                .collect();
            while storm.iter().any(|thread| !thread.is_finished()) {
                assert!(get(address, "/").ends_with("\r\n\r\nhello"));
                siblings += 1;
            }
            let answered: usize = storm.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(answered, REQUESTS);
        });
        assert!(siblings > 0);
        drop(live);
    });
}
