//! A command's rounds.

use super::{Dir, answers, check, dump};
use crate::run::{Ran, heaplens};
use std::fmt::Write as _;

/// Shell commands that leave these dumps as rounds.
fn rounds(dir: &Dir, held: &[u64]) -> String {
    let copy = |(round, held): (usize, &u64)| {
        let file = dir.file(&format!("{round}.heap"), dump(*held, 7, 0));
        format!("cp {file} \"$HEAPLENS_ROUND_DIR/round-{:04}.heap\"", round + 1)
    };
    held.iter().enumerate().map(copy).collect::<Vec<_>>().join(" && ")
}

#[test]
fn a_command_is_judged_by_its_rounds() {
    let dir = Dir::new();
    let leaks = rounds(&dir, &[1, 1000, 1100, 1200, 1300, 1400]);
    let args = ["--run", leaks.as_str(), "--rounds", "4"];
    let said =
        answers(check(&args), 1, "failed: app::insert grew in every one of 4 rounds, by +100 B a round\n");
    assert!(said.contains("\n  rounds: +100 B, +100 B, +100 B, +100 B\n"), "{said}");
    assert!(said.contains("to see it: add --save DIR"), "{said}");
    let with = |more: &[&str]| check(&[&args[..], more].concat());
    answers(with(&["--max-per-iteration", "10", "--iterations", "10"]), 0, "passed");
    answers(with(&["--suppress", &dir.file("supp", "leak:app::insert")]), 0, "passed");
    answers(with(&["--warmup", "5"]), 3, "inconclusive: ");
    let kept = dir.path("kept");
    let said = answers(with(&["--save", kept.to_str().unwrap()]), 1, "failed");
    let saved = dir.names("kept");
    assert_eq!((saved.len(), saved[0].as_str(), saved[2].as_str()), (7, "growth.svg", "round-0002.heap"));
    let (first, last) = (kept.join("round-0002.heap"), kept.join("round-0006.heap"));
    assert!(said.contains(&format!("heaplens diff {} {}", first.display(), last.display())), "{said}");

    let steady = rounds(&dir, &[1, 1000, 1100, 1200, 1200, 1300]);
    answers(check(&["--run", &steady, "--rounds", "4"]), 0, "passed: nothing leaks, in 4 rounds");
    let few = "inconclusive: 4 rounds after the warm-up; 8 are needed: let the program do more, or compare fewer (--rounds 4)";
    answers(check(&["--run", &steady]), 3, few);
}

#[test]
fn the_command_runs_with_profiling_on_and_speaks_on_stderr() {
    let dir = Dir::new();
    let script = format!(
        "{} && echo said && echo $MALLOC_CONF && echo $_RJEM_MALLOC_CONF",
        rounds(&dir, &[1, 2, 3, 3])
    );
    let mut command = heaplens(["check", "--run", &script, "--rounds", "2", "--format", "json"]);
    let ran: Ran = command.env("MALLOC_CONF", "lg_prof_sample:3").output().unwrap().into();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines[0], "said");
    let needed = "prof:true,prof_active:true,prof_final:true,prof_prefix:/";
    for (line, own) in [(lines[1], "lg_prof_sample:3,"), (lines[2], "")] {
        let start = format!("lg_prof_sample:12,lg_prof_interval:22,{own}{needed}");
        assert!(line.starts_with(&start), "{line}");
    }
    let said = answers(ran, 0, "{");
    assert!(said.contains("\"outcome\": \"passed\"") && said.contains("\"form\": \"rounds\""), "{said}");
}

#[test]
fn without_rounds_jemallocs_own_dumps_stand_for_them() {
    let dir = Dir::new();
    let mut script = String::from("p=${MALLOC_CONF##*prof_prefix:}; ");
    for number in 0..12 {
        let file = dir.file(&format!("{number}.heap"), dump(1000 + 10 * number, 7, 0));
        let _ = write!(script, "cp {file} $p.77.{number}.i{number}.heap; ");
    }
    // Another process that made fewer, and what is left at the end.
    let _ = write!(script, "cp {0} $p.78.0.i0.heap; cp {0} $p.77.12.f.heap", dir.path("3.heap").display());
    let ran = check(&["--run", &script, "--rounds", "4"]);
    assert!(
        ran.stderr.contains("no round was marked") && ran.stderr.contains("process 77"),
        "{}",
        ran.stderr
    );
    answers(ran, 1, "failed: app::insert grew in every one of 4 rounds, by +20 B a round");
}

#[test]
fn a_command_that_fails_or_leaves_nothing_says_what_to_do() {
    check(&["--run", "exit 7"]).fails(
        4,
        &["--run exit 7", "exit status: 7", "only a command that succeeds", "What it said, if anything,"],
    );
    check(&["--run", "true"]).fails(4, &["it left no dump", "profiling compiled in"]);
    let last = "touch ${MALLOC_CONF##*prof_prefix:}.77.0.f.heap";
    check(&["--run", last]).fails(4, &["only at its end", "lg_prof_interval:20"]);
}

#[test]
fn of_more_rounds_than_are_asked_for_the_first_are_compared_and_all_are_kept() {
    let dir = Dir::new();
    let ten: Vec<u64> = (0..10).map(|round| 1000 + 100 * round).collect();
    let script = rounds(&dir, &ten);
    for count in [2, 3, 4, 5, 6, 7, 8] {
        let (rounds, kept) = (count.to_string(), dir.path(&format!("kept-{count}")));
        let args = ["--run", script.as_str(), "--rounds", &rounds];
        let ran = check(&[&args[..], &["--save", kept.to_str().unwrap()]].concat());
        let more = format!(
            "10 rounds were marked, and the first {} are looked at; for all of them, raise --rounds by {}\n",
            count + 2,
            8 - count
        );
        assert_eq!(ran.stderr.contains(&more), count < 8, "{}", ran.stderr);
        let said = answers(
            ran,
            1,
            &format!("failed: app::insert grew in every one of {count} rounds, by +100 B a round\n"),
        );
        assert!(
            said.contains(&format!("round-0002.heap {}/round-{:04}.heap", kept.display(), count + 2)),
            "{said}"
        );
        let files: Vec<String> = (1..=10).map(|round| format!("round-{round:04}.heap")).collect();
        assert_eq!(dir.names(&format!("kept-{count}"))[1..], files);
        let limited = |limit| {
            check(
                &[&args[..], &["--iterations", "10", "--max-per-iteration", limit, "--format", "json"]]
                    .concat(),
            )
        };
        let json = answers(limited("9"), 1, "{");
        assert_eq!(limited("10").code, Some(0));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let growth = &json["processes"][0]["growth"];
        assert_eq!(
            (&growth["per_round"]["value"], &growth["per_iteration"]["value"]),
            (&100.0.into(), &10.0.into())
        );
    }
}

#[test]
fn dumps_that_stand_for_rounds_are_at_one_distance() {
    let dir = Dir::new();
    let script = |count: u64| {
        let mut script = String::from("p=${MALLOC_CONF##*prof_prefix:}; true");
        for number in 0..count {
            let file = dir.file(&format!("{number}.heap"), dump(1000 + 10 * number, 7, 0));
            let _ = write!(script, "; cp {file} $p.77.{number}.i{number}.heap");
        }
        script
    };
    // Six are wanted; of more, as many lie between two of them.
    for (count, distance) in [(6, 1), (9, 1), (11, 2), (13, 2), (17, 3)] {
        let ran = check(&["--run", &script(count), "--rounds", "4"]);
        assert_eq!(
            ran.stderr.contains(&format!("stand for rounds, one of {distance};")),
            distance > 1,
            "{ran:?}"
        );
        let said = answers(ran, 1, "failed: app::insert grew in every one of 4 rounds, by +");
        assert!(
            said.contains(&format!(" rounds: {}\n", vec![format!("+{distance}0 B"); 4].join(", "))),
            "{said}"
        );
    }
    let per = ["--iterations", "10", "--max-per-iteration", "9"];
    check(&[&["--run", &script(9), "--rounds", "4"][..], &per].concat())
        .fails(2, &["--iterations: no round was marked", "heaplens_agent::round_done()"]);
}
