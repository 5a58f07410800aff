//! `restore-fidelity`: a restored device is the source as it was at T0, to the last byte of its label.
//!
//! At `restore-complete` every track equals the image, the 80 label bytes equal the source's at T0 (reserved area
//! included) and the embedded names carry its ID. At the end of the run the label must still be that, unless somebody
//! named the device again or wrote its label on purpose; its tracks are then the ledger's business.

use super::jobs::{PointInTime, RestoreCase};
use super::scene::Scene;
use super::tally::Tally;
use super::view::View;
use crate::vocab::{Backup, CheckMutant, Device, Extents, TrackNo};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreFidelity {
    pub tally: Tally,
}

impl RestoreFidelity {
    /// J: a restore says that it is complete. Returns what is wrong with it.
    pub fn completed(
        &mut self,
        scene: &Scene<impl View>,
        backup: Backup,
        device: Device,
        extents: &Extents,
    ) -> Option<String> {
        let Some(image) = scene.books.jobs.image(backup) else {
            self.tally.evaluate(false);
            return None;
        };
        let passed_over = scene.books.jobs.restores.iter().rev().find(|case| case.device == device);
        let label = || wrong_label(scene, image, device).filter(|_| extents.holds_label());
        let failure = wrong_track(scene, image, device, extents)
            .or_else(label)
            .or_else(|| wrong_generation(passed_over?, backup));
        self.tally.judge(scene.at, failure.clone());
        failure
    }

    /// Z.
    pub fn end(&mut self, scene: &Scene<impl View>) {
        let jobs = &scene.books.jobs;
        for (place, case) in jobs.restores.iter().enumerate() {
            let (Some(completed), Some(image)) = (case.completed, case.backup.and_then(|backup| jobs.image(backup)))
            else {
                continue;
            };
            let restored_again = jobs.restores[place + 1..].iter().any(|later| later.device == case.device);
            let copied_onto =
                jobs.backups.iter().any(|later| later.target == case.device && later.started >= completed);
            let relabelled = *scene.books.label(case.device) != image.label;
            if case.extents.holds_label() && !(restored_again || copied_onto || relabelled) {
                self.tally.judge(scene.at, wrong_label(scene, image, case.device));
            }
        }
    }
}

/// A restore without an instant brings back the latest complete backup (MODEL 3.9).
fn wrong_generation(case: &RestoreCase, backup: Backup) -> Option<String> {
    let later = case.passed_over?;
    Some(format!("the restore took backup {} although backup {} is later", backup.0, later.0))
}

fn wrong_track(scene: &Scene<impl View>, image: &PointInTime, device: Device, extents: &Extents) -> Option<String> {
    let actual = scene.view.logical_tags(device);
    let passed_over = u32::from(scene.setup.has_mutant(CheckMutant::SkipsLastTrack));
    let mut wrong = (0..image.contents.tracks() - passed_over)
        .map(TrackNo)
        .filter(|&track| extents.contains(track) && !image.held(track, actual(track)));
    let first = wrong.next()?;
    let count = 1 + wrong.count();
    let number = scene.number(device);
    Some(format!(
        "device {number} is restored but {count} of its tracks differ from T0, the first is track {}",
        first.0
    ))
}

fn wrong_label(scene: &Scene<impl View>, image: &PointInTime, device: Device) -> Option<String> {
    let label = scene.view.logical_label(device);
    let number = scene.number(device);
    let id = |id: Option<crate::vocab::VolumeId>| id.map_or("no ID".to_string(), |id| id.to_string());
    if label.id() != image.label.id() {
        return Some(format!("device {number} is restored but its label says {}, not {}", id(label.id()), image.id));
    }
    if label.label != image.label.label {
        return Some(format!("device {number} is restored but its label differs from the source's at T0"));
    }
    (label.embedded != image.id)
        .then(|| format!("device {number} is restored as {} but its names embed {}", image.id, label.embedded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, SPARE, id};
    use crate::vocab::{HiddenFormat, HiddenId, Label, LabelTrack, RelationNumber, Tag};

    fn completed(change: impl FnOnce(&mut Fake)) -> Tally {
        let mut fake = Fake::with_restore();
        change(&mut fake);
        let mut check = RestoreFidelity::default();
        fake.scene(|scene| {
            let told = check.completed(scene, BACKUP, SPARE, &Extents::whole(u32::MAX));
            assert_eq!(told, check.tally.first.as_ref().map(|first| first.detail.clone()));
        });
        check.tally
    }

    #[test]
    fn the_image_with_its_label_holds() {
        let tally = completed(|_| {});
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
    }

    #[test]
    fn a_wrong_track_a_wrong_label_and_wrong_names_violate() {
        let spare = SPARE.0 as usize;
        let detail = |change: fn(&mut Fake, usize)| {
            completed(|fake| change(fake, spare)).first.expect("a violation is kept").detail
        };
        assert_eq!(
            detail(|fake, spare| fake.logical[spare][2] = Tag(1)),
            "device 0A20 is restored but 1 of its tracks differ from T0, the first is track 2"
        );
        assert_eq!(
            detail(|fake, spare| fake.labels[spare] = LabelTrack::fresh(id("SPARE1"))),
            "device 0A20 is restored but its label says SPARE1, not PROD01"
        );
        assert_eq!(
            detail(|fake, spare| fake.labels[spare].embedded = id("SPARE1")),
            "device 0A20 is restored as PROD01 but its names embed SPARE1"
        );
        assert_eq!(
            detail(|fake, spare| {
                let mut label = Label::new(id("PROD01"));
                let (source, target) = (id("PROD01"), id("SPARE1"));
                let hidden = HiddenId { source, target, t0_seconds: 0, relation: RelationNumber(1) };
                label.hide(hidden, HiddenFormat::Sealed);
                fake.labels[spare].label = Some(label);
            }),
            "device 0A20 is restored but its label differs from the source's at T0"
        );
    }

    #[test]
    fn a_backup_of_before_the_run_is_no_premise() {
        let mut check = RestoreFidelity::default();
        Fake::new().scene(|scene| check.completed(scene, BACKUP, SPARE, &Extents::whole(u32::MAX)));
        assert_eq!((check.tally.evaluated, check.tally.premise_true), (1, 0));
    }

    #[test]
    fn the_label_must_last_to_the_end_unless_it_was_written_on_purpose() {
        let mut fake = Fake::with_restore();
        let mut check = RestoreFidelity::default();
        fake.scene(|scene| check.end(scene));
        assert_eq!((check.tally.premise_true, check.tally.violations), (1, 0));
        fake.labels[SPARE.0 as usize] = LabelTrack::fresh(id("SPARE2"));
        fake.scene(|scene| check.end(scene));
        assert_eq!(check.tally.violations, 1);
        fake.note_dasd(crate::controller::dasd::DasdFact::LabelWritten { device: SPARE });
        fake.scene(|scene| check.end(scene));
        assert_eq!((check.tally.premise_true, check.tally.violations), (2, 1));
    }
}
