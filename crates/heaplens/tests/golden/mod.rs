//! Golden files: when a test writes them instead of comparing.

/// True if `HEAPLENS_BLESS` is set to anything but 0.
pub(crate) fn is_written() -> bool {
    std::env::var_os("HEAPLENS_BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}
