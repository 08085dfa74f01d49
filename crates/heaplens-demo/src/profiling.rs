//! The heap profile's routes: the agent's with the feature `mem-prof`, a plain 501 without it.

use axum::Router;

#[cfg(feature = "mem-prof")]
pub(crate) fn router() -> Router {
    heaplens_agent::axum::router()
}

/// Answers as GreptimeDB does when it is built without heap profiling.
#[cfg(not(feature = "mem-prof"))]
pub(crate) fn router() -> Router {
    use axum::http::StatusCode;
    use axum::routing::any;

    async fn disabled() -> (StatusCode, &'static str) {
        (StatusCode::NOT_IMPLEMENTED, "The 'mem-prof' feature is disabled")
    }
    Router::new()
        .route("/debug/prof/{*rest}", any(disabled))
        .route("/v1/prof/mem", any(disabled))
        .route("/v1/prof/mem/{*rest}", any(disabled))
}
