//! Consistency groups: which backups of a scenario begin together, and whether they can.

use crate::manager::plan::{BackupPlan, Group};
use crate::manager::trigger::Trigger;

use super::super::catalogue::Code;
use super::super::diagnostic::Diagnostic;
use super::super::raw::RawBackup;
use super::super::shape::Given;
use super::{Context, or};

type Entry<'r> = (&'r Given<RawBackup>, BackupPlan);

impl Context<'_> {
    /// The plans, those with one `group` name bound together.
    pub(super) fn groups(&mut self, mut entries: Vec<Entry<'_>>) -> Vec<BackupPlan> {
        for place in 0..entries.len() {
            let (entry, plan) = entries[place];
            let raw = &entry.value;
            let Some(name) = &raw.group else {
                if let Some(freeze) = &raw.freeze {
                    let problem = Diagnostic::error(Code::Contradiction, "`freeze` belongs to a group of backups")
                        .at(&freeze.place, "this backup has no `group`")
                        .path(freeze.path.clone())
                        .help("give all members of the group one name, as in `group = \"NIGHT\"`");
                    self.problems.push(problem);
                }
                continue;
            };
            let named = |(other, _): &Entry<'_>| other.value.group.as_ref().is_some_and(|it| it.value == name.value);
            let leader = entries.iter().position(named).expect("the member itself bears the name");
            if matches!(plan.stimulus.trigger, Trigger::When { .. }) {
                self.misfit(
                    name,
                    "a condition is that of one source, not of a group",
                    "give the group an instant or a period",
                );
            }
            let (first, first_plan) = entries[leader];
            if leader < place {
                self.members_fit(name, (entry, plan), (first, first_plan));
                let same = |(_, other): &Entry<'_>| other.source == plan.source || other.target == plan.target;
                if entries[leader..place].iter().filter(|entry| named(entry)).any(same) {
                    self.misfit(
                        name,
                        "two members have one source or one target",
                        "give each member two volumes of its own",
                    );
                }
            }
            let freeze = or(&first.value.freeze, true);
            let leader = u16::try_from(leader).expect("backups are numbered in two bytes");
            entries[place].1.group = Some(Group { leader, freeze });
        }
        entries.into_iter().map(|(_, plan)| plan).collect()
    }

    /// Members begin together, in one way.
    fn members_fit(&mut self, name: &Given<String>, (entry, plan): Entry<'_>, (first, first_plan): Entry<'_>) {
        if plan.stimulus != first_plan.stimulus {
            self.misfit(
                name,
                "its members do not begin at one instant",
                "give all of them the same `at`, `every` and `by`",
            );
        }
        if plan.method != first_plan.method {
            self.misfit(name, "its members have different methods", "give all of them one `method`");
        }
        let freeze = |entry: &Given<RawBackup>| entry.value.freeze.as_ref().map(|freeze| freeze.value);
        if freeze(entry).is_some_and(|freeze_here| freeze_here != freeze(first).unwrap_or(true)) {
            self.misfit(name, "its members do not agree about `freeze`", "say it once, with the first member");
        }
    }

    fn misfit(&mut self, name: &Given<String>, what: &str, help: &str) {
        let problem =
            Diagnostic::error(Code::GroupDiffers, format!("the group `{}` does not fit together: {what}", name.value))
                .at(&name.place, "in this member")
                .path(name.path.clone())
                .help(help);
        self.problems.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Overrides, Source, load};

    /// What is wrong with a group of two, whose members have these lines beside source and target.
    fn problems(first: &str, second: &str) -> Vec<String> {
        let volume = |(id, device)| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 2\n");
        let volumes = [("PROD01", "0A00"), ("PROD02", "0A01"), ("SPARE1", "0A10"), ("SPARE2", "0A11")].map(volume);
        let backup = |(source, target, lines)| {
            format!("[[backup]]\nsource = \"{source}\"\ntarget = \"{target}\"\nmethod = \"safe-backup\"\n{lines}\n")
        };
        let backups = [("PROD01", "0A10", first), ("PROD02", "0A11", second)].map(backup);
        let text = format!("until = \"1 d\"\n{}{}", volumes.concat(), backups.concat());
        match load(&Source::Embedded { name: "case.toml".into(), text, files: &[] }, &Overrides::default()) {
            Ok(loaded) => vec![format!("{:?}", loaded.plan.backups[1].group)],
            Err(found) => found.list.into_iter().map(|problem| problem.message).collect(),
        }
    }

    #[test]
    fn members_of_one_name_begin_together() {
        let night = "at = \"60 s\"\ngroup = \"NIGHT\"";
        assert_eq!(problems(night, night), ["Some(Group { leader: 0, freeze: true })"]);
        let torn = "at = \"60 s\"\ngroup = \"NIGHT\"\nfreeze = false";
        assert_eq!(problems(torn, night), ["Some(Group { leader: 0, freeze: false })"]);
        assert_eq!(problems("at = \"60 s\"", night), ["Some(Group { leader: 1, freeze: true })"]);
    }

    #[test]
    fn members_that_do_not_fit_are_told() {
        let night = "at = \"60 s\"\ngroup = \"NIGHT\"";
        let misfit = |what: &str| [format!("the group `NIGHT` does not fit together: {what}")];
        let later = "at = \"61 s\"\ngroup = \"NIGHT\"";
        assert_eq!(problems(night, later), misfit("its members do not begin at one instant"));
        let torn = "at = \"60 s\"\ngroup = \"NIGHT\"\nfreeze = false";
        assert_eq!(problems(night, torn), misfit("its members do not agree about `freeze`"));
        assert_eq!(problems(night, "at = \"60 s\"\nfreeze = true"), ["`freeze` belongs to a group of backups"]);
        let watch = "when = { age = \"1 h\" }\ngroup = \"NIGHT\"";
        assert_eq!(problems("at = \"1 s\"", watch), misfit("a condition is that of one source, not of a group"));
    }
}
