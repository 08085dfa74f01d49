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
        router
            .route(root, handler.clone())
            .route(&format!("{root}/{{*rest}}"), handler.clone())
    })
}

async fn answer(agent: Agent, request: Request) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip());
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
