//! How a backup is asked for, as keys of its `[[backup]]`.

use crate::kernel::{Span, Time};
use crate::manager::plan::BackupPlan;
use crate::manager::trigger::{Condition, Stimulant, StimulusPlan, Trigger};

use super::super::units::Dimension;
use super::{Writer, duration, name, quoted};

impl Writer {
    /// The consistency group of a backup, by the name that the scenario gives it.
    pub(super) fn group(&mut self, backup: &BackupPlan, name: Option<&str>) {
        if let (Some(group), Some(name)) = (backup.group, name) {
            self.raw("group", &quoted(name));
            self.raw("freeze", &group.freeze.to_string());
        }
    }

    pub(super) fn stimulus(&mut self, stimulus: &StimulusPlan) {
        let instant = |time: Time| duration(Span::from_ns(time.ns()));
        match stimulus.trigger {
            Trigger::At(time) => self.raw("at", &instant(time)),
            Trigger::Every { first, period, .. } => {
                self.raw("at", &instant(first));
                self.raw("every", &duration(period));
            }
            Trigger::When { condition, times, .. } => {
                let amount = match condition {
                    Condition::ChangedBytes(bytes) => format!("changed = {}", quoted(&Dimension::Size.show(bytes))),
                    Condition::ChangedTracks(tracks) => format!("changed_tracks = {tracks}"),
                    Condition::Age(age) => format!("age = {}", duration(age)),
                };
                self.raw("when", &format!("{{ {amount}, times = {times} }}"));
            }
        }
        self.raw("by", &name(stimulus.by));
        if stimulus.by == Stimulant::Remote {
            self.raw("delay", &duration(stimulus.delay));
            self.raw("timeout", &duration(stimulus.timeout));
        }
    }
}
