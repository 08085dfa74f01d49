//! What is written and asked: half the points are of hosts that stay, half carry a request id that never
//! comes again. That mistake, an id as a label, is what makes label indexes grow.

use std::fmt::Write;

const SERVICES: [&str; 6] = ["api", "auth", "billing", "gateway", "ingest", "search"];
const PATHS: [&str; 5] = ["/", "/login", "/v1/items", "/v1/orders", "/v1/search"];

/// A generator of points and queries; the same seed gives the same ones, but for the time.
#[derive(Debug)]
pub(super) struct Workload {
    random: SplitMix,
    points: u64,
    queries: usize,
}

impl Workload {
    pub(super) fn new(seed: u64, thread: u64) -> Self {
        Self { random: SplitMix(seed ^ thread.wrapping_mul(0xd6e8_feb8_6659_fd93)), points: 0, queries: 0 }
    }

    /// Appends `count` lines of line protocol with times from `now` (nanoseconds) on.
    pub(super) fn batch(&mut self, count: u64, now: i64, out: &mut String) {
        for i in 0..count {
            let at = now + i as i64;
            self.points += 1;
            // Writing to a String cannot fail.
            let _ =
                if self.points.is_multiple_of(2) { self.host(at, out) } else { self.http_request(at, out) };
        }
    }

    fn host(&mut self, at: i64, out: &mut String) -> std::fmt::Result {
        let (host, core) = (self.random.below(24), self.random.below(8));
        let (busy, up) = (self.random.below(1000) as f64 / 10.0, self.random.below(50) > 0);
        let processes = 200 + self.random.below(100);
        writeln!(out, "cpu,core={core},host=node-{host:02} busy={busy},processes={processes}i,up={up} {at}")
    }

    fn http_request(&mut self, at: i64, out: &mut String) -> std::fmt::Result {
        let service = self.random.pick(&SERVICES);
        let path = self.random.pick(&PATHS);
        let host = self.random.below(24);
        let id = RequestId(at, self.random.next());
        let latency = self.random.below(20_000) as f64 / 100.0;
        let status = [200, 200, 200, 200, 404, 500][self.random.below(6) as usize];
        writeln!(
            out,
            "http_requests,host=node-{host:02},request_id={id},service={service} \
             latency_ms={latency},path=\"{path}\",status={status}i {at}"
        )
    }

    /// The path of the next query: the last five whole seconds, in steps of one.
    pub(super) fn query(&mut self, now: i64) -> String {
        let second = 1_000_000_000;
        let end = now - now.rem_euclid(second) + second;
        let start = end - 5 * second;
        self.queries += 1;
        let what = match self.queries % 4 {
            0 => "measurement=cpu&field=busy&agg=mean".to_owned(),
            1 => "measurement=http_requests&field=latency_ms&agg=max".to_owned(),
            2 => format!(
                "measurement=http_requests&field=status&agg=count&service={}",
                self.random.pick(&SERVICES)
            ),
            _ => format!("measurement=cpu&field=busy&agg=last&host=node-{:02}", self.random.below(24)),
        };
        format!("/v1/query?{what}&start={start}&end={end}&step=1s")
    }
}

/// A UUID of version 7: it begins with the time, so ids differ from run to run even with the same seed.
struct RequestId(i64, u64);

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = (self.0 / 1_000_000) as u64 & 0xffff_ffff_ffff;
        let (high, low) = (milliseconds >> 16, milliseconds & 0xffff);
        // Of the 74 random bits of the standard, 12 are the time within the millisecond.
        let within = (self.0 % 1_000_000) as u64 * 4096 / 1_000_000;
        let (variant, node) = (0x8000 | (self.1 >> 50), self.1 & 0xffff_ffff_ffff);
        write!(f, "{high:08x}-{low:04x}-7{within:03x}-{variant:04x}-{node:012x}")
    }
}

/// The generator SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line_protocol::{Precision, parse};
    use std::collections::HashSet;

    const NOW: i64 = 1_700_000_000_123_456_789;

    fn batch(workload: &mut Workload, now: i64) -> String {
        let mut out = String::new();
        workload.batch(200, now, &mut out);
        out
    }

    #[test]
    fn the_same_seed_gives_the_same_load() {
        let (mut one, mut two, mut other) = (Workload::new(7, 0), Workload::new(7, 0), Workload::new(7, 1));
        let first = batch(&mut one, NOW);
        assert_eq!(first, batch(&mut two, NOW));
        assert_ne!(first, batch(&mut other, NOW));
        assert_eq!(one.query(NOW), two.query(NOW));
    }

    #[test]
    fn every_line_is_line_protocol_and_no_request_id_comes_twice_even_in_a_second_run() {
        let mut ids = HashSet::new();
        for run in 0..2 {
            let text = batch(&mut Workload::new(1, 0), NOW + run * 1_000_000);
            let points = parse(text.as_bytes(), Precision::Nanoseconds).unwrap();
            assert_eq!(points.len(), 200);
            for point in points.iter().filter(|point| point.measurement == "http_requests") {
                let (_, id) = point.tags.iter().find(|(name, _)| name == "request_id").unwrap();
                assert_eq!(id.len(), 36);
                assert!(ids.insert(id.to_string()), "{id} came twice");
            }
        }
        assert_eq!(ids.len(), 200);
    }

    #[test]
    fn a_request_id_is_a_uuid_of_version_7() {
        assert_eq!(RequestId(0, 0).to_string(), "00000000-0000-7000-8000-000000000000");
        assert_eq!(RequestId(NOW, u64::MAX).to_string(), "018bcfe5-687b-774f-bfff-ffffffffffff");
    }
}
