//! Drawings with names: of this process's own profile, and of dumps that clients send.

use heaplens::profile::SampleType;
use heaplens::view::Tree;
use heaplens::{Profile, filter, out, symbols};
use http::Response;

use super::own_modules::OwnModules;
use super::{Drawing, apart, heading, parsed, posted_work, proto, warning_codes, within, written};
use crate::config::Config;
use crate::problem::{Kind, Problem};
use crate::route::Output;

/// Draws a dump that a client sends: of this process or another, of this build or another. Blocks.
pub(crate) fn posted<B: AsRef<[u8]> + Send>(
    output: Output,
    body: impl FnOnce() -> Result<B, Problem>,
    config: &Config,
) -> Result<Response<Vec<u8>>, Problem> {
    posted_work(body, |body| {
        let profile = parsed(body.as_ref(), config)?;
        drop(body);
        draw(output, profile, config)
    })
}

/// Each stage ends with what it was made from dropped.
pub(super) fn draw(output: Output, profile: Profile, config: &Config) -> Result<Drawing, Problem> {
    let within = || within(config);
    within()?;
    let named = named(&profile, config);
    drop(profile);
    within()?;
    let warnings = warning_codes(&named);
    let sample = SampleType::InuseSpace;
    match output {
        Output::Folded => {
            written(Kind::Text, warnings, config, |body| out::folded::write(&folded(named), sample, body))
        }
        Output::Json => written(Kind::Json, warnings, config, |body| {
            out::json::write_profile(&folded(named), sample, body)
        }),
        // Its readers fold the allocator's frames themselves.
        Output::Proto | Output::Allocs => proto(output, &named, config),
        Output::Flamegraph | Output::Text => {
            let mut options = out::svg::Options::new().warnings(&named.warnings).symbols(&named);
            options.subtitle = named.meta.trailer.as_ref().and_then(heading::of);
            let folded = folded(named);
            within()?;
            let tree = Tree::new(&folded, sample);
            drop(folded);
            within()?;
            written(Kind::Svg, warnings, config, |body| out::svg::write(&tree, &options, body))
        }
    }
}

fn folded(named: Profile) -> Profile {
    filter::fold(&named, filter::Folding::default())
}

/// Names what lies in modules that this process has loaded. Opens no other file.
pub(crate) fn named(profile: &Profile, config: &Config) -> Profile {
    let options = options(config);
    let resolver = OwnModules::now(symbols::files(&options, profile.modules()));
    symbols::symbolize_with(profile, &resolver)
}

/// How symbols are read here: where from is for [`OwnModules`] to say.
pub(super) fn options(config: &Config) -> symbols::Options {
    let mut options = symbols::Options::default();
    options.threads = config.drawing.symbol_threads;
    options.max_memory = config.drawing.symbol_memory;
    options.on_thread_start = Some(apart::enter);
    options
}
