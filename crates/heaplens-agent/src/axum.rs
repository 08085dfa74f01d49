//! The endpoints as a router for axum 0.8.

use std::net::SocketAddr;

use ::axum::Router;
use ::axum::body::{Body, to_bytes};
use ::axum::extract::{ConnectInfo, Request};
use ::axum::response::Response;
use ::axum::routing::any;

use crate::agent::{Agent, too_large};
use crate::problem::Problem;
use crate::route::ROOTS;

/// All endpoints, for the local machine only.
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
    ROOTS.iter().fold(Router::new(), |router, root| {
        router.route(root, handler.clone()).route(&format!("{root}/{{*rest}}"), handler.clone())
    })
}

async fn answer(agent: Agent, request: Request) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    let (head, body) = request.into_parts();
    // Nobody sends us a large body who may not ask.
    let limit = match agent.admit(&head, peer) {
        Ok(limit) => limit,
        Err(refusal) => return refusal.map(Body::from),
    };
    let Ok(body) = to_bytes(body, limit).await else {
        return too_large(limit).into_response().map(Body::from);
    };
    let work = move || agent.handle(::http::Request::from_parts(head, body), peer);
    match tokio::task::spawn_blocking(work).await {
        Ok(response) => response.map(Body::from),
        Err(_) => Problem::internal().into_response().map(Body::from),
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
    async fn without_the_peers_address_the_answer_says_what_to_do() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { ::axum::serve(listener, Router::new().merge(router())).await });
        let answer = ask(address, &request("GET", "/debug/prof/mem")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert!(answer.contains("into_make_service_with_connect_info::<std::net::SocketAddr>()"), "{answer}");
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
