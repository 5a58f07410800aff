//! For how long each method, as its switches are set, is open to which crash: one small story, struck at every boundary.
//!
//! The story is the shipped scenario `explore-safe-backup` with volumes of one cylinder: the windows of single steps do not
//! depend on the size, those that last as long as the dump grow with it, and the table says how long the backup took.

use std::collections::BTreeMap;

use serde::Serialize;

use super::text::duration;
use crate::campaign::explore::{AfterFault, Exploration, Points, Strike, Study, explore, windows};
use crate::kernel::Span;
use crate::scenario::examples::Example;
use crate::scenario::{Overrides, load};
use crate::statistics::rare::window::chance;
use crate::vocab::Invariant;

/// The scenario that is struck under every method.
pub const STORY: &str = "explore-safe-backup";
const CRASHES: [&str; 3] = ["power-loss", "host-crash", "controller-crash"];
/// Mean time between two crashes of one kind (MODEL 5.3, A: a host every 5,000 h).
pub const MTBF: Span = Span::from_secs(5_000 * 3_600);

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub label: &'static str,
    /// The options `--set` that make it of the story.
    pub set: &'static [&'static str],
}

const fn variant(label: &'static str, set: &'static [&'static str]) -> Variant {
    Variant { label, set }
}

const LSA: &str = "dasd[0].architecture=log-structured";
const SIO: &str = "backup[0].method=same-id-offline";
const NVM: &str = "backup[0].method=no-volid-manual";
const DIRECT: &str = "backup[0].method=direct-dump";

pub const VARIANTS: &[Variant] = &[
    variant("safe-backup", &[]),
    variant("safe-backup, `label_commit = \"before-establish\"`", &["backup[0].label_commit=before-establish"]),
    variant("safe-backup, `label_commit = \"after-establish\"`", &["backup[0].label_commit=after-establish"]),
    variant("safe-backup, `label_residency = \"overlay\"`", &["backup[0].label_residency=overlay"]),
    variant("safe-backup, `reintroduce = \"at-restore\"`", &["backup[0].reintroduce=at-restore"]),
    variant("safe-backup, `job_journal = \"off\"`", &["backup[0].job_journal=off"]),
    variant("safe-backup, `restore_label = \"first\"`", &["restore[0].restore_label=first"]),
    variant("same-id-offline", &[SIO]),
    variant("no-volid-manual", &[NVM]),
    variant("direct-dump", &[DIRECT]),
    variant("safe-backup, log-structured", &[LSA]),
    variant("same-id-offline, log-structured", &[SIO, LSA]),
    variant("direct-dump, log-structured", &[DIRECT, LSA]),
];

/// What an invariant was open for, by crash.
#[derive(Clone, Debug)]
pub struct Row {
    pub label: &'static str,
    pub boundaries: u64,
    pub forks: u64,
    pub backup: Option<Span>,
    /// Window of each kind of crash.
    pub open: BTreeMap<Invariant, [Span; 3]>,
    /// What a backup violates without any crash.
    pub anyway: Vec<Invariant>,
}

/// All variants that can be told, in their order; `tell` is told how many were tried.
pub fn rows(threads: usize, tell: impl Fn(u64)) -> Vec<Row> {
    let done = |(number, variant)| {
        let row = row(variant, threads);
        tell(number);
        row
    };
    (1..).zip(VARIANTS).filter_map(done).collect()
}

fn row(variant: &Variant, threads: usize) -> Option<Row> {
    let story = Example::find(STORY).expect("it is shipped");
    let mut set: Vec<String> = (0..3).map(|volume| format!("volume[{volume}].cylinders=1")).collect();
    set.extend(variant.set.iter().map(|&change| change.to_owned()));
    let (source, overrides) = (story.source(), Overrides { set, ..Overrides::default() });
    let plan = load(&source, &overrides).ok()?.plan;
    let strikes: Result<Vec<Strike>, _> = CRASHES.iter().map(|name| Strike::of(&source, &overrides, name)).collect();
    let study = Study {
        plan,
        strikes: strikes.ok()?,
        depth: 1,
        points: Points::Event,
        after_fault: AfterFault::Stop,
        reduce: true,
        budget: None,
        threads,
    };
    let exploration: Exploration = explore(&study, |_| {}).expect("a checked scenario is a system that can be built");
    let mut open: BTreeMap<Invariant, [Span; 3]> = BTreeMap::new();
    for window in windows(&exploration) {
        open.entry(window.invariant).or_insert([Span::ZERO; 3])[window.strike] = window.total;
    }
    Some(Row {
        label: variant.label,
        boundaries: exploration.boundaries.len() as u64,
        forks: exploration.branches.len() as u64,
        backup: exploration.backup_time(),
        open,
        anyway: Invariant::ALL.iter().copied().filter(|&it| exploration.is_violated_anyway(it)).collect(),
    })
}

pub const SCHEMA: &str = "tiersim/exposure/1";

/// The same as a document for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Exposure {
    pub schema: &'static str,
    pub model_version: u32,
    /// Mean time between two crashes of one kind, for the odds.
    pub mean_between_crashes_ns: u64,
    pub variants: Vec<VariantRow>,
}

/// One method with its switches.
#[derive(Clone, Debug, Serialize)]
pub struct VariantRow {
    pub variant: &'static str,
    /// What `--set` makes of the story.
    pub set: &'static [&'static str],
    pub boundaries: u64,
    pub forks: u64,
    pub backup_ns: Option<u64>,
    /// What every backup violates without any crash.
    pub always: Vec<&'static str>,
    pub windows: Vec<WindowRow>,
}

/// For how long one invariant is open to each crash.
#[derive(Clone, Debug, Serialize)]
pub struct WindowRow {
    pub invariant: &'static str,
    pub power_loss_ns: u64,
    pub host_crash_ns: u64,
    pub controller_crash_ns: u64,
    /// That one crash of the host falls into the window of one backup.
    pub host_crash_prob: f64,
}

impl Exposure {
    pub fn new(rows: &[Row]) -> Exposure {
        let window = |(invariant, open): (&Invariant, &[Span; 3])| WindowRow {
            invariant: invariant.name(),
            power_loss_ns: open[0].ns(),
            host_crash_ns: open[1].ns(),
            controller_crash_ns: open[2].ns(),
            host_crash_prob: odds(open),
        };
        let variant = |row: &Row| VariantRow {
            variant: row.label,
            set: VARIANTS.iter().find(|variant| variant.label == row.label).map_or(&[], |variant| variant.set),
            boundaries: row.boundaries,
            forks: row.forks,
            backup_ns: row.backup.map(Span::ns),
            always: row.anyway.iter().map(|invariant| invariant.name()).collect(),
            windows: row.open.iter().map(window).collect(),
        };
        Exposure {
            schema: SCHEMA,
            model_version: crate::MODEL_VERSION,
            mean_between_crashes_ns: MTBF.ns(),
            variants: rows.iter().map(variant).collect(),
        }
    }
}

/// That a crash of the host falls into its window: 1 - exp(-window / mean time).
fn odds(open: &[Span; 3]) -> f64 {
    chance(open[1].ns() as f64 / MTBF.ns() as f64)
}

/// What the document begins with.
pub const HEADING: &str = "# Exposure: for how long which crash would break what";

/// The document, as Markdown.
pub fn render(rows: &[Row]) -> String {
    let mut text = format!(
        "{HEADING}\n\n\
         Written by `tiersim exposure -o reports/exposure.md` with model version {}; a test regenerates it and compares.\n\n\
         A backup of one cylinder under a little load, and its restore, are struck at every boundary between two events: by a \
         power loss of the site, a crash of the host, and a crash of the disk controller (`tiersim explore {STORY}` shows one \
         such study). A window is the time at whose boundaries the crash leads to the violation; after a crash workloads ask \
         nothing more, and the prompt for two volumes of one ID is answered rightly and wrongly. A window that is as long as \
         the backup grows with the volume: a 3390-3 is dumped in about two minutes. What every backup violates without any crash is \
         `always` there. Only of two volumes with one ID a window is told all the same: the time in which a crash finds them.\n\n\
         The odds are those that one crash of that kind, coming every {} on average, falls into the window of one backup: \
         1 - exp(-window / mean time).\n\n\
         | Method | Boundaries | Backup took | Violated | Power loss | Host crash | Controller crash | Odds, host crash |\n\
         |---|---|---|---|---|---|---|---|\n",
        crate::MODEL_VERSION,
        duration(MTBF.ns())
    );
    for row in rows {
        let backup = row.backup.map_or("-".to_owned(), |backup| duration(backup.ns()));
        if row.open.is_empty() && row.anyway.is_empty() {
            text += &format!("| {} | {} | {backup} | nothing | 0 | 0 | 0 | 0 |\n", row.label, row.boundaries);
        }
        let head = |number: usize| match number {
            0 => format!("| {} | {} | {backup} |", row.label, row.boundaries),
            _ => "| | | |".to_owned(),
        };
        let always = row.anyway.iter().filter(|&invariant| !row.open.contains_key(invariant));
        for (number, invariant) in always.clone().enumerate() {
            text += &format!("{} {invariant} | always | always | always | 1 |\n", head(number));
        }
        for (number, (invariant, open)) in row.open.iter().enumerate() {
            let head = head(number + always.clone().count());
            let odds = odds(open);
            text += &format!(
                "{head} {invariant} | {} | {} | {} | {odds:.1e} |\n",
                duration(open[0].ns()),
                duration(open[1].ns()),
                duration(open[2].ns())
            );
        }
    }
    text
}
