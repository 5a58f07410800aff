//! The operator: how long a human takes, and what answer the duplicate prompt of an IPL gets.
//!
//! Delays and slips are functions of (stream, occurrence number), so that a fault or a retry moves no later one; the
//! number is the asker's. Reading, deciding, typing and verifying are one step (MODEL 3.2).

use crate::kernel::{Span, Stream};

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
    usage: OperatorUsage,
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

    /// Counts the answer to duplicate prompt `occurrence` and returns it; the time is that of the step that types it.
    pub fn answer_duplicate(&mut self, occurrence: u64) -> Answer {
        let answer = self.duplicate_answer(occurrence);
        self.usage.wrong_answers += u64::from(answer == Answer::Wrong);
        answer
    }
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
