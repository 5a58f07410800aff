//! When a backup is asked for, and by whom (patent paragraph 42).
//!
//! Paragraph 42 lets a remote computer, an application or an operator stimulate the sequence, on a condition, an event or
//! a request. An instant and a period are requests of a schedule; a condition is something that the manager sees by
//! itself: how much of the source changed, or how old its last backup is.

use crate::kernel::{Span, Time};
use crate::names;

names! {
    /// Who asks for a backup.
    pub enum Stimulant {
        /// The manager's own schedule.
        Internal = "internal",
        /// A user application 110, by the host interface 114.
        Application = "application",
        /// A computer behind a network.
        Remote = "remote",
        /// A person at the operator interface 112, who types a command.
        Operator = "operator",
    }
}

/// What a `[[backup]]` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    At(Time),
    /// `count` times from `first` on, each `period` after the one before.
    Every {
        first: Time,
        period: Span,
        count: u32,
    },
    /// As often as the condition comes true, at most `times` times; nobody looks any more from `until` on.
    When {
        condition: Condition,
        times: u32,
        until: Time,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Bytes of acknowledged writes to the source since its last T0; a byte written twice counts twice.
    ChangedBytes(u64),
    /// Different tracks of the source with an acknowledged write since its last T0.
    ChangedTracks(u64),
    /// Age of the T0 of the source's last complete backup; before the first one, time since the start of the run.
    Age(Span),
}

/// How a `[[backup]]` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StimulusPlan {
    pub trigger: Trigger,
    pub by: Stimulant,
    /// One way through the network of a remote request.
    pub delay: Span,
    /// A remote computer that has no answer after this asks again.
    pub timeout: Span,
}

/// One way through a wide-area network (A: a few thousand kilometres of fibre and some routers).
pub const REMOTE_DELAY: Span = Span::from_ms(50);
/// Patience of a remote computer (A).
pub const REMOTE_TIMEOUT: Span = Span::from_secs(60);

impl StimulusPlan {
    /// The manager's own request at an instant.
    pub fn at(time: Time) -> StimulusPlan {
        StimulusPlan {
            trigger: Trigger::At(time),
            by: Stimulant::Internal,
            delay: REMOTE_DELAY,
            timeout: REMOTE_TIMEOUT,
        }
    }
}

impl Trigger {
    /// The most stimuli that come of it.
    pub fn occurrences(self) -> u32 {
        match self {
            Trigger::At(_) => 1,
            Trigger::Every { count, .. } => count,
            Trigger::When { times, .. } => times,
        }
    }

    /// When stimulus `occurrence` is due; nothing for a condition, and behind the last one.
    pub fn instant(self, occurrence: u32) -> Option<Time> {
        if occurrence >= self.occurrences() {
            return None;
        }
        match self {
            Trigger::At(time) => Some(time),
            Trigger::Every { first, period, .. } => Some(first + period * u64::from(occurrence)),
            Trigger::When { .. } => None,
        }
    }

    /// How many instants have come by `now`.
    pub fn due_by(self, now: Time) -> u32 {
        match self {
            Trigger::At(time) => u32::from(time <= now),
            Trigger::Every { first, .. } if now < first => 0,
            Trigger::Every { first, period, count } => {
                let passed = now.saturating_since(first).ns() / period.ns().max(1);
                u32::try_from(passed).map_or(count, |passed| passed.saturating_add(1).min(count))
            }
            Trigger::When { .. } => 0,
        }
    }

    /// After this instant no stimulus comes any more, but for one that was late.
    pub fn last_instant(self) -> Time {
        match self {
            Trigger::At(time) => time,
            Trigger::Every { first, period, count } => first + period * u64::from(count.saturating_sub(1)),
            Trigger::When { until, .. } => until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_its_instants_and_an_end() {
        let at = |seconds: u64| Time::ZERO + Span::from_secs(seconds);
        let nightly = Trigger::Every { first: at(10), period: Span::from_secs(5), count: 3 };
        let instants: Vec<_> = (0..4).map(|occurrence| nightly.instant(occurrence)).collect();
        assert_eq!(instants, [Some(at(10)), Some(at(15)), Some(at(20)), None]);
        assert_eq!(nightly.last_instant(), at(20));
        let due: Vec<u32> = [9, 10, 14, 15, 20, 900].iter().map(|&seconds| nightly.due_by(at(seconds))).collect();
        assert_eq!(due, [0, 1, 1, 2, 3, 3]);
        assert_eq!(Trigger::At(at(1)).due_by(at(1)), 1);
    }
}
