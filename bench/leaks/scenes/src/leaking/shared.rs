//! What many callers feed, or what allocates below somebody else's code; and two leaks at once.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::Value;

use crate::app::{Feature, Request};
use crate::util::lock;

/// Counts by labels, the user among them, for all ten handlers.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<HashMap<String, Histogram>>);

#[allow(dead_code)]
struct Histogram {
    sum: f64,
    buckets: Vec<u64>,
}

impl Feature for Metrics {
    fn on_handled(&self, request: &Request, handler: &'static str) {
        for item in 0..12 {
            self.observe(handler, &request.user, request.id * 16 + item);
        }
    }
}

impl Metrics {
    fn observe(&self, handler: &str, user: &str, item: u64) {
        let labels = format!("duration{{handler={handler:?},user={user:?},item={item}}}");
        let mut histograms = lock(&self.0);
        let histogram =
            histograms.entry(labels).or_insert_with(|| Histogram { sum: 0.0, buckets: vec![0; 96] });
        histogram.sum += item as f64;
    }
}

/// Documents as serde_json parses them, kept by whoever accepts them.
#[derive(Default)]
pub(crate) struct Documents(Mutex<Vec<Value>>);

impl Feature for Documents {
    fn on_request(&self, request: &Request) {
        self.accept(&request.body);
    }
}

impl Documents {
    fn accept(&self, body: &[u8]) {
        if let Ok(document) = serde_json::from_slice(body) {
            lock(&self.0).push(document);
        }
    }
}

/// Two leaks, the first three times as fast.
#[derive(Default)]
pub(crate) struct Papers {
    invoices: Mutex<Vec<Vec<u8>>>,
    receipts: Mutex<Vec<Box<str>>>,
}

impl Feature for Papers {
    fn on_request(&self, request: &Request) {
        self.issue_invoice(request);
        self.print_receipt(request);
    }
}

impl Papers {
    fn issue_invoice(&self, request: &Request) {
        lock(&self.invoices).push(vec![0; request.random().between(10 << 10, 20 << 10)]);
    }

    fn print_receipt(&self, request: &Request) {
        let text = format!("{:>1$}", request.user, request.random().between(3 << 10, 7 << 10));
        lock(&self.receipts).push(text.into());
    }
}
