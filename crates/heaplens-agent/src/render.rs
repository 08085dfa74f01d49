//! The program draws its own profile: as pprof with the feature `pprof`, with names with the feature `symbolize`.

#[cfg(feature = "symbolize")]
mod addresses;
mod apart;
#[cfg(feature = "symbolize")]
mod heading;
#[cfg(feature = "symbolize")]
mod named;
#[cfg(feature = "symbolize")]
mod own_modules;

#[cfg(feature = "symbolize")]
pub(crate) use addresses::posted as addresses;
#[cfg(feature = "leak-test")]
pub(crate) use named::named;
#[cfg(feature = "symbolize")]
pub(crate) use named::posted;

use std::io;
use std::sync::Arc;

use heaplens::out::pprof::{self, Packing};
use heaplens::profile::SampleType;
use heaplens::{Error, Profile, Warning, input};
use http::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::config::Config;
use crate::dump::{self, Taken};
use crate::flight::{Flight, Landed};
use crate::problem::{Kind, Problem, reply};
use crate::route::Output;
use crate::state::State;
use crate::sys::mallctl::unsampled;
use crate::turn::{MOST_WAITING, Turn, Turns};

/// Reading debug information takes memory in a program that has little to spare: one at a time.
static DRAWING: Turns = Turns::new();
/// Bodies take memory too, and clients send them as slowly as they like: one at a time, while others draw.
#[cfg(feature = "symbolize")]
static POSTED: Turns = Turns::new();

/// This process's own profile in each output: callers at the same time share one.
static FLIGHTS: [Flight<Result<Drawing, Problem>>; 5] =
    [Flight::new(), Flight::new(), Flight::new(), Flight::new(), Flight::new()];

/// What a drawing comes to. Copies share no memory.
#[derive(Clone)]
struct Drawing {
    kind: Kind,
    body: Vec<u8>,
    /// The warnings' codes.
    warnings: String,
    /// The dump it was made of, if the drawing took one.
    taken: Option<Taken>,
}

fn flight(output: Output) -> &'static Flight<Result<Drawing, Problem>> {
    match output {
        Output::Folded => &FLIGHTS[1],
        Output::Json => &FLIGHTS[2],
        Output::Proto => &FLIGHTS[3],
        Output::Allocs => &FLIGHTS[4],
        Output::Flamegraph | Output::Text => &FLIGHTS[0],
    }
}

/// Takes a dump of this process and draws it. Blocks.
pub(crate) fn own(output: Output, config: &Config) -> Result<Response<Vec<u8>>, Problem> {
    // What waits for the drawing, and what hands it on, is no part of the program either.
    unsampled(|| {
        let landed = flight(output).run(|| {
            let _turn = turn(&DRAWING)?;
            guarded(|| {
                let dump = dump::take(config.min_interval)?;
                let taken = dump.taken;
                let profile = parsed(&dump.bytes, config)?;
                // The text is done with, unless others share it.
                drop(dump);
                let mut drawing = draw(output, with_state(profile, taken.state), config)?;
                drawing.taken = Some(taken);
                Ok(drawing)
            })
        });
        match landed {
            Landed::Own(drawn) | Landed::Shared(drawn) => Arc::unwrap_or_clone(drawn).map(answer),
            Landed::Panicked => Err(failed("a fault in heaplens")),
            Landed::Full => Err(dump::too_many()),
        }
    })
}

/// Runs other work as a drawing is run, when it is its turn; `None` if too many wait, or if it panics. Blocks.
#[cfg(feature = "leak-test")]
pub(crate) fn aside<T: Clone + Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    unsampled(|| {
        let _turn = DRAWING.take()?;
        apart::run(work)
    })
}

fn turn(turns: &'static Turns) -> Result<Turn<'static>, Problem> {
    turns.take().ok_or_else(|| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too many profiles are waiting to be drawn")
            .why(format!("the program draws one at a time, and {MOST_WAITING} wait"))
            .fix("ask again, or fetch output=text and draw it with the program heaplens")
            .header(RETRY_AFTER, "10")
    })
}

/// Reads what a client sends and works on it, each when it is its turn. Blocks.
#[cfg(feature = "symbolize")]
fn posted_work<B: AsRef<[u8]> + Send>(
    body: impl FnOnce() -> Result<B, Problem>,
    work: impl FnOnce(B) -> Result<Drawing, Problem> + Send,
) -> Result<Response<Vec<u8>>, Problem> {
    unsampled(|| {
        let _alone = turn(&POSTED)?;
        let body = body()?;
        let _turn = turn(&DRAWING)?;
        guarded(move || work(body)).map(answer)
    })
}

fn answer(drawing: Drawing) -> Response<Vec<u8>> {
    let mut response = reply(StatusCode::OK, drawing.kind, drawing.body);
    let headers = response.headers_mut();
    if let Kind::Pprof = drawing.kind {
        let name = HeaderValue::from_static("attachment; filename=\"heap.pb.gz\"");
        headers.insert(CONTENT_DISPOSITION, name);
    }
    if let Some(taken) = &drawing.taken {
        taken.describe(headers);
    }
    if let Ok(codes) = HeaderValue::from_str(&drawing.warnings)
        && !codes.is_empty()
    {
        headers.insert(HeaderName::from_static("heaplens-warnings"), codes);
    }
    response
}

fn failed(why: impl Into<String>) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "render-failed", "The profile could not be drawn")
        .why(why)
        .fix("fetch output=text and draw it with the program heaplens: heaplens flamegraph FILE")
}

/// Runs `work` apart from the program; a panic in it becomes an answer.
fn guarded(work: impl FnOnce() -> Result<Drawing, Problem> + Send) -> Result<Drawing, Problem> {
    apart::run(work).unwrap_or_else(|| Err(failed("a fault in heaplens; the program goes on")))
}

/// Draws this process's own profile. pprof leaves names to its readers, who find them by build-id.
fn draw(output: Output, profile: Profile, config: &Config) -> Result<Drawing, Problem> {
    match output {
        Output::Proto | Output::Allocs => {
            within(config)?;
            proto(output, &profile, config)
        }
        #[cfg(feature = "symbolize")]
        _ => named::draw(output, profile, config),
        // Refused before.
        #[cfg(not(feature = "symbolize"))]
        _ => Err(Problem::internal()),
    }
}

fn proto(output: Output, profile: &Profile, config: &Config) -> Result<Drawing, Problem> {
    let shown_first = match output {
        Output::Allocs => SampleType::AllocSpace,
        _ => SampleType::InuseSpace,
    };
    let write = |body: &mut Body| pprof::write_with_default(profile, shown_first, Packing::Gzip, body);
    written(Kind::Pprof, warning_codes(profile), config, write)
}

/// The drawing that `write` makes, unless it passes the cap.
fn written(
    kind: Kind,
    warnings: String,
    config: &Config,
    write: impl FnOnce(&mut Body) -> Result<(), Error>,
) -> Result<Drawing, Problem> {
    let mut body = Body { bytes: Vec::new(), most: config.drawing.memory };
    match write(&mut body) {
        Ok(()) => Ok(Drawing { kind, body: body.bytes, warnings, taken: None }),
        Err(_) if body.is_full() => Err(too_large("the answer", config)),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// What is written, up to the cap: names repeat in it, so it can be many times as large as the dump.
struct Body {
    bytes: Vec<u8>,
    most: u64,
}

impl Body {
    fn is_full(&self) -> bool {
        self.bytes.len() as u64 >= self.most
    }
}

impl io::Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.most.saturating_sub(self.bytes.len() as u64);
        let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Between two stages: whether what the drawing holds is within the cap. What it freed is given back.
fn within(config: &Config) -> Result<(), Problem> {
    apart::give_back();
    match apart::held() {
        Some(held) if held > config.drawing.memory => Err(too_large("the profile", config)),
        _ => Ok(()),
    }
}

fn too_large(what: &str, config: &Config) -> Problem {
    Problem::new(
        StatusCode::INSUFFICIENT_STORAGE,
        "drawing-too-large",
        "Drawing this profile takes too much memory",
    )
    .why(format!("{what} passes the cap of {} bytes (Config::drawing_memory)", config.drawing.memory))
    .fix("fetch output=text and draw it with the program heaplens: heaplens flamegraph FILE")
}

/// Reads a dump.
fn parsed(dump: &[u8], config: &Config) -> Result<Profile, Problem> {
    let mut limits = input::Limits::default();
    limits.unpacked = config.drawing.posted as u64;
    input::read(dump, &limits).map_err(unreadable)
}

fn with_state(mut profile: Profile, state: State) -> Profile {
    if state == State::Inactive {
        profile.warnings.push(Warning::new(
            "inactive",
            "profiling is inactive: only what was sampled while it was active, and is still live, is shown",
        ));
    }
    profile
}

fn unreadable(error: Error) -> Problem {
    let fix = match error {
        // Counted as one that is sent unpacked.
        Error::TooLarge { limit } => {
            return Problem::body_too_large(usize::try_from(limit).unwrap_or(usize::MAX));
        }
        Error::NotAProfile { .. } => "post what GET /debug/prof/mem answers: curl --data-binary @FILE",
        Error::Gzip(_) => "post the dump unpacked, or compress it again",
        _ => "fetch the dump again; this one is damaged",
    };
    Problem::new(StatusCode::BAD_REQUEST, "unreadable-dump", "The dump cannot be read")
        .why(error.to_string())
        .fix(fix)
}

/// The warnings' words, for outputs that have no place for sentences.
fn warning_codes(profile: &Profile) -> String {
    let mut codes: Vec<&str> = profile.warnings.iter().map(|warning| warning.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes.join(", ")
}

#[cfg(all(test, feature = "symbolize"))]
mod tests;
