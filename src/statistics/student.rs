//! The Student distribution: how far the mean of few results lies from the truth, in units of their spread.

use super::beta::{beta_quantile, incomplete_beta};

/// The share of a Student distribution of so many degrees of freedom below `t`.
pub fn student_distribution(degrees: f64, t: f64) -> f64 {
    assert!(degrees > 0.0, "a Student distribution has a degree of freedom");
    let beyond = incomplete_beta(degrees / 2.0, 0.5, degrees / (degrees + t * t)) / 2.0;
    if t > 0.0 { 1.0 - beyond } else { beyond }
}

/// The place below which the share `probability` of a Student distribution lies.
pub fn student_quantile(degrees: f64, probability: f64) -> f64 {
    assert!(degrees > 0.0, "a Student distribution has a degree of freedom");
    assert!(probability > 0.0 && probability < 1.0, "a quantile lies strictly between 0 and 1");
    let tail = probability.min(1.0 - probability);
    // Near the middle x is close to 1 and its distance from 1 is what counts; in the tail x itself is.
    let (x, rest) = if tail > 0.25 {
        let rest = beta_quantile(0.5, degrees / 2.0, 1.0 - 2.0 * tail);
        (1.0 - rest, rest)
    } else {
        let x = beta_quantile(degrees / 2.0, 0.5, 2.0 * tail);
        (x, 1.0 - x)
    };
    let t = libm::sqrt(degrees * rest / x);
    if probability < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The printed tables (NIST/SEMATECH e-Handbook 1.3.6.7.2, to three decimals), and closed forms for one and two degrees.
    #[test]
    fn the_tables_are_met() {
        for (degrees, probability, expected) in [
            (1.0, 0.975, 12.706),
            (2.0, 0.995, 9.925),
            (5.0, 0.95, 2.015),
            (9.0, 0.975, 2.262),
            (10.0, 0.995, 3.169),
            (19.0, 0.975, 2.093),
            (19.0, 0.995, 2.861),
            (30.0, 0.995, 2.750),
            (60.0, 0.99, 2.390),
            (100.0, 0.975, 1.984),
        ] {
            let found = student_quantile(degrees, probability);
            assert!((found - expected).abs() < 6e-4, "t({degrees}, {probability}) = {found}, not {expected}");
            assert!((student_quantile(degrees, 1.0 - probability) + found).abs() < 1e-9, "it is symmetric");
        }
        // tan(pi (p - 1/2)) and (2p - 1) sqrt(2 / (4 p (1 - p))).
        assert!((student_quantile(1.0, 0.75) - 1.0).abs() < 1e-12);
        assert!((student_quantile(1.0, 0.6) - 0.324_919_696_232_906).abs() < 1e-12);
        let p: f64 = 0.9;
        assert!((student_quantile(2.0, p) - (2.0 * p - 1.0) * (2.0 / (4.0 * p * (1.0 - p))).sqrt()).abs() < 1e-12);
        assert!(student_quantile(7.0, 0.5).abs() < 1e-12);
        assert!((student_quantile(1e7, 0.975) - 1.959_964).abs() < 1e-5, "many degrees are the normal distribution");
    }

    #[test]
    fn the_quantile_undoes_the_distribution() {
        for degrees in [1.0, 2.5, 9.0, 31.0, 1_000.0] {
            for probability in [0.001, 0.2, 0.45, 0.7, 0.995] {
                let found = student_distribution(degrees, student_quantile(degrees, probability));
                assert!((found - probability).abs() < 1e-12, "{degrees}: {found} is not {probability}");
            }
        }
    }
}
