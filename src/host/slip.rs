//! What an operator does wrong: one named draw per opportunity (HAZARDS 7, MODEL 3.2).
//!
//! Each kind of slip has a stream of its own, keyed by the number of the step, so that one probability moves no draw of
//! another. A step has the opportunities that its nature gives: every step can be left out, one that names a device can
//! name the wrong one, one that types a volume ID can mistype it. The first slip that happens, in the order of this
//! file, is the one.

use super::operator::SlipRates;
use crate::kernel::Stream;
use crate::manager::Job;
use crate::manager::operator_step::Task;
use crate::vocab::{Slip, StepName};

#[derive(Clone, Debug)]
pub(super) struct SlipStreams {
    omit: Stream,
    wrong_item: Stream,
    volser_typo: Stream,
    miss_status: Stream,
    stress: Stream,
    mapping_loss: Stream,
    choice: Stream,
}

/// What the draws of one step say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub slip: Option<Slip>,
    pub misses_status: bool,
}

impl SlipStreams {
    pub fn new(run_seed: u64, entity: &str) -> SlipStreams {
        let stream = |purpose| Stream::new(run_seed, entity, purpose);
        SlipStreams {
            omit: stream("omit step"),
            wrong_item: stream("wrong item"),
            volser_typo: stream("volser typo"),
            miss_status: stream("miss status"),
            stress: stream("stress error"),
            mapping_loss: stream("mapping loss"),
            choice: stream("choice"),
        }
    }

    pub fn draw(&self, number: u64, task: &Task, rates: &SlipRates) -> Drawn {
        let happens = |stream: &Stream, ppm: u32| {
            let ppm = if rates.second_check { ppm / 10 } else { ppm };
            stream.draws(number).below(1_000_000) < u64::from(ppm)
        };
        let misses_status = happens(&self.miss_status, rates.miss_status);
        // A line of the run book is lost, or is about another volume; it is no command.
        if task.step == StepName::UpdateInventory {
            let slip = if happens(&self.mapping_loss, rates.mapping_loss) {
                Some(Slip::Omit)
            } else {
                happens(&self.wrong_item, rates.wrong_item).then_some(Slip::WrongDevice)
            };
            return Drawn { slip, misses_status };
        }
        let types_volser = matches!(task.step, StepName::RelabelRestored | StepName::RelabelBackupImage);
        let opportunities = [
            (&self.omit, rates.omit_step, Slip::Omit, true),
            (&self.wrong_item, rates.wrong_item, Slip::WrongDevice, true),
            (&self.volser_typo, rates.volser_typo, Slip::Argument, types_volser),
            (&self.stress, rates.stress_error, Slip::WrongDevice, matches!(task.job, Job::Restore(_))),
        ];
        let slip = opportunities.into_iter().find(|&(stream, ppm, _, there)| there && happens(stream, ppm));
        Drawn { slip: slip.map(|(_, _, slip, _)| slip), misses_status }
    }

    /// Decides which wrong thing is taken.
    pub fn choice(&self, number: u64) -> u32 {
        (self.choice.draws(number).word() >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::operator_step::Purpose;
    use crate::vocab::Backup;

    fn slips(step: StepName, rates: SlipRates) -> Vec<Slip> {
        let streams = SlipStreams::new(7, "operator");
        let task = Task { session: 0, job: Job::Backup(Backup(0)), step, purpose: Purpose::Step, attempt: 0 };
        (0..100_000).filter_map(|number| streams.draw(number, &task, &rates).slip).collect()
    }

    #[test]
    fn slips_have_the_probabilities_of_the_table() {
        let found = slips(StepName::RelabelRestored, SlipRates::default());
        let count = |slip| found.iter().filter(|found| **found == slip).count();
        for (slip, expected) in [(Slip::Omit, 300), (Slip::WrongDevice, 300), (Slip::Argument, 500)] {
            let found = count(slip);
            assert!(found.abs_diff(expected) < 80, "{slip}: {found}");
        }
        assert!(!slips(StepName::OperatorDump, SlipRates::default()).contains(&Slip::Argument), "no ID is typed");
        let notes = slips(StepName::UpdateInventory, SlipRates::default()).len();
        assert!(notes.abs_diff(1_300) < 150, "{notes} lines of the run book are lost or wrong");
    }

    #[test]
    fn a_second_person_finds_nine_of_ten() {
        let found = slips(StepName::RelabelRestored, SlipRates { second_check: true, ..SlipRates::default() }).len();
        assert!(found.abs_diff(110) < 45, "{found}");
    }
}
