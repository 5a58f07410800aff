//! The steady state of one run: latencies behind its warm-up, and the interval that their batch means give.
//!
//! Requests of one run hang together, so no interval is taken from single ones: twenty batches, of which neighbours must not
//! be correlated, else fewer and larger ones, else none (STATISTICS 3).

use super::super::outcome::Flow;
use super::figures::Figures;
use crate::kernel::{Span, Time};
use crate::measure::Sample;
use crate::statistics::batch_means;
use crate::vocab::Status;

/// Of the interval of one run; a campaign has its own level.
pub const LEVEL: f64 = 0.95;

#[derive(Debug)]
pub(super) struct Steady {
    from: Time,
    latencies: Vec<f64>,
}

impl Steady {
    pub fn new(warm_up: Span) -> Steady {
        Steady { from: Time::ZERO + warm_up, latencies: Vec::new() }
    }

    pub fn take(&mut self, sample: &Sample) -> Flow {
        if sample.time >= self.from && sample.status == Status::Good {
            self.latencies.push(sample.latency.ns() as f64);
        }
        Flow::Continue
    }

    pub fn fill(&self, figures: &mut Figures) {
        let count = self.latencies.len();
        figures.steady_requests = Some(count as u64);
        if count > 0 {
            figures.steady_mean_ns = Some((self.latencies.iter().sum::<f64>() / count as f64) as u64);
        }
        if let Ok(found) = batch_means(&self.latencies, LEVEL) {
            let interval = found.estimate.interval;
            figures.steady_low_ns = Some(interval.low.max(0.0) as u64);
            figures.steady_high_ns = Some(interval.high as u64);
            figures.steady_batch = Some(found.batch as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Stream;
    use crate::measure::Phase;
    use crate::vocab::{Op, TrackNo, VolumeId};

    fn sample(second: u64, latency: Span, status: Status) -> Sample {
        Sample {
            id: 1,
            time: Time::ZERO + Span::from_secs(second),
            volume: VolumeId::parse("PROD01").expect("a legal ID"),
            op: Op::Read,
            track: TrackNo(0),
            bytes: 4_096,
            latency,
            hit: true,
            phase: Phase::Before,
            status,
        }
    }

    #[test]
    fn what_comes_before_the_warm_up_ends_does_not_count() {
        let mut steady = Steady::new(Span::from_secs(10));
        let stream = Stream::new(1, "statistics", "steady");
        for second in 0..2_010 {
            let latency =
                if second < 10 { Span::from_secs(99) } else { stream.draws(second).exponential(Span::from_ms(2)) };
            steady.take(&sample(second, latency, Status::Good));
        }
        steady.take(&sample(3_000, Span::from_secs(99), Status::NotOperational));
        let mut figures = Figures::default();
        steady.fill(&mut figures);
        assert_eq!(figures.steady_requests, Some(2_000));
        let mean = figures.steady_mean_ns.expect("there are requests");
        assert!(mean.abs_diff(2_000_000) < 150_000, "{mean}");
        let (low, high) = (figures.steady_low_ns.expect("batches"), figures.steady_high_ns.expect("batches"));
        assert!(low < 2_000_000 && 2_000_000 < high && high - low < 400_000, "{low} to {high}");
    }

    #[test]
    fn too_few_requests_have_a_mean_and_no_interval() {
        let mut steady = Steady::new(Span::ZERO);
        for second in 0..5 {
            steady.take(&sample(second, Span::from_ms(3), Status::Good));
        }
        let mut figures = Figures::default();
        steady.fill(&mut figures);
        assert_eq!((figures.steady_mean_ns, figures.steady_low_ns), (Some(3_000_000), None));
    }
}
