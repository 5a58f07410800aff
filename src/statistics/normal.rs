//! The normal distribution.

use crate::kernel::rng;

/// The share of the standard normal distribution below `z`.
pub fn normal_distribution(z: f64) -> f64 {
    libm::erfc(-z / std::f64::consts::SQRT_2) / 2.0
}

/// The place below which the share `probability` of the standard normal distribution lies: the samplers' approximation
/// and one step of Halley's method, to about 15 digits.
pub fn normal_quantile(probability: f64) -> f64 {
    let first = rng::normal_quantile(probability);
    let density = libm::exp(-first * first / 2.0) / libm::sqrt(std::f64::consts::TAU);
    let step = (normal_distribution(first) - probability) / density;
    first - step / (1.0 + first * step / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, tables 26.1 and 26.5.
    #[test]
    fn the_tables_are_met() {
        for (probability, expected) in [
            (0.5, 0.0),
            (0.9, 1.281_551_565_544_6),
            (0.975, 1.959_963_984_540_05),
            (0.995, 2.575_829_303_548_9),
            (0.999_5, 3.290_526_731_491_9),
            (0.001, -3.090_232_306_167_81),
        ] {
            assert!((normal_quantile(probability) - expected).abs() < 1e-13, "{probability}");
        }
        for (z, expected) in [(0.0, 0.5), (1.0, 0.841_344_746_068_543), (-2.0, 0.022_750_131_948_179_2)] {
            assert!((normal_distribution(z) - expected).abs() < 1e-15, "{z}");
        }
    }
}
