//! The files of `ui/`, as they are in the program.

use heaplens::out::{escape, script, svg};

/// A file by its name, as the page asks for it.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! assets {
    ($($name:literal)*) => {
        &[$(Asset { name: $name, text: include_str!(concat!("../../ui/", $name)) }),*]
    };
}

/// The module that starts the page.
const MAIN: &str = "main.js";

/// All but those that the library has.
const FILES: &[Asset] = assets!(
    "answer.js"
    "app.js"
    "axes.js"
    "block.js"
    "blocks.js"
    "callers.js"
    "canvas.js"
    "cells.js"
    "charge.js"
    "chart.js"
    "choices.js"
    "choose.js"
    "code.js"
    "courses.js"
    "crates.js"
    "crumbs.js"
    "csv.js"
    "curves.js"
    "decode.js"
    "dismissed.js"
    "dom.js"
    "draw.js"
    "export/folded.js"
    "export/png.js"
    "export/pprof.js"
    "export/svg.js"
    "export/wire.js"
    "fields.js"
    "flamepage.js"
    "fold.js"
    "frame.js"
    "graph.css"
    "graphview.js"
    "handles.js"
    "held.js"
    "help.js"
    "index.html"
    "judged.js"
    "keys.js"
    "label.js"
    "leftout.js"
    "legend.js"
    "lines.js"
    "loading.js"
    "main.js"
    "menu.js"
    "modules.js"
    "order.js"
    "pairs.js"
    "palette.js"
    "pan.js"
    "parts.js"
    "patterns.js"
    "popover.js"
    "program.js"
    "rate.js"
    "sandwich.js"
    "save.js"
    "search.js"
    "sides.js"
    "source.js"
    "span.js"
    "spark.js"
    "state.js"
    "style.css"
    "summary.js"
    "sums.js"
    "suspects.js"
    "table.js"
    "threads.js"
    "times.js"
    "tip.js"
    "toolbar.js"
    "tooltip.js"
    "top.js"
    "topview.js"
    "tree.js"
    "tries.js"
    "vendor/uplot/uPlot.iife.min.js"
    "vendor/uplot/uPlot.min.css"
    "verdict.js"
    "walk.js"
    "where.js"
    "work.js"
);

/// The scripts that pictures share with the page.
const SHARED: &[Asset] = &[
    Asset { name: "model.js", text: svg::MODEL },
    Asset { name: "layout.js", text: svg::LAYOUT },
    Asset { name: "describe.js", text: svg::DESCRIBE },
];

/// The file of that name.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    FILES.iter().chain(SHARED).find(|asset| asset.name == name).map(|asset| asset.text)
}

/// The page's HTML with another title.
pub(crate) fn titled(html: &str, title: &str) -> String {
    html.replacen("<title>heaplens</title>", &format!("<title>{}</title>", escape::xml(title)), 1)
}

/// All modules in one script.
pub(crate) fn scripts() -> String {
    let mut modules = Vec::new();
    collect(MAIN, &mut Vec::new(), &mut modules);
    script::joined(modules)
}

/// Adds a module after those that it imports.
fn collect(name: &str, seen: &mut Vec<String>, modules: &mut Vec<&'static str>) {
    if seen.iter().any(|known| known == name) {
        return;
    }
    seen.push(name.to_owned());
    let text = find(name).unwrap_or_default();
    for other in imports(text) {
        collect(&resolve(name, other), seen, modules);
    }
    modules.push(text);
}

/// What a module imports, as it says.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let mut is_importing = false;
    text.lines().filter_map(move |line| {
        is_importing |= line.starts_with("import ");
        let from = if is_importing { line.split_once("from \"") } else { None };
        is_importing &= !line.ends_with(';');
        from?.1.split_once('"').map(|(path, _)| path)
    })
}

/// `./x.js` or `../x.js`, as seen from a module.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn collect_files(directory: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect_files(&path, root, found);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_in_the_program() {
        let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
        let mut found = BTreeSet::new();
        collect_files(&ui, &ui, &mut found);
        // Types, tests and licences are for people and tools.
        let is_served = |name: &&String| {
            ["html", "js", "css"].iter().any(|end| name.ends_with(&format!(".{end}")))
                && !name.starts_with("tests/")
                && *name != "types.js"
        };
        let found: Vec<&String> = found.iter().filter(is_served).collect();
        let known: BTreeSet<&str> = FILES.iter().map(|asset| asset.name).collect();
        assert_eq!(found, known.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn modules_come_after_what_they_import_and_share_no_name() {
        let script = scripts();
        for asset in FILES.iter().chain(SHARED).filter(|asset| asset.name.ends_with(".js")) {
            for path in imports(asset.text) {
                let path = resolve(asset.name, path);
                assert!(find(&path).is_some(), "{} imports {path}", asset.name);
            }
        }
        let mut names: Vec<&str> = script
            .lines()
            .filter_map(|line| {
                let rest = ["function ", "async function ", "const ", "let ", "class "]
                    .iter()
                    .find_map(|word| line.strip_prefix(word))?;
                rest.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next()
            })
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        let twice: Vec<&[&str]> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        assert!(!script.contains("\nexport ") && !script.contains("\nimport "));
    }

    #[test]
    fn nothing_ends_the_element_that_it_stands_in() {
        for asset in FILES.iter().chain(SHARED).filter(|asset| !asset.name.ends_with(".html")) {
            let text = asset.text.to_lowercase();
            assert!(!text.contains("</script") && !text.contains("</style") && !text.contains("<!--"));
        }
    }
}
