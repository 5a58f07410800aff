//! `cached-id-coherent`: the volser in the control block of an online device is the volser of its logical label.

use super::scene::Scene;
use super::tally::Tally;
use super::view::View;
use crate::vocab::{Device, Image, VolumeId};

/// A control block that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stale {
    image: Image,
    device: Device,
    cached: VolumeId,
    label: Option<VolumeId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedIdCoherent {
    pub tally: Tally,
    stale: Vec<Stale>,
    /// A device is online.
    premise: bool,
}

impl CachedIdCoherent {
    /// After an event that may have changed a label or an online state.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.premise = false;
        let mut found = Vec::new();
        for image in scene.images() {
            for device in scene.setup.devices() {
                let Some(cached) = scene.view.online(image, device) else { continue };
                self.premise = true;
                let label = scene.view.logical_label(device).id();
                if label != Some(cached) {
                    found.push(Stale { image, device, cached, label });
                }
            }
        }
        for &stale in found.iter().filter(|stale| !self.stale.contains(stale)) {
            self.tally.violate(scene.at, || describe(scene, stale));
        }
        self.stale = found;
    }

    /// After every event.
    #[inline]
    pub fn count(&mut self) {
        self.tally.evaluate(self.premise);
    }

    pub fn is_violated(&self) -> bool {
        !self.stale.is_empty()
    }

    /// A predicate that is false where a fork begins counts as seen there.
    pub fn begin_fork(&mut self, scene: &Scene<impl View>) {
        self.tally.forget_violations();
        for &stale in &self.stale {
            self.tally.violate(scene.at, || describe(scene, stale));
        }
    }
}

fn describe(scene: &Scene<impl View>, stale: Stale) -> String {
    let number = scene.number(stale.device);
    let image = scene.to_image(stale.image);
    match stale.label {
        Some(label) => format!("device {number} is online{image} as {} but its label says {label}", stale.cached),
        None => format!("device {number} is online{image} as {} but has no label", stale.cached),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, TARGET};
    use crate::vocab::LabelTrack;

    fn looked(change: impl FnOnce(&mut Fake)) -> Tally {
        let mut fake = Fake::new();
        change(&mut fake);
        let mut check = CachedIdCoherent::default();
        fake.scene(|scene| {
            check.look(scene);
            check.look(scene);
        });
        check.count();
        check.tally
    }

    #[test]
    fn control_blocks_that_agree_hold() {
        let tally = looked(|_| {});
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (1, 1, 0));
    }

    #[test]
    fn a_label_that_changed_under_an_online_device_violates_once() {
        let tally = looked(|fake| fake.relabel(TARGET, "PROD01"));
        assert_eq!(tally.violations, 1);
        let detail = tally.first.expect("a violation is kept").detail;
        assert_eq!(detail, "device 0A10 is online as SPARE1 but its label says PROD01");
    }

    #[test]
    fn a_label_that_vanished_violates() {
        let tally = looked(|fake| fake.labels[TARGET.0 as usize] = LabelTrack::BLANK);
        assert_eq!(
            tally.first.map(|first| first.detail),
            Some("device 0A10 is online as SPARE1 but has no label".into())
        );
    }

    #[test]
    fn nothing_online_is_no_premise() {
        let tally = looked(|fake| fake.online.fill(None));
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (1, 0, 0));
    }
}
