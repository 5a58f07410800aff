//! From a draft to one from which nothing more can be taken, in the order of HAZARDS 11.

use super::draft::{loaded, requests, requests_of, without_idle_workloads};
use super::hunt::Hunt;
use crate::scenario::document::{Node, Value};
use crate::scenario::edit::{Path, Step, below, top};
use crate::scenario::units::Dimension;

/// The parts of a scenario that may go, one by one: who does something before what it is done to.
const LISTS: [&str; 9] =
    ["restore", "backup", "command", "fault", "workload", "dataset", "image", "cartridge", "volume"];
/// The least times that are tried, rounded ones before those that are in between.
const ROUND: [u64; 7] = [
    3_600_000_000_000, // 1 h
    60_000_000_000,
    10_000_000_000,
    1_000_000_000,
    100_000_000,
    10_000_000,
    1_000_000,
];
/// Keys whose numbers say how many: fewer are tried.
const COUNTS: [&str; 6] = ["limit", "clients", "nth", "event", "count", "dump_retries"];
/// Without them a table is no longer what it is.
const NEEDED: [&str; 5] = ["title", "volume", "kind", "requests", "extents"];

/// Takes from `draft` what is not needed for the violation.
pub(super) fn minimise(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let mut draft = without_defaults(draft);
    draft = tail(hunt, draft);
    loop {
        let before = draft.written();
        draft = operations_and_faults(hunt, draft);
        draft = entries(hunt, draft);
        draft = volumes(hunt, draft);
        draft = tracks(hunt, draft);
        draft = keys(hunt, draft);
        draft = counts(hunt, draft);
        draft = track_numbers(hunt, draft);
        draft = times(hunt, draft);
        draft = without_defaults(draft);
        if hunt.is_over() || draft.written() == before {
            return draft;
        }
    }
}

/// Takes out what says no more than the defaults do: the resolved scenario stays the same, so nothing has to be run.
fn without_defaults(mut draft: Node) -> Node {
    let Some(resolved) = loaded(&draft.written()).map(|loaded| loaded.resolved) else { return draft };
    let mut tables: Vec<Vec<Path>> = vec![draft.keys(&[])];
    tables.extend(draft.keys(&[]).iter().map(|path| draft.keys(path)));
    for list in draft.keys(&[]) {
        tables.extend(draft.entries(&list).iter().map(|entry| draft.keys(entry)));
    }
    for keys in tables {
        take_defaults(&mut draft, &keys, &resolved);
    }
    draft
}

/// Takes out those of `keys` that change nothing, halving where they do so together only in part.
fn take_defaults(draft: &mut Node, keys: &[Path], resolved: &str) {
    if keys.is_empty() {
        return;
    }
    let mut without = draft.clone();
    without.remove(keys);
    if loaded(&without.written()).is_some_and(|loaded| loaded.resolved == resolved) {
        *draft = without;
    } else if keys.len() > 1 {
        let (first, second) = keys.split_at(keys.len() / 2);
        take_defaults(draft, first, resolved);
        take_defaults(draft, second, resolved);
    }
}

/// Nothing needs to go on behind the work.
fn tail(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let mut without = draft.clone();
    without.remove(&[top("until")]);
    without.put(&[], "tail", Node::text("0 s"));
    hunt.first(vec![without]).map_or(draft, |(_, shorter)| shorter)
}

/// Deletes host operations and faults together.
fn operations_and_faults(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let units = |draft: &Node| {
        let mut units = draft.entries(&top("fault"));
        units.extend(requests(draft));
        units
    };
    delete(hunt, draft, units)
}

fn entries(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    delete(hunt, draft, |draft| LISTS.iter().flat_map(|list| draft.entries(&top(list))).collect())
}

/// Deletes tables and keys: what is left out has its default.
fn keys(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let units = |draft: &Node| {
        let mut units = Vec::new();
        for part in draft.keys(&[]) {
            let entries = draft.entries(&part);
            if entries.is_empty() {
                units.push(part.clone());
                units.extend(draft.keys(&part));
            }
            units.extend(entries.iter().flat_map(|entry| draft.keys(entry)));
        }
        let needed = |path: &Path| matches!(path.last(), Some(Step::Key(key)) if NEEDED.contains(&key.as_str()));
        units.retain(|path| !needed(path));
        units
    };
    delete(hunt, draft, units)
}

/// Deletes units in chunks that become smaller and smaller, until no single one can go (ddmin).
fn delete(hunt: &mut Hunt<'_>, mut draft: Node, units: impl Fn(&Node) -> Vec<Path>) -> Node {
    let mut chunk = units(&draft).len();
    while chunk > 0 && !hunt.is_over() {
        let mut from = 0;
        loop {
            let all = units(&draft);
            let starts: Vec<usize> = (from..all.len()).step_by(chunk).collect();
            let without = |&start: &usize| {
                let mut smaller = draft.clone();
                smaller.remove(&all[start..all.len().min(start + chunk)]);
                without_idle_workloads(smaller)
            };
            match hunt.first(starts.iter().map(without).collect()) {
                // What stands in front of it was tried; what comes behind it is where it was.
                Some((place, smaller)) => {
                    from = starts[place];
                    draft = smaller;
                }
                None => break,
            }
        }
        chunk /= 2;
    }
    draft
}

/// Sizes to try, from the smallest.
fn sizes(below_this: u64) -> Vec<u64> {
    let mut sizes: Vec<u64> = (1..=8).collect();
    sizes.extend([10, 12, 15, 20, 30, 45]);
    let mut half = below_this / 2;
    while half > 45 {
        sizes.push(half);
        half /= 2;
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes.retain(|&size| size < below_this);
    sizes
}

/// How the numbers of tracks follow when there are fewer of them.
#[derive(Clone, Copy)]
enum Move {
    Modulo,
    /// Different tracks stay different as far as there is room.
    Rank,
}

/// Backups and restores of fewer tracks, requests and faults moved along, moments counted by tracks earlier.
fn tracks(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let jobs: Vec<Path> = ["backup", "restore"].iter().flat_map(|list| draft.entries(&top(list))).collect();
    let Some(plan) = loaded(&draft.written()).map(|loaded| loaded.plan) else { return draft };
    let covered = plan.backups.iter().map(|backup| &backup.extents);
    let covered: Vec<_> = covered.chain(plan.restores.iter().map(|restore| &restore.extents)).collect();
    let first = covered.iter().filter_map(|extents| extents.each().next()).map(|track| track.0).min().unwrap_or(0);
    let last = covered.iter().filter_map(|extents| extents.each().last()).map(|track| track.0).max();
    let Some(last) = last else { return draft };
    let now = u64::from(last - first) + 1;
    let mut candidates = Vec::new();
    for size in sizes(now) {
        for way in [Move::Modulo, Move::Rank] {
            for nth in [None, Some(1), Some(size)] {
                let mut smaller = draft.clone();
                for job in &jobs {
                    let keys = ["granularity", "datasets"].map(|key| below(job, Step::Key(key.to_owned())));
                    smaller.remove(&keys);
                    let range = match size {
                        1 => first.to_string(),
                        _ => format!("{first}-{}", u64::from(first) + size - 1),
                    };
                    smaller.put(job, "extents", Node::new(Value::List(vec![Node::text(&range)])));
                }
                move_tracks(&mut smaller, u64::from(first), size, way);
                moments_at_most(&mut smaller, nth);
                candidates.push(smaller);
            }
        }
    }
    hunt.first(candidates).map_or(draft, |(_, smaller)| smaller)
}

/// Brings the tracks of requests and faults into `first` to `first + size - 1`.
fn move_tracks(draft: &mut Node, first: u64, size: u64, way: Move) {
    let paths = numbered_tracks(draft);
    let mut known: Vec<u64> = paths.iter().filter_map(|path| number(draft, path)).collect();
    known.sort_unstable();
    known.dedup();
    for path in paths {
        let Some(track) = number(draft, &path) else { continue };
        let rank = known.iter().position(|known| *known == track).unwrap_or(0) as u64;
        let place = match way {
            Move::Modulo => track.abs_diff(first),
            Move::Rank => rank,
        };
        set(draft, &path, first + place % size);
    }
}

/// Smaller volumes, all together, for their sizes must match.
fn volumes(hunt: &mut Hunt<'_>, draft: Node) -> Node {
    let Some(plan) = loaded(&draft.written()).map(|loaded| loaded.plan) else { return draft };
    let largest = plan.dasd.volumes.iter().map(|volume| volume.tracks).max().unwrap_or(0);
    let mut candidates = Vec::new();
    for size in sizes(u64::from(largest)) {
        for way in [Move::Modulo, Move::Rank] {
            for nth in [None, Some(1), Some(size)] {
                let mut smaller = draft.clone();
                for volume in draft.entries(&top("volume")) {
                    let sizes = ["model", "cylinders"].map(|key| below(&volume, Step::Key(key.to_owned())));
                    smaller.remove(&sizes);
                    smaller.put(&volume, "tracks", Node::whole(size));
                }
                move_tracks(&mut smaller, 0, size, way);
                moments_at_most(&mut smaller, nth);
                candidates.push(smaller);
            }
        }
    }
    hunt.first(candidates).map_or(draft, |(_, smaller)| smaller)
}

/// Smaller numbers where a number says how many.
fn counts(hunt: &mut Hunt<'_>, mut draft: Node) -> Node {
    for path in numbers(&draft, &COUNTS) {
        let Some(value) = number(&draft, &path) else { continue };
        let with = |smaller: u64| {
            let mut candidate = draft.clone();
            set(&mut candidate, &path, smaller);
            candidate
        };
        if let Some((_, smaller)) = hunt.first(sizes(value).into_iter().map(with).collect()) {
            draft = smaller;
        }
    }
    draft
}

/// Tracks of requests and faults, each as near to the first one as it can be.
fn track_numbers(hunt: &mut Hunt<'_>, mut draft: Node) -> Node {
    for path in numbered_tracks(&draft) {
        let Some(value) = number(&draft, &path) else { continue };
        let with = |smaller: u64| {
            let mut candidate = draft.clone();
            set(&mut candidate, &path, smaller);
            candidate
        };
        if let Some((_, smaller)) = hunt.first((0..value.min(4)).map(with).collect()) {
            draft = smaller;
        }
    }
    draft
}

/// Rounder instants and durations, the roundest first.
fn times(hunt: &mut Hunt<'_>, mut draft: Node) -> Node {
    for path in durations(&draft) {
        let Some(Value::Text(text)) = draft.at(&path).map(|node| &node.value) else { continue };
        let Ok(value) = Dimension::Duration.parse(text) else { continue };
        let mut rounder = vec![0];
        for step in ROUND {
            rounder.extend([value / step * step, value.div_ceil(step).saturating_mul(step)]);
        }
        let mut tried = Vec::new();
        for candidate in rounder.into_iter().take_while(|&candidate| candidate != value) {
            if !tried.contains(&candidate) {
                tried.push(candidate);
            }
        }
        let with = |ns: u64| {
            let mut candidate = draft.clone();
            *candidate.at_mut(&path).expect("it was just read") = Node::text(&Dimension::Duration.show(ns));
            candidate
        };
        if let Some((_, rounder)) = hunt.first(tried.into_iter().map(with).collect()) {
            draft = rounder;
        }
    }
    draft
}

/// All numbers under one of these keys.
fn numbers(draft: &Node, keys: &[&str]) -> Vec<Path> {
    let wanted = |path: &Path| matches!(path.last(), Some(Step::Key(key)) if keys.contains(&key.as_str()));
    leaves(draft, &[]).into_iter().filter(|path| wanted(path) && number(draft, path).is_some()).collect()
}

/// The tracks that requests and faults name.
fn numbered_tracks(draft: &Node) -> Vec<Path> {
    let of_workloads = draft.entries(&top("workload")).into_iter().flat_map(|workload| requests_of(draft, &workload));
    let entries = of_workloads.chain(draft.entries(&top("fault")));
    let tracks = entries.flat_map(|entry| ["track", "to"].map(|key| below(&entry, Step::Key(key.to_owned()))));
    tracks.filter(|path| number(draft, path).is_some()).collect()
}

/// All texts that are durations.
fn durations(draft: &Node) -> Vec<Path> {
    let is_duration = |path: &Path| match draft.at(path).map(|node| &node.value) {
        Some(Value::Text(text)) => Dimension::Duration.parse(text).is_ok(),
        _ => false,
    };
    leaves(draft, &[]).into_iter().filter(is_duration).collect()
}

/// The paths of all values that are neither tables nor lists.
fn leaves(draft: &Node, path: &[Step]) -> Vec<Path> {
    let parts = [draft.keys(path), draft.entries(path)].concat();
    match parts.is_empty() {
        true => vec![path.to_vec()],
        false => parts.iter().flat_map(|part| leaves(draft, part)).collect(),
    }
}

fn number(draft: &Node, path: &[Step]) -> Option<u64> {
    match draft.at(path)?.value {
        Value::Whole(number) => u64::try_from(number).ok(),
        _ => None,
    }
}

fn set(draft: &mut Node, path: &[Step], number: u64) {
    if let Some(node) = draft.at_mut(path) {
        *node = Node::whole(number);
    }
}

/// Faults at an occurrence that comes no later than this: there are fewer of them.
fn moments_at_most(draft: &mut Node, most: Option<u64>) {
    let Some(most) = most else { return };
    for path in numbers(draft, &["nth"]) {
        if let Some(now) = number(draft, &path) {
            set(draft, &path, now.min(most));
        }
    }
}
