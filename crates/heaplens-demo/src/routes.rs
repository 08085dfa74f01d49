//! The service's own HTTP routes.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use crate::line_protocol::{self, Precision};
use crate::store::engine::Engine;
use crate::store::query::RangeQuery;

pub(crate) fn router(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/v1/influxdb/write", post(write))
        .route("/write", post(write))
        .route("/v1/query", get(query))
        .route("/metrics", get(metrics))
        .route("/health", get(|| async { axum::Json(json!({"status": "ok"})) }))
        .with_state(engine)
}

/// Nanoseconds since the epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

fn refuse(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, axum::Json(json!({"error": message}))).into_response()
}

#[derive(Debug, Deserialize)]
struct WriteParams {
    precision: Option<String>,
}

async fn write(
    State(engine): State<Arc<Engine>>,
    Query(params): Query<WriteParams>,
    body: Bytes,
) -> Response {
    let name = params.precision.as_deref().unwrap_or("ns");
    let Some(precision) = Precision::from_name(name) else {
        return refuse(&format!("precision={name}: expected ns, us, ms, s, m or h"));
    };
    match line_protocol::parse(&body, precision).and_then(|points| engine.write(&points, now())) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refuse(&error.to_string()),
    }
}

async fn query(State(engine): State<Arc<Engine>>, Query(params): Query<Vec<(String, String)>>) -> Response {
    let query = match RangeQuery::from_params(params, now()) {
        Ok(query) => query,
        Err(error) => return refuse(&error),
    };
    match engine.query(&query) {
        Ok(points) => axum::Json(json!({
            "measurement": query.measurement,
            "field": query.field,
            "agg": query.aggregate.name(),
            "start": query.start,
            "end": query.end,
            "step": query.step,
            "points": points,
        }))
        .into_response(),
        Err(error) => refuse(&error),
    }
}

async fn metrics(State(engine): State<Arc<Engine>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], engine.stats().to_text())
}
