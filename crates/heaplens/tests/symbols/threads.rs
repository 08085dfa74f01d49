//! On which threads symbols are read.

use heaplens::symbols::{Options, lookup};
use libtest_mimic::Failed;
use object::{Object, ObjectSymbol, SymbolKind};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

static STARTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ASKED_HERE: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    assert!(!ASKED_HERE.get(), "called on the thread that asks");
    STARTED.fetch_add(1, Ordering::SeqCst);
}

/// Whoever asks can prepare each thread that is started, and none is with one.
pub(crate) fn prepared() -> Result<(), Failed> {
    ASKED_HERE.set(true);
    // This very program has many units.
    let path = std::env::current_exe()?;
    let bytes = std::fs::read(&path)?;
    let symbols = object::File::parse(&*bytes)?;
    let functions = symbols.symbols().filter(|s| s.kind() == SymbolKind::Text && s.size() > 16);
    let addresses: Vec<u64> = functions.map(|s| s.address() + 8).collect();
    let mut options = Options::default();
    options.on_thread_start = Some(count);
    let mut places = Vec::new();
    for (threads, started) in [(1, 0), (3, 2)] {
        options.threads = threads;
        STARTED.store(0, Ordering::SeqCst);
        places.push(lookup(&path, &addresses, &options)?.places);
        let seen = STARTED.load(Ordering::SeqCst);
        assert!((seen >= started) && (started > 0 || seen == 0), "{seen} threads started with {threads}");
    }
    assert!(places[0].iter().filter(|chain| !chain.is_empty()).count() > 1000);
    Ok(())
}
