//! Files from elsewhere: what is asked for, and that nothing is believed unseen.

use crate::binaries::{
    ID, OTHER_ID, c, codes, inside, look, message, module, nowhere, run, stacks, state, verified,
};
use heaplens::profile::SymbolState;
use heaplens::symbols::{Fetch, Options};
use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

type Answer = Result<Option<PathBuf>, String>;

/// Answers from a list and remembers what it was asked.
#[derive(Debug)]
struct Shelf {
    executable: Answer,
    debug_info: Answer,
    asked: Mutex<Vec<String>>,
}

impl Fetch for Shelf {
    fn executable(&self, build_id: &str) -> Answer {
        self.asked.lock().unwrap().push(format!("executable {build_id}"));
        self.executable.clone()
    }

    fn debug_info(&self, build_id: &str) -> Answer {
        self.asked.lock().unwrap().push(format!("debug {build_id}"));
        self.debug_info.clone()
    }
}

fn shelf(executable: Answer, debug_info: Answer) -> (Arc<Shelf>, Options) {
    let shelf = Arc::new(Shelf { executable, debug_info, asked: Mutex::default() });
    let mut options = nowhere();
    options.fetch = Some(shelf.clone());
    (shelf, options)
}

fn asked(shelf: &Shelf) -> Vec<String> {
    std::mem::take(&mut *shelf.asked.lock().unwrap())
}

fn here(path: &Path) -> Answer {
    Ok(Some(path.to_owned()))
}

pub(crate) fn fetched() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, debug) = (dir.path().join("kept/executable"), dir.path().join("kept/debuginfo"));
    c(&path, Some(ID), &[]);
    let place = inside(&path, "hidden");
    run(Command::new("objcopy").arg("--only-keep-debug").arg(&path).arg(&debug));
    run(Command::new("strip").arg(&path));
    let wanted = || module("/x/app", Some(ID));

    // Both, in this order.
    let (server, options) = shelf(here(&path), here(&debug));
    let new = look(wanted(), place, &options);
    assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &verified(&path)));
    assert!(new.warnings.is_empty(), "{:?}", new.warnings);
    assert_eq!(asked(&server), [format!("executable {ID}"), format!("debug {ID}")]);
    // The debug file only.
    let (server, options) = shelf(Ok(None), here(&debug));
    let new = look(wanted(), place, &options);
    assert_eq!((stacks(&new), state(&new)), (vec!["hidden".to_owned()], &verified(&debug)));
    assert_eq!(asked(&server), [format!("executable {ID}"), format!("debug {ID}")]);
    // The program is here; its debug information is not.
    let (server, mut options) = shelf(Ok(None), here(&debug));
    options.binaries = vec![path.clone()];
    assert_eq!(stacks(&look(module("/x/app", None), place, &options)), ["hidden"]);
    assert_eq!(asked(&server), [format!("debug {ID}")]);
    // What names no build cannot be asked for.
    let (server, options) = shelf(here(&path), here(&debug));
    assert_eq!(codes(&look(module("/x/app", None), place, &options)), ["missing-symbols"]);
    assert_eq!(asked(&server), [""; 0]);
    Ok(())
}

pub(crate) fn not_believed() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let (path, other, text) = (dir.path().join("app"), dir.path().join("other"), dir.path().join("text"));
    c(&path, Some(ID), &[]);
    c(&other, Some(OTHER_ID), &[]);
    std::fs::write(&text, "<html>")?;
    let place = inside(&path, "hidden");
    let no = |answer: Answer, words: &[&str]| {
        let (_, options) = shelf(answer.clone(), answer);
        let new = look(module("/x/app", Some(ID)), place, &options);
        assert_eq!(stacks(&new), [format!("app+{place:#x}")]);
        assert!(matches!(state(&new), SymbolState::Missing { .. }), "{:?}", state(&new));
        let said = message(&new, "incomplete-symbols");
        assert!(said.starts_with("app: ") && words.iter().all(|word| said.contains(word)), "{said}");
    };
    no(here(&other), &[OTHER_ID, "not used"]);
    no(here(&text), &["not an executable"]);
    no(here(&dir.path().join("absent")), &["no such file"]);
    no(Err("the server is down \u{1b}[2J".to_owned()), &["the server is down"]);
    Ok(())
}
