//! The operator: how long a human takes, and what answer the duplicate prompt of an IPL gets.
//!
//! Delays and slips are functions of (stream, occurrence number), so that a fault or a retry moves no later one; the
//! number is the asker's. What a step is and what a slip does to it, the procedure knows ([`Task`]).
//! A number is the asker's. Reading, deciding, typing and verifying are one step (MODEL 3.2).

use super::slip::{Drawn, SlipStreams};
use crate::kernel::{Span, Stream, lognormal_mean};
use crate::manager::Job;
use crate::manager::operator_step::{Performance, Purpose, Task};
use crate::vocab::{Slip, StepName};

/// Lognormal times: the median, and the standard deviation of the logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatorParameters {
    /// From a prompt to the start of a reaction.
    pub reaction_median: Span,
    pub reaction_sigma: f64,
    /// One step: read, decide, type, verify.
    pub step_median: Span,
    pub step_sigma: f64,
    pub duplicate_answer: AnswerRule,
    /// Until somebody who wants a volume finds out that something is wrong with it (HAZARDS 7: median 10 min, A; its
    /// deviation is that of a reaction).
    pub discover_median: Span,
    pub slips: SlipRates,
}

impl OperatorParameters {
    /// The mean of one step with the reaction before it.
    pub fn mean_step(&self) -> Span {
        lognormal_mean(self.reaction_median, self.reaction_sigma) + lognormal_mean(self.step_median, self.step_sigma)
    }
}

/// Probabilities of slips, in parts per million (HAZARDS 7: THERP tables and excerpts, G; `mapping_loss`: A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlipRates {
    pub omit_step: u32,
    pub wrong_item: u32,
    pub volser_typo: u32,
    pub miss_status: u32,
    /// Of each step of a restore; nothing when a restore is a step like any other.
    pub stress_error: u32,
    pub mapping_loss: u32,
    /// A second person looks: a tenth of all of these (G).
    pub second_check: bool,
}

impl SlipRates {
    /// Operators take time and do everything right.
    pub const NONE: SlipRates = SlipRates {
        omit_step: 0,
        wrong_item: 0,
        volser_typo: 0,
        miss_status: 0,
        stress_error: 0,
        mapping_loss: 0,
        second_check: false,
    };
}

impl Default for SlipRates {
    fn default() -> SlipRates {
        SlipRates {
            omit_step: 3_000,
            wrong_item: 3_000,
            volser_typo: 5_000,
            miss_status: 10_000,
            stress_error: 0,
            mapping_loss: 10_000,
            second_check: false,
        }
    }
}

impl Default for OperatorParameters {
    /// MODEL 3.2: 60 s and 1.0, 30 s and 0.7 (A); no slips without a `[human]` table.
    fn default() -> OperatorParameters {
        OperatorParameters {
            reaction_median: Span::from_secs(60),
            reaction_sigma: 1.0,
            step_median: Span::from_secs(30),
            step_sigma: 0.7,
            duplicate_answer: AnswerRule::Always(Answer::Right),
            discover_median: Span::from_secs(600),
            slips: SlipRates::NONE,
        }
    }
}

/// Which device stays offline after the duplicate prompt: the copy (right) or the original (wrong).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Right,
    Wrong,
}

/// How the duplicate prompt is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerRule {
    /// Slips are off, or the scenario fixes the answer.
    Always(Answer),
    /// Slips are on: wrong with this probability, in parts per million (`wrong_reply`, HAZARDS 7: 50,000, A after S-53).
    Slips { wrong_ppm: u32 },
}

impl AnswerRule {
    /// Wrong with this probability, in parts per million.
    pub fn from_ppm(wrong_ppm: u32) -> AnswerRule {
        match wrong_ppm {
            0 => AnswerRule::Always(Answer::Right),
            1_000_000 => AnswerRule::Always(Answer::Wrong),
            wrong_ppm => AnswerRule::Slips { wrong_ppm },
        }
    }

    pub fn wrong_ppm(self) -> u32 {
        match self {
            AnswerRule::Always(Answer::Right) => 0,
            AnswerRule::Always(Answer::Wrong) => 1_000_000,
            AnswerRule::Slips { wrong_ppm } => wrong_ppm,
        }
    }
}

/// What operators had to do so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperatorUsage {
    /// Prompts that someone reacted to.
    pub reactions: u64,
    pub steps: u64,
    pub wrong_answers: u64,
    /// Working time: steps only. Until the reaction the operator does something else.
    pub working: Span,
    /// Time that prompts waited for a reaction.
    pub reacting: Span,
}

#[derive(Clone, Debug)]
pub struct Operator {
    parameters: OperatorParameters,
    reactions: Stream,
    steps: Stream,
    answers: Stream,
    discoveries: Stream,
    slips: SlipStreams,
    ordered: Option<OrderedSlip>,
    usage: OperatorUsage,
}

/// A slip that a fault has ordered: of the next step, or of the next one with that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderedSlip {
    /// The place of the fault in the list of the run.
    pub fault: usize,
    pub slip: Slip,
    pub step: Option<StepName>,
}

/// What an operator makes of a task.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Until it is done.
    pub delay: Span,
    pub performance: Performance,
    /// The slip of a fault that happens in it.
    pub ordered: Option<OrderedSlip>,
}

impl Operator {
    /// `entity` names the random streams.
    pub fn new(parameters: OperatorParameters, run_seed: u64, entity: &str) -> Operator {
        assert!(parameters.reaction_sigma >= 0.0 && parameters.step_sigma >= 0.0, "a deviation is not negative");
        Operator {
            parameters,
            reactions: Stream::new(run_seed, entity, "reaction"),
            steps: Stream::new(run_seed, entity, "step"),
            answers: Stream::new(run_seed, entity, "duplicate answer"),
            discoveries: Stream::new(run_seed, entity, "discovery"),
            slips: SlipStreams::new(run_seed, entity),
            ordered: None,
            usage: OperatorUsage::default(),
        }
    }

    pub fn usage(&self) -> OperatorUsage {
        self.usage
    }

    /// How long prompt `occurrence` waits until the operator turns to it.
    pub fn reaction_time(&self, occurrence: u64) -> Span {
        self.reactions.draws(occurrence).lognormal(self.parameters.reaction_median, self.parameters.reaction_sigma)
    }

    /// How long step `occurrence` takes.
    pub fn step_time(&self, occurrence: u64) -> Span {
        self.steps.draws(occurrence).lognormal(self.parameters.step_median, self.parameters.step_sigma)
    }

    /// The answer to duplicate prompt `occurrence`.
    pub fn duplicate_answer(&self, occurrence: u64) -> Answer {
        match self.parameters.duplicate_answer {
            AnswerRule::Always(answer) => answer,
            AnswerRule::Slips { wrong_ppm } => {
                let wrong_ppm = if self.parameters.slips.second_check { wrong_ppm / 10 } else { wrong_ppm };
                let wrong = self.answers.draws(occurrence).below(1_000_000) < u64::from(wrong_ppm);
                if wrong { Answer::Wrong } else { Answer::Right }
            }
        }
    }

    /// Counts the reaction to prompt `occurrence` and returns its delay.
    pub fn react(&mut self, occurrence: u64) -> Span {
        let delay = self.reaction_time(occurrence);
        self.usage.reactions += 1;
        self.usage.reacting += delay;
        delay
    }

    /// Counts step `occurrence` and returns its duration.
    pub fn perform(&mut self, occurrence: u64) -> Span {
        let duration = self.step_time(occurrence);
        self.usage.steps += 1;
        self.usage.working += duration;
        duration
    }

    /// The next step, or the next one of that name, goes wrong in this way.
    pub fn order_slip(&mut self, ordered: OrderedSlip) {
        self.ordered = Some(ordered);
    }

    /// Somebody else has made the slip of that fault.
    pub fn forget_slip(&mut self, fault: usize) {
        self.ordered.take_if(|ordered| ordered.fault == fault);
    }

    /// Turns to a task. Counted are steps, not the wait for a discovery.
    pub fn take(&mut self, task: &Task) -> Turn {
        let number = occurrence(task);
        let time = self.step_time(number);
        if task.purpose == Purpose::Discovery {
            let (median, sigma) = (self.parameters.discover_median, self.parameters.reaction_sigma);
            let delay = self.discoveries.draws(number).lognormal(median, sigma);
            let performance = Performance { time, slip: None, choice: 0, misses_status: false };
            return Turn { delay, performance, ordered: None };
        }
        let fits = |ordered: &mut OrderedSlip| {
            ordered.slip != Slip::WrongReply && ordered.step.is_none_or(|step| step == task.step)
        };
        let ordered = self.ordered.take_if(fits);
        let drawn = self.slips.draw(number, task, &self.parameters.slips);
        // Who has failed so often calls somebody else.
        let drawn = if task.attempt < MOST_ATTEMPTS { drawn } else { Drawn { slip: None, misses_status: false } };
        let slip = ordered.map(|ordered| ordered.slip).or(drawn.slip);
        let reaction = self.react(number);
        // A step that is forgotten takes no work; one that is put off waits as long as ten reactions (A).
        let delay = match slip {
            Some(Slip::Delay) => reaction * 10 + time,
            _ => reaction + time,
        };
        let time = if slip == Some(Slip::Omit) { Span::ZERO } else { time };
        self.usage.steps += 1;
        self.usage.working += time;
        let (choice, misses_status) = (self.slips.choice(number), drawn.misses_status);
        Turn { delay, performance: Performance { time, slip, choice, misses_status }, ordered }
    }

    /// Counts the answer to duplicate prompt `occurrence` and returns it, with the slip of a fault that it is; the time is that
    /// of the step that types it.
    pub fn answer_duplicate(&mut self, occurrence: u64) -> (Answer, Option<OrderedSlip>) {
        let ordered = self.ordered.take_if(|ordered| ordered.slip == Slip::WrongReply && ordered.step.is_none());
        let answer = if ordered.is_some() { Answer::Wrong } else { self.duplicate_answer(occurrence) };
        self.usage.wrong_answers += u64::from(answer == Answer::Wrong);
        (answer, ordered)
    }
}

/// How often a person tries one step of one job and may err (A).
const MOST_ATTEMPTS: u32 = 10;

/// A number of its own for each step of each job and each attempt. Prompts have the numbers below 2^48.
fn occurrence(task: &Task) -> u64 {
    let (kind, job) = match task.job {
        Job::Backup(backup) => (1, backup.0),
        Job::Restore(restore) => (2, restore.0),
    };
    kind << 48 | u64::from(job) << 32 | (task.step as u64) << 24 | u64::from(task.attempt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator(duplicate_answer: AnswerRule) -> Operator {
        Operator::new(OperatorParameters { duplicate_answer, ..Default::default() }, 1, "operator")
    }

    fn quantile(mut sample: Vec<Span>, percent: usize) -> f64 {
        sample.sort_unstable();
        sample[sample.len() * percent / 100].ns() as f64 / 1e9
    }

    /// Medians as given; 95 % quantiles 310.8 s and 94.9 s (MODEL D26).
    #[test]
    fn delays_have_the_stated_quantiles() {
        let operator = operator(AnswerRule::Always(Answer::Right));
        let reactions: Vec<Span> = (0..50_000).map(|n| operator.reaction_time(n)).collect();
        let steps: Vec<Span> = (0..50_000).map(|n| operator.step_time(n)).collect();
        for (measured, expected) in [
            (quantile(reactions.clone(), 50), 60.0),
            (quantile(reactions, 95), 310.8),
            (quantile(steps.clone(), 50), 30.0),
            (quantile(steps, 95), 94.9),
        ] {
            assert!((measured / expected - 1.0).abs() < 0.03, "{measured} s is not {expected} s");
        }
    }

    #[test]
    fn an_occurrence_keeps_its_delay_whatever_came_before() {
        let mut busy = operator(AnswerRule::Always(Answer::Right));
        let quiet = busy.clone();
        let spent: Span = (0..10).map(|occurrence| busy.perform(occurrence)).sum();
        assert_eq!(busy.react(3), quiet.reaction_time(3));
        assert_eq!(busy.step_time(10), quiet.step_time(10));
        let usage = busy.usage();
        assert_eq!((usage.steps, usage.working), (10, spent));
        assert_eq!((usage.reactions, usage.reacting), (1, quiet.reaction_time(3)));
    }

    #[test]
    fn answers_are_right_unless_fixed_or_slipped() {
        let wrong = |rule| {
            let mut operator = operator(rule);
            (0..10_000).for_each(|occurrence| {
                operator.answer_duplicate(occurrence);
            });
            operator.usage().wrong_answers
        };
        assert_eq!(wrong(AnswerRule::Always(Answer::Right)), 0);
        assert_eq!(wrong(AnswerRule::Always(Answer::Wrong)), 10_000);
        assert_eq!(wrong(AnswerRule::Slips { wrong_ppm: 0 }), 0);
        assert_eq!(wrong(AnswerRule::Slips { wrong_ppm: 1_000_000 }), 10_000);
        assert!((430..570).contains(&wrong(AnswerRule::Slips { wrong_ppm: 50_000 })));
    }
}
