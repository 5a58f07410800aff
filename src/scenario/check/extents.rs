//! What backups and restores are about: whole volumes, ranges of tracks, or data sets named in a volume's directory.
//!
//! The directory is the VTOC of MODEL 2.1, as far as anybody asks it: which tracks a data set has. It lies on tracks 1 to 15
//! itself, behind the label, and names of its own embed the volume's ID; no data set lies there. A data set may be created and
//! deleted while the run goes on: a backup of what is allocated knows those that were there when it read the directory
//! (H22).

use crate::controller::dasd::Architecture;
use crate::kernel::{Span, Time};
use crate::manager::plan::{Allocation, BackupPlan, DeleteTarget, FastReplication, Medium, MethodName, Readback};
use crate::vocab::{Device, Extents, MOST_RUNS, TrackRun, VTOC_TRACKS, VolumeId};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, Place, suggestion};
use super::super::names::Granularity;
use super::super::raw::{RawBackup, RawDataset};
use super::super::shape::Given;
use super::volumes::Volume;
use super::{Context, list, or};

const MOST_DATASETS: usize = 10_000;
/// Characters of a data set name, and of each of its parts (G: the rules of MVS).
const LONGEST_NAME: usize = 44;
const LONGEST_QUALIFIER: usize = 8;

/// A data set in the directory of its volume.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub name: String,
    pub volume: VolumeId,
    pub extents: Extents,
    /// It is not there before.
    pub created: Time,
    /// From when on the directory does not list it any more.
    pub deleted: Option<Time>,
}

/// The keys that say what a backup or a restore is about.
pub(super) struct Selection<'r> {
    pub granularity: &'r Option<Given<Granularity>>,
    pub extents: &'r Option<Given<Vec<Given<String>>>>,
    pub datasets: &'r Option<Given<Vec<Given<String>>>>,
}

impl Context<'_> {
    pub(super) fn datasets(&mut self) {
        let raw = self.raw;
        if !self.bound(&raw.dataset, MOST_DATASETS, "data sets") {
            return;
        }
        for entry in list(&raw.dataset) {
            if let Some(dataset) = self.dataset(entry) {
                self.datasets.push(dataset);
            }
        }
    }

    fn dataset(&mut self, entry: &Given<RawDataset>) -> Option<Dataset> {
        let raw = &entry.value;
        self.need(&raw.name, "name", "a data set", entry, "\"PAYROLL.MASTER\"");
        self.need(&raw.volume, "volume", "a data set", entry, "\"PROD01\"");
        self.need(&raw.extents, "extents", "a data set", entry, "[\"16-29\"]");
        let volume = raw.volume.as_ref().and_then(|given| self.volume_named(given));
        let ((_, volume), name, given) = (volume?, raw.name.as_ref()?, raw.extents.as_ref()?);
        if !is_dataset_name(&name.value) {
            let problem = Diagnostic::error(Code::BadName, format!("`{}` cannot name a data set", name.value))
                .at(&name.place, "expected parts of 1 to 8 characters A-Z 0-9 $ # @, joined by dots, 44 in all")
                .path(name.path.clone())
                .help("as in \"PAYROLL.MASTER\"; no part begins with a digit");
            self.problems.push(problem);
            return None;
        }
        if self.datasets.iter().any(|known| known.name == name.value) {
            let problem = Diagnostic::error(Code::SameDataset, format!("two data sets have the name {}", name.value))
                .at(&name.place, "used again")
                .path(name.path.clone())
                .help("give each data set a name of its own");
            self.problems.push(problem);
            return None;
        }
        let extents = self.ranges(given, &volume)?;
        if extents.each().any(|track| track.0 <= VTOC_TRACKS) {
            self.bad_extent(
                &given.place,
                &given.path,
                "the label and the directory of the volume lie there",
                VTOC_HELP,
            );
            return None;
        }
        let overlap = self
            .datasets
            .iter()
            .find(|other| other.volume == volume.id && other.extents.each().any(|track| extents.contains(track)));
        if let Some(other) = overlap.map(|other| other.name.clone()) {
            let what = format!("{other} has some of these tracks");
            self.bad_extent(&given.place, &given.path, &what, "give each data set tracks of its own");
            return None;
        }
        let created = Time::ZERO + or(&raw.created, Span::ZERO);
        let deleted = raw.deleted.as_ref().map(|given| Time::ZERO + given.value);
        if let Some(given) = raw.deleted.as_ref().filter(|_| deleted.is_some_and(|deleted| deleted <= created)) {
            let problem = Diagnostic::error(Code::Contradiction, "the data set is deleted before it is there")
                .at(&given.place, "not after `created`")
                .path(given.path.clone())
                .help("name a later instant, or leave out `deleted`");
            self.problems.push(problem);
            return None;
        }
        Some(Dataset { name: name.value.clone(), volume: volume.id, extents, created, deleted })
    }

    /// What a backup of the allocated tracks of a volume is about when all its data sets are there. What the directory says
    /// from which instant on is noted beside.
    pub(super) fn allocated(
        &mut self,
        entry: &Given<RawBackup>,
        (device, volume): (Device, &Volume),
    ) -> Option<Extents> {
        let raw = &entry.value;
        if let Some(place) =
            raw.extents.as_ref().map(|given| &given.place).or(raw.datasets.as_ref().map(|it| &it.place))
        {
            let problem = Diagnostic::error(Code::Contradiction, "two keys say which tracks are copied")
                .at(place, "these tracks")
                .path(entry.path.clone())
                .help("leave out `extent_scope`, or what names the tracks");
            self.problems.push(problem);
            return None;
        }
        let here: Vec<Dataset> = self.datasets.iter().filter(|known| known.volume == volume.id).cloned().collect();
        let mut instants: Vec<Time> =
            here.iter().flat_map(|dataset| [Some(dataset.created), dataset.deleted]).flatten().collect();
        instants.push(Time::ZERO);
        instants.sort_unstable();
        instants.dedup();
        // The label, the directory, and data sets.
        let joined = |there: &mut dyn Iterator<Item = &Dataset>| {
            let mut runs = vec![TrackRun { first: 0, count: (VTOC_TRACKS + 1).min(volume.tracks) }];
            runs.extend(there.flat_map(|dataset| dataset.extents.runs()));
            Extents::joined(&runs, volume.tracks)
        };
        let is_there =
            |dataset: &&Dataset, at: Time| dataset.created <= at && dataset.deleted.is_none_or(|deleted| deleted > at);
        let at = |from: Time| joined(&mut here.iter().filter(|dataset| is_there(dataset, from)));
        let known = instants.iter().map(|&from| Some(Allocation { device, from, extents: at(from)? }));
        let (Some(known), Some(ever)) = (known.collect::<Option<Vec<Allocation>>>(), joined(&mut here.iter())) else {
            let what = format!("what {} has allocated lies in more than {MOST_RUNS} ranges", volume.id);
            self.bad_extent(&entry.place, &entry.path, &what, "let data sets follow each other");
            return None;
        };
        for allocation in known {
            if !self.allocations.contains(&allocation) {
                self.allocations.push(allocation);
            }
        }
        Some(ever)
    }

    /// A whole volume does not come back from the allocated tracks of one.
    pub(super) fn restores_what_was_saved(
        &mut self,
        place: (&Place, &str),
        volume: VolumeId,
        extents: &Extents,
        backups: &[BackupPlan],
    ) -> Option<()> {
        let mut of_volume = backups.iter().filter(|plan| plan.source_id == volume).peekable();
        let scoped = of_volume.peek().is_some() && of_volume.all(BackupPlan::follows_directory);
        if !(scoped && extents.is_whole()) {
            return Some(());
        }
        let message = "restoring a whole volume from backups of its allocated tracks is not supported yet";
        let problem = Diagnostic::error(Code::NotYet, message)
            .at(place.0, "all tracks of the volume")
            .path(place.1)
            .help("name `datasets` or `extents`, or back up with `extent_scope = \"full-volume\"`");
        self.problems.push(problem);
        None
    }

    /// The tracks of `volume` that a backup or a restore is about.
    pub(super) fn extents_of(&mut self, selection: &Selection<'_>, volume: &Volume, path: &str) -> Option<Extents> {
        if let (Some(extents), Some(datasets)) = (selection.extents, selection.datasets) {
            let problem = Diagnostic::error(Code::Exclusive, "both ranges of tracks and data sets are named")
                .at(&datasets.place, "data sets")
                .related(&extents.place, "ranges of tracks")
                .path(datasets.path.clone())
                .help("keep one of the two");
            self.problems.push(problem);
            return None;
        }
        let implied = match (selection.extents, selection.datasets) {
            (Some(_), _) => Granularity::Extent,
            (None, Some(_)) => Granularity::Dataset,
            (None, None) => Granularity::Volume,
        };
        if let Some(given) = selection.granularity.as_ref().filter(|given| given.value != implied) {
            let wanted = match given.value {
                Granularity::Volume => "takes neither `extents` nor `datasets`",
                Granularity::Extent => "needs `extents`, as in `extents = [\"0-29\"]`",
                Granularity::Dataset => "needs `datasets`, as in `datasets = [\"PAYROLL.MASTER\"]`",
            };
            let problem =
                Diagnostic::error(Code::Contradiction, format!("the granularity \"{}\" {wanted}", given.value))
                    .at(&given.place, format!("what is named makes it \"{implied}\""))
                    .path(given.path.clone())
                    .help("leave `granularity` out: it follows from what is named");
            self.problems.push(problem);
            return None;
        }
        match (selection.extents, selection.datasets) {
            (Some(given), _) => self.ranges(given, volume),
            (None, Some(given)) => self.named_datasets(given, volume),
            // One that is there and wrong has its own message.
            (None, None) if ["extents", "datasets"].iter().any(|key| self.has_problem_in(path, key)) => None,
            (None, None) => Some(Extents::whole(volume.tracks)),
        }
    }

    /// What a backup of some tracks cannot be combined with.
    pub(super) fn extents_are_possible(&mut self, entry: &Given<RawBackup>, plan: &BackupPlan) -> Option<()> {
        if plan.extents.is_whole() && !plan.follows_directory() {
            return Some(());
        }
        let raw = &entry.value;
        if let Some(given) = raw.delete_target.as_ref().filter(|given| given.value == DeleteTarget::AfterBackup) {
            let problem = Diagnostic::error(Code::Contradiction, "the target's other tracks would be deleted too")
                .at(&given.place, "deletes the whole target")
                .path(given.path.clone())
                .help("leave it out for a backup of extents or data sets: their copy is withdrawn, the target stays");
            self.problems.push(problem);
            return None;
        }
        // Each of these moves, reads or ends whole volumes.
        let whole_volumes = [
            (plan.architecture == Architecture::LogStructured, "architecture = \"log-structured\""),
            (plan.method == MethodName::NoVolidManual, "method = \"no-volid-manual\""),
            (plan.medium == Medium::Dasd, "medium = \"dasd\""),
            (plan.fast_replication != FastReplication::Required, "`fast_replication` other than \"required\""),
            (plan.readback != Readback::None, "`readback`"),
        ];
        let Some((_, what)) = whole_volumes.into_iter().find(|(asked, _)| *asked) else { return Some(()) };
        let named = raw.extents.as_ref().map(|given| &given.place).or(raw.datasets.as_ref().map(|given| &given.place));
        let place = named.or(raw.extent_scope.as_ref().map(|given| &given.place));
        let message = format!("a backup of some tracks with {what} is not supported yet");
        let problem = Diagnostic::error(Code::NotYet, message)
            .at(place.unwrap_or(&entry.place), "some tracks only")
            .path(entry.path.clone())
            .help("back up the whole volume, or leave out what the message names");
        self.problems.push(problem);
        None
    }

    fn named_datasets(&mut self, given: &Given<Vec<Given<String>>>, volume: &Volume) -> Option<Extents> {
        let mut runs: Vec<TrackRun> = Vec::new();
        for name in &given.value {
            let found = self.datasets.iter().find(|known| known.name == name.value && known.volume == volume.id);
            let Some(dataset) = found else {
                let here = self.datasets.iter().filter(|known| known.volume == volume.id);
                let known: Vec<&str> = here.map(|known| known.name.as_str()).collect();
                let message = format!("{} has no data set {}", volume.id, name.value);
                let problem = Diagnostic::error(Code::UnknownDataset, message)
                    .at(&name.place, "unknown data set")
                    .path(name.path.clone())
                    .help(suggestion(&name.value, &known, "data sets of this volume"));
                self.problems.push(problem);
                return None;
            };
            runs.extend(dataset.extents.runs());
        }
        self.extents(&runs, volume, &given.place, &given.path)
    }

    fn ranges(&mut self, given: &Given<Vec<Given<String>>>, volume: &Volume) -> Option<Extents> {
        let mut runs: Vec<TrackRun> = Vec::new();
        for range in &given.value {
            let Some(run) = parse_range(&range.value) else {
                let what = format!("`{}` is not a range of tracks", range.value);
                self.bad_extent(&range.place, &range.path, &what, "write the first and the last track, as in \"0-29\"");
                return None;
            };
            if run.end() > volume.tracks {
                let what = format!("{} has {} tracks, the last is {}", volume.id, volume.tracks, volume.tracks - 1);
                self.bad_extent(&range.place, &range.path, &what, "end the range within the volume");
                return None;
            }
            if runs.iter().any(|other| other.first < run.end() && run.first < other.end()) {
                self.bad_extent(&range.place, &range.path, "it overlaps a range before it", "name each track once");
                return None;
            }
            runs.push(run);
        }
        self.extents(&runs, volume, &given.place, &given.path)
    }

    fn extents(&mut self, runs: &[TrackRun], volume: &Volume, place: &Place, path: &str) -> Option<Extents> {
        let extents = Extents::of(runs, volume.tracks);
        if extents.is_none() {
            let what = if runs.is_empty() { "nothing is named".to_owned() } else { format!("{} ranges", runs.len()) };
            let help = format!("name 1 to {MOST_RUNS} ranges of tracks, each track once");
            self.bad_extent(place, path, &what, &help);
        }
        extents
    }

    fn bad_extent(&mut self, place: &Place, path: &str, what: &str, help: &str) {
        let problem =
            Diagnostic::error(Code::BadExtent, "these tracks cannot be meant").at(place, what).path(path).help(help);
        self.problems.push(problem);
    }
}

const VTOC_HELP: &str = "begin behind track 15";

/// `"60-89"`, or `"60"` for one track.
fn parse_range(text: &str) -> Option<TrackRun> {
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    let count = last.checked_sub(first)?.checked_add(1)?;
    first.checked_add(count)?;
    Some(TrackRun { first, count })
}

fn is_dataset_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_uppercase() || "$#@".contains(c);
    let part = |part: &str| {
        (1..=LONGEST_QUALIFIER).contains(&part.len())
            && part.starts_with(letter)
            && part.chars().all(|c| letter(c) || c.is_ascii_digit())
    };
    name.len() <= LONGEST_NAME && name.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Overrides, Source, load};
    use super::*;

    #[test]
    fn ranges_and_names_are_read_strictly() {
        assert_eq!(parse_range("60-89"), Some(TrackRun { first: 60, count: 30 }));
        assert_eq!(parse_range("7"), Some(TrackRun { first: 7, count: 1 }));
        for wrong in ["", "-", "9-8", "a-b", "1-", "-1", "0-4294967295", "1-2-3", "+1-2"] {
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
        assert!(is_dataset_name("PAYROLL.MASTER") && is_dataset_name("A") && is_dataset_name("SYS1.VVDS.VPROD01"));
        for wrong in ["", "payroll", "PAYROLL.", "TOOLONGNAME", "1A", "A..B", &"A.".repeat(30)] {
            assert!(!is_dataset_name(wrong), "{wrong}");
        }
    }

    /// The codes and paths of what is wrong with a backup of these tracks; the volume has 30, and two data sets.
    fn problems(what: &str) -> Vec<(&'static str, String)> {
        let volume = |(id, device)| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 2\n");
        let volumes = [("PROD01", "0A00"), ("SPARE1", "0A10"), ("SPARE2", "0A20")].map(volume).concat();
        let datasets = "[[dataset]]\nname = \"PAY.ROLL\"\nvolume = \"PROD01\"\nextents = [\"16-19\", \"25\"]\n\
                        [[dataset]]\nname = \"PAY.LOG\"\nvolume = \"PROD01\"\nextents = [\"20-24\"]\n";
        let text = format!(
            "{volumes}{datasets}[[backup]]\nat = \"1 s\"\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n{what}\n"
        );
        match load(&Source::Embedded { name: "case.toml".into(), text, files: &[] }, &Overrides::default()) {
            Ok(loaded) => vec![("", format!("{:?}", loaded.plan.backups[0].extents))],
            Err(found) => found.list.into_iter().map(|problem| (problem.code.name(), problem.path)).collect(),
        }
    }

    #[test]
    fn what_is_backed_up_is_named_in_one_of_three_ways() {
        for (what, extents) in [
            ("", "0-29 of 30"),
            ("granularity = \"volume\"", "0-29 of 30"),
            ("extents = [\"20-29\", \"0\"]", "0-0,20-29 of 30"),
            ("granularity = \"dataset\"\ndatasets = [\"PAY.ROLL\", \"PAY.LOG\"]", "16-19,20-24,25-25 of 30"),
        ] {
            assert_eq!(problems(what), [("", extents.to_owned())], "{what}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        for (what, code, path) in [
            ("extents = []", "S0221", "backup[0].extents"),
            ("extents = [\"x\"]", "S0221", "backup[0].extents[0]"),
            ("extents = [\"0-30\"]", "S0221", "backup[0].extents[0]"),
            ("extents = [\"0-9\", \"9-12\"]", "S0221", "backup[0].extents[1]"),
            ("datasets = [\"PAY.ROL\"]", "S0222", "backup[0].datasets[0]"),
            ("datasets = [\"PAY.LOG\", \"PAY.LOG\"]", "S0221", "backup[0].datasets"),
            ("extents = [\"0-9\"]\ndatasets = [\"PAY.LOG\"]", "S0104", "backup[0].datasets"),
            ("granularity = \"extent\"", "S0301", "backup[0].granularity"),
            ("extents = [\"0-9\"]\nmedium = \"dasd\"\nbackup_device = \"0A20\"", "S0109", "backup[0]"),
            ("extents = [\"0-9\"]\nreadback = \"after-dump\"", "S0109", "backup[0]"),
            ("extents = [\"0-9\"]\nfast_replication = \"none\"", "S0109", "backup[0]"),
            ("extents = [\"0-9\"]\n[[dasd]]\narchitecture = \"log-structured\"", "S0109", "backup[0]"),
            ("extents = [\"0-9\"]\ndelete_target = \"after-backup\"", "S0301", "backup[0].delete_target"),
            ("[[dataset]]\nname = \"PAY.LOG\"\nvolume = \"PROD01\"\nextents = [\"26\"]", "S0223", "dataset[2].name"),
            ("[[dataset]]\nname = \"A\"\nvolume = \"PROD01\"\nextents = [\"24-26\"]", "S0221", "dataset[2].extents"),
            ("[[dataset]]\nname = \"A\"\nvolume = \"PROD01\"\nextents = [\"15\"]", "S0221", "dataset[2].extents"),
        ] {
            assert_eq!(problems(what), [(code, path.to_owned())], "{what}");
        }
    }
}
