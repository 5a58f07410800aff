//! `no-lost-acked-write`: whoever opens an ID reads, track by track, the last acknowledged write to it, or a later one
//! that was not acknowledged.
//!
//! E: every host read, and the whole device when an application opens it. C: of the devices that an IPL would bring
//! online with the ID, at least one holds every acknowledged write. Z: every online device.

use super::doubt::Answer;
use super::ledger::Loss;
use super::scene::Scene;
use super::tally::{Moment, Tally};
use super::view::View;
use crate::vocab::{Device, TrackNo, VolumeId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoLostAckedWrite {
    pub tally: Tally,
}

impl NoLostAckedWrite {
    /// E: a host read a track; `answer` is the ledger's.
    #[inline]
    pub fn read(&mut self, at: Moment, answer: Option<Answer>, detail: impl FnOnce() -> String) {
        self.tally.evaluate(answer.is_some());
        match answer {
            Some(Answer::Wrong) => self.tally.violate(at, detail),
            Some(Answer::Undecidable) => self.tally.undecided += 1,
            Some(Answer::Right) | None => {}
        }
    }

    /// E: an application opened `id` and got `device`.
    pub fn opened(&mut self, scene: &Scene<impl View>, id: VolumeId, device: Device) {
        let loss = scene.books.ledger.compare(id, scene.view.logical_tags(device));
        self.judge(scene, loss, |loss| {
            format!(
                "an application opened {id} on device {} and would miss acknowledged writes to {loss}",
                scene.number(device)
            )
        });
    }

    /// C: durable state.
    pub fn crashed(&mut self, scene: &Scene<impl View>) {
        for id in scene.books.ledger.ids() {
            let bears = |device: &Device| {
                scene.view.durable_label(*device).id() == Some(id)
                    && scene.images().any(|image| scene.view.genned(image, *device))
            };
            let losses = scene.setup.devices().filter(bears).filter_map(|device| {
                let loss = scene.books.ledger.compare(id, scene.view.durable_tags(device))?;
                Some((loss, device))
            });
            let Some((loss, device)) = losses.min_by_key(|(loss, device)| (loss.tracks, loss.undecidable, *device))
            else {
                self.tally.evaluate(false);
                continue;
            };
            self.judge(scene, Some(loss), |loss| {
                format!(
                    "after the crash device {} bears {id} and lacks acknowledged writes to {loss}",
                    scene.number(device)
                )
            });
        }
    }

    /// Z: what is online.
    pub fn end(&mut self, scene: &Scene<impl View>) {
        for image in scene.images() {
            for device in scene.setup.devices() {
                let Some(id) = scene.view.online(image, device) else { continue };
                let loss = scene.books.ledger.compare(id, scene.view.logical_tags(device));
                self.judge(scene, loss, |loss| {
                    format!(
                        "at the end device {} is online as {id} and lacks acknowledged writes to {loss}",
                        scene.number(device)
                    )
                });
            }
        }
    }

    fn judge(&mut self, scene: &Scene<impl View>, loss: Option<Loss>, detail: impl FnOnce(&Loss) -> String) {
        self.tally.evaluate(loss.is_some());
        let Some(loss) = loss else { return };
        if loss.tracks > 0 {
            self.tally.violate(scene.at, || detail(&loss));
        } else if loss.undecidable > 0 {
            self.tally.undecided += 1;
        }
    }
}

/// What a wrong read is called.
pub fn wrong_read(scene: &Scene<impl View>, id: VolumeId, device: Device, track: TrackNo) -> String {
    format!(
        "a read of {id} from device {} got a content of track {} that no acknowledged write explains",
        scene.number(device),
        track.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, SOURCE, TARGET, id};
    use crate::vocab::Tag;

    fn checked(fake: &mut Fake, look: impl FnOnce(&mut NoLostAckedWrite, &Scene<Fake>)) -> Tally {
        let mut check = NoLostAckedWrite::default();
        fake.scene(|scene| look(&mut check, scene));
        check.tally
    }

    #[test]
    fn devices_that_hold_every_write_hold() {
        let mut fake = Fake::new();
        fake.write(1, TrackNo(3));
        let tally = checked(&mut fake, |check, scene| {
            check.opened(scene, id("PROD01"), SOURCE);
            check.crashed(scene);
            check.end(scene);
        });
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (7, 7, 0));
    }

    #[test]
    fn opening_a_stale_device_violates_and_names_the_write() {
        let mut fake = Fake::new();
        fake.write(1, TrackNo(3));
        fake.logical[SOURCE.0 as usize][3] = Tag(1);
        let tally = checked(&mut fake, |check, scene| check.opened(scene, id("PROD01"), SOURCE));
        assert_eq!(
            tally.first.map(|first| first.detail),
            Some(
                "an application opened PROD01 on device 0A00 and would miss acknowledged writes to \
                 1 track: track 3 (write 1, acknowledged at 0 s)"
                    .into()
            )
        );
    }

    #[test]
    fn after_a_crash_one_complete_bearer_is_enough() {
        let mut fake = Fake::new();
        fake.write(1, TrackNo(3));
        fake.relabel(TARGET, "PROD01");
        assert_eq!(checked(&mut fake, |check, scene| check.crashed(scene)).violations, 0);
        fake.durable[SOURCE.0 as usize][3] = Tag(1);
        assert_eq!(checked(&mut fake, |check, scene| check.crashed(scene)).violations, 1);
    }

    #[test]
    fn an_id_that_nobody_bears_is_no_premise() {
        let mut fake = Fake::new();
        fake.durable_labels.fill(crate::vocab::LabelTrack::BLANK);
        fake.online.fill(None);
        let tally = checked(&mut fake, |check, scene| {
            check.crashed(scene);
            check.end(scene);
            check.opened(scene, id("NOBODY"), SOURCE);
        });
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (4, 0, 0));
    }

    #[test]
    fn an_undecidable_read_is_counted_as_such() {
        let mut check = NoLostAckedWrite::default();
        check.read(Moment::default(), Some(Answer::Undecidable), String::new);
        check.read(Moment::default(), Some(Answer::Wrong), || "wrong".into());
        check.read(Moment::default(), None, String::new);
        assert_eq!((check.tally.undecided, check.tally.violations, check.tally.premise_true), (1, 1, 2));
    }
}
