//! Mapping lines.
/// Resolves octal escapes.
pub fn unescape_octal(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}
