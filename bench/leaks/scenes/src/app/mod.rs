//! The service around every scene: requests on an async runtime, a cache at its cap, a connection pool, a catalog, and
//! threads with jobs. None of it grows.

mod cache;
mod catalog;
mod handlers;
mod http;
mod jobs;
mod pool;
mod tables;

use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::random::Random;

pub(crate) use cache::Lru;
pub(crate) use http::Request;

/// Requests a tick under the usual load.
const REQUESTS: f64 = 300.0;

/// What a scene adds to the service.
pub(crate) trait Feature: Send + Sync {
    /// Requests in a tick, relative to the usual. Asked once a tick, in order.
    fn load(&self, _tick: usize) -> f64 {
        1.0
    }

    /// Called in the request's task before it is handled.
    fn on_request(&self, _request: &Request) {}

    /// Called by each handler, with its name.
    fn on_handled(&self, _request: &Request, _handler: &'static str) {}

    /// Called once a tick, after its requests.
    fn on_tick(&self, _tick: usize) {}
}

/// Parts that requests use.
pub(crate) struct Services {
    cache: Lru,
    catalog: catalog::Catalog,
    pool: pool::Pool,
    jobs: jobs::Jobs,
    _tables: tables::Tables,
    /// None while the service warms up.
    feature: OnceLock<Box<dyn Feature>>,
}

impl Services {
    fn feature(&self) -> &dyn Feature {
        self.feature.get().map_or(&Nothing, |feature| &**feature)
    }
}

struct Nothing;

impl Feature for Nothing {}

/// The running service.
pub(crate) struct App {
    seed: u64,
    runtime: tokio::runtime::Runtime,
    services: Arc<Services>,
    /// The tick that has begun: slow clients take their answers then.
    clock: watch::Sender<usize>,
    requests: JoinSet<()>,
    count: u64,
}

impl App {
    /// Starts the service and lets it run until it holds what it holds for good; then the feature comes.
    pub(crate) fn start(seed: u64, feature: fn(u64) -> Box<dyn Feature>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
        let mut random = Random::stream(seed, 1);
        let services = Services {
            cache: Lru::new(random.between(14 << 20, 20 << 20)),
            catalog: catalog::Catalog::load(&mut random),
            pool: pool::Pool::connect(random.between(24, 40)),
            jobs: jobs::Jobs::start(3),
            _tables: tables::Tables::read(&mut random),
            feature: OnceLock::new(),
        };
        let (services, clock, requests) = (Arc::new(services), watch::Sender::new(0), JoinSet::new());
        let mut app = Self { seed, runtime, services, clock, requests, count: 0 };
        while !app.services.cache.is_full() {
            app.tick(0);
        }
        app.services.feature.get_or_init(|| feature(seed));
        Ok(app)
    }

    /// Serves the requests of a tick; returns when each has been answered, or waits for its slow client to take the
    /// answer, which it does in the next tick.
    pub(crate) fn tick(&mut self, tick: usize) {
        let mut random = Random::stream(self.seed, 1000 + self.count);
        let load = self.services.feature().load(tick);
        let count = (REQUESTS * load * (1.0 + 0.05 * random.normal())).round().max(1.0) as usize;
        self.clock.send_replace(tick);
        let (answered, mut answers) = mpsc::unbounded_channel();
        let services = &self.services;
        let clock = &self.clock;
        let requests = &mut self.requests;
        let first = self.count;
        self.count += count as u64;
        self.runtime.block_on(async {
            for id in first..first + count as u64 {
                let (services, seed) = (Arc::clone(services), random.next());
                requests.spawn(http::serve(services, id, seed, answered.clone(), clock.subscribe()));
            }
            for _ in 0..count {
                answers.recv().await;
            }
            while requests.try_join_next().is_some() {}
        });
        self.services.jobs.finish();
        self.services.catalog.refresh(tick, &mut random);
        self.services.feature().on_tick(tick);
    }
}
