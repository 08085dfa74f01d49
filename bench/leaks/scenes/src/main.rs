//! A small service that leaks in one of many ways, or in none, and writes a dump after each of its ticks.
//!
//! `scenes list` prints all scenes as JSON. `scenes run NAME SEED DIRECTORY` plays one: 24 ticks, each with a dump. The
//! sampling rate comes from `MALLOC_CONF`.

mod app;
mod dump;
mod healthy;
mod leaking;
mod random;
mod table;
mod util;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use table::{SCENES, Scene};

heaplens_agent::jemalloc!();

const TICKS: usize = 24;
/// From tick to tick. The work takes a third of it, so that ticks are evenly spaced, as requests are in earnest: they come
/// with time.
const TICK: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    exit_on_panic();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["list"] => {
            println!("{}", list());
            Ok(())
        }
        ["run", name, seed, directory] => play(name, seed, Path::new(directory)),
        _ => Err("usage: scenes list | scenes run NAME SEED DIRECTORY".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("scenes: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A request that panics would be waited for in vain.
fn exit_on_panic() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        hook(info);
        std::process::exit(101);
    }));
}

fn list() -> serde_json::Value {
    let entry = |scene: &Scene| {
        serde_json::json!({
            "name": scene.name,
            "about": scene.about,
            "leaks": !scene.culprits.is_empty(),
            "culprits": scene.culprits,
            "lg_sample": scene.lg_sample,
        })
    };
    SCENES.iter().map(entry).collect()
}

fn play(name: &str, seed: &str, directory: &Path) -> Result<(), String> {
    let scene = SCENES.iter().find(|scene| scene.name == name);
    let scene = scene.ok_or_else(|| format!("{name}: no such scene; `scenes list` names them"))?;
    let seed = seed.parse().map_err(|_| format!("{seed}: expected a number as seed"))?;
    let mut app = app::App::start(seed, scene.feature).map_err(|error| error.to_string())?;
    let mut due = Instant::now();
    for tick in 1..=TICKS {
        app.tick(tick);
        due += TICK;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        dump::write(&directory.join(format!("{tick:02}.heap")))?;
    }
    Ok(())
}
