//! How far two samples of service times lie apart: the difference of their means, and the demerit.
//!
//! The demerit (Ruemmler and Wilkes 1994) is the root of the mean square of the horizontal distance between two
//! cumulative distributions. A sample sorted is a line through the points `(x_k, k / n)`, flat below the first.

/// Heights at which the distance is taken: `1 / HEIGHTS` to 1.
const HEIGHTS: u32 = 10_000;

/// Service times in milliseconds, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    sorted: Vec<f64>,
}

impl Sample {
    /// Times in nanoseconds; nothing when there are none.
    pub fn new(times: impl Iterator<Item = u64>) -> Option<Sample> {
        let mut times: Vec<u64> = times.collect();
        times.sort_unstable();
        let sorted: Vec<f64> = times.into_iter().map(|ns| ns as f64 / 1e6).collect();
        (!sorted.is_empty()).then_some(Sample { sorted })
    }

    pub fn mean(&self) -> f64 {
        self.sorted.iter().sum::<f64>() / self.sorted.len() as f64
    }

    /// The time that a share `p` of the sample does not exceed.
    pub fn quantile(&self, p: f64) -> f64 {
        let n = self.sorted.len();
        let place = p * n as f64;
        if place < 1.0 {
            return self.sorted[0];
        }
        let below = (place.floor() as usize).min(n);
        match self.sorted.get(below) {
            None => self.sorted[n - 1],
            Some(next) => {
                let at = self.sorted[below - 1];
                at + (next - at) * (place - below as f64)
            }
        }
    }

    /// How far two distributions lie apart, in milliseconds.
    pub fn demerit(&self, other: &Sample) -> f64 {
        let squares = (1..=HEIGHTS).map(|height| {
            let p = f64::from(height) / f64::from(HEIGHTS);
            let distance = self.quantile(p) - other.quantile(p);
            distance * distance
        });
        (squares.sum::<f64>() / f64::from(HEIGHTS)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(milliseconds: &[u64]) -> Sample {
        Sample::new(milliseconds.iter().map(|ms| ms * 1_000_000)).expect("there are times")
    }

    #[test]
    fn points_are_joined_by_lines() {
        let four = sample(&[4, 1, 2, 3]);
        for (p, time) in [(0.01, 1.0), (0.25, 1.0), (0.5, 2.0), (0.625, 2.5), (1.0, 4.0)] {
            assert_eq!(four.quantile(p), time, "{p}");
        }
        assert_eq!(four.mean(), 2.5);
        assert_eq!(Sample::new(std::iter::empty()), None);
    }

    #[test]
    fn a_shift_is_its_own_demerit_and_order_does_not_count() {
        let one = sample(&[5, 1, 9, 9, 2]);
        assert_eq!(one.demerit(&sample(&[9, 2, 5, 1, 9])), 0.0);
        assert!((one.demerit(&sample(&[8, 4, 12, 12, 5])) - 3.0).abs() < 1e-12);
    }
}
