//! Division by a number known beforehand, as one multiplication: addresses are divided on every disk operation.

/// A divisor and its reciprocal in units of 2^-63.
#[derive(Clone, Copy, Debug)]
pub(in crate::device) struct Divisor {
    value: u64,
    reciprocal: u64,
}

impl Divisor {
    /// A divisor of the numbers `0..=largest`.
    ///
    /// The reciprocal is rounded up by less than 2^-63, so a quotient is too large by less than `largest` / 2^63, and
    /// stays below the next whole number while `largest * value` is below 2^63.
    pub fn new(value: u64, largest: u64) -> Divisor {
        assert!(value > 0, "nothing is divided by zero");
        assert!(u128::from(value) * u128::from(largest) < 1 << 63, "quotients of this size would not be exact");
        Divisor { value, reciprocal: (1u64 << 63).div_ceil(value) }
    }

    pub fn value(self) -> u64 {
        self.value
    }

    /// Quotient and remainder.
    pub fn divide(self, number: u64) -> (u64, u64) {
        let quotient = ((u128::from(number) * u128::from(self.reciprocal)) >> 63) as u64;
        let remainder = number.wrapping_sub(quotient.wrapping_mul(self.value));
        assert!(remainder < self.value, "only numbers up to the largest named are divided");
        (quotient, remainder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    #[test]
    fn quotients_are_exact_up_to_the_largest_number() {
        let mut draws = Stream::new(7, "divisor", "numbers").draws(0);
        for value in [1, 2, 3, 6, 7, 12, 289, 495, 4_789, 65_535] {
            let largest = ((1u64 << 63) - 1) / value;
            let divisor = Divisor::new(value, largest);
            let near_multiples = (0..1_000).flat_map(|_| {
                let multiple = draws.below(largest / value) * value;
                [multiple, multiple + 1, multiple + value - 1]
            });
            for number in [0, largest - 1, largest].into_iter().chain(near_multiples) {
                assert_eq!(divisor.divide(number), (number / value, number % value), "{number} / {value}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "would not be exact")]
    fn a_range_too_wide_is_refused() {
        let _ = Divisor::new(512, 1 << 54);
    }
}
