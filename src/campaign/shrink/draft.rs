//! Drafts: scenarios as documents, made literal from the record of a run, and what is counted of them.

use std::collections::BTreeSet;

use super::record::{Form, Record};
use crate::fault::plan::{Fault, FaultPlan, UpdateTrack};
use crate::host::WorkloadKind;
use crate::scenario::document::{Node, Value};
use crate::scenario::edit::{Path, Step, below, read, top};
use crate::scenario::resolved::fault_entry;
use crate::scenario::{Loaded, Overrides, Plan, Source, load};
use crate::vocab::TRACK_BYTES;

/// What stands in the place of draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub requests: bool,
    pub slips: bool,
    pub rates: bool,
}

impl Literal {
    /// From all that can be literal to nothing; the first that still shows the violation is taken.
    pub const CHOICES: [Literal; 6] = [
        Literal { requests: true, slips: true, rates: true },
        Literal { requests: true, slips: false, rates: true },
        Literal { requests: false, slips: true, rates: true },
        Literal { requests: false, slips: false, rates: true },
        Literal { requests: true, slips: false, rates: false },
        Literal { requests: false, slips: false, rates: false },
    ];
}

/// How large a story is: what somebody has to follow who reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Host requests; those of a workload that is not literal as far as the run got.
    pub operations: u64,
    /// Tracks, by their numbers, that a backup or a restore covers or that a request or a fault touches.
    pub tracks: u64,
    pub faults: u64,
}

impl Size {
    /// What is compared: the sum, and of equal sums the tracks.
    pub fn order(self) -> (u64, u64) {
        (self.operations + self.tracks + self.faults, self.tracks)
    }
}

/// The resolved scenario without what only its author can say of it.
pub(super) fn base(resolved: &str, title: &str) -> Node {
    let mut draft = read(resolved).expect("a resolved scenario is a document");
    draft.remove(&["name", "hazards", "expect"].map(top));
    draft.put(&[], "title", Node::text(title));
    draft
}

/// The draft with literal requests, faults and slips in place of drawn ones, and with the moments of faults in this form.
pub(super) fn literal(base: &Node, plan: &Plan, record: &Record, form: Form, literal: Literal) -> Node {
    let mut draft = base.clone();
    if literal.requests {
        write_requests(&mut draft, record);
    }
    let mut faults: Vec<FaultPlan> = Vec::new();
    if literal.rates {
        draft.remove(&[top("rates")]);
        faults.extend(record.faults.iter().map(|fault| fault.told(form)));
    } else {
        // What a rate draws will be drawn again.
        let acted = record.faults.iter().filter(|fault| fault.planned);
        faults.extend(acted.map(|fault| fault.told(form)));
    }
    if literal.slips {
        draft.remove(&[top("human")]);
        faults.extend(&record.slips);
    }
    write_faults(&mut draft, plan, &faults, literal.rates);
    draft
}

fn write_requests(draft: &mut Node, record: &Record) {
    let mut silent: Vec<Path> = Vec::new();
    for (workload, requests) in draft.entries(&top("workload")).into_iter().zip(&record.requests) {
        let Some(requests) = requests else { continue };
        if requests.is_empty() {
            silent.push(workload);
            continue;
        }
        let kept = ["volume", "volumes", "image"].map(|key| below(&workload, Step::Key(key.to_owned())));
        let others: Vec<Path> = draft.keys(&workload).into_iter().filter(|path| !kept.contains(path)).collect();
        draft.remove(&others);
        let written: Vec<String> = requests.iter().map(|request| request.written()).collect();
        let list = read(&format!("requests = [{}]", written.join(", "))).expect("requests are written as TOML");
        let list = list.at(&top("requests")).expect("it was just read").clone();
        draft.put(&workload, "kind", Node::text("literal"));
        draft.put(&workload, "requests", list);
    }
    draft.remove(&silent);
}

/// Writes the list of faults anew; entries with a rate stay unless they have become literal.
fn write_faults(draft: &mut Node, plan: &Plan, faults: &[FaultPlan], literal: bool) {
    let has_rate = |path: &Path| draft.at(&below(path, Step::Key("rate".into()))).is_some();
    let entries = draft.entries(&top("fault"));
    let mut all: Vec<Node> = Vec::new();
    if !literal {
        all.extend(entries.iter().filter(|path| has_rate(path)).filter_map(|path| draft.at(path).cloned()));
    }
    let text: String = faults.iter().map(|fault| fault_entry(fault, plan)).collect();
    let list = read(&text).expect("faults are written as TOML");
    all.extend(list.entries(&top("fault")).iter().filter_map(|path| list.at(path).cloned()));
    draft.remove(&[top("fault")]);
    if !all.is_empty() {
        draft.put(&[], "fault", Node::new(Value::List(all)));
    }
}

/// A literal workload that has lost all its requests is none.
pub(super) fn without_idle_workloads(mut draft: Node) -> Node {
    let is_literal = |draft: &Node, path: &[Step]| {
        let kind = draft.at(&below(path, Step::Key("kind".into())));
        matches!(kind.map(|kind| &kind.value), Some(Value::Text(kind)) if kind == "literal")
    };
    let idle = draft.entries(&top("workload")).into_iter();
    let idle: Vec<Path> =
        idle.filter(|path| is_literal(&draft, path) && requests_of(&draft, path).is_empty()).collect();
    draft.remove(&idle);
    draft
}

/// The requests of one workload.
pub(super) fn requests_of(draft: &Node, workload: &[Step]) -> Vec<Path> {
    draft.entries(&below(workload, Step::Key("requests".into())))
}

/// The requests of all workloads.
pub(super) fn requests(draft: &Node) -> Vec<Path> {
    draft.entries(&top("workload")).iter().flat_map(|workload| requests_of(draft, workload)).collect()
}

/// What the program makes of a draft; nothing when it is no valid scenario.
pub(super) fn loaded(text: &str) -> Option<Loaded> {
    let source = Source::Embedded { name: "draft.toml".into(), text: text.to_owned(), files: &[] };
    load(&source, &Overrides::default()).ok()
}

/// What there is of a plan; `issued` counts the requests of its run.
pub(super) fn size(plan: &Plan, issued: u64) -> Size {
    let mut tracks: BTreeSet<u32> = BTreeSet::new();
    tracks.extend(plan.backups.iter().flat_map(|backup| backup.extents.each()).map(|track| track.0));
    tracks.extend(plan.restores.iter().flat_map(|restore| restore.extents.each()).map(|track| track.0));
    let mut operations = 0;
    let mut drawn = false;
    for workload in &plan.workloads {
        let WorkloadKind::Trace { records, .. } = &workload.kind else {
            drawn = true;
            continue;
        };
        operations += records.len() as u64;
        for record in records.iter() {
            let volume = crate::host::volume_ends(&workload.volumes).into_iter().zip(&workload.volumes);
            let start = volume.map(|(end, volume)| end - volume.bytes()).rfind(|start| *start <= record.offset);
            let within = record.offset - start.unwrap_or(0);
            tracks.extend((within / TRACK_BYTES) as u32..=((within + record.bytes - 1) / TRACK_BYTES) as u32);
        }
    }
    for fault in &plan.faults {
        match fault.fault {
            Fault::SourceUpdate { track: UpdateTrack::Number(track), .. }
            | Fault::TargetUpdate { track: UpdateTrack::Number(track), .. }
            | Fault::DiskReadError { track, .. }
            | Fault::SilentCorruption { track, .. }
            | Fault::LostWrite { track, .. } => {
                tracks.insert(track.0);
            }
            Fault::MisdirectedWrite { track, to, .. } => tracks.extend([track.0, to.0]),
            _ => {}
        }
    }
    let operations = if drawn { issued } else { operations };
    Size { operations, tracks: tracks.len() as u64, faults: plan.faults.len() as u64 }
}
