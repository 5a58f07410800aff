//! When a Markov chain in continuous time reaches an end: the mean time, by elimination, and the probability within a time,
//! by uniformisation.

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

/// The probability that an end is reached within `time` from state 0; arguments as in [`first_passage`], `time` in the
/// unit that the rates are per.
///
/// The chain jumps at the instants of one Poisson process that is as fast as the fastest state (uniformisation, Jensen
/// 1953, G); what ended within k jumps is weighed by the probability of k jumps. Only positive terms are added, so that a
/// probability of 1e-12 has as many digits as one of 0.5. The work grows with that rate times `time`.
pub fn ends_within(rates: &[Vec<f64>], ends: &[f64], time: f64) -> f64 {
    assert!(rates.len() == ends.len() && rates.iter().all(|row| row.len() == ends.len()), "rates form a square");
    assert!(time >= 0.0, "a time is not negative");
    let leaving = |state: usize| rates[state].iter().sum::<f64>() + ends[state];
    let fastest = (0..ends.len()).map(leaving).fold(0.0, f64::max);
    let jumps = fastest * time;
    if jumps == 0.0 {
        return 0.0;
    }
    let mut at = vec![0.0; ends.len()];
    at[0] = 1.0;
    let (mut ended, mut probability, mut counted) = (0.0, 0.0, 0.0);
    // Beyond the mean by twelve deviations and some there is nothing left to count.
    let most = jumps + 12.0 * libm::sqrt(jumps) + 60.0;
    let mut number = 0.0;
    while number <= most {
        let weight = libm::exp(number * libm::log(jumps) - jumps - libm::lgamma(number + 1.0));
        probability += weight * ended;
        counted += weight;
        let mut next = vec![0.0; ends.len()];
        for (state, &here) in at.iter().enumerate() {
            ended += here * ends[state] / fastest;
            for (to, &rate) in rates[state].iter().enumerate() {
                next[to] += here * rate / fastest;
            }
            next[state] += here * (1.0 - leaving(state) / fastest);
        }
        at = next;
        number += 1.0;
    }
    // The weights add up to 1 but for rounding, which is divided out.
    probability / counted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STATISTICS 7: disks that fail at 1e-6 per hour and are repaired in 24 h.
    fn raid(disks: f64, spare: usize, crews: f64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let (failure, repair) = (1e-6, 1.0 / 24.0);
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
        (rates, ends)
    }

    #[test]
    fn the_published_times_to_loss_are_met() {
        for (disks, spare, crews, expected) in [
            (2.0, 1, 1.0, 2.08348e10),
            (7.0, 1, 1.0, 9.92373e8),
            (8.0, 1, 1.0, 7.44316e8),
            (8.0, 2, 1.0, 5.16873e12),
            (8.0, 2, 8.0, 1.03367e13),
            (16.0, 2, 1.0, 5.17072e11),
        ] {
            let (rates, ends) = raid(disks, spare, crews);
            let found = first_passage(&rates, &ends).expect("disks fail");
            assert!((found / expected - 1.0).abs() < 3e-6, "{disks} disks: {found} is not {expected}");
        }
    }

    /// STATISTICS 7, losses within ten years, and the exponential law.
    #[test]
    fn the_published_losses_of_ten_years_are_met() {
        for (disks, spare, crews, expected) in [
            (2.0, 1, 1.0, 4.20622e-6),
            (7.0, 1, 1.0, 8.8306e-5),
            (8.0, 1, 1.0, 1.17734e-4),
            (8.0, 2, 1.0, 1.6950e-8),
            (8.0, 2, 8.0, 8.4770e-9),
            (16.0, 2, 1.0, 1.6944e-7),
        ] {
            let (rates, ends) = raid(disks, spare, crews);
            let found = ends_within(&rates, &ends, 87_660.0);
            assert!((found / expected - 1.0).abs() < 3e-5, "{disks} disks: {found} is not {expected}");
        }
        for time in [0.0, 1e-9, 1.0, 30.0] {
            let found = ends_within(&[vec![0.0]], &[0.25], time);
            let expected = -libm::expm1(-0.25 * time);
            assert!((found - expected).abs() <= 1e-12 * expected, "{found} is not {expected}");
        }
        assert_eq!(ends_within(&[vec![0.0]], &[0.0], 5.0), 0.0, "nothing ends without a rate");
    }

    #[test]
    fn one_state_waits_for_its_end_and_none_waits_for_ever() {
        assert_eq!(first_passage(&[vec![0.0]], &[0.25]), Some(4.0));
        assert_eq!(first_passage(&[vec![0.0, 1.0], vec![0.0, 0.0]], &[1.0, 0.0]), None, "state 1 has no way out");
        assert_eq!(first_passage(&[], &[]), None);
    }
}
