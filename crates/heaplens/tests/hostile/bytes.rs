//! Bytes put together one after the other, little-endian.

#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Bytes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Bytes {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn repeat(mut self, bytes: &[u8], times: usize) -> Bytes {
        self.0.extend(bytes.repeat(times));
        self
    }

    pub(crate) fn zeros(self, count: usize) -> Bytes {
        self.repeat(&[0], count)
    }

    pub(crate) fn u8(self, value: u8) -> Bytes {
        self.bytes(&[value])
    }

    pub(crate) fn u16(self, value: u16) -> Bytes {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u32(self, value: u32) -> Bytes {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u64(self, value: u64) -> Bytes {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn uleb(mut self, mut value: u64) -> Bytes {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.u8(value as u8)
    }

    /// With a zero at the end.
    pub(crate) fn text(self, text: &str) -> Bytes {
        self.bytes(text.as_bytes()).u8(0)
    }

    /// An entry of an ELF symbol table: a global function in the first section.
    pub(crate) fn symbol(self, name: u32, address: u64, size: u64) -> Bytes {
        self.u32(name).u8(0x12).u8(0).u16(1).u64(address).u64(size)
    }
}
