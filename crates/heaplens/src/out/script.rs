//! ES modules as one script, for files that stand alone.

/// The modules' code in one scope, those that are imported first: without their imports, and with nothing exported.
///
/// They import names as they are, from each other, and no two of them have a top-level name in common; a statement of
/// `import` or `export` begins a line, and the former ends one.
pub fn joined<'a>(modules: impl IntoIterator<Item = &'a str>) -> String {
    let mut script = String::new();
    for module in modules {
        let mut is_importing = false;
        for line in module.lines() {
            is_importing |= line.starts_with("import ");
            if !is_importing && line != "export {};" {
                script.push_str(line.strip_prefix("export ").unwrap_or(line));
                script.push('\n');
            }
            is_importing &= !line.ends_with(';');
        }
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_share_a_scope() {
        let one = "export const one = 1;\nexport function f() {\n  return \"export \";\n}\nexport {};\n";
        let two =
            "// Two.\nimport { one } from \"./one.js\";\nimport {\n  f,\n} from \"./one.js\";\n\nf(one);\n";
        assert_eq!(
            joined([one, two]),
            "const one = 1;\nfunction f() {\n  return \"export \";\n}\n// Two.\n\nf(one);\n"
        );
    }
}
