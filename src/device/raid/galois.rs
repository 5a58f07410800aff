//! Arithmetic on the eight bytes of a tag, each a member of GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1
//! (0x11d): what the second check of RAID-6 is computed with. Addition is XOR.
//!
//! Source: H. P. Anvin, "The mathematics of RAID-6" (G); column `i` of a row is weighted with the `i`-th power of 2.

/// Each byte times 2.
fn double(bytes: u64) -> u64 {
    let high = bytes & 0x8080_8080_8080_8080;
    // The top bit of a byte becomes 0x1d in that byte; no carry leaves it.
    ((bytes & 0x7F7F_7F7F_7F7F_7F7F) << 1) ^ ((high >> 7) * 0x1D)
}

/// Each byte times `factor`.
pub fn times(bytes: u64, factor: u8) -> u64 {
    let (mut sum, mut shifted, mut left) = (0, bytes, factor);
    while left != 0 {
        if left & 1 == 1 {
            sum ^= shifted;
        }
        shifted = double(shifted);
        left >>= 1;
    }
    sum
}

/// Column `column` weighs so much. Two columns of fewer than 255 never weigh the same.
pub fn weight(column: u16) -> u8 {
    (0..column % 255).fold(1u8, |weight, _| double(u64::from(weight)) as u8)
}

/// The factor that undoes a multiplication by `factor`, which is not 0: its 254th power.
pub fn inverse(factor: u8) -> u8 {
    assert!(factor != 0, "nothing is divided by zero");
    (0..254).fold(1u8, |power, _| times(u64::from(power), factor) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_but_zero_can_be_undone() {
        let bytes = 0x0123_4567_89AB_CDEF;
        assert!((1..=255).all(|factor| times(times(bytes, factor), inverse(factor)) == bytes));
        assert_eq!((times(bytes, 1), times(bytes, 0)), (bytes, 0));
    }

    #[test]
    fn the_weights_are_those_of_the_textbook_and_all_different() {
        // Powers of 2 modulo 0x11d.
        assert_eq!([0, 1, 7, 8, 9, 15].map(weight), [1, 2, 128, 0x1D, 0x3A, 0x26]);
        let mut all: Vec<u8> = (0..255).map(weight).collect();
        all.sort_unstable();
        assert_eq!(all, (1..=255).collect::<Vec<u8>>());
        assert_eq!(weight(255), weight(0));
    }
}
