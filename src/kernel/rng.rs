//! One named stream of random numbers per purpose, and the samplers.
//!
//! A stream is keyed by (run seed, entity name, purpose): adding a volume does not move the draws of another. Draws that
//! belong to a numbered thing (request 4711, tape block 12) sit at a fixed place of the stream, one ChaCha block apart,
//! so a fault, a retry or another method cannot shift later draws. Forkable state therefore holds no generator: a stream
//! is 32 bytes that never change and the number is the caller's.
//!
//! Samplers use only `next_u64` of the generator and the `libm` crate, so that every platform draws the same values.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::time::Span;

/// Words of 32 bits in one ChaCha block: the distance between the draws of two neighbouring numbers.
const WORDS_PER_NUMBER: u128 = 16;

/// The random numbers of one purpose of one entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u8; 32],
}

impl Stream {
    pub fn new(run_seed: u64, entity: &str, purpose: &str) -> Stream {
        let key = Sha256::new()
            .chain_update(b"tiersim/rng/1")
            .chain_update(run_seed.to_le_bytes())
            .chain_update(entity.as_bytes())
            .chain_update([0])
            .chain_update(purpose.as_bytes())
            .finalize();
        Stream { key: key.into() }
    }

    /// The draws that belong to thing `number`; at most eight of them are independent of the next number's.
    pub fn draws(&self, number: u64) -> Draws {
        let mut generator = ChaCha8Rng::from_seed(self.key);
        generator.set_word_pos(u128::from(number) * WORDS_PER_NUMBER);
        Draws { generator }
    }
}

/// The seed of replication `replication` of a campaign; depends on no axis value, fault, shard or thread.
pub fn replication_seed(campaign_seed: u64, replication: u64) -> u64 {
    let digest = Sha256::new()
        .chain_update(b"tiersim/run/1")
        .chain_update(campaign_seed.to_le_bytes())
        .chain_update(replication.to_le_bytes())
        .finalize();
    u64::from_le_bytes(digest[..8].try_into().expect("a digest has more than eight bytes"))
}

/// Successive draws from one place of a stream.
#[derive(Clone, Debug)]
pub struct Draws {
    generator: ChaCha8Rng,
}

impl Draws {
    pub fn word(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform in (0, 1], from 53 bits.
    pub fn unit(&mut self) -> f64 {
        ((self.word() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `probability`.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() <= probability
    }

    /// A whole number in `0..bound`, without bias beyond 2^-64.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is a number below the bound");
        ((u128::from(self.word()) * u128::from(bound)) >> 64) as u64
    }

    pub fn uniform(&mut self, low: Span, high: Span) -> Span {
        assert!(low <= high, "a uniform interval has its ends in order");
        Span::from_ns(low.ns() + self.below(high.ns() - low.ns() + 1))
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: Span) -> Span {
        span(-libm::log(self.unit()) * mean.ns() as f64)
    }

    /// Standard normal, by inversion of the distribution function.
    pub fn normal(&mut self) -> f64 {
        normal_quantile(self.unit() - 0.5 / (1u64 << 53) as f64)
    }

    /// Lognormal with the given median and standard deviation of the logarithm.
    pub fn lognormal(&mut self, median: Span, sigma: f64) -> Span {
        span(libm::exp(sigma * self.normal()) * median.ns() as f64)
    }

    /// Weibull with the given scale and shape.
    pub fn weibull(&mut self, scale: Span, shape: f64) -> Span {
        assert!(shape > 0.0, "a Weibull shape is above zero");
        span(libm::pow(-libm::log(self.unit()), 1.0 / shape) * scale.ns() as f64)
    }

    /// Pareto with the given least value and tail index.
    pub fn pareto(&mut self, least: Span, index: f64) -> Span {
        assert!(index > 0.0, "a Pareto index is above zero");
        span(libm::pow(self.unit(), -1.0 / index) * least.ns() as f64)
    }

    /// One of the places of `weights`, with probability proportional to its weight.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, &weight) in weights.iter().enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        unreachable!("the draw lies below the sum of the weights")
    }
}

/// The mean of a lognormal with the given median and standard deviation of the logarithm.
pub fn lognormal_mean(median: Span, sigma: f64) -> Span {
    span(libm::exp(sigma * sigma / 2.0) * median.ns() as f64)
}

/// A sampled number of nanoseconds: floored, never above 584 years.
fn span(ns: f64) -> Span {
    Span::from_ns(ns as u64)
}

/// Quantile of the standard normal distribution (P. J. Acklam's rational approximation, relative error below 1.2e-9).
pub fn normal_quantile(probability: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    const LOW: f64 = 0.02425;

    assert!(probability > 0.0 && probability < 1.0, "a quantile lies strictly between 0 and 1");
    let tail = |q: f64| {
        (((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5])
            / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    if probability < LOW {
        return tail((-2.0 * libm::log(probability)).sqrt());
    }
    if probability > 1.0 - LOW {
        return -tail((-2.0 * libm::log(1.0 - probability)).sqrt());
    }
    let q = probability - 0.5;
    let r = q * q;
    (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q
        / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::fingerprint::mix;

    fn stream(purpose: &str) -> Stream {
        Stream::new(1, "workload PROD01", purpose)
    }

    #[test]
    fn draws_belong_to_their_number_whatever_was_drawn_before() {
        let stream = stream("size");
        let direct = stream.draws(4711).word();
        let mut earlier = stream.draws(4710);
        for _ in 0..3 {
            earlier.word();
        }
        assert_eq!(stream.draws(4711).word(), direct);
        let continued: Vec<u64> = (0..8).map(|_| stream.draws(9).word()).collect();
        assert!(continued.iter().all(|&word| word == continued[0]));
    }

    #[test]
    fn names_and_purposes_separate_streams() {
        let mut words: Vec<u64> =
            ["arrival", "size", "track"].iter().map(|purpose| stream(purpose).draws(0).word()).collect();
        words.push(Stream::new(2, "workload PROD01", "size").draws(0).word());
        words.push(Stream::new(1, "workload PROD0", "1size").draws(0).word());
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 5);
    }

    #[test]
    fn sampler_means_agree_with_theory() {
        let mean = |sample: &dyn Fn(&mut Draws) -> f64| {
            let stream = stream("means");
            (0..100_000).map(|number| sample(&mut stream.draws(number))).sum::<f64>() / 100_000.0
        };
        let second = Span::from_secs(1);
        let close = |value: f64, expected: f64, tolerance: f64| {
            assert!((value - expected).abs() < tolerance, "{value} is not {expected}");
        };
        close(mean(&|draws| draws.exponential(second).ns() as f64 / 1e9), 1.0, 0.01);
        close(mean(&|draws| draws.normal()), 0.0, 0.01);
        close(mean(&|draws| draws.lognormal(second, 0.5).ns() as f64 / 1e9), libm::exp(0.125), 0.01);
        close(mean(&|draws| draws.weibull(second, 2.0).ns() as f64 / 1e9), 0.886_227, 0.005);
        close(mean(&|draws| draws.pareto(second, 3.0).ns() as f64 / 1e9), 1.5, 0.02);
        close(mean(&|draws| draws.below(10) as f64), 4.5, 0.03);
        close(mean(&|draws| draws.weighted(&[1, 3]) as f64), 0.75, 0.005);
    }

    /// MODEL D26: operator reaction and step, 95 % quantiles.
    #[test]
    fn operator_quantiles_agree_with_the_lognormal() {
        let quantile = |median: u64, sigma: f64| {
            let stream = stream("operator");
            let mut samples: Vec<Span> =
                (0..100_000).map(|number| stream.draws(number).lognormal(Span::from_secs(median), sigma)).collect();
            samples.sort_unstable();
            samples[95_000].ns() as f64 / 1e9
        };
        assert!((quantile(60, 1.0) / 310.8 - 1.0).abs() < 0.02);
        assert!((quantile(30, 0.7) / 94.9 - 1.0).abs() < 0.02);
    }

    #[test]
    fn normal_quantiles_agree_with_the_tables() {
        for (probability, expected) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874)] {
            assert!((normal_quantile(probability) - expected).abs() < 1e-8);
        }
    }

    /// The first thousand values of every sampler. They change only together with `model_version`.
    #[test]
    fn the_samplers_are_pinned() {
        let stream = Stream::new(7, "golden", "samplers");
        let second = Span::from_secs(1);
        type Sampler<'a> = (&'a str, &'a dyn Fn(&mut Draws) -> u64);
        let samplers: [Sampler<'_>; 8] = [
            ("word", &|draws| draws.word()),
            ("below", &|draws| draws.below(1_000_003)),
            ("unit", &|draws| draws.unit().to_bits()),
            ("exponential", &|draws| draws.exponential(second).ns()),
            ("normal", &|draws| draws.normal().to_bits()),
            ("lognormal", &|draws| draws.lognormal(second, 0.7).ns()),
            ("weibull", &|draws| draws.weibull(second, 0.75).ns()),
            ("pareto", &|draws| draws.pareto(second, 2.5).ns()),
        ];
        let digests: Vec<String> = samplers
            .iter()
            .map(|(name, sample)| {
                let digest = (0..1_000).fold(0, |digest, number| mix(digest, sample(&mut stream.draws(number))));
                format!("{name} {digest:016x}")
            })
            .collect();
        assert_eq!(digests, include!("rng.golden"));
    }
}
