//! `cow-order`: T0 data is safe at the target before the source overwrites it.
//!
//! When a source home receives a version newer than T0, the target home (or NVS) holds the T0 content; and a durable
//! `own` bit implies the same. A track of the target that a host wrote is excused: it is no T0 data any more. In the
//! log-structured architecture nothing is overwritten in place and the row has no premise.

use super::jobs::BackupCase;
use super::scene::Scene;
use super::tally::Tally;
use super::view::{Relation, View};
use crate::controller::dasd::DasdFact;
use crate::vocab::TrackNo;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CowOrder {
    pub tally: Tally,
}

impl CowOrder {
    pub fn react(&mut self, scene: &Scene<impl View>, fact: DasdFact) {
        let (device, track, bit) = match fact {
            DasdFact::SourceHomeWritten { device, track, newer: true } => (device, track, false),
            DasdFact::CowBitSet { device, track } => (device, track, true),
            _ => return,
        };
        for relation in scene.view.relations() {
            let concerned = relation.source == device || bit && relation.target == device;
            if concerned && (!bit || scene.view.own(relation.number, track)) {
                let failure = unsaved(scene, relation, track).map(|found| match (found, bit) {
                    (false, _) => None,
                    (true, true) => Some(format!("the own bit of {} is durable", place(scene, relation, track))),
                    (true, false) => {
                        Some(format!("the source home of {} was overwritten", place(scene, relation, track)))
                    }
                });
                match failure {
                    None => self.tally.evaluate(false),
                    Some(failure) => self.tally.judge(
                        scene.at,
                        failure.map(|what| format!("{what} but its target home does not hold the T0 content")),
                    ),
                }
            }
        }
    }

    /// C: every durable `own` bit.
    pub fn crashed(&mut self, scene: &Scene<impl View>) {
        // A snapshot's target is bound to the T0 content itself: nothing is copied, and nothing overwritten.
        if scene.setup.is_log_structured() {
            return;
        }
        for relation in scene.view.relations() {
            let Some(case) = case_of(scene, relation) else { continue };
            let tracks = (0..case.image.as_ref().map_or(0, |image| image.contents.tracks())).map(TrackNo);
            let own = tracks.filter(|&track| case.copied.contains(track) && scene.view.own(relation.number, track));
            let judged: Vec<(TrackNo, bool)> =
                own.filter_map(|track| Some((track, unsaved(scene, relation, track)?))).collect();
            if judged.is_empty() {
                continue;
            }
            let bad: Vec<TrackNo> = judged.iter().filter(|(_, bad)| *bad).map(|(track, _)| *track).collect();
            let failure = bad.first().map(|&first| {
                let place = place(scene, relation, first);
                format!(
                    "after the crash {} own bits stand without hardened T0 content, the first for {place}",
                    bad.len()
                )
            });
            self.tally.judge(scene.at, failure);
        }
    }
}

fn case_of<'a>(scene: &'a Scene<impl View>, relation: Relation) -> Option<&'a BackupCase> {
    scene.books.jobs.of_relation(relation.number)
}

/// Whether the target home lacks the T0 content; `None` when nothing can be said.
fn unsaved(scene: &Scene<impl View>, relation: Relation, track: TrackNo) -> Option<bool> {
    let case = case_of(scene, relation).filter(|case| case.copied.contains(track))?;
    let image = case.image.as_ref().filter(|image| track.0 < image.contents.tracks())?;
    let excused = case.target_written(track);
    (!excused).then(|| !image.held(track, scene.view.home_tag(relation.target, track)))
}

fn place(scene: &Scene<impl View>, relation: Relation, track: TrackNo) -> String {
    format!("track {} ({} to {})", track.0, scene.number(relation.source), scene.number(relation.target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, RELATION, SOURCE, TARGET};
    use crate::vocab::Tag;

    const TRACK: TrackNo = TrackNo(3);
    const WRITTEN: DasdFact = DasdFact::SourceHomeWritten { device: SOURCE, track: TRACK, newer: true };
    const BIT: DasdFact = DasdFact::CowBitSet { device: TARGET, track: TRACK };

    fn reacted(fact: DasdFact, change: impl FnOnce(&mut Fake)) -> Tally {
        let mut fake = Fake::with_copy();
        fake.home[TARGET.0 as usize][3] = fake.image().contents.get(TRACK);
        fake.own.insert((RELATION, TRACK));
        change(&mut fake);
        let mut check = CowOrder::default();
        fake.scene(|scene| check.react(scene, fact));
        check.tally
    }

    #[test]
    fn saved_content_holds() {
        for fact in [WRITTEN, BIT] {
            let tally = reacted(fact, |_| {});
            assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (1, 1, 0));
        }
    }

    #[test]
    fn unsaved_content_violates() {
        let spoil = |fake: &mut Fake| fake.home[TARGET.0 as usize][3] = Tag(9);
        assert_eq!(reacted(BIT, spoil).violations, 1);
        assert_eq!(
            reacted(WRITTEN, spoil).first.map(|first| first.detail),
            Some(
                "the source home of track 3 (0A00 to 0A10) was overwritten but its target home does not hold the T0 content"
                    .into()
            )
        );
    }

    #[test]
    fn an_older_version_or_no_relationship_is_no_premise() {
        let spoil = |fake: &mut Fake| fake.home[TARGET.0 as usize][3] = Tag(9);
        let older = DasdFact::SourceHomeWritten { device: SOURCE, track: TRACK, newer: false };
        assert_eq!(reacted(older, spoil).evaluated, 0);
        assert_eq!(reacted(WRITTEN, |fake| fake.relations.clear()).evaluated, 0);
    }

    #[test]
    fn a_target_track_that_a_host_wrote_is_excused() {
        let tally = reacted(WRITTEN, |fake| {
            fake.home[TARGET.0 as usize][3] = Tag(9);
            fake.write_target(TRACK);
        });
        assert_eq!((tally.evaluated, tally.premise_true), (1, 0));
    }

    #[test]
    fn a_bit_without_content_violates_after_a_crash() {
        let mut check = CowOrder::default();
        let mut fake = Fake::with_copy();
        fake.scene(|scene| check.crashed(scene));
        assert_eq!(check.tally.evaluated, 0);
        fake.own.insert((RELATION, TRACK));
        fake.home[TARGET.0 as usize][3] = Tag(9);
        fake.scene(|scene| check.crashed(scene));
        assert_eq!((check.tally.premise_true, check.tally.violations), (1, 1));
    }
}
