#![no_main]
//! Any mapping lines, and look-ups at their edges.

use heaplens::maps::Maps;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let maps = Maps::parse(bytes);
    let mut addresses = vec![0, 1, u64::MAX];
    addresses.extend(bytes.chunks_exact(8).map(|c| u64::from_le_bytes(c.try_into().expect("eight bytes"))));
    for text in bytes.split(|b| !b.is_ascii_hexdigit()).filter_map(|t| std::str::from_utf8(t).ok()) {
        if let Ok(address) = u64::from_str_radix(text, 16) {
            addresses.extend([address, address.wrapping_sub(1), address.wrapping_add(1)]);
        }
    }
    for address in addresses {
        if let Some((module, _)) = maps.find(address) {
            assert!(module < maps.modules().len());
        }
    }
});
