//! Another renderer's flame graph of our folded stacks, and ours of the same.

use crate::service::Lab;
use crate::tools::{both, heaplens, stdout};
use libtest_mimic::Failed;
use std::path::Path;
use std::process::Command;

/// inferno-flamegraph takes every line, with one column and with two, and both pictures have the same total.
pub(crate) fn inferno(lab: &Lab) -> Result<(), Failed> {
    for (name, run) in [("coarse", lab.coarse()), ("fine", lab.fine())] {
        let plain = heaplens(["folded"]);
        let mut difference = heaplens(["folded", "--base"]);
        difference.arg(&run.base);
        for (kind, mut folded) in [("plain", plain), ("difference", difference)] {
            let text = stdout(folded.arg(&run.leak));
            let file = lab.dir().join(format!("{name}-{kind}.folded"));
            std::fs::write(&file, &text)?;
            let (before, after) = sums(&text, kind == "difference");
            assert!(after > 1_000_000, "{after}");

            let (picture, said) = both(Command::new("inferno-flamegraph").arg(&file));
            assert!(!said.contains("gnored"), "{said}");
            assert_eq!(said, "", "inferno-flamegraph says something");
            // Of a difference it draws what is there now.
            assert_eq!(inferno_total(&picture), after, "{}", file.display());
            // `; ` in a name would have become a frame of its own.
            assert!(!picture.contains("<title> "), "a name was split");
            assert!(picture.contains("heaplens_demo::"));

            let svg = file.with_extension("svg");
            stdout(heaplens(["flamegraph"]).arg(&file).arg("-o").arg(&svg));
            assert_eq!(our_total(&svg)?, after - before, "{}", file.display());
        }
    }
    Ok(())
}

fn sums(folded: &str, two_columns: bool) -> (i128, i128) {
    let number = |text: Option<&str>| -> i128 { text.unwrap().parse().unwrap() };
    folded.lines().fold((0, 0), |(before, after), line| {
        let mut columns = line.rsplit(' ');
        let now = number(columns.next());
        let then = if two_columns { number(columns.next()) } else { 0 };
        (before + then, after + now)
    })
}

fn inferno_total(picture: &str) -> i128 {
    let (_, rest) = picture.split_once("total_samples=\"").expect("inferno says the total");
    rest.split('"').next().unwrap().parse().unwrap()
}

/// The net values of all rows: what each has beyond its callees.
fn our_total(svg: &Path) -> Result<i128, Failed> {
    let text = std::fs::read_to_string(svg)?;
    let (_, rest) =
        text.split_once("<script id=\"data\" type=\"application/json\">").ok_or("no data in the SVG")?;
    let (json, _) = rest.split_once("</script>").ok_or("no end of the data")?;
    let data: serde_json::Value = serde_json::from_str(json)?;
    let net = data["net"].as_array().ok_or("no values")?;
    Ok(net.iter().map(|value| i128::from(value.as_i64().expect("whole numbers"))).sum())
}
