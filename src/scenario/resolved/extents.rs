//! What backups and restores are about, as keys: data sets are resolved to the tracks that they have.

use super::super::check::{Checked, Dataset};
use super::{Writer, duration, name, names, quoted};
use crate::kernel::Time;
use crate::vocab::Extents;

/// Ranges of tracks, as in `"0-29"`.
fn ranges(extents: &Extents) -> String {
    let ranges: Vec<String> = extents.runs().iter().map(|run| format!("{}-{}", run.first, run.end() - 1)).collect();
    names(&ranges)
}

impl Writer {
    pub(super) fn extents(&mut self, extents: &Extents) {
        if extents.is_whole() {
            self.raw("granularity", "\"volume\"");
        } else {
            self.raw("granularity", "\"extent\"");
            self.raw("extents", &ranges(extents));
        }
    }

    /// The volume directories.
    pub(super) fn datasets(&mut self, checked: &Checked) {
        for Dataset { name: dataset, volume, extents, created, deleted } in &checked.notes.datasets {
            self.heading("[[dataset]]");
            self.raw("name", &quoted(dataset));
            self.raw("volume", &name(volume));
            self.raw("extents", &ranges(extents));
            self.raw("created", &duration(*created - Time::ZERO));
            if let Some(deleted) = deleted {
                self.raw("deleted", &duration(*deleted - Time::ZERO));
            }
        }
    }
}
