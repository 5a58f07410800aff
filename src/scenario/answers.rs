//! For which methods and architectures a scenario answers: its own, and those that its `[[expect.when]]` entries name.
//!
//! An entry that names only a method answers for the scenario's own architecture, one that names only an architecture
//! for its own method. Every other combination may run, but nobody has said what will come out: it is no answer.

use crate::controller::dasd::Architecture;
use crate::manager::plan::{BackupPlan, MethodName};

use super::check::list;
use super::raw::RawScenario;

/// One run that the scenario says the outcome of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// That of the first backup, which the others accompany; nothing when the scenario has no backup.
    pub method: Option<MethodName>,
    pub architecture: Architecture,
    /// The options `--set` that make this run out of the scenario; none for its own.
    pub set: Vec<String>,
}

/// The scenario's own combination first, then those of its entries, in their order and each once.
pub fn answers(raw: &RawScenario, architecture: Architecture, backups: &[BackupPlan]) -> Vec<Answer> {
    let own = backups.first().map(|backup| backup.method);
    let mut answers = vec![Answer { method: own, architecture, set: Vec::new() }];
    let entries = raw.expect.as_ref().map_or(&[][..], |expect| list(&expect.value.when));
    for entry in entries.iter().map(|entry| &entry.value) {
        let method = entry.method.as_ref().map(|method| method.value).or(own);
        let on = entry.architecture.as_ref().map_or(architecture, |on| on.value);
        if answers.iter().any(|answer| (answer.method, answer.architecture) == (method, on)) {
            continue;
        }
        let mut set = Vec::new();
        if let Some(method) = method.filter(|_| method != own) {
            let same = (0..backups.len()).filter(|&place| Some(backups[place].method) == own);
            set.extend(same.map(|place| format!("backup[{place}].method={method}")));
        }
        if on != architecture {
            set.push(format!("dasd[0].architecture={on}"));
        }
        answers.push(Answer { method, architecture: on, set });
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::super::{Overrides, Source, examples, load};
    use super::*;

    fn answers_of(text: &str) -> Vec<Answer> {
        let source = Source::Embedded { name: "test.toml".into(), text: text.into(), files: &[] };
        load(&source, &Overrides::default()).expect("a valid scenario").answers
    }

    #[test]
    fn a_scenario_answers_for_itself_and_for_what_its_entries_name() {
        let shipped = examples::Example::find("same-id-crash-before-offline").expect("it is shipped").text;
        let (story, _) = shipped.split_once("[[expect.when]]").expect("it answers for others");
        let text = format!("{story}[[expect.when]]\nmethod = \"safe-backup\"\nviolates = []\n");
        let (own, other) = (MethodName::SameIdOffline, MethodName::SafeBackup);
        let found = answers_of(&text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].method, found[0].set.len()), (Some(own), 0));
        assert_eq!(
            (found[1].method, &found[1].set[..]),
            (Some(other), &["backup[0].method=safe-backup".to_owned()][..])
        );
        let again = format!("{text}\n[[expect.when]]\narchitecture = \"home-area\"\nviolates = [\"unique-ipl-id\"]\n");
        let source = Source::Embedded { name: "test.toml".into(), text: again, files: &[] };
        let found = load(&source, &Overrides::default()).expect("one entry holds").answers;
        assert_eq!(found.len(), 2, "its own architecture is no other answer");
    }

    #[test]
    fn a_scenario_speaks_for_the_method_of_its_first_backup() {
        let text = examples::Example::find("many-volumes").expect("it is shipped").text;
        let mixed = text.replacen("method = \"safe-backup\"", "method = \"same-id-offline\"", 1);
        assert_ne!(mixed, text);
        let mixed = format!("{mixed}\n[[expect.when]]\nmethod = \"direct-dump\"\nviolates = []\n");
        let found = answers_of(&mixed);
        assert_eq!(found[0].method, Some(MethodName::SameIdOffline));
        let other = found.iter().find(|answer| answer.method == Some(MethodName::DirectDump)).expect("it is named");
        assert_eq!(other.set, ["backup[0].method=direct-dump"], "those that accompany it stay");
        assert_eq!(answers_of("[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n")[0].method, None);
    }
}
