//! The program draws its own profile: only with the feature `symbolize`.

mod apart;
mod heading;
mod own_modules;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use heaplens::out::pprof::Packing;
use heaplens::profile::SampleType;
use heaplens::view::Tree;
use heaplens::{Error, Profile, Warning, filter, input, out, symbols};
use http::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};

use crate::agent::{MAX_SYMBOL_BODY, describe};
use crate::config::Config;
use crate::dump;
use crate::flight::{Flight, Landed};
use crate::problem::{Kind, Problem, reply};
use crate::route::Output;
use crate::state::State;
use crate::sys::mallctl::unsampled;
use own_modules::OwnModules;

/// Reading debug information takes memory in a program that has little to spare: one at a time.
static TURN: Mutex<()> = Mutex::new(());
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// Each of those who wait holds a thread of the application's, and perhaps a large body.
const MAX_WAITING: usize = 4;

type Drawn = Result<Response<Vec<u8>>, Problem>;

/// This process's own profile as flame graph, folded stacks, JSON and pprof: callers at the same time share one.
static FLIGHTS: [Flight<Drawn>; 4] = [Flight::new(), Flight::new(), Flight::new(), Flight::new()];

/// Takes a dump of this process and draws it. Blocks.
pub(crate) fn own(output: Output, config: &Config) -> Drawn {
    let flight = match output {
        Output::Folded => &FLIGHTS[1],
        Output::Json => &FLIGHTS[2],
        Output::Proto => &FLIGHTS[3],
        Output::Flamegraph | Output::Text => &FLIGHTS[0],
    };
    // What waits for the drawing, and what hands it on, is no part of the program either.
    let landed = unsampled(|| {
        flight.run(|| {
            let _turn = turn()?;
            guarded(|| {
                let dump = dump::take(config.min_interval)?;
                let profile = parsed(&dump.bytes, Some(dump.state))?;
                let mut head = HeaderMap::new();
                describe(&dump, &mut head);
                // Symbols take memory too; the text is done with.
                drop(dump);
                let mut response = draw(output, &profile, config)?;
                response.headers_mut().extend(head);
                Ok(response)
            })
        })
    });
    match landed {
        Landed::Own(drawn) | Landed::Shared(drawn) => Arc::unwrap_or_clone(drawn),
        Landed::Panicked => Err(failed("a fault in heaplens")),
    }
}

/// Draws a dump that a client sent: of this process or another, of this build or another. Blocks.
pub(crate) fn posted(output: Output, body: &[u8], config: &Config) -> Drawn {
    let _turn = turn()?;
    guarded(|| draw(output, &parsed(body, None)?, config))
}

/// Waits until nobody else draws.
fn turn() -> Result<MutexGuard<'static, ()>, Problem> {
    match TURN.try_lock() {
        Ok(turn) => return Ok(turn),
        Err(TryLockError::Poisoned(turn)) => return Ok(turn.into_inner()),
        Err(TryLockError::WouldBlock) => {}
    }
    /// Counts one who waits, whatever way the waiting ends.
    struct Place(usize);
    impl Drop for Place {
        fn drop(&mut self) {
            WAITING.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let place = Place(WAITING.fetch_add(1, Ordering::SeqCst));
    if place.0 >= MAX_WAITING {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "Too many profiles are waiting to be drawn",
        )
        .why("the program draws one at a time")
        .fix("ask again, or fetch output=text and draw it with the program heaplens")
        .header(RETRY_AFTER, HeaderValue::from(10)));
    }
    Ok(TURN.lock().unwrap_or_else(PoisonError::into_inner))
}

fn failed(why: impl Into<String>) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "render-failed", "The profile could not be drawn")
        .why(why)
        .fix("fetch output=text and draw it with the program heaplens: heaplens flamegraph FILE")
}

/// Runs `work` apart from the program; a panic in it becomes an answer.
fn guarded(work: impl FnOnce() -> Drawn + Send) -> Drawn {
    apart::run(work).unwrap_or_else(|| Err(failed("a fault in heaplens; the program goes on")))
}

fn draw(output: Output, profile: &Profile, config: &Config) -> Drawn {
    let named = named(profile, config);
    let sample = SampleType::InuseSpace;
    let folded = || filter::fold(&named, filter::Folding::default());
    let mut body = Vec::new();
    let (kind, written) = match output {
        Output::Folded => (Kind::Text, out::folded::write(&folded(), sample, &mut body)),
        Output::Json => (Kind::Json, out::json::write_profile(&folded(), sample, &mut body)),
        // Its readers fold the allocator's frames themselves.
        Output::Proto => (Kind::Pprof, out::pprof::write(&named, Packing::Gzip, &mut body)),
        Output::Flamegraph | Output::Text => {
            let mut options = out::svg::Options::new().warnings(&named.warnings).symbols(&named);
            options.subtitle = named.meta.trailer.as_ref().and_then(heading::of);
            (Kind::Svg, out::svg::write(&Tree::new(&folded(), sample), &options, &mut body))
        }
    };
    written.map_err(|error| failed(error.to_string()))?;
    let mut response = reply(StatusCode::OK, kind, body);
    let headers = response.headers_mut();
    if output == Output::Proto {
        let name = HeaderValue::from_static("attachment; filename=\"heap.pb.gz\"");
        headers.insert(CONTENT_DISPOSITION, name);
    }
    if let Some(codes) = warning_codes(&named) {
        headers.insert(HeaderName::from_static("heaplens-warnings"), codes);
    }
    Ok(response)
}

/// Reads a dump.
fn parsed(dump: &[u8], state: Option<State>) -> Result<Profile, Problem> {
    let mut limits = input::Limits::default();
    limits.unpacked = MAX_SYMBOL_BODY as u64;
    let mut profile = input::read(dump, &limits).map_err(unreadable)?;
    if state == Some(State::Inactive) {
        profile.warnings.push(Warning::new(
            "inactive",
            "profiling is inactive: only what was sampled while it was active, and is still live, is shown",
        ));
    }
    Ok(profile)
}

/// Names what lies in modules that this process has loaded. Opens no other file.
fn named(profile: &Profile, config: &Config) -> Profile {
    let mut options = symbols::Options::default();
    options.threads = config.symbols.threads;
    options.max_memory = config.symbols.memory;
    options.on_thread_start = Some(apart::enter);
    let resolver = OwnModules::now(symbols::files(&options, profile.modules()));
    symbols::symbolize_with(profile, &resolver)
}

fn unreadable(error: Error) -> Problem {
    let fix = match error {
        Error::NotAProfile { .. } => "post what GET /debug/prof/mem answers: curl --data-binary @FILE",
        Error::Gzip(_) => "post the dump unpacked, or compress it again",
        _ => "fetch the dump again; this one is damaged",
    };
    Problem::new(StatusCode::BAD_REQUEST, "unreadable-dump", "The dump cannot be read")
        .why(error.to_string())
        .fix(fix)
}

/// The warnings' words, for outputs that have no place for sentences.
fn warning_codes(profile: &Profile) -> Option<HeaderValue> {
    let mut codes: Vec<&str> = profile.warnings.iter().map(|warning| warning.code).collect();
    codes.sort_unstable();
    codes.dedup();
    HeaderValue::from_str(&codes.join(", ")).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These tests meddle with the turn, which is one for the process.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn a_panic_is_an_answer_and_the_next_is_drawn() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let drawn = guarded(|| panic!("as the test wants it"));
        let problem = drawn.unwrap_err();
        assert_eq!((problem.status(), problem.code()), (StatusCode::INTERNAL_SERVER_ERROR, "render-failed"));
        let poisoned = std::thread::spawn(|| {
            let _turn = TURN.lock();
            panic!("as the test wants it")
        });
        assert!(poisoned.join().is_err());
        assert!(posted(Output::Folded, b"a;b 1\n", &Config::default()).is_ok());
    }

    #[test]
    fn few_wait_and_the_rest_are_told() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..MAX_WAITING)
                .map(|_| scope.spawn(|| posted(Output::Folded, b"a;b 1\n", &Config::default())))
                .collect();
            while WAITING.load(Ordering::SeqCst) < MAX_WAITING {
                std::thread::yield_now();
            }
            let problem = posted(Output::Folded, b"a;b 1\n", &Config::default()).unwrap_err();
            assert_eq!((problem.status(), problem.code()), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
            assert!(problem.into_response().headers().contains_key(RETRY_AFTER));
            drop(turn);
            for drawn in waiting {
                assert_eq!(drawn.join().unwrap().unwrap().body(), b"a;b 1\n");
            }
        });
        assert_eq!(WAITING.load(Ordering::SeqCst), 0);
    }
}
