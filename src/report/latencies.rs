//! Latency distributions as lines of charts: from the histograms of a run directory.

use super::chart::Step;

/// The requests of one volume in one phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    pub volume: String,
    /// `before`, `during` or `after` the backups.
    pub phase: String,
    pub requests: u64,
    pub steps: Vec<Step>,
}

impl Histogram {
    /// Reads `latency-<volume>-<phase>.hgrm`. Nothing when name or text is another's.
    pub fn read(name: &str, text: &str) -> Option<Histogram> {
        let (volume, phase) = name.strip_prefix("latency-")?.strip_suffix(".hgrm")?.rsplit_once('-')?;
        let mut steps: Vec<Step> = Vec::new();
        for line in text.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut fields = line.split_whitespace();
            let latency_ns = fields.next()?.parse().ok()?;
            let requests = fields.nth(1)?.parse().ok()?;
            if steps.last().is_some_and(|last| last.requests > requests || last.latency_ns > latency_ns) {
                return None;
            }
            steps.push(Step { latency_ns, requests });
        }
        let requests = steps.last().map_or(0, |last| last.requests);
        Some(Histogram { volume: volume.to_owned(), phase: phase.to_owned(), requests, steps })
    }
}

/// Several distributions as one. Requests between two steps of a histogram count as slow as the upper one.
pub fn together<'a>(histograms: impl Iterator<Item = &'a Histogram>) -> (u64, Vec<Step>) {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for histogram in histograms {
        let mut before = 0;
        for step in &histogram.steps {
            parts.push((step.latency_ns, step.requests - before));
            before = step.requests;
        }
    }
    parts.sort_unstable();
    let mut steps: Vec<Step> = Vec::new();
    let mut requests = 0;
    for (latency_ns, more) in parts {
        requests = u64::saturating_add(requests, more);
        match steps.last_mut().filter(|last| last.latency_ns == latency_ns) {
            Some(last) => last.requests = requests,
            None => steps.push(Step { latency_ns, requests }),
        }
    }
    (requests, steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;
    use crate::measure::Latency;

    #[test]
    fn histograms_are_read_and_put_together() {
        let mut latency = Latency::default();
        (1..=1_000).for_each(|us| latency.record(Span::from_us(us)));
        let read = |name: &str| Histogram::read(name, &latency.distribution());
        let one = read("latency-PROD-01-during.hgrm").expect("it is ours");
        assert_eq!((&one.volume[..], &one.phase[..], one.requests), ("PROD-01", "during", 1_000));
        let (requests, steps) = together([&one, &one].into_iter());
        assert_eq!((requests, steps.last().map(|step| step.requests)), (2_000, Some(2_000)));
        let half = steps.iter().find(|step| step.requests >= 1_000).expect("there is a middle");
        assert!(half.latency_ns.abs_diff(500_000) < 5_000, "{half:?}");
        assert!(read("other.hgrm").is_none() && Histogram::read("latency-A-after.hgrm", "x\n9 0.5 z\n").is_none());
    }
}
