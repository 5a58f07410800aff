//! The digest of a run now and then: where two runs part, it is seen between two of them.

/// Fingerprints after every so many events. Of a short run there is one for each event; whenever there are too many, every
/// second one goes, so that a long run keeps a bounded number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    every: u64,
    values: Vec<u64>,
}

impl Default for Checkpoints {
    fn default() -> Checkpoints {
        Checkpoints { every: 1, values: Vec::new() }
    }
}

impl Checkpoints {
    /// As many are kept at most: runs of so many events are known event by event (A: some 400 kB as text).
    pub const MOST: usize = 1 << 14;

    /// Event number `event`, counted from 1, was delivered, and this is the fingerprint right behind it.
    pub fn note(&mut self, event: u64, fingerprint: u64) {
        if !event.is_multiple_of(self.every) {
            return;
        }
        assert_eq!(self.values.len() as u64 + 1, event / self.every, "every event is noted once, in order");
        self.values.push(fingerprint);
        if self.values.len() > Self::MOST {
            self.every *= 2;
            // The values of events that the wider steps still meet.
            self.values = self.values.iter().copied().skip(1).step_by(2).collect();
        }
    }

    /// Numbers of events with the fingerprints behind them, ascending.
    pub fn all(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        (1..).map(|number| number * self.every).zip(self.values.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(events: u64) -> Checkpoints {
        let mut checkpoints = Checkpoints::default();
        (1..=events).for_each(|event| checkpoints.note(event, event * 7));
        checkpoints
    }

    #[test]
    fn a_short_run_is_known_event_by_event_and_a_long_one_in_even_steps() {
        assert_eq!(noted(3).all().collect::<Vec<_>>(), [(1, 7), (2, 14), (3, 21)]);
        assert_eq!(noted(0).all().count(), 0);
        let most = Checkpoints::MOST as u64;
        for (events, every) in [(most, 1), (most + 1, 2), (most * 5, 8), (most * 8 + 8, 16)] {
            let all: Vec<(u64, u64)> = noted(events).all().collect();
            assert!(all.len() <= Checkpoints::MOST && all.len() as u64 == events / every, "{events}: {}", all.len());
            assert!(
                all.iter().zip(1..).all(|(&found, number)| found == (number * every, number * every * 7)),
                "{events}"
            );
        }
    }
}
