//! A request's way: layers around a handler, then the answer to its client.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::{Services, handlers};
use crate::random::Random;
use crate::util::Buf;

/// Share of clients that take their answer only later.
const SLOW: f64 = 0.4;

/// A request as handlers see it.
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) seed: u64,
    pub(crate) user: String,
    pub(crate) route: usize,
    pub(crate) body: Vec<u8>,
}

impl Request {
    fn receive(id: u64, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let items = random.between(8, 24);
        let items: Vec<Value> = (0..items).map(|_| item(&mut random)).collect();
        let body = json!({ "id": id, "currency": "EUR", "items": items }).to_string().into_bytes();
        Self { id, seed, user: format!("user-{:05}", random.below(40_000)), route: random.below(10), body }
    }

    /// Draws that are this request's own.
    pub(crate) fn random(&self) -> Random {
        Random::stream(self.seed, self.id)
    }
}

fn item(random: &mut Random) -> Value {
    let tags = &["new", "sale"][..random.below(3)];
    json!({
        "sku": format!("sku-{:06}", random.below(5000)),
        "quantity": random.between(1, 9),
        "price": random.below(100_000) as f64 / 100.0,
        "note": "x".repeat(random.between(20, 120)),
        "tags": tags,
    })
}

/// Serves one request, from its first byte to when its client has the answer.
pub(super) async fn serve(
    services: Arc<Services>,
    id: u64,
    seed: u64,
    answered: mpsc::UnboundedSender<()>,
    mut clock: watch::Receiver<usize>,
) {
    let request = Request::receive(id, seed);
    let slow = request.random().chance(SLOW);
    let response = traced(limited(handle(&services, &request))).await;
    if slow {
        let mut out = Buf::new(request.random().between(32 << 10, 128 << 10));
        out.put(&response);
        let _ = answered.send(());
        let _ = clock.changed().await;
        std::hint::black_box(out.bytes());
    } else {
        drop(response);
        drop(request);
        let _ = answered.send(());
    }
}

type Handled<'a> = Pin<Box<dyn Future<Output = Vec<u8>> + Send + 'a>>;

/// Boxed, as middleware is.
async fn traced(inner: Handled<'_>) -> Vec<u8> {
    let span = format!("request of {} bytes on the heap", size_of_val(&inner));
    let response = inner.await;
    std::hint::black_box(span);
    response
}

fn limited(inner: Handled<'_>) -> Handled<'_> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        inner.await
    })
}

fn handle<'a>(services: &'a Services, request: &'a Request) -> Handled<'a> {
    Box::pin(async move {
        services.feature().on_request(request);
        let connection = services.pool.take();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let response = handlers::dispatch(services, request, &body);
        services.pool.give_back(connection);
        response.to_string().into_bytes()
    })
}
