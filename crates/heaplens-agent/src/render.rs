//! The program draws its own profile: only with the feature `symbolize`.

use std::sync::{Mutex, PoisonError};

use heaplens::profile::SampleType;
use heaplens::view::Tree;
use heaplens::{filter, input, out, symbols};
use http::{Response, StatusCode};

use crate::problem::{Kind, Problem, reply};
use crate::route::Output;

/// Reading debug information takes memory in a program that has little to spare: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Draws a dump: this process's or, sent by a client, another's.
pub(crate) fn render(output: Output, dump: &[u8]) -> Result<Response<Vec<u8>>, Problem> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let unreadable = |error: heaplens::Error| {
        Problem::new(StatusCode::BAD_REQUEST, "unreadable-dump", "The dump cannot be read")
            .why(error.to_string())
    };
    let profile = input::read(dump, &input::Limits::default()).map_err(unreadable)?;
    let profile = symbols::symbolize(&profile, &symbols::Options::default());
    let profile = filter::fold(&profile, filter::Folding::default());
    let sample = SampleType::InuseSpace;
    let mut body = Vec::new();
    let (kind, written) = match output {
        Output::Folded => (Kind::Text, out::folded::write(&profile, sample, &mut body)),
        Output::Json => (Kind::Json, out::json::write_profile(&profile, sample, &mut body)),
        Output::Flamegraph | Output::Text | Output::Proto => {
            let tree = Tree::new(&profile, sample);
            let written = out::svg::write(&tree, &out::svg::Options::default(), &mut body);
            (Kind::Svg, written)
        }
    };
    written.map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "render-failed", "The profile could not be drawn")
            .why(error.to_string())
    })?;
    Ok(reply(StatusCode::OK, kind, body))
}
