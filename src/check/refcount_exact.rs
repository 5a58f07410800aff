//! `refcount-exact`: each place of a log-structured array counts exactly the tracks that are bound to it, and is free when
//! it counts none.
//!
//! It stands in the place of `binding-exclusive`. What an event touched is looked at after that event, place by place; the
//! whole directory after a snapshot, a deletion, a restart, right after a crash and at the end. A snapshot between its two
//! transactions has counted bindings that come in a moment: those are promised. Free places are not listed anywhere, so
//! bound and free are all places when the number of live ones is right.

use super::scene::Scene;
use super::tally::Tally;
use super::view::{PlaceUse, View};
use crate::controller::dasd::DasdFact;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefcountExact {
    pub tally: Tally,
    premise: bool,
    broken: Option<String>,
}

impl RefcountExact {
    /// The places that a fact names.
    pub fn react(&mut self, scene: &Scene<impl View>, fact: DasdFact) {
        let places = match fact {
            DasdFact::TrackRedirected { device, track } => match scene.view.bound_place(device, track) {
                Some(place) => place..place + 1,
                None => return self.found(scene, Some(format!("track {} lies nowhere after its destage", track.0))),
            },
            DasdFact::PlaceFreed { place } => place..place + 1,
            DasdFact::SegmentCollected { segment } => scene.view.segment(segment),
            _ => return,
        };
        let broken = places
            .filter_map(|place| Some((place, scene.view.place(place)?)))
            .find_map(|(place, used)| fault(place, used));
        if broken.is_some() {
            self.found(scene, broken);
        }
    }

    /// All places.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        let Some(directory) = scene.view.directory() else { return };
        self.premise = directory.live > 0;
        let places = (0..).zip(&directory.places);
        let live = directory.places.iter().filter(|place| place.count > 0).count() as u64;
        let miscounted = (live != directory.live)
            .then(|| format!("{} places have a binding, and {} are said to be live", live, directory.live));
        let broken = places.into_iter().find_map(|(place, used)| fault(place, *used)).or(miscounted);
        self.found(scene, broken);
    }

    fn found(&mut self, scene: &Scene<impl View>, broken: Option<String>) {
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

fn fault(place: u64, used: PlaceUse) -> Option<String> {
    let expected = used.bound + used.promised;
    (used.count != expected).then(|| match (used.count, expected) {
        (0, bound) => format!("place {place} is free and {bound} tracks are bound to it"),
        (count, 0) => format!("place {place} counts {count} and nothing is bound to it"),
        (count, bound) => format!("place {place} counts {count} and {bound} tracks are bound to it"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, SOURCE};
    use crate::check::view::Bindings;
    use crate::vocab::TrackNo;

    const USED: PlaceUse = PlaceUse { count: 2, bound: 1, promised: 1 };
    const FREE: PlaceUse = PlaceUse { count: 0, bound: 0, promised: 0 };

    fn checked(places: Vec<PlaceUse>, live: u64, look: impl FnOnce(&mut RefcountExact, &Scene<Fake>)) -> Tally {
        let mut fake = Fake::new();
        fake.directory = Some(Bindings { places, live });
        let mut check = RefcountExact::default();
        fake.scene(|scene| look(&mut check, scene));
        check.count();
        check.tally
    }

    fn detail(tally: Tally) -> String {
        tally.first.expect("a violation is kept").detail
    }

    #[test]
    fn counts_are_bindings_and_promises() {
        let tally = checked(vec![USED, FREE, PlaceUse { count: 1, bound: 1, promised: 0 }], 2, |check, scene| {
            check.look(scene);
            check.react(scene, DasdFact::PlaceFreed { place: 1 });
        });
        assert_eq!((tally.evaluated, tally.premise_true, tally.violations), (1, 1, 0));
    }

    #[test]
    fn a_binding_too_many_or_too_few_and_a_wrong_sum_violate() {
        let swept = |place: PlaceUse, live| checked(vec![USED, place], live, |check, scene| check.look(scene));
        let lost = PlaceUse { count: 0, bound: 1, promised: 0 };
        let leaked = PlaceUse { count: 1, bound: 0, promised: 0 };
        assert_eq!(detail(swept(lost, 1)), "place 1 is free and 1 tracks are bound to it");
        assert_eq!(detail(swept(leaked, 2)), "place 1 counts 1 and nothing is bound to it");
        assert_eq!(detail(swept(FREE, 2)), "1 places have a binding, and 2 are said to be live");
    }

    #[test]
    fn what_an_event_touched_is_looked_at_at_once() {
        let spoiled = PlaceUse { count: 1, bound: 2, promised: 0 };
        let facts = [
            DasdFact::PlaceFreed { place: 1 },
            DasdFact::TrackRedirected { device: SOURCE, track: TrackNo(1) },
            DasdFact::SegmentCollected { segment: 0 },
        ];
        for fact in facts {
            let places = vec![USED, spoiled, FREE, FREE];
            let tally = checked(places, 2, |check, scene| check.react(scene, fact));
            assert_eq!(detail(tally), "place 1 counts 1 and 2 tracks are bound to it", "{fact:?}");
        }
    }

    #[test]
    fn without_a_directory_there_is_no_premise() {
        let mut check = RefcountExact::default();
        Fake::new().scene(|scene| check.look(scene));
        check.count();
        assert_eq!((check.tally.premise_true, check.tally.violations), (0, 0));
    }
}
