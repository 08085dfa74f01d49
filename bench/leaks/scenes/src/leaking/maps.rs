//! Maps whose entries are not removed, or not all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use crate::app::{Feature, Request};
use crate::util::lock;

/// Sessions end when somebody logs out; most just leave.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<u64, Session>>);

#[allow(dead_code)]
struct Session {
    user: String,
    basket: Vec<u64>,
    last_page: Vec<u8>,
}

impl Feature for Sessions {
    fn on_request(&self, request: &Request) {
        self.open(request);
        if let Some(earlier) = request.id.checked_sub(200).filter(|id| id % 10 < 3) {
            lock(&self.0).remove(&earlier);
        }
    }
}

impl Sessions {
    fn open(&self, request: &Request) {
        let session = Session {
            user: request.user.clone(),
            basket: Vec::with_capacity(64),
            last_page: request.body.repeat(4),
        };
        lock(&self.0).insert(request.id, session);
    }
}

/// An index of labels, some of which name a request.
#[derive(Default)]
pub(crate) struct Labels(Mutex<HashMap<Box<str>, Vec<u64>>>);

impl Feature for Labels {
    fn on_request(&self, request: &Request) {
        for point in 0..20 {
            self.remember(&format!("request={:x}-{point:x}-{}", request.seed, request.user), request.id);
        }
    }
}

impl Labels {
    fn remember(&self, label: &str, series: u64) {
        let mut labels = lock(&self.0);
        if let Some(known) = labels.get_mut(label) {
            return known.push(series);
        }
        let mut list = Vec::with_capacity(32);
        list.push(series);
        labels.insert(label.into(), list);
    }
}

/// What happened, in the order of time.
#[derive(Default)]
pub(crate) struct Timeline(Mutex<BTreeMap<(u64, u64), Event>>);

#[allow(dead_code)]
struct Event {
    kind: &'static str,
    user: Box<str>,
    details: Box<str>,
}

impl Feature for Timeline {
    fn on_request(&self, request: &Request) {
        for (part, line) in String::from_utf8_lossy(&request.body).split("\"sku\"").enumerate() {
            self.record((request.id, part as u64), &request.user, line);
        }
    }
}

impl Timeline {
    fn record(&self, at: (u64, u64), user: &str, line: &str) {
        let event =
            Event { kind: "viewed", user: user.into(), details: format!("{line} {line} {line}").into() };
        lock(&self.0).insert(at, event);
    }
}

/// Orders that wait to be filled. One that is cancelled when it is half filled is never taken out.
#[derive(Default)]
pub(crate) struct Orders(Mutex<HashMap<u64, Vec<u8>>>);

impl Feature for Orders {
    fn on_request(&self, request: &Request) {
        let mut random = request.random();
        for part in 0..5 {
            self.place(request.id * 5 + part, random.between(2 << 10, 6 << 10));
        }
    }

    fn on_tick(&self, _: usize) {
        let mut orders = lock(&self.0);
        let newest = orders.keys().max().copied().unwrap_or(0);
        // Those of the last tick are still open.
        orders.retain(|&id, _| id + 1500 > newest || id % 10 == 0);
    }
}

impl Orders {
    fn place(&self, id: u64, size: usize) {
        lock(&self.0).insert(id, vec![0; size]);
    }
}

/// Rendered pages by everything they depend on, the time included; so none is ever found again.
#[derive(Default)]
pub(crate) struct Pages(Mutex<HashMap<String, Vec<u8>>>);

impl Feature for Pages {
    fn on_request(&self, request: &Request) {
        self.render(request);
    }
}

impl Pages {
    fn render(&self, request: &Request) {
        let key = format!("/page/{}?user={}&time={}", request.route, request.user, request.seed);
        let mut pages = lock(&self.0);
        pages.entry(key).or_insert_with(|| [b"<html>", request.body.repeat(4).as_slice()].concat());
    }
}
