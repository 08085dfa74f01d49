//! The real program: started on a free port, loaded, asked, stopped.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use heaplens_demo::load::{Client, Reply, Target};

const PROGRAM: &str = env!("CARGO_BIN_EXE_heaplens-demo");
/// Seconds of retention, further back than the epoch until the year 2096.
const FOR_EVER: &str = "4000000000";

struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["standalone", "start", "--http-addr", "127.0.0.1:0"])
            .args(arguments)
            .env_remove("MALLOC_CONF")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("the first line names the address");
        Self { url: url.to_owned(), child }
    }

    fn request(&self, method: &str, path: &str, body: &str) -> Reply {
        let target: Target = self.url.parse().unwrap();
        Client::connect(&target.resolve().unwrap()).unwrap().request(method, path, body.as_bytes()).unwrap()
    }

    fn get(&self, path: &str) -> (u16, String) {
        let reply = self.request("GET", path, "");
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    fn points(&self, query: &str) -> Vec<(i64, f64)> {
        let (status, body) = self.get(&format!("/v1/query?{query}"));
        assert_eq!(status, 200, "{body}");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        serde_json::from_value(json["points"].clone()).unwrap()
    }

    fn metric(&self, name: &str) -> f64 {
        let (status, body) = self.get("/metrics");
        assert_eq!(status, 200);
        let prefix = format!("heaplens_demo_{name} ");
        let value = body.lines().find_map(|line| line.strip_prefix(&prefix));
        value.unwrap_or_else(|| panic!("no {name} in {body}")).parse().unwrap()
    }

    fn load(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).args(["load", "--target", &self.url]).args(arguments).output().unwrap()
    }

    /// Waits for something that maintenance does. The bound is generous; only a hang meets it.
    fn wait_until(&self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..600 {
            if done(self) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{what} did not happen");
    }

    /// Sends the signal and gives the exit code.
    fn stop(mut self, signal: &str) -> Option<i32> {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn writes_answer_204_and_queries_aggregate_them() {
    let service = Service::start(&["--retention", FOR_EVER], &[]);
    let lines = "m,host=a v=1,n=1i 10\nm,host=b v=5,n=2i 11\nm,host=a v=3,n=4i 12";
    assert_eq!(service.request("POST", "/v1/influxdb/write?precision=s", lines).status, 204);
    assert_eq!(service.request("POST", "/write?precision=s", "m,host=a\\ b v=7 20").status, 204);
    let base = "measurement=m&field=v&start=10000000000&end=30000000000&step=10s";
    let ten = 10_000_000_000;
    assert_eq!(service.points(&format!("{base}&agg=mean")), [(ten, 3.0), (2 * ten, 7.0)]);
    assert_eq!(service.points(&format!("{base}&agg=last&host=a")), [(ten, 3.0)]);
    assert_eq!(service.points(&format!("{base}&agg=count&host=a+b")), [(2 * ten, 1.0)]);
    assert_eq!(service.points(&base.replace("=m&", "=absent&")), []);
    assert_eq!(service.get("/health"), (200, "{\"status\":\"ok\"}".into()));
    assert_eq!(service.metric("points_written_total"), 4.0);
    assert_eq!(service.metric("series"), 3.0);
    assert_eq!(service.stop("TERM"), Some(0));
}

#[test]
fn refusals_say_where_and_why() {
    let service = Service::start(&[], &[]);
    let reply = service.request("POST", "/write", "m v=1\nm v=oops");
    let body = String::from_utf8(reply.body).unwrap();
    assert_eq!(reply.status, 400);
    assert!(body.starts_with("{\"error\":\"line 2, column 5: "), "{body}");
    assert_eq!(service.metric("points_written_total"), 0.0);
    let (status, body) = service.get("/v1/query?measurement=m");
    assert_eq!((status, body.as_str()), (400, "{\"error\":\"field= is missing\"}"));
    assert_eq!(service.request("POST", "/write?precision=day", "m v=1").status, 400);
    assert_eq!(service.get("/write").0, 405);
    assert_eq!(service.get("/elsewhere").0, 404);
    assert_eq!(service.stop("INT"), Some(0));
}

#[test]
fn the_leak_shows_under_load_and_only_where_it_was_asked_for() {
    for leak in [false, true] {
        let arguments = if leak { &["--retention", "1", "--leak"][..] } else { &["--retention", "1"] };
        let service = Service::start(arguments, &[]);
        // Bounded by requests: 20 writes of 200 points, and 4 queries.
        let load =
            service.load(&["--seconds", "60", "--max-requests", "24", "--batch", "200", "--threads", "1"]);
        let summary = String::from_utf8(load.stdout).unwrap();
        assert!(load.status.success(), "{summary} {}", String::from_utf8_lossy(&load.stderr));
        assert!(summary.starts_with("load: 4000 points in 20 writes"), "{summary}");
        assert!(summary.contains(" 4 queries, 0 errors"), "{summary}");
        assert_eq!(service.metric("points_written_total"), 4000.0);
        service.wait_until("retention", |service| service.metric("series") == 0.0);
        assert_eq!(service.metric("segments"), 0.0);
        assert_eq!(service.metric("cache_bytes"), 0.0);
        let (entries, leaked) = (service.metric("label_index_entries"), service.metric("leak_bytes"));
        if leak {
            // Every second point carries a request id: a string of 36 bytes and a list of 64 ids.
            assert!(entries >= 2000.0, "{entries}");
            assert!(leaked >= 2000.0 * (48.0 + 512.0), "{leaked}");
            assert_eq!(leaked, service.metric("label_index_bytes"));
        } else {
            assert_eq!((entries, leaked), (0.0, 0.0));
            assert_eq!(service.metric("label_index_bytes"), 0.0);
        }
        assert_eq!(service.stop("TERM"), Some(0));
    }
}

#[test]
fn the_load_generator_fails_where_the_service_does() {
    // The type of a field is forgotten with its last point.
    let service = Service::start(&["--retention", FOR_EVER], &[]);
    // An integer where the load writes floats.
    assert_eq!(service.request("POST", "/write", "cpu busy=1i").status, 204);
    let load = service.load(&["--seconds", "60", "--max-requests", "1"]);
    let error = String::from_utf8(load.stderr).unwrap();
    assert_eq!(load.status.code(), Some(1));
    assert!(error.contains("write: status 400"), "{error}");

    let remote = Command::new(PROGRAM).args(["load", "--target", "http://192.0.2.1:4000"]).output().unwrap();
    let error = String::from_utf8(remote.stderr).unwrap();
    assert_eq!(remote.status.code(), Some(1));
    assert!(error.contains("is not this machine"), "{error}");
}

#[cfg(not(feature = "mem-prof"))]
#[test]
fn without_the_feature_every_profiling_route_answers_501() {
    let service = Service::start(&[], &[("MALLOC_CONF", "prof:true")]);
    for path in
        ["/debug/prof/mem", "/debug/prof/mem/status", "/debug/prof/cpu", "/v1/prof/mem", "/v1/prof/mem/gdump"]
    {
        for method in ["GET", "POST"] {
            let reply = service.request(method, path, "");
            assert_eq!(reply.status, 501, "{method} {path}");
            assert_eq!(reply.body, b"The 'mem-prof' feature is disabled");
        }
    }
}

#[cfg(feature = "mem-prof")]
#[test]
fn with_the_feature_the_variable_decides() {
    let service = Service::start(&[], &[]);
    let (status, body) = service.get("/debug/prof/mem");
    assert_eq!(status, 400);
    assert!(body.contains("\"error\":\"Memory profiling is not enabled\""), "{body}");
    assert!(body.contains("MALLOC_CONF"), "{body}");

    let variables = [("MALLOC_CONF", "prof:true"), ("_RJEM_MALLOC_CONF", "prof:true")];
    let service = Service::start(&[], &variables);
    for path in ["/debug/prof/mem", "/v1/prof/mem"] {
        let (status, body) = service.get(path);
        assert_eq!(status, 200);
        assert!(body.starts_with("heap_v2/524288\n"), "{}", &body[..body.len().min(80)]);
    }
    assert_eq!(service.stop("TERM"), Some(0));
}

/// A service that has leaked a little, every few kilobytes of it sampled.
#[cfg(feature = "mem-prof")]
fn leaky() -> Service {
    let service =
        Service::start(&["--retention", "1", "--leak"], &[("MALLOC_CONF", "prof:true,lg_prof_sample:12")]);
    let load = service.load(&["--seconds", "60", "--max-requests", "24", "--batch", "200", "--threads", "1"]);
    assert!(load.status.success(), "{}", String::from_utf8_lossy(&load.stderr));
    service.wait_until("retention", |service| service.metric("series") == 0.0);
    service
}

#[cfg(feature = "mem-prof")]
#[test]
fn the_service_draws_its_own_leak() {
    let service = leaky();
    for output in ["flamegraph", "folded", "json"] {
        let (status, body) = service.get(&format!("/debug/prof/mem?output={output}"));
        assert_eq!(status, 200, "{output}: {body}");
        assert!(body.contains("remember_label"), "{output}: {body:.2000}");
    }
    assert_eq!(service.stop("TERM"), Some(0));
}

#[cfg(feature = "mem-prof")]
#[test]
fn a_dump_of_another_run_is_drawn_too() {
    let earlier = leaky();
    let reply = earlier.request("GET", "/debug/prof/mem", "");
    assert_eq!(reply.status, 200);
    assert_eq!(earlier.stop("TERM"), Some(0));
    let dump = String::from_utf8(reply.body).unwrap();

    // Started without profiling, without load: what it draws is the other's.
    let service = Service::start(&[], &[]);
    for path in
        ["/debug/prof/mem/symbol", "/debug/prof/mem/symbol?output=folded", "/v1/prof/mem/symbol?output=json"]
    {
        let reply = service.request("POST", path, &dump);
        let body = String::from_utf8_lossy(&reply.body);
        assert_eq!(reply.status, 200, "{path}: {body}");
        assert!(body.contains("remember_label"), "{path}: {body:.2000}");
    }
    assert_eq!(service.stop("TERM"), Some(0));
}
