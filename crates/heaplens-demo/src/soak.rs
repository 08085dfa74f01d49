//! The store under the same load round after round, without a server: for `heaplens check --run`, and for leak tests.

use crate::line_protocol::{Precision, parse};
use crate::store::aggregate::Aggregate;
use crate::store::engine::{Engine, EngineOptions};
use crate::store::query::RangeQuery;
use crate::store::retention::DeadLabels;

const SECOND: i64 = 1_000_000_000;

/// What a soak does.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SoakOptions {
    /// Leak: the label index keeps the labels of series that retention dropped
    #[arg(long)]
    leak: bool,
    /// How many rounds of equal work
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Seconds of the store's own time in a round
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

/// Runs all rounds; each ends with a dump if `HEAPLENS_ROUND_DIR` asks for it.
pub(crate) fn run(options: &SoakOptions) -> anyhow::Result<()> {
    let mut second = seconds(if options.leak { DeadLabels::Kept } else { DeadLabels::Compacted });
    for _ in 0..options.rounds {
        for _ in 0..options.seconds {
            second()?;
        }
        round_done();
    }
    Ok(())
}

/// The agent is asked as a monitoring system would ask it, so that it is under test as well.
#[cfg(feature = "mem-prof")]
fn round_done() {
    let agent = heaplens_agent::Agent::default();
    for path in ["/debug/prof/mem", "/debug/prof/mem/status", "/debug/prof/mem/stats"] {
        let request = axum::http::Request::get(path).body(Vec::new());
        if let Ok(request) = request {
            drop(agent.handle(request, Some(std::net::Ipv4Addr::LOCALHOST.into())));
        }
    }
    heaplens_agent::round_done();
}

#[cfg(not(feature = "mem-prof"))]
fn round_done() {}

/// A second of load after the other: labels that nothing had before, a query, retention.
pub(crate) fn seconds(dead_labels: DeadLabels) -> impl FnMut() -> anyhow::Result<()> {
    let engine = Engine::new(EngineOptions {
        retention: 3 * SECOND,
        cache_bytes: 16 << 10,
        flush_bytes: 16 << 10,
        dead_labels,
    });
    let mut second = 0;
    move || {
        second += 1;
        let now = second * SECOND;
        let lines: String =
            (0..20).map(|i| format!("m,host=h{},id=r{second:06}-{i} v={i}\n", i % 4)).collect();
        let points = parse(lines.as_bytes(), Precision::Nanoseconds);
        points
            .and_then(|points| engine.write(&points, now))
            .map_err(|error| anyhow::anyhow!("second {second}: {error}"))?;
        engine.maintain(now);
        let query = RangeQuery {
            measurement: "m".into(),
            field: "v".into(),
            aggregate: Aggregate::Max,
            start: now - 2 * SECOND,
            end: now + SECOND,
            step: SECOND,
            labels: vec![("host".into(), "h1".into())],
        };
        let found = engine.query(&query).map_err(anyhow::Error::msg)?;
        anyhow::ensure!(!found.is_empty(), "second {second}: nothing was found");
        Ok(())
    }
}
