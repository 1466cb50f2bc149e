//! A hash that is the same on every machine and in every release: FNV-1a with 64 bits.

/// What has been hashed so far. Texts and lists come with their length, so that what stands side by
/// side cannot be mistaken for something else.
#[derive(Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    /// A hash of things of this kind.
    pub(crate) fn of(kind: &str) -> Self {
        Self(0xcbf2_9ce4_8422_2325).text(kind)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, step))
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.number(text.len() as u64).bytes(text.as_bytes())
    }

    /// Hashes whose order says nothing.
    pub(crate) fn set(self, hashes: impl IntoIterator<Item = u64>) -> Self {
        let mut hashes: Vec<_> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        let hash = self.number(hashes.len() as u64);
        hashes.into_iter().fold(hash, Self::number)
    }

    pub(crate) fn finish(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Hash;

    #[test]
    fn it_is_fnv_1a() {
        // From the test vectors of its authors.
        let empty = Hash(0xcbf2_9ce4_8422_2325);
        assert_eq!(empty.bytes(b"a").finish(), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(empty.bytes(b"foobar").finish(), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn neighbours_do_not_run_together() {
        let hash = |one: &str, other: &str| Hash::of("x").text(one).text(other).finish();
        assert_ne!(hash("ab", "c"), hash("a", "bc"));
        let set = |hashes: &[u64]| Hash::of("x").set(hashes.iter().copied()).finish();
        assert_eq!(set(&[1, 2]), set(&[2, 1, 2]));
        assert_ne!(set(&[1, 2]), set(&[1, 3]));
    }
}
