//! The catalogue of hazards: what can go wrong with a backup, how, what it breaks, and which method is open to it.
//!
//! `hazards = [...]` of a scenario names entries of this catalogue, `tiersim explain` tells them, `tiersim matrix` puts
//! what the scenarios found beside them. Exposure is what an analysis of the patent's text and of the products of its
//! time says; a scenario is the proof. Entries without a source are analysis of the patent's text.

mod copy;
mod hardware;
mod hidden;
mod human;
mod identity;
mod log;
mod media;
mod restore;
pub mod stories;
pub mod switches;
mod time;

use crate::controller::dasd::{LabelCommit, LabelResidency};
use crate::manager::plan::{BackupPlan, MethodName};
use crate::names;
use crate::vocab::Invariant;

/// One way in which things go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Hazard {
    /// As in `H26d`.
    pub id: &'static str,
    /// In a few words, for rows of tables.
    pub title: &'static str,
    /// What sets it off, and during which part of a backup.
    pub window: &'static str,
    /// How it comes about, step by step.
    pub mechanism: &'static str,
    pub violates: &'static [Invariant],
    /// In the order of [`METHODS`].
    pub exposure: [Exposure; 4],
    /// Under what condition a method is exposed or not, where the symbols do not say it all.
    pub condition: &'static str,
    /// Paragraph of the patent or number of a source; empty for an analysis.
    pub source: &'static str,
    /// Why no scenario can show it; empty when one can.
    pub inexpressible: &'static str,
    /// A method that is open to it is the danger already when nothing goes wrong: what it
    /// [breaks by design](breaks_by_design) counts.
    pub by_design: bool,
}

names! {
    /// How far a method is open to a hazard.
    pub enum Exposure {
        Exposed = "exposed",
        /// Less likely, or only under a condition.
        Reduced = "reduced",
        Closed = "closed",
        /// The method itself brought it into the world.
        New = "new",
    }
}

impl Exposure {
    pub const fn symbol(self) -> char {
        match self {
            Exposure::Exposed => 'X',
            Exposure::Reduced => 'o',
            Exposure::Closed => '–',
            Exposure::New => 'N',
        }
    }
}

/// The methods of the patent, in the order of [`Hazard::exposure`].
pub const METHODS: [&str; 4] = ["direct-dump", "same-id-offline", "no-volid-manual", "safe-backup"];

/// Hazards of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub letter: char,
    pub title: &'static str,
    pub hazards: &'static [Hazard],
}

const fn group(letter: char, title: &'static str, hazards: &'static [Hazard]) -> Group {
    Group { letter, title, hazards }
}

/// All of them, by kind.
pub static GROUPS: [Group; 10] = [
    group('A', "Identity duplication", identity::HAZARDS),
    group('B', "Point in time, lost updates", time::HAZARDS),
    group('C', "Human procedure", human::HAZARDS),
    group('D', "Life of the virtual copy", copy::HAZARDS),
    group('E', "Log-structured array", log::HAZARDS),
    group('F', "Tape and dump", media::HAZARDS),
    group('G', "Hygiene of the hidden ID, which exists only because of the invention", hidden::HAZARDS),
    group('H', "Restore", restore::HAZARDS),
    group('I', "Infrastructure", hardware::INFRASTRUCTURE),
    group('J', "Found while the model was specified", hardware::OF_THE_MODEL),
];

/// All of them, in the order of their numbers within a kind.
pub fn all() -> impl Iterator<Item = &'static Hazard> {
    GROUPS.iter().flat_map(|group| group.hazards)
}

/// What a method breaks in each backup and restore, though nothing goes wrong (patent paragraphs 6 and 8; HAZARDS 3). A
/// hazard that comes on top is not to blame for it.
pub const fn breaks_by_design(method: MethodName) -> &'static [Invariant] {
    use Invariant::*;
    match method {
        // From the copy until the target is offline and relabelled.
        MethodName::SameIdOffline => &[UniqueOnlineId, UniqueIplId, CachedIdCoherent],
        // Between relationship and label; and the tape and what is restored from it say the copy's ID.
        MethodName::NoVolidManual => {
            &[UniqueOnlineId, UniqueIplId, CachedIdCoherent, RestoreFidelity, BackupId, SuccessMeansSuccess]
        }
        MethodName::DirectDump | MethodName::SafeBackup => &[],
    }
}

/// What one backup breaks though nothing goes wrong: as its method, but a copy that has its own label from its first instant on
/// breaks nothing with it.
fn breaks_anyway(backup: &BackupPlan) -> &'static [Invariant] {
    use Invariant::*;
    let is_labelled = backup.label_commit == LabelCommit::Atomic || backup.label_residency == LabelResidency::Overlay;
    match backup.method {
        MethodName::NoVolidManual if is_labelled => &[RestoreFidelity, BackupId, SuccessMeansSuccess],
        method => breaks_by_design(method),
    }
}

impl Hazard {
    /// Whether a violation of the invariant in a run with this backup says something of this hazard.
    pub fn is_shown_by(&self, invariant: Invariant, backup: &BackupPlan) -> bool {
        let own = self.by_design && self.exposure_of(backup.method) != Exposure::Closed;
        self.violates.contains(&invariant) && (own || !breaks_anyway(backup).contains(&invariant))
    }

    pub fn find(id: &str) -> Option<&'static Hazard> {
        all().find(|hazard| hazard.id == id)
    }

    pub fn exposure_of(&self, method: MethodName) -> Exposure {
        let column = METHODS.iter().position(|name| *name == method.name());
        self.exposure[column.expect("every method of the program is one of the patent's")]
    }

    pub fn group(&self) -> &'static Group {
        GROUPS.iter().find(|group| group.hazards.iter().any(|it| it.id == self.id)).expect("a hazard stands in a group")
    }

    /// An entry with its symbols, one for each of [`METHODS`]: `X` exposed, `o` reduced, `-` closed, `N` new.
    const fn new(id: &'static str, symbols: &str, title: &'static str, violates: &'static [Invariant]) -> Hazard {
        let symbols = symbols.as_bytes();
        assert!(symbols.len() == 4, "one symbol for each method");
        let exposure = [parsed(symbols[0]), parsed(symbols[1]), parsed(symbols[2]), parsed(symbols[3])];
        let nothing = "";
        Hazard {
            id,
            title,
            window: nothing,
            mechanism: nothing,
            violates,
            exposure,
            condition: nothing,
            source: nothing,
            inexpressible: nothing,
            by_design: false,
        }
    }

    const fn when(mut self, window: &'static str) -> Hazard {
        self.window = window;
        self
    }

    const fn because(mut self, mechanism: &'static str) -> Hazard {
        self.mechanism = mechanism;
        self
    }

    const fn provided(mut self, condition: &'static str) -> Hazard {
        self.condition = condition;
        self
    }

    const fn after(mut self, source: &'static str) -> Hazard {
        self.source = source;
        self
    }

    const fn by_design(mut self) -> Hazard {
        self.by_design = true;
        self
    }

    /// No scenario can show it, for this reason.
    const fn cannot(mut self, reason: &'static str) -> Hazard {
        self.inexpressible = reason;
        self
    }
}

const fn parsed(symbol: u8) -> Exposure {
    match symbol {
        b'X' => Exposure::Exposed,
        b'o' => Exposure::Reduced,
        b'-' => Exposure::Closed,
        b'N' => Exposure::New,
        _ => panic!("a symbol is X, o, - or N"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::{Device, VolumeId};

    #[test]
    fn the_catalogue_is_complete_and_in_order() {
        let lettered = ["a", "b", "c", "d", "e", "f", "g"].map(|letter| format!("H26{letter}"));
        let mut expected: Vec<String> = (1..=80).map(|number| format!("H{number}")).collect();
        expected.splice(26..26, lettered);
        let found: Vec<&str> = all().map(|hazard| hazard.id).collect();
        assert_eq!(found, expected);
        assert!(Hazard::find("H26h").is_none() && Hazard::find("H81").is_none() && Hazard::find("h1").is_none());
    }

    #[test]
    fn every_entry_says_what_it_is() {
        for hazard in all() {
            let id = hazard.id;
            assert!(hazard.title.len() > 10 && hazard.title.chars().count() <= 70, "{id}: {}", hazard.title);
            assert!(hazard.window.ends_with('.') && hazard.mechanism.ends_with('.'), "{id}");
            assert!(!hazard.violates.is_empty(), "{id} breaks nothing");
            assert!(hazard.exposure.iter().any(|it| *it != Exposure::Closed), "{id} threatens no method");
            assert!(hazard.source.is_empty() || hazard.source.starts_with(['¶', 'S']), "{id}: {}", hazard.source);
            assert_eq!(hazard.group().hazards.iter().filter(|it| it.id == id).count(), 1);
        }
    }

    #[test]
    fn every_method_has_its_column() {
        let hazard = Hazard::find("H1").expect("it is there");
        for &method in MethodName::ALL {
            assert!(METHODS.contains(&method.name()));
            let _ = hazard.exposure_of(method);
        }
        assert_eq!(hazard.exposure_of(MethodName::SameIdOffline), Exposure::Exposed);
        assert_eq!(hazard.exposure_of(MethodName::SafeBackup), Exposure::Closed);
    }

    #[test]
    fn what_a_method_breaks_anyway_is_no_sign_of_a_hazard_on_top() {
        let id = |text: &str| VolumeId::parse(text).expect("an ID");
        let plain = BackupPlan::plain(Device(0), id("PROD01"), Device(1), id("SPARE1"), 30);
        let shown = |id: &str, invariant: Invariant, method: MethodName| {
            let label_commit =
                if method == MethodName::NoVolidManual { LabelCommit::AfterEstablish } else { plain.label_commit };
            let backup = BackupPlan { method, label_commit, ..plain };
            Hazard::find(id).expect("it is there").is_shown_by(invariant, &backup)
        };
        assert!(shown("H1", Invariant::UniqueIplId, MethodName::SameIdOffline), "the hazard is the design");
        assert!(!shown("H1", Invariant::UniqueIplId, MethodName::NoVolidManual), "the method is closed to it");
        assert!(!shown("H11", Invariant::UniqueIplId, MethodName::SameIdOffline));
        assert!(shown("H11", Invariant::UniqueIplId, MethodName::SafeBackup));
        assert!(shown("H45", Invariant::BackupExists, MethodName::NoVolidManual));
        assert!(!shown("H45", Invariant::SuccessMeansSuccess, MethodName::NoVolidManual));
        assert!(!shown("H45", Invariant::CowOrder, MethodName::SafeBackup), "it does not break that");
        let labelled =
            BackupPlan { method: MethodName::NoVolidManual, label_residency: LabelResidency::Overlay, ..plain };
        let late = Hazard::find("H27").expect("it is there");
        assert!(late.is_shown_by(Invariant::UniqueIplId, &labelled), "it had a label of its own");
    }

    /// What the analysis says of the invention against the prior art, as its symbols say it.
    #[test]
    fn what_the_invention_closes_follows_from_the_symbols() {
        let prior =
            |hazard: &&Hazard| hazard.exposure[1] == Exposure::Exposed || hazard.exposure[2] == Exposure::Exposed;
        let closed: Vec<&str> =
            all().filter(prior).filter(|it| it.exposure[3] == Exposure::Closed).map(|it| it.id).collect();
        for id in ["H1", "H2", "H4", "H5", "H6", "H14", "H23", "H26a", "H26d", "H72"] {
            assert!(closed.contains(&id), "{id} is not among {closed:?}");
        }
        let new = all().filter(|it| it.exposure[3] == Exposure::New).map(|it| it.id);
        assert!(
            new.eq(["H10", "H28", "H36"]
                .into_iter()
                .chain(["H54"])
                .chain(["H56", "H57", "H58", "H59", "H60", "H61", "H62", "H63", "H64", "H65", "H66"]))
        );
    }
}
