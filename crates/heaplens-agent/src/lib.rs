//! Heap profiling endpoints for programs that use jemalloc.
//!
//! Three lines in a server on axum 0.8, with the features `axum-08` and `jemalloc`:
//!
//! ```no_run
//! # #[cfg(all(feature = "axum-08", feature = "jemalloc"))]
//! # mod server {
//! heaplens_agent::jemalloc!(); // 1: jemalloc is the global allocator
//!
//! # async fn start() -> std::io::Result<()> {
//! let app = axum::Router::new().merge(heaplens_agent::axum::router()); // 2: the endpoints
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:4000").await?;
//! // 3: the endpoints learn who asks
//! axum::serve(listener, app.into_make_service_with_connect_info::<std::net::SocketAddr>()).await
//! # }
//! # }
//! # fn main() {}
//! ```
//!
//! Start it with `MALLOC_CONF=prof:true`, then `curl 127.0.0.1:4000/debug/prof/mem > mem.heap`. A program that has
//! no server calls `heaplens_agent::listen("127.0.0.1:4001")` (feature `listener`); any other server hands its
//! requests to [`Agent::handle`].
//!
//! # Endpoints
//!
//! Under `/debug/prof/mem`, and under the older name `/v1/prof/mem`.
//!
//! | method | path | answer |
//! | --- | --- | --- |
//! | GET, POST | `?output=text` (default) | jemalloc's dump with a trailer that names the process, the build and the time; jeprof reads it |
//! | GET, POST | `?output=flamegraph`, `folded`, `json` | the profile drawn by the program itself; needs the feature `symbolize`, else 501 |
//! | GET, POST | `?output=proto` | the profile without names as pprof's protobuf, gzip; as `application/octet-stream`; needs the feature `pprof`, else 501 |
//! | POST | `/symbol` | flame graph (`?output=` as above) of the dump in the body, plain or gzip, at most [`Config::posted_dump`]; needs `symbolize`, else 501 |
//! | POST | `/activate`, `/deactivate` | switches `prof.active`; what was sampled is kept |
//! | GET | `/status` | JSON: `active`, `state`, `env`, `lg_sample`, `gdump`, `last_dump_ms` (how long the last dump took), `last_dump_time_ms` (when), `active_since_ms`, `version`, `fix` |
//! | GET, POST | `/gdump` | jemalloc's own dumps at each new peak, into the working directory: `{"active": false}`; POST the form `activate=true` |
//! | GET | `/stats` | JSON: allocator totals, arenas, options; resident memory, threads; bytes |
//!
//! Under `/debug/pprof` and `/pprof`, for jeprof, `go tool pprof` and scrapers:
//!
//! | method | path | answer |
//! | --- | --- | --- |
//! | GET | `/heap`, `/allocs` | pprof, which needs `pprof`, else 501; the dump for `?debug=1`, `?output=text`, `Accept: text/plain`, and for jeprof, which is told by the `User-Agent` of curl (`/heap` only) |
//! | GET, HEAD | `/symbol` | `num_symbols: 1`; 0 without `symbolize` |
//! | POST | `/symbol` | the names of the addresses in the body, at most 4 MiB; needs `symbolize`, else 501 |
//! | GET | `/cmdline` | the program and its arguments, a NUL between them |
//!
//! Errors are JSON: `error` for people, `code` for programs, and where it helps `why` and `fix`.
//!
//! | status | code | meaning |
//! | --- | --- | --- |
//! | 400 | `not-enabled` | profiling was not asked for when the program started; `fix` names the variable |
//! | 400 | `unknown-output`, `bad-activate`, `unreadable-dump`, `bad-addresses`, `no-delta` | the request is wrong |
//! | 401 | `unauthorized` | the token is missing or wrong |
//! | 403 | `peer-refused`, `host-refused`, `cross-site` | see Security |
//! | 404, 405, 413 | `not-found`, `method-not-allowed`, `body-too-large` | |
//! | 408 | `no-body` | a posted dump did not arrive in time |
//! | 429 | `too-early` | only with [`Config::min_interval`] |
//! | 429 | `too-many-callers` | 16 wait for the same dump or drawing (`Retry-After`) |
//! | 500 | `internal`, `mallctl-failed`, `render-failed` | |
//! | 501 | `no-jemalloc`, `not-compiled-in` | another allocator; built without profiling or without the feature |
//! | 503 | `dump-failed`, `dump-unreadable` | jemalloc could not write |
//! | 503 | `busy` | too many posted dumps or addresses wait (`Retry-After`), or too many connections |
//! | 507 | `no-place-for-the-dump`, `truncated-dump` | jemalloc 5.3.0 calls a cut dump a success; here it is an error |
//! | 507 | `drawing-too-large`, `no-room-for-the-body` | see [`Config::drawing_memory`] |
//!
//! While profiling is inactive a dump still works and shows what was sampled before; the headers `heaplens-state`
//! and `heaplens-note`, and the trailer, say so. `heaplens-maps: none` says that /proc is not mounted and the dump
//! holds addresses only. `heaplens-dump` counts the dumps: two callers with the same number shared one.
//!
//! # Drawing
//!
//! With `pprof`, which brings the library `heaplens` and its dependencies, the program writes pprof, and reads no symbols
//! for it. With `symbolize` the program reads its own debug information, one drawing at a time; callers that ask for the same
//! drawing meanwhile share it, up to 16. A posted dump may come from another run or process of the same build: it brings
//! its own mappings, and modules are matched by build-id, or by path where a dump has none. The header
//! `heaplens-warnings` has the codes of what is missing or doubtful; the graph, the JSON and the comments of the pprof
//! say it in sentences.
//!
//! A drawing runs on a thread and in a jemalloc arena of its own. It is not sampled, so no profile shows it; at its end
//! the arena's pages go back to the system, so the program keeps nothing but the answer. Units of debug information
//! are read one after the other and dropped: see [`Config::symbol_memory`] for the cap, and
//! [`Config::symbol_threads`] for more than one thread. The rest of a drawing is bounded by [`Config::posted_dump`] and
//! [`Config::drawing_memory`]. axum's router and the listener read a posted dump when it is its turn, into memory that is
//! not jemalloc's; a server that calls [`Agent::handle`] has read it before, into memory of its own.
//!
//! # Security
//!
//! A dump holds no memory contents, but addresses, mappings and paths, which undo address-space randomisation; and
//! taking one stops other threads' allocations for moments (about 10 µs a live stack in all), and `fork` until it ends.
//! So by default
//!
//! - only the local machine is answered, by the connection's address. `X-Forwarded-For` and the like are ignored:
//!   **behind a proxy on the same machine every client is local**, so set a token there ([`Config::token`]), or keep the
//!   path from being forwarded;
//! - the request's host must be an address, `localhost` or a name given to [`Config::allow_host`] (DNS rebinding);
//! - requests that a page of another site makes are refused, and nothing is switched by GET;
//! - no path is taken from any request, and nothing is left on disk: a dump goes through a memfd (where the system
//!   forbids that, through a file without a name in the directory for temporary files; without /proc, by which both go,
//!   through a file in a fresh directory there that only this user can enter, removed at once). `gdump` alone makes
//!   jemalloc write files that stay, named by jemalloc;
//! - one dump at a time, whatever the number of callers;
//! - a posted dump opens nothing by the paths it names: only files of modules that this process has loaded are read,
//!   under the paths that the process itself knows them by.
//!
//! `cmdline` shows the program's arguments: keep secrets out of them, as every user of the machine can read them too.
//!
//! [`Peers::Any`] opens the endpoints to everybody who can reach the port. Do not mount them on a public listener.
//!
//! # Leak tests
//!
//! With `leak-test`, for dev-dependencies, [`heap_leak_test!`](crate::heap_leak_test) and
#![cfg_attr(feature = "leak-test", doc = "[`LeakTest`]")]
#![cfg_attr(not(feature = "leak-test"), doc = "`LeakTest`")]
//! do the same work in rounds, in `cargo test`, and fail if a place in the code keeps more memory after every round.
//! [`round_done`] writes a dump after each round of a soak program, if the environment asks for it.
//!
//! # What it costs
//!
//! Nothing while nobody asks: no thread, no allocation, no lock. What jemalloc's sampling costs, jemalloc decides.
//!
//! # Which jemalloc
//!
//! The application brings it: tikv-jemallocator 0.6 or 0.7, whichever else in the program asks for (Cargo takes one),
//! with its feature `profiling`; or the feature `jemalloc` here. With the feature
//! `unprefixed_malloc_on_supported_platforms` it reads `MALLOC_CONF` on Linux, otherwise, and on macOS always,
//! `_RJEM_MALLOC_CONF`; the other name is ignored in silence. `/status` says which one this program reads.
//! On musl, jemalloc with profiling crashes at the start (tikv/jemallocator#146); its feature `profiling_libunwind`
//! is a way around.

mod agent;
mod complete;
mod config;
mod dump;
mod flight;
mod form;
mod guard;
mod json;
#[cfg(feature = "leak-test")]
mod leak_test;
mod problem;
mod process;
mod remote;
#[cfg(feature = "pprof")]
mod render;
mod round;
mod route;
mod state;
mod stats;
mod sys;
mod trailer;
#[cfg(feature = "pprof")]
mod turn;

#[cfg(feature = "axum-08")]
pub mod axum;
#[cfg(feature = "jemalloc")]
mod jemalloc;
#[cfg(feature = "listener")]
mod listener;

pub use agent::{Agent, MAX_BODY};
pub use config::{Config, Peers};
#[cfg(feature = "leak-test")]
pub use leak_test::{LeakTest, LeakTestFailure};
#[cfg(feature = "listener")]
pub use listener::{Listener, listen, listen_with};
pub use round::round_done;

/// Needs the feature `leak-test`:
///
/// ```compile_fail
/// heaplens_agent::heap_leak_test!(|| ());
/// ```
#[cfg(not(feature = "leak-test"))]
#[macro_export]
macro_rules! heap_leak_test {
    ($($arguments:tt)*) => {
        ::core::compile_error!("heap_leak_test! needs the feature `leak-test` of heaplens-agent")
    };
}

/// For the macros.
#[doc(hidden)]
#[cfg(feature = "jemalloc")]
pub mod __private {
    pub use tikv_jemallocator::Jemalloc;
}

// The helpers that the unit tests share with the integration tests name the crate from outside.
#[cfg(test)]
extern crate self as heaplens_agent;

#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

#[cfg(test)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
