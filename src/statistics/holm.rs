//! Several comparisons at once: p-values adjusted by Holm's method (1979), under which the chance of any false claim in the
//! whole family stays below the level, whatever the tests have to do with each other.

/// The adjusted p-values, in the order given: an adjusted one below 0.05 is a claim that the family supports at 95 %.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (rank, &place) in order.iter().enumerate() {
        let times = (p_values.len() - rank) as f64;
        // What fails ends it: later ones cannot be better off.
        least = least.max((times * p_values[place]).min(1.0));
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    /// The example of Holm's method in the documentation of R's `p.adjust`, by hand.
    #[test]
    fn the_smallest_is_multiplied_by_all_and_the_order_is_kept() {
        let found = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12), "{found:?}");
        assert_eq!(holm(&[]), Vec::<f64>::new());
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    }

    /// Six true null hypotheses: without the adjustment one of them falls in a quarter of the families.
    #[test]
    fn a_family_without_differences_rarely_claims_one() {
        let stream = Stream::new(1, "statistics", "holm");
        let families = 4_000;
        let wrong = |adjust: fn(&[f64]) -> Vec<f64>| {
            let claims = (0..families).filter(|&family| {
                let p_values: Vec<f64> = (0..6).map(|test| stream.draws(family * 10 + test).unit()).collect();
                adjust(&p_values).iter().any(|&p| p <= 0.05)
            });
            claims.count() as f64 / families as f64
        };
        assert!((0.24..0.29).contains(&wrong(<[f64]>::to_vec)));
        assert!((0.04..=0.06).contains(&wrong(holm)));
    }
}
