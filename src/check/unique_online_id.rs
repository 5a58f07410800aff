//! `unique-online-id`: for each image, no two online devices have logical labels with equal volser.

use super::exposure::{Duplicate, Exposure, duplicates};
use super::scene::Scene;
use super::tally::{Moment, Tally};
use super::view::View;
use crate::vocab::CheckMutant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UniqueOnlineId {
    pub tally: Tally,
    pub exposure: Exposure,
    /// An image has two labelled devices online.
    premise: bool,
}

impl UniqueOnlineId {
    /// After an event that may have changed a label or an online state.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.premise = false;
        let mut found = Vec::new();
        let looked_at = if scene.setup.has_mutant(CheckMutant::TwoVolumesOnly) { 2 } else { usize::MAX };
        for image in scene.images() {
            let devices = scene.setup.devices().take(looked_at);
            let online = devices.filter(|&device| scene.view.online(image, device).is_some());
            let ids: Vec<_> =
                online.filter_map(|device| Some((device, scene.view.logical_label(device).id()?))).collect();
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
        let at: Moment = scene.at;
        for duplicate in self.exposure.open() {
            self.tally.violate(at, || describe(scene, duplicate));
        }
    }
}

fn describe(scene: &Scene<impl View>, duplicate: Duplicate) -> String {
    let Duplicate { image, first, second, id } = duplicate;
    format!(
        "devices {} and {} are both online{} as {id}",
        scene.number(first),
        scene.number(second),
        scene.to_image(image)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, SOURCE, SPARE, TARGET, id};

    fn looked(change: impl FnOnce(&mut Fake)) -> UniqueOnlineId {
        let mut fake = Fake::new();
        change(&mut fake);
        let mut check = UniqueOnlineId::default();
        fake.scene(|scene| check.look(scene));
        check.count();
        check
    }

    #[test]
    fn devices_with_different_ids_hold() {
        let check = looked(|_| {});
        assert_eq!((check.tally.evaluated, check.tally.premise_true, check.tally.violations), (1, 1, 0));
    }

    #[test]
    fn two_online_devices_with_one_label_violate_whatever_the_control_blocks_say() {
        let check = looked(|fake| fake.relabel(TARGET, "PROD01"));
        let first = check.tally.first.expect("a violation is kept");
        assert_eq!(first.detail, "devices 0A00 and 0A10 are both online as PROD01");
    }

    #[test]
    fn an_offline_device_cannot_collide() {
        let check = looked(|fake| {
            fake.relabel(TARGET, "PROD01");
            fake.online[TARGET.0 as usize] = None;
            fake.online[SPARE.0 as usize] = None;
        });
        assert_eq!((check.tally.premise_true, check.tally.violations), (0, 0));
    }

    #[test]
    fn a_fork_sees_what_stands_where_it_begins() {
        let mut fake = Fake::new();
        fake.relabel(TARGET, "PROD01");
        let mut check = UniqueOnlineId::default();
        fake.scene(|scene| check.look(scene));
        fake.now = crate::kernel::Time::from_ns(9);
        fake.scene(|scene| check.begin_fork(scene));
        assert_eq!(check.tally.first.as_ref().map(|first| first.time.ns()), Some(9));
        fake.relabel(TARGET, "SPARE1");
        fake.scene(|scene| {
            check.look(scene);
            check.begin_fork(scene);
        });
        assert_eq!(check.tally.violations, 0);
        assert_eq!(fake.online[SOURCE.0 as usize], Some(id("PROD01")));
    }
}
