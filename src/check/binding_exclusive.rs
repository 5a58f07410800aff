//! `binding-exclusive`: each place is bound at most once, no bound place is free, and no place is neither.

use super::scene::Scene;
use super::tally::Tally;
use super::view::{Places, View};
use crate::vocab::Device;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BindingExclusive {
    pub tally: Tally,
    premise: bool,
    broken: Option<String>,
}

impl BindingExclusive {
    /// After an event that may have changed a binding.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        let places = scene.view.places();
        self.premise = !places.bound.is_empty();
        let broken = fault(&places, |device| scene.number(device).to_string());
        if broken != self.broken {
            if let Some(detail) = &broken {
                self.tally.violate(scene.at, || detail.clone());
            }
            self.broken = broken;
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
        if let Some(detail) = &self.broken {
            self.tally.violate(scene.at, || detail.clone());
        }
    }
}

/// The first place, in order, that is not in exactly one range.
fn fault(places: &Places, number: impl Fn(Device) -> String) -> Option<String> {
    let bound = places.bound.iter().map(|(device, range)| (range.first, range.count, Some(*device)));
    let free = places.free.iter().map(|range| (range.first, range.count, None));
    let mut ranges: Vec<(u64, u64, Option<Device>)> = bound.chain(free).filter(|(_, count, _)| *count > 0).collect();
    ranges.sort_unstable();
    let owner =
        |owner: Option<Device>| owner.map_or("free".to_string(), |device| format!("bound to {}", number(device)));
    let mut covered = 0;
    let mut last = None;
    for (first, count, holder) in ranges {
        if first > covered {
            return Some(format!("place {covered} is neither bound nor free"));
        }
        if first < covered {
            return Some(format!("place {first} is {} and {}", owner(last.flatten()), owner(holder)));
        }
        covered = first + count;
        last = Some(holder);
    }
    if covered > places.total {
        return Some(format!("place {} does not exist", places.total));
    }
    (covered < places.total).then(|| format!("place {covered} is neither bound nor free"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, SOURCE, TARGET};
    use crate::check::view::PlaceRange;

    fn looked(bound: &[(Device, u64, u64)], free: &[(u64, u64)]) -> Tally {
        let mut fake = Fake::new();
        let range = |first, count| PlaceRange { first, count };
        fake.places.bound = bound.iter().map(|&(device, first, count)| (device, range(first, count))).collect();
        fake.places.free = free.iter().map(|&(first, count)| range(first, count)).collect();
        fake.places.total = 30;
        let mut check = BindingExclusive::default();
        fake.scene(|scene| {
            check.look(scene);
            check.look(scene);
        });
        check.count();
        check.tally
    }

    #[test]
    fn bound_and_free_together_are_all_places() {
        let tally = looked(&[(TARGET, 10, 10), (SOURCE, 0, 10)], &[(20, 10)]);
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (1, 1, 0));
    }

    #[test]
    fn a_shared_a_lost_and_an_invented_place_violate() {
        let detail = |bound: &[(Device, u64, u64)], free: &[(u64, u64)]| {
            let tally = looked(bound, free);
            assert_eq!(tally.violations, 1);
            tally.first.expect("a violation is kept").detail
        };
        assert_eq!(
            detail(&[(SOURCE, 0, 10), (TARGET, 9, 11)], &[(20, 10)]),
            "place 9 is bound to 0A00 and bound to 0A10"
        );
        assert_eq!(detail(&[(SOURCE, 0, 20)], &[(15, 15)]), "place 15 is bound to 0A00 and free");
        assert_eq!(detail(&[(SOURCE, 0, 10), (TARGET, 11, 9)], &[(20, 10)]), "place 10 is neither bound nor free");
        assert_eq!(detail(&[(SOURCE, 0, 10)], &[(10, 19)]), "place 29 is neither bound nor free");
        assert_eq!(detail(&[(SOURCE, 0, 10)], &[(10, 21)]), "place 30 does not exist");
    }

    #[test]
    fn nothing_bound_is_no_premise() {
        assert_eq!(looked(&[], &[(0, 30)]).premise_true, 0);
    }
}
