//! Mean time until a Markov chain in continuous time reaches an end, by elimination.

/// The mean time from state 0 until an end is reached. `rates[i][j]` is the rate from state `i` to `j`; what state `i`
/// loses to an end is `ends[i]`. `None` when an end cannot be reached from everywhere.
///
/// States are eliminated from the last to the first by adding rates only, never by subtracting them (Grassmann, Taksar,
/// Heyman 1985, G): no digits are lost however far the rates lie apart.
pub fn first_passage(rates: &[Vec<f64>], ends: &[f64]) -> Option<f64> {
    assert!(rates.len() == ends.len() && rates.iter().all(|row| row.len() == ends.len()), "rates form a square");
    assert!(rates.iter().flatten().chain(ends).all(|&rate| rate >= 0.0), "a rate is not negative");
    let mut rates = rates.to_vec();
    let mut ends = ends.to_vec();
    // Time spent on the way, per visit of a state: at first one unit each, weighed by how long a visit lasts.
    let mut spent = vec![1.0; ends.len()];
    for state in (1..ends.len()).rev() {
        let away: f64 = rates[state][..state].iter().sum::<f64>() + ends[state];
        if away <= 0.0 {
            return None;
        }
        for from in 0..state {
            let share = rates[from][state] / away;
            for to in (0..state).filter(|&to| to != from) {
                rates[from][to] += share * rates[state][to];
            }
            ends[from] += share * ends[state];
            spent[from] += share * spent[state];
        }
    }
    (ends.first().copied()? > 0.0).then(|| spent[0] / ends[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STATISTICS 7: disks that fail at 1e-6 per hour and are repaired in 24 h, and a component of the textbook.
    #[test]
    fn the_published_times_to_loss_are_met() {
        let (failure, repair) = (1e-6, 1.0 / 24.0);
        let raid = |disks: f64, spare: usize, crews: f64| {
            let mut rates = vec![vec![0.0; spare + 1]; spare + 1];
            let mut ends = vec![0.0; spare + 1];
            for failed in 0..=spare {
                let next = (disks - failed as f64) * failure;
                if failed < spare {
                    rates[failed][failed + 1] = next
                } else {
                    ends[failed] = next
                }
                if failed > 0 {
                    rates[failed][failed - 1] = repair * crews.min(failed as f64);
                }
            }
            first_passage(&rates, &ends).expect("disks fail")
        };
        for (disks, spare, crews, expected) in [
            (2.0, 1, 1.0, 2.08348e10),
            (7.0, 1, 1.0, 9.92373e8),
            (8.0, 1, 1.0, 7.44316e8),
            (8.0, 2, 1.0, 5.16873e12),
            (8.0, 2, 8.0, 1.03367e13),
            (16.0, 2, 1.0, 5.17072e11),
        ] {
            let found = raid(disks, spare, crews);
            assert!((found / expected - 1.0).abs() < 3e-6, "{disks} disks: {found} is not {expected}");
        }
    }

    #[test]
    fn one_state_waits_for_its_end_and_none_waits_for_ever() {
        assert_eq!(first_passage(&[vec![0.0]], &[0.25]), Some(4.0));
        assert_eq!(first_passage(&[vec![0.0, 1.0], vec![0.0, 0.0]], &[1.0, 0.0]), None, "state 1 has no way out");
        assert_eq!(first_passage(&[], &[]), None);
    }
}
