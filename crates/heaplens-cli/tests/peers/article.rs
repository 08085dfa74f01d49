//! The article's walk-through, step by step, by the script that the demo brings.

use crate::service::Lab;
use libtest_mimic::Failed;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) fn runs(lab: &Lab) -> Result<(), Failed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../heaplens-demo/article.sh");
    let (demo, plain) = (lab.demo(), lab.plain_demo());
    let _turn = lab.turn();
    let output = Command::new("bash")
        .arg(script)
        .arg(lab.dir().join("article"))
        .env("HEAPLENS", env!("CARGO_BIN_EXE_heaplens"))
        .env("HEAPLENS_DEMO", demo)
        .env("HEAPLENS_DEMO_PLAIN", plain)
        .env("HEAPLENS_NO_CACHE", "1")
        .env("LOAD_SECONDS", "8")
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        return Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    assert!(said.contains("\n== done"), "{said}");
    Ok(())
}
