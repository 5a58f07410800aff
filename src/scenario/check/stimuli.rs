//! How the backups of a scenario are asked for: at an instant, periodically, on a condition; and by whom.

use crate::kernel::{Span, Time};
use crate::manager::trigger::{Condition, REMOTE_DELAY, REMOTE_TIMEOUT, Stimulant, StimulusPlan, Trigger};
use crate::vocab::TRACK_BYTES;

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::raw::{RawBackup, RawCondition};
use super::super::shape::{Given, out_of_range};
use super::{Context, or};

/// Stimuli of one `[[backup]]`: a backup a day for three years.
const MOST_STIMULI: u64 = 1_000;
/// How often a condition is met at most unless the scenario says otherwise (A).
const TIMES: u64 = 100;

impl Context<'_> {
    pub(super) fn stimulus(&mut self, entry: &Given<RawBackup>) -> Option<StimulusPlan> {
        let raw = &entry.value;
        let by = or(&raw.by, Stimulant::Internal);
        if by != Stimulant::Remote {
            let network = raw.given().into_iter().filter(|(key, _)| ["delay", "timeout"].contains(key));
            let network: Vec<(&'static str, &Place)> = network.collect();
            let kind =
                format!("a backup asked for by \"{by}\": only a \"remote\" computer has a network before it, it");
            self.refuse_keys(&network, &["at", "every", "when", "by"], &kind, &entry.path);
        }
        let timeout = or(&raw.timeout, REMOTE_TIMEOUT);
        if let Some(given) = raw.timeout.as_ref().filter(|given| given.value.is_zero()) {
            self.problems.push(out_of_range(&given.place, &given.path, "more than 0 s"));
            return None;
        }
        let trigger = self.trigger(entry)?;
        if let (Trigger::When { .. }, Some(given)) = (trigger, raw.by.as_ref().filter(|_| by != Stimulant::Internal)) {
            let problem = Diagnostic::error(Code::Contradiction, "a condition is seen by the manager itself")
                .at(&given.place, format!("\"{by}\" cannot see it"))
                .path(given.path.clone())
                .help("remove `by`, or let it ask `at` an instant or `every` so often");
            self.problems.push(problem);
            return None;
        }
        Some(StimulusPlan { trigger, by, delay: or(&raw.delay, REMOTE_DELAY), timeout })
    }

    fn trigger(&mut self, entry: &Given<RawBackup>) -> Option<Trigger> {
        let raw = &entry.value;
        match (&raw.at, &raw.every, &raw.when) {
            (None, None, None) => {
                if !["at", "every", "when"].iter().any(|key| self.has_problem_in(&entry.path, key)) {
                    self.missing("at", "a backup", &entry.place, &entry.path, "\"60 s\"");
                }
                None
            }
            (Some(at), None, None) => Some(Trigger::At(Time::ZERO + at.value)),
            (at, Some(every), None) => self.period(at.as_ref(), every),
            (None, None, Some(when)) => self.condition(when),
            (at, every, Some(when)) => {
                let other = at.as_ref().or(every.as_ref()).expect("one of them is there").place.clone();
                let problem =
                    Diagnostic::error(Code::Exclusive, "a backup waits both for an instant and for a condition")
                        .at(&when.place, "a condition")
                        .related(&other, "an instant")
                        .path(when.path.clone())
                        .help("make two `[[backup]]` entries of it");
                self.problems.push(problem);
                None
            }
        }
    }

    fn period(&mut self, at: Option<&Given<Span>>, every: &Given<Span>) -> Option<Trigger> {
        if every.value.is_zero() {
            self.problems.push(out_of_range(&every.place, &every.path, "more than 0 s"));
            return None;
        }
        let until = self.end_of_watch(&every.place, &every.path, "`every`")?;
        let first = Time::ZERO + at.map_or(every.value, |at| at.value);
        if first >= until {
            let problem =
                Diagnostic::error(Code::Contradiction, "no instant of the period lies before the end of the run")
                    .at(
                        &at.map_or(&every.place, |at| &at.place).clone(),
                        format!("the first is {first}, the end {until}"),
                    )
                    .path(every.path.clone())
                    .help("make the period shorter or `until` later");
            self.problems.push(problem);
            return None;
        }
        let count = 1 + ((until - first).ns() - 1) / every.value.ns();
        if count > MOST_STIMULI {
            self.too_many_stimuli(&every.place, &every.path, count);
            return None;
        }
        let count = u32::try_from(count).expect("within the limit");
        Some(Trigger::Every { first, period: every.value, count })
    }

    fn too_many_stimuli(&mut self, place: &Place, path: &str, count: u64) {
        let problem = Diagnostic::error(Code::TooMuch, format!("{count} stimuli of one backup: too many"))
            .at(place, "so often until the end of the run")
            .path(path)
            .help(format!("a `[[backup]]` has at most {MOST_STIMULI} stimuli"));
        self.problems.push(problem);
    }

    /// What goes on by itself must be told when it ends.
    fn end_of_watch(&mut self, place: &Place, path: &str, what: &str) -> Option<Time> {
        let Some(until) = &self.raw.until else {
            let problem = Diagnostic::error(Code::Endless, format!("{what} goes on for ever: the run would not end"))
                .at(place, "without an end")
                .path(path)
                .help("give the scenario an end, as in `until = \"1 d\"`");
            self.problems.push(problem);
            return None;
        };
        Some(Time::ZERO + until.value)
    }

    fn condition(&mut self, when: &Given<RawCondition>) -> Option<Trigger> {
        let raw = &when.value;
        let given: Vec<(&'static str, &Place)> = raw.given().into_iter().filter(|(key, _)| *key != "times").collect();
        if let [(_, first), (_, second), ..] = given[..] {
            let problem = Diagnostic::error(Code::Exclusive, "one condition names two amounts")
                .at(second, "and another one")
                .related(first, "one amount")
                .path(when.path.clone())
                .help("make two `[[backup]]` entries of it");
            self.problems.push(problem);
            return None;
        }
        let until = self.end_of_watch(&when.place, &when.path, "a condition")?;
        let times = self.within(&raw.times, TIMES, 1, MOST_STIMULI)?;
        let amount = |given: &Given<Span>| Condition::Age(given.value);
        let condition = raw
            .age
            .as_ref()
            .map(amount)
            .or_else(|| raw.changed.as_ref().map(|given| Condition::ChangedBytes(given.value.0)))
            .or_else(|| raw.changed_tracks.as_ref().map(|given| Condition::ChangedTracks(given.value)));
        let Some(condition) = condition else {
            if !["changed", "changed_tracks", "age"].iter().any(|key| self.has_problem_in(&when.path, key)) {
                self.missing("changed", "the condition of a backup", &when.place, &when.path, "\"500 MB\"");
            }
            return None;
        };
        let none =
            matches!(condition, Condition::ChangedBytes(0) | Condition::ChangedTracks(0) | Condition::Age(Span::ZERO));
        if none {
            let place = given.first().map_or(&when.place, |(_, place)| place).clone();
            self.problems.push(out_of_range(&place, &when.path, "more than nothing"));
            return None;
        }
        let times = u32::try_from(times).expect("within the limit");
        Some(Trigger::When { condition, times, until })
    }

    /// A source never has more different tracks with changes than it has tracks.
    pub(super) fn condition_can_be_met(&mut self, entry: &Given<RawBackup>, trigger: Trigger, tracks: u32) {
        let Trigger::When { condition: Condition::ChangedTracks(wanted), .. } = trigger else { return };
        let Some(given) = entry.value.when.as_ref().and_then(|when| when.value.changed_tracks.as_ref()) else { return };
        if wanted > u64::from(tracks) {
            let problem = Diagnostic::error(Code::Contradiction, "the source has fewer tracks than are to change")
                .at(&given.place, format!("it has {tracks} tracks, {} bytes", u64::from(tracks) * TRACK_BYTES))
                .path(given.path.clone())
                .help("wait for fewer tracks, or for `changed`, which counts a track each time it is written");
            self.problems.push(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Overrides, Source, load};

    /// The codes and paths of what is wrong with a backup that is asked for so, in a scenario with `end`.
    fn problems(end: &str, stimulus: &str) -> Vec<(&'static str, String)> {
        let volumes = [("PROD01", "0A00"), ("SPARE1", "0A10")];
        let volumes =
            volumes.map(|(id, device)| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 2\n"));
        let text = format!(
            "{end}\n{}[[backup]]\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n{stimulus}\n",
            volumes.concat()
        );
        match load(&Source::Embedded { name: "case.toml".into(), text, files: &[] }, &Overrides::default()) {
            Ok(_) => Vec::new(),
            Err(found) => found.list.into_iter().map(|problem| (problem.code.name(), problem.path)).collect(),
        }
    }

    #[test]
    fn each_way_of_asking_is_understood() {
        for stimulus in [
            "at = \"60 s\"",
            "every = \"1 h\"",
            "every = \"1 h\"\nat = \"0 s\"\nby = \"application\"",
            "at = \"1 s\"\nby = \"remote\"\ndelay = \"1 s\"\ntimeout = \"5 s\"",
            "when = { changed = \"1 MB\", times = 3 }",
            "when = { changed_tracks = 30 }",
            "when = { age = \"1 h\" }\nby = \"internal\"",
        ] {
            assert_eq!(problems("until = \"1 d\"", stimulus), [], "{stimulus}");
        }
    }

    #[test]
    fn each_wrong_way_of_asking_is_told() {
        let until = "until = \"1 d\"";
        for (end, stimulus, code, path) in [
            ("", "", "S0102", "backup[0]"),
            ("", "every = \"1 h\"", "S0302", "backup[0].every"),
            ("tail = \"60 s\"", "when = { age = \"1 h\" }", "S0302", "backup[0].when"),
            (until, "every = \"0 s\"", "S0114", "backup[0].every"),
            (until, "every = \"1 s\"", "S0205", "backup[0].every"),
            (until, "every = \"2 d\"", "S0301", "backup[0].every"),
            (until, "every = \"1 h\"\nwhen = { age = \"1 h\" }", "S0104", "backup[0].when"),
            (until, "when = { age = \"1 h\", changed_tracks = 3 }", "S0104", "backup[0].when"),
            (until, "when = { times = 3 }", "S0102", "backup[0].when"),
            (until, "when = { age = \"0 s\" }", "S0114", "backup[0].when"),
            (until, "when = { changed_tracks = 3, times = 0 }", "S0114", "backup[0].when.times"),
            (until, "when = { changed_tracks = 31 }", "S0301", "backup[0].when.changed_tracks"),
            (until, "when = { age = \"1 h\" }\nby = \"remote\"", "S0301", "backup[0].by"),
            ("", "at = \"1 s\"\ndelay = \"1 s\"", "S0103", "backup[0].delay"),
            ("", "at = \"1 s\"\nby = \"remote\"\ntimeout = \"0 s\"", "S0114", "backup[0].timeout"),
        ] {
            assert_eq!(problems(end, stimulus), [(code, path.to_owned())], "{stimulus}");
        }
    }
}
