//! One combination of options, given to both.

use crate::differences::{self, Output};
use crate::judge;
use crate::shapes::{Lab, Language};
use crate::tools::{heaplens, stdout};
use libtest_mimic::Failed;

pub(crate) fn run(lab: &Lab, language: Language, combination: &str) -> Result<(), Failed> {
    let shapes = lab.shapes(language);
    let arguments: Vec<String> = combination
        .split(' ')
        .map(|word| {
            let word = word.replace("PROGRAM", shapes.program.to_str().unwrap());
            let word = word.replace("BASE", shapes.base.to_str().unwrap());
            word.replace("LAST", shapes.last.to_str().unwrap())
        })
        .collect();
    let theirs = stdout(judge::jeprof(lab).args(&arguments));
    let mut command = heaplens(["jeprof"]);
    // Of C's functions jeprof knows which are the allocator's; of the other languages' heaplens knows more.
    if language != Language::C {
        command.arg("--jeprof-skip-list");
    }
    let ours = stdout(command.args(&arguments));
    let output = match combination {
        text if text.contains("--collapse") => Output::Folded,
        text if text.contains("--callgrind") => Output::Calls,
        text if text.contains("--dot") => Output::Graph,
        text if text.contains("--list") => Output::Listing,
        text if text.contains("--disasm") => Output::Instructions,
        _ => Output::Table,
    };
    let (mut theirs, mut ours) = differences::applied(shapes, language, output, theirs, ours);
    if output == Output::Folded && combination.contains("--thread=*") {
        // Where one thread ends and the next begins cannot be seen.
        [theirs, ours] = [theirs, ours].map(|text| differences::sorted(text.lines()));
    }
    if theirs != ours {
        return Err(first_difference(&theirs, &ours).into());
    }
    Ok(())
}

fn first_difference(theirs: &str, ours: &str) -> String {
    let (mut a, mut b) = (theirs.lines(), ours.lines());
    for number in 1.. {
        match (a.next(), b.next()) {
            (a, b) if a != b => return format!("line {number}: jeprof\n  {a:?}\nheaplens\n  {b:?}"),
            (None, None) => break,
            _ => {}
        }
    }
    "the ends of lines differ".to_owned()
}
