//! `accessible-after-restore`: within `rto` of `restore-complete`, or of the copy back of a virtual copy onto its source, an
//! application opens the restored ID.

use super::scene::Scene;
use super::tally::Tally;
use super::view::View;
use crate::kernel::Time;
use crate::vocab::VolumeId;

/// A restored volume that nobody has opened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    volume: VolumeId,
    restored: Time,
    due: Time,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessibleAfterRestore {
    pub tally: Tally,
    waiting: Vec<Waiting>,
}

impl AccessibleAfterRestore {
    pub fn restored(&mut self, scene: &Scene<impl View>, volume: VolumeId) {
        let restored = scene.now();
        self.waiting.retain(|waiting| waiting.volume != volume);
        self.waiting.push(Waiting { volume, restored, due: restored.saturating_add(scene.setup.limits.rto) });
    }

    pub fn opened(&mut self, scene: &Scene<impl View>, volume: VolumeId) {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.volume != volume);
        if self.waiting.len() < before {
            self.tally.judge(scene.at, None);
        }
    }

    pub fn due(&self) -> Time {
        self.waiting.iter().map(|waiting| waiting.due).min().unwrap_or(Time::NEVER)
    }

    /// At the first event at or after [`Self::due`]. An opening at the due instant itself is in time.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.give_up(scene, |waiting| waiting.due < scene.now());
    }

    /// Z: in a system that is quiet nobody will come any more; else the time may not be up.
    pub fn end(&mut self, scene: &Scene<impl View>) {
        let quiet = scene.view.is_quiet();
        self.give_up(scene, |waiting| quiet || waiting.due < scene.now());
    }

    fn give_up(&mut self, scene: &Scene<impl View>, is_late: impl Fn(&Waiting) -> bool) {
        if self.waiting.is_empty() {
            return;
        }
        let (late, waiting): (Vec<Waiting>, Vec<Waiting>) = self.waiting.iter().partition(|waiting| is_late(waiting));
        self.waiting = waiting;
        for Waiting { volume, restored, .. } in late {
            let since = scene.now() - restored;
            self.tally.judge(
                scene.at,
                Some(format!("{volume} was restored at {restored} and no application has opened it for {since}")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{Fake, id};
    use crate::kernel::Span;

    fn run(open_at: Option<u64>, end_at: u64, quiet: bool) -> Tally {
        let mut fake = Fake::new();
        fake.quiet = quiet;
        let mut check = AccessibleAfterRestore::default();
        fake.scene(|scene| check.restored(scene, id("PROD01")));
        assert_eq!(check.due(), Time::ZERO + fake.setup.limits.rto);
        for (seconds, opens) in open_at.map(|at| (at, true)).into_iter().chain([(end_at, false)]) {
            fake.now = Time::ZERO + Span::from_secs(seconds);
            fake.scene(|scene| {
                if opens {
                    check.opened(scene, id("PROD01"));
                }
                check.look(scene);
            });
        }
        fake.scene(|scene| check.end(scene));
        check.tally
    }

    #[test]
    fn an_opening_in_time_holds() {
        let tally = run(Some(3_600), 9_000, true);
        assert_eq!((tally.premise_true, tally.violations), (1, 0));
    }

    #[test]
    fn no_opening_violates_when_the_time_is_up_or_the_system_quiet() {
        assert_eq!(run(None, 3_601, false).violations, 1);
        let detail = run(None, 100, true).first.expect("a violation is kept").detail;
        assert_eq!(detail, "PROD01 was restored at 0 s and no application has opened it for 100 s");
    }

    #[test]
    fn a_run_cut_short_says_nothing() {
        let tally = run(None, 100, false);
        assert_eq!((tally.evaluated, tally.premise_true), (0, 0));
    }
}
