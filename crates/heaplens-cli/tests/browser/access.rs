//! Whether the page can be used by all: axe-core's rules on each view. `HEAPLENS_AXE` names its file `axe.min.js`.

use crate::attacks::filled;
use crate::home::Shown;
use crate::inputs;
use crate::lab::Lab;
use crate::tab::Tab;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Where axe-core is, if it is.
pub(crate) fn axe() -> Option<PathBuf> {
    std::env::var_os("HEAPLENS_AXE").map(PathBuf::from).filter(|path| path.is_file())
}

/// Every view of a series, of two dumps and of one, light and dark, wide and narrow.
pub(crate) fn views(lab: &Lab) -> Result<(), Failed> {
    let path = axe().ok_or("HEAPLENS_AXE does not name axe-core's axe.min.js; .ci/ui fetches it")?;
    let axe = std::fs::read_to_string(path)?;
    let all = inputs::plain(lab)?;
    let mut found = Vec::new();
    for (name, views) in [("a-day", "12345678"), ("two-dumps", "12"), ("one-dump", "126")] {
        let input = all.iter().find(|input| input.name == name).ok_or("an input")?;
        let args: Vec<_> = input.options.iter().cloned().chain(input.files.iter().map(Into::into)).collect();
        let shown = Shown::from_disk(&args)?;
        let tab = lab.page(&shown, "")?;
        tab.eval(&format!("{axe}; return true"))?;
        for theme in ["light", "dark"] {
            let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
            tab.session.devtools("Emulation.setEmulatedMedia", &json!({"features": features}))?;
            for view in views.chars() {
                tab.keys(&view.to_string())?;
                filled(&tab, name)?;
                found.extend(
                    violations(&tab)?.into_iter().map(|v| format!("{name}, {theme}, view {view}: {v}")),
                );
            }
            if name != "a-day" {
                continue;
            }
            // What opens above a view.
            for (key, css) in [("e", ".menu"), ("?", "dialog[open]")] {
                tab.keys("2")?;
                tab.keys(key)?;
                tab.until("it is open", &format!("return document.querySelector('{css}') !== null"))?;
                found.extend(violations(&tab)?.into_iter().map(|v| format!("{name}, {theme}, {css}: {v}")));
                tab.keys(crate::tab::ESCAPE)?;
                tab.until("it is closed", &format!("return document.querySelector('{css}') === null"))?;
            }
        }
        tab.close()?;
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

/// What is serious or critical, a line each.
fn violations(tab: &Tab<'_>) -> Result<Vec<String>, Failed> {
    let found = tab.session.script_that_waits(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(result => done(result.passes.length < 10 ? ['hardly a rule was tried'] : result.violations \
         .filter(v => v.impact === 'serious' || v.impact === 'critical') \
         .map(v => `${v.impact} ${v.id}: ${v.nodes.slice(0, 4).map(n => `${n.target.join(' ')} (${n.failureSummary.replace(/\\s+/g, ' ').slice(0, 200)}) ${n.html.slice(0, 160)}`).join('; ')}`)), \
         why => done([String(why)]))",
    )?;
    let lines = found.as_array().ok_or("a list of violations")?;
    Ok(lines.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}
