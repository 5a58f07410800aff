//! `unique-ipl-id`: if an image crashed now, its IPL would find no two devices with equal volser.
//!
//! For each image, no two reachable devices that are genned online have durable labels with equal volser, whatever their
//! online state is now.

use super::exposure::{Duplicate, Exposure, duplicates};
use super::scene::Scene;
use super::tally::Tally;
use super::view::View;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UniqueIplId {
    pub tally: Tally,
    pub exposure: Exposure,
    /// An IPL would bring two labelled devices online.
    premise: bool,
}

impl UniqueIplId {
    /// After an event that may have changed a label, a path or the configuration.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.premise = false;
        let mut found = Vec::new();
        for image in scene.images() {
            let genned = scene
                .setup
                .devices()
                .filter(|&device| scene.view.genned(image, device) && scene.view.reachable(device));
            let ids: Vec<_> =
                genned.filter_map(|device| Some((device, scene.view.durable_label(device).id()?))).collect();
            self.premise |= ids.len() >= 2;
            found.extend(duplicates(image, ids.into_iter()));
        }
        for duplicate in self.exposure.update(scene.now(), &found) {
            self.tally.violate(scene.at, || describe(scene, duplicate));
        }
    }

    /// After every event.
    #[inline]
    pub fn count(&mut self) {
        self.tally.evaluate(self.premise);
    }

    /// A predicate that is false where a fork begins counts as seen there.
    pub fn begin_fork(&mut self, scene: &Scene<impl View>) {
        self.tally.forget_violations();
        for duplicate in self.exposure.open() {
            self.tally.violate(scene.at, || describe(scene, duplicate));
        }
    }
}

fn describe(scene: &Scene<impl View>, duplicate: Duplicate) -> String {
    let Duplicate { image, first, second, id } = duplicate;
    format!(
        "an IPL now would bring devices {} and {} online{} as {id}",
        scene.number(first),
        scene.number(second),
        scene.to_image(image)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, SPARE, TARGET};

    fn looked(change: impl FnOnce(&mut Fake)) -> UniqueIplId {
        let mut fake = Fake::new();
        change(&mut fake);
        let mut check = UniqueIplId::default();
        fake.scene(|scene| check.look(scene));
        check.count();
        check
    }

    #[test]
    fn different_labels_hold() {
        let check = looked(|_| {});
        assert_eq!((check.tally.premise_true, check.tally.violations), (1, 0));
    }

    #[test]
    fn an_offline_device_that_is_genned_online_collides() {
        let check = looked(|fake| {
            fake.relabel(TARGET, "PROD01");
            fake.online[TARGET.0 as usize] = None;
        });
        let first = check.tally.first.expect("a violation is kept");
        assert_eq!(first.detail, "an IPL now would bring devices 0A00 and 0A10 online as PROD01");
    }

    #[test]
    fn a_device_that_is_not_genned_not_reachable_or_without_label_cannot_collide() {
        let exceptions: [fn(&mut Fake); 3] = [
            |fake| fake.genned[TARGET.0 as usize] = false,
            |fake| fake.reachable[TARGET.0 as usize] = false,
            |fake| fake.durable_labels[TARGET.0 as usize] = crate::vocab::LabelTrack::BLANK,
        ];
        for exception in exceptions {
            let check = looked(|fake| {
                fake.relabel(TARGET, "PROD01");
                exception(fake);
            });
            assert_eq!((check.tally.premise_true, check.tally.violations), (1, 0));
        }
        let check = looked(|fake| {
            fake.genned[TARGET.0 as usize] = false;
            fake.genned[SPARE.0 as usize] = false;
        });
        assert_eq!(check.tally.premise_true, 0);
    }
}
