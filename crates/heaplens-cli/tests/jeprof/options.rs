//! jeprof's own list of options, read by perl's Getopt::Long and by heaplens.

use crate::shapes::Lab;
use crate::tools::{heaplens, stdout};
use libtest_mimic::Failed;
use regex::Regex;
use std::process::Command;

/// What perl makes of jeprof's own list of options.
const GETOPT: &str = r#"
use Getopt::Long;
my ($specs, @typed) = @ARGV;
my %values;
my @specs = map { $_ => sub { $values{$_[0]} = $_[1] } } split / /, $specs;
local $SIG{__WARN__} = sub {};
for my $typed (@typed) {
    %values = ();
    @ARGV = ($typed);
    print GetOptions(@specs) ? join(",", keys %values) : "wrong", "\n";
}
"#;

/// Each option of jeprof's source, by its name, by each beginning up to the first that is no other's, and undone.
pub(crate) fn test(_: &Lab) -> Result<(), Failed> {
    let jeprof = stdout(Command::new("sh").args(["-c", "cat \"$(command -v jeprof)\""]));
    let (_, list) = jeprof.split_once("GetOptions(").unwrap();
    let specs = Regex::new(r#""([a-z_-]+)([!=a-z]*)"\s*=>"#).unwrap();
    let list = list.split_once(") ||").unwrap().0;
    let specs: Vec<(&str, &str)> =
        specs.captures_iter(list).map(|found| found.extract::<2>().1.into()).collect();
    assert!(specs.len() > 50, "{specs:?}");
    let mut typed: Vec<String> = Vec::new();
    for (name, kind) in &specs {
        for length in 1..=name.len() {
            let beginning = &name[..length];
            let value = if kind.starts_with('=') { "=1" } else { "" };
            typed.push(format!("--{beginning}{value}"));
            if specs.iter().filter(|(other, _)| other.starts_with(beginning)).count() == 1 {
                break;
            }
        }
        typed.push(format!("--no-{name}"));
    }
    typed.sort();
    typed.dedup();
    let all: Vec<String> = specs.iter().map(|(name, kind)| format!("{name}{kind}")).collect();
    let theirs = stdout(Command::new("perl").args(["-e", GETOPT, &all.join(" ")]).args(&typed));
    for (theirs, typed) in theirs.lines().zip(&typed) {
        let ours = heaplens(["jeprof"]).arg(typed).arg("--help").output()?;
        assert_eq!(ours.status.success(), theirs != "wrong", "{typed}: {theirs}, {ours:?}");
    }
    Ok(())
}
