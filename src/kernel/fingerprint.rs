//! A rolling 64-bit digest of everything that happened in a run.
//!
//! It implements [`Hasher`], so that events and facts enter it through `#[derive(Hash)]`. Every integer goes in as one
//! 64-bit word whatever its width on the platform, so the digest is the same in debug and release and on any target.

use std::hash::Hasher;

/// Mixes one word into a state; a bijection of either argument while the other is fixed.
///
/// Two rounds of multiply and shift (the finaliser of the SplitMix64 generator) over a rotated state.
pub const fn mix(state: u64, word: u64) -> u64 {
    let mut mixed = state.rotate_left(23).wrapping_add(0x9e37_79b9_7f4a_7c15) ^ word;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Takes one word into the state of a digest; a bijection of either argument while the other is fixed.
///
/// One round of multiply and shift: a run takes in some ten words an event, each waiting for the one before it. The multiplier
/// is that of the PCG generators.
const fn absorb(state: u64, word: u64) -> u64 {
    let spread = (state.rotate_left(23) ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0x5851_f42d_4c95_7f2d);
    spread ^ spread >> 32
}

/// The digest of a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    pub fn value(self) -> u64 {
        mix(self.0, 0)
    }
}

/// A digest of a state in 128 bits: two fingerprints that begin differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateDigest(u64, u64);

impl Default for StateDigest {
    fn default() -> StateDigest {
        StateDigest(0, 0x6a09_e667_f3bc_c908)
    }
}

impl Hasher for StateDigest {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = absorb(self.0, word);
        self.1 = absorb(self.1, word ^ 0xff51_afd7_ed55_8ccd);
    }
}

impl Hasher for Fingerprint {
    fn finish(&self) -> u64 {
        self.value()
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = absorb(self.0, word);
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u128(&mut self, word: u128) {
        self.write_u64(word as u64);
        self.write_u64((word >> 64) as u64);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_i64(&mut self, word: i64) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::Hash;

    #[derive(Hash)]
    enum Sample {
        Small(u8),
        Wide { number: u64 },
    }

    #[test]
    fn order_and_variant_enter_the_digest() {
        let digest = |samples: &[Sample]| {
            let mut fingerprint = Fingerprint::default();
            samples.iter().for_each(|sample| sample.hash(&mut fingerprint));
            fingerprint.value()
        };
        let small = digest(&[Sample::Small(1), Sample::Wide { number: 2 }]);
        assert_ne!(small, digest(&[Sample::Wide { number: 2 }, Sample::Small(1)]));
        assert_ne!(digest(&[Sample::Small(1)]), digest(&[Sample::Wide { number: 1 }]));
    }

    #[test]
    fn the_mixing_function_is_pinned() {
        assert_eq!(mix(0, 0), 0xe220_a839_7b1d_cdaf, "the first output of SplitMix64 from zero");
    }
}
