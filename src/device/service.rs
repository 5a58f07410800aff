//! How long a server takes for one job when nothing but chance decides: laws of service times.
//!
//! Real devices compute their times from places and lengths. These laws stand for everything else: people, repairs, and
//! the servers of queueing theory, where exact answers are known. Sources: textbook definitions (G).

use crate::kernel::{Draws, Span};

/// A law of service times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Service {
    Constant(Span),
    Exponential {
        mean: Span,
    },
    /// Exponential with one of two means: more spread than an exponential.
    Hyperexponential {
        /// Probability of the first.
        first: f64,
        means: [Span; 2],
    },
}

impl Service {
    /// The hyperexponential law with this mean and squared coefficient of variation, which is above 1, in which both
    /// kinds of jobs bring the same work ("balanced means").
    pub fn hyperexponential(mean: Span, variation: f64) -> Service {
        assert!(variation > 1.0, "a hyperexponential law spreads more than an exponential one");
        let first = (1.0 + libm::sqrt((variation - 1.0) / (variation + 1.0))) / 2.0;
        let part = |share: f64| Span::from_ns(libm::round(mean.ns() as f64 / (2.0 * share)) as u64);
        Service::Hyperexponential { first, means: [part(first), part(1.0 - first)] }
    }

    pub fn draw(&self, draws: &mut Draws) -> Span {
        match *self {
            Service::Constant(time) => time,
            Service::Exponential { mean } => draws.exponential(mean),
            Service::Hyperexponential { first, means } => {
                let mean = means[usize::from(!draws.chance(first))];
                draws.exponential(mean)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;

    #[test]
    fn mean_and_spread_are_those_of_the_law() {
        let second = Span::from_secs(1);
        for (service, variation) in [
            (Service::Constant(second), 0.0),
            (Service::Exponential { mean: second }, 1.0),
            (Service::hyperexponential(second, 4.0), 4.0),
        ] {
            let mut draws = Stream::new(1, "server", "service").draws(0);
            let times: Vec<f64> = (0..400_000).map(|_| service.draw(&mut draws).ns() as f64 / 1e9).collect();
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            let spread = times.iter().map(|time| (time - mean) * (time - mean)).sum::<f64>() / times.len() as f64;
            assert!((mean - 1.0).abs() < 0.01, "{service:?}: mean {mean}");
            assert!((spread - variation).abs() <= 0.05 * variation, "{service:?}: spread {spread}");
        }
    }
}
