//! What an allocation costs: the size class that jemalloc rounds a request up to.

/// Bytes that jemalloc takes for a request of `bytes`, and that its heap profile counts for it.
///
/// Source: jemalloc's manual, "Implementation notes", with a 16-byte quantum: 8, then multiples of 16 up to
/// 128, then four classes for every doubling.
pub(crate) fn size_class(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        _ => bytes.next_multiple_of(bytes.next_power_of_two() / 8),
    }
}

#[cfg(test)]
mod tests {
    use super::size_class;

    #[test]
    fn rounds_to_the_classes_of_the_manual() {
        let table = [
            (0, 0),
            (1, 8),
            (9, 16),
            (36, 48),
            (128, 128),
            (129, 160),
            (256, 256),
            (257, 320),
            (512, 512),
            (513, 640),
            (14_337, 16_384),
            (16_385, 20_480),
        ];
        for (request, class) in table {
            assert_eq!(size_class(request), class, "{request}");
        }
    }
}
