//! The load generator: a few threads that write batches and ask queries, for a bounded time.

mod client;
mod pace;
mod target;
mod workload;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

pub use client::{Client, Reply};
pub use target::Target;

use crate::routes::now;
use pace::Pace;
use workload::Workload;

/// What load to make.
#[derive(Clone, Debug, clap::Args)]
pub struct LoadOptions {
    /// The service
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4000")]
    target: Target,
    /// How long to go on
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Points per second, over all threads
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: u64,
    /// Connections, each with a thread
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=16))]
    threads: u64,
    /// Points in a write
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..=5000))]
    batch: u64,
    /// Stop after so many requests, even if there is time left
    #[arg(long, value_name = "N")]
    max_requests: Option<u64>,
    /// Seed of what is written; the timestamps and the time in request ids are the clock's
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Allow a target that is not this machine
    #[arg(long)]
    allow_remote: bool,
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    points: u64,
    writes: u64,
    queries: u64,
    bytes: u64,
    errors: u64,
    first_error: Option<String>,
    elapsed: Duration,
}

impl Summary {
    fn add(&mut self, other: Self) {
        self.points += other.points;
        self.writes += other.writes;
        self.queries += other.queries;
        self.bytes += other.bytes;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn failed(&mut self, message: String) {
        self.errors += 1;
        self.first_error.get_or_insert(message);
    }

    /// Err if a request was refused or failed.
    pub fn check(&self) -> anyhow::Result<()> {
        match &self.first_error {
            Some(first) => bail!("{} requests failed, the first: {first}", self.errors),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        write!(
            f,
            "load: {} points in {} writes ({:.1} MB), {} queries, {} errors, {seconds:.1} s, {:.0} points/s",
            self.points,
            self.writes,
            self.bytes as f64 / 1e6,
            self.queries,
            self.errors,
            self.points as f64 / seconds.max(1e-9),
        )
    }
}

/// Makes the load. Err if the target is refused or cannot be reached; failed requests are in the summary.
pub fn run(options: &LoadOptions) -> anyhow::Result<Summary> {
    let addresses = options.target.resolve()?;
    if !options.allow_remote {
        let remote = addresses.iter().find(|address| !address.ip().is_loopback());
        ensure!(
            remote.is_none(),
            "{} is not this machine; --allow-remote allows that, if it is yours",
            options.target
        );
    }
    let started = Instant::now();
    let until = started + Duration::from_secs(options.seconds);
    let requests = AtomicU64::new(options.max_requests.unwrap_or(u64::MAX));
    let mut clients = Vec::new();
    for _ in 0..options.threads {
        let client =
            Client::connect(&addresses).with_context(|| format!("connecting to {}", options.target))?;
        clients.push(client);
    }
    let mut summary = Summary::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..)
            .zip(clients)
            .map(|(thread, client)| {
                let requests = &requests;
                scope.spawn(move || work(options, thread, client, until, requests))
            })
            .collect();
        for worker in workers {
            match worker.join() {
                Ok(part) => summary.add(part),
                Err(_) => summary.failed("a thread of the load generator panicked".into()),
            }
        }
    });
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// Takes one from the requests that are left.
fn take(requests: &AtomicU64) -> bool {
    requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// Writes and, after every fifth write, a query; ends at the first failure of the connection.
fn work(
    options: &LoadOptions,
    thread: u64,
    mut client: Client,
    until: Instant,
    requests: &AtomicU64,
) -> Summary {
    let mut summary = Summary::default();
    let mut workload = Workload::new(options.seed, thread);
    let mut pace = Pace::new(options.rate as f64 / options.threads as f64 / options.batch as f64);
    let mut body = String::new();
    while pace.wait(until) && take(requests) {
        body.clear();
        workload.batch(options.batch, now(), &mut body);
        match client.request("POST", "/v1/influxdb/write", body.as_bytes()) {
            Ok(reply) if reply.status == 204 => {
                summary.points += options.batch;
                summary.bytes += body.len() as u64;
            }
            Ok(reply) => summary.failed(reply.describe("write")),
            Err(error) => {
                summary.failed(format!("write: {error:#}"));
                break;
            }
        }
        summary.writes += 1;
        if !summary.writes.is_multiple_of(5) || !take(requests) {
            continue;
        }
        match client.request("GET", &workload.query(now()), b"") {
            Ok(reply) if reply.status == 200 => {}
            Ok(reply) => summary.failed(reply.describe("query")),
            Err(error) => {
                summary.failed(format!("query: {error:#}"));
                break;
            }
        }
        summary.queries += 1;
    }
    summary
}
