//! What is sold: read at the start, and read again every few ticks.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::random::Random;
use crate::util::lock;

/// Ticks between two readings.
const REFRESH: usize = 5;
const PRODUCTS: usize = 5000;

pub(super) struct Catalog {
    products: Mutex<BTreeMap<String, Value>>,
    /// Words of all languages, which stay.
    words: Vec<String>,
}

impl Catalog {
    pub(super) fn load(random: &mut Random) -> Self {
        let words = (0..40_000).map(|n| format!("word-{n}-{}", "w".repeat(random.between(4, 60)))).collect();
        Self { products: Mutex::new(read(random)), words }
    }

    pub(super) fn refresh(&self, tick: usize, random: &mut Random) {
        if tick.is_multiple_of(REFRESH) {
            let fresh = read(random);
            *lock(&self.products) = fresh;
        }
    }

    pub(super) fn describe(&self, sku: &str) -> Option<Value> {
        lock(&self.products).get(sku).cloned()
    }

    pub(super) fn search(&self, nth: usize) -> Vec<String> {
        self.words.iter().skip(nth).step_by(self.words.len() / 20).cloned().collect()
    }
}

fn read(random: &mut Random) -> BTreeMap<String, Value> {
    let product = |n: usize| {
        let text = "d".repeat(random.between(100, 700));
        let product = json!({"sku": n, "text": text, "price": random.below(1000), "sizes": [36, 38, 40, 42]});
        (format!("sku-{n:06}"), product)
    };
    (0..PRODUCTS).map(product).collect()
}
