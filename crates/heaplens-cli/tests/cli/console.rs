//! Commands with their output, word for word. After an intended change: `TRYCMD=overwrite cargo test -p heaplens-cli`.

#[test]
fn examples_print_what_is_written_here() {
    trycmd::TestCases::new().env("COLUMNS", "100").env("HEAPLENS_NO_CACHE", "1").case("tests/cmd/*.trycmd");
}
