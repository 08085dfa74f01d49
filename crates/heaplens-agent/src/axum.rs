//! The endpoints as a router for axum 0.8.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use ::axum::Router;
use ::axum::body::{Body, HttpBody, to_bytes};
use ::axum::extract::{ConnectInfo, Request};
use ::axum::response::Response;
use ::axum::routing::any;

use crate::agent::{Agent, MAX_BODY};
use crate::problem::Problem;
use crate::remote;
use crate::route::ROOTS;
use crate::sys::mallctl::unsampled;
use crate::sys::pages::Pages;

/// A large body must arrive within this: the next one waits for it.
const BODY_TIME: Duration = Duration::from_secs(120);

/// All endpoints, for the local machine only.
///
/// These are `/debug/prof/mem` and `/v1/prof/mem` with all below, and `heap`, `allocs`, `symbol` and `cmdline` in
/// `/debug/pprof` and `/pprof`. A program may have others there; `merge` panics if it has one of the same path.
///
/// The peer's address must be known: serve the application with
/// `app.into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    router_with(Agent::new())
}

/// All endpoints, with an agent of the application's own settings.
///
/// Work that blocks runs on tokio's threads for blocking work. A dump that was started for a client that went away
/// is finished and freed.
pub fn router_with<S: Clone + Send + Sync + 'static>(agent: Agent) -> Router<S> {
    let handler = any(move |request: Request| answer(agent.clone(), request));
    let own = ROOTS.iter().flat_map(|root| [(*root).to_owned(), format!("{root}/{{*rest}}")]);
    // Each by itself: a program may have other profiles beside them.
    let shared =
        remote::ROOTS.iter().flat_map(|root| remote::NAMES.iter().map(move |name| format!("{root}/{name}")));
    own.chain(shared).fold(Router::new(), |router, path| router.route(&path, handler.clone()))
}

async fn answer(agent: Agent, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let (head, body) = request.into_parts();
    // Nobody sends us a large body, or gets a thread, who may not ask.
    let limit = match agent.admit(&head, peer) {
        Ok(limit) if HttpBody::size_hint(&body).lower() > limit as u64 => {
            return Problem::body_too_large(limit).into_response().map(Body::from);
        }
        Ok(limit) => limit,
        Err(refusal) => return refusal.map(Body::from),
    };
    // A small body is awaited here; a large one is read when it is its turn, which only a thread can wait for.
    let body = if limit > MAX_BODY {
        Err(body)
    } else {
        match to_bytes(body, limit).await {
            Ok(bytes) => Ok(bytes),
            Err(_) => return Problem::body_too_large(limit).into_response().map(Body::from),
        }
    };
    let work = move || {
        // What serves the request is the agent's, and no part of the program.
        unsampled(|| match body {
            Ok(bytes) => agent.answer(&head, peer, |_| Ok(bytes)),
            Err(body) => agent.answer(&head, peer, |limit| read(body, limit)),
        })
    };
    match unsampled(|| tokio::task::spawn_blocking(work)).await {
        Ok(response) => response.map(Body::from),
        Err(_) => Problem::internal().into_response().map(Body::from),
    }
}

/// Reads a body on this thread, into memory that is no part of the program's heap.
fn read(mut body: Body, limit: usize) -> Result<Pages, Problem> {
    let deadline = Instant::now() + BODY_TIME;
    let announced = HttpBody::size_hint(&body).upper().and_then(|bytes| usize::try_from(bytes).ok());
    let room = announced.unwrap_or(limit).min(limit);
    let mut pages = Pages::new(room).map_err(|error| Problem::no_room(room, &error))?;
    while let Some(frame) = wait(poll_fn(|context| Pin::new(&mut body).poll_frame(context)), deadline)
        .ok_or_else(Problem::no_body)?
    {
        let frame = frame.map_err(|_| Problem::no_body())?;
        // Trailers say nothing here.
        if let Ok(data) = frame.into_data()
            && pages.push(&data) < data.len()
        {
            return Err(Problem::body_too_large(limit));
        }
    }
    Ok(pages)
}

/// Waits for a future on this thread; `None` if it takes too long.
fn wait<F: Future>(future: F, deadline: Instant) -> Option<F::Output> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        thread::park_timeout(deadline.checked_duration_since(Instant::now())?);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::IpAddr;

    use ::axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::common::in_child;
    use crate::dump;
    use crate::flight::MOST_FOLLOWERS;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn request(method: &str, path: &str) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
    }

    async fn serve(app: Router) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind((IpAddr::from([127, 0, 0, 1]), 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { ::axum::serve(listener, service).await });
        address
    }

    #[test]
    fn a_sibling_route_answers_while_a_dump_is_taken() {
        let conf = Some("MALLOC_CONF=prof:true");
        in_child("axum::tests::a_sibling_route_answers_while_a_dump_is_taken", conf, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let app = Router::new().route("/", get(async || "hello")).merge(router());
                let address = serve(app).await;
                let release = dump::occupy();
                let asked =
                    tokio::spawn(async move { ask(address, &request("GET", "/debug/prof/mem")).await });
                // The request waits in the agent for the dump under way; the one worker thread is free.
                while dump::waiting() == 0 {
                    tokio::task::yield_now().await;
                }
                let sibling = ask(address, &request("GET", "/")).await;
                assert!(sibling.ends_with("hello"), "{sibling}");
                assert!(!asked.is_finished());
                release();
                let answer = asked.await.unwrap();
                assert!(
                    answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\r\n\r\nheap_v2/"),
                    "{answer:.300}"
                );
            });
        });
    }

    #[tokio::test]
    async fn a_merged_router_answers_under_both_roots_and_refuses_the_rest() {
        let address = serve(Router::new().merge(router())).await;
        for root in ROOTS {
            let answer = ask(address, &request("GET", &format!("{root}/status"))).await;
            assert!(
                answer.contains("\r\ncontent-type: application/json\r\n") && answer.contains(r#""env":"#),
                "{answer}"
            );
            let answer = ask(address, &request("GET", &format!("{root}/activate"))).await;
            assert!(
                answer.starts_with("HTTP/1.1 405 ") && answer.contains("\r\nallow: POST\r\n"),
                "{answer}"
            );
            let answer = ask(address, &request("GET", &format!("{root}/no/such"))).await;
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        }
    }

    #[tokio::test]
    async fn other_profiles_of_the_program_stand_beside_ours() {
        let own = Router::new()
            .route("/debug/pprof/profile", get(async || "cpu"))
            .route("/debug/pprof/{name}", get(async || "other"));
        let address = serve(own.merge(router())).await;
        for (path, expected) in [
            ("/debug/pprof/profile", "cpu"),
            ("/debug/pprof/goroutine", "other"),
            ("/pprof/symbol", "num_symbols: "),
            ("/debug/pprof/symbol", "num_symbols: "),
        ] {
            let answer = ask(address, &request("GET", path)).await;
            assert!(answer.contains(&format!("\r\n\r\n{expected}")), "{path}: {answer}");
        }
        let answer = ask(address, &request("HEAD", "/pprof/symbol")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn without_the_peers_address_the_answer_says_what_to_do() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { ::axum::serve(listener, Router::new().merge(router())).await });
        let answer = ask(address, &request("GET", "/debug/prof/mem")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("into_make_service_with_connect_info::<std::net::SocketAddr>()"), "{answer}");
    }

    #[test]
    fn callers_too_many_are_told_and_other_requests_are_answered() {
        let name = "axum::tests::callers_too_many_are_told_and_other_requests_are_answered";
        in_child(name, Some("MALLOC_CONF=prof:true"), || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let address = serve(router()).await;
                let release = dump::occupy();
                let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
                for _ in 0..100 {
                    let tell = tell.clone();
                    tokio::spawn(async move {
                        tell.send(ask(address, &request("GET", "/debug/prof/mem")).await).unwrap();
                    });
                }
                for _ in MOST_FOLLOWERS..100 {
                    let answer = told.recv().await.unwrap();
                    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
                    assert!(answer.contains("\r\nretry-after: 10\r\n"), "{answer}");
                }
                let status = ask(address, &request("GET", "/debug/prof/mem/status")).await;
                assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
                release();
                for _ in 0..MOST_FOLLOWERS {
                    let answer = told.recv().await.unwrap();
                    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.300}");
                }
            });
        });
    }

    #[test]
    #[cfg(feature = "symbolize")]
    fn a_posted_dump_is_no_memory_of_the_programs() {
        use std::io::{Read, Write};
        let name = "axum::tests::a_posted_dump_is_no_memory_of_the_programs";
        in_child(name, Some("MALLOC_CONF=prof:true,lg_prof_sample:0"), || {
            // Refused as soon as it is looked at.
            let body = b"\x7fELF".repeat(5 << 20);
            let head = request("POST", "/debug/prof/mem/symbol")
                .replace("Length: 0", &format!("Length: {}", body.len()));
            // Live and sampled, as the header of a dump has it.
            let sampled = || {
                let dump = dump::take(Duration::ZERO).map_err(|problem| problem.code()).unwrap();
                let text = String::from_utf8_lossy(&dump.bytes).into_owned();
                let total = text.lines().nth(1).unwrap().split(' ').nth(4).unwrap();
                total.parse::<usize>().unwrap()
            };
            let anonymous = || {
                let figures = crate::process::memory().bytes;
                figures.iter().find(|(name, _)| *name == "rssanon").unwrap().1
            };
            let (tell, told) = std::sync::mpsc::channel();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    tell.send(serve(router()).await).unwrap();
                    std::future::pending::<()>().await;
                });
            });
            let mut stream = std::net::TcpStream::connect(told.recv().unwrap()).unwrap();
            let before = (sampled(), anonymous());
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body[..body.len() - 1]).unwrap();
            // Until the body has arrived, but for its last byte.
            while anonymous() < before.1 + (body.len() - (1 << 20)) as u64 {
                thread::yield_now();
            }
            let grown = sampled().saturating_sub(before.0);
            assert!(grown < 2 << 20, "{grown} bytes");
            stream.write_all(b"F").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.contains("\"code\":\"unreadable-dump\""), "{answer}");
        });
    }

    #[test]
    fn what_does_not_come_is_not_waited_for_for_ever() {
        assert_eq!(wait(async { 7 }, Instant::now()), Some(7));
        assert_eq!(wait(std::future::pending::<u8>(), Instant::now()), None);
        // Woken by another thread.
        let (tell, told) = tokio::sync::oneshot::channel();
        let thread = thread::spawn(move || tell.send(8));
        assert_eq!(wait(told, Instant::now() + Duration::from_secs(600)), Some(Ok(8)));
        assert!(thread.join().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_large_body_is_refused() {
        let address = serve(router()).await;
        let body = "x".repeat(crate::MAX_BODY + 1);
        let head =
            request("POST", "/debug/prof/mem/gdump").replace("Length: 0", &format!("Length: {}", body.len()));
        let answer = ask(address, &format!("{head}{body}")).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}
