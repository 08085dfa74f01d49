//! A server with the profiling endpoints.
//!
//! ```text
//! MALLOC_CONF=prof:true cargo run -p heaplens-agent --example axum --features axum-08,jemalloc
//! curl 127.0.0.1:4000/debug/prof/mem > mem.heap
//! ```

use std::net::SocketAddr;

heaplens_agent::jemalloc!();

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let app = axum::Router::new()
        .route("/", axum::routing::get(async || "hello"))
        .merge(heaplens_agent::axum::router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:4000").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}
