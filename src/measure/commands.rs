//! What became of the commands that operators typed.
//!
//! A command that begins no job is timed from the moment at which its image takes it. One that asks for a backup or a restore is
//! over when its job is.

use crate::kernel::Time;
use crate::manager::order::{CommandEffect, CommandPlan};
use crate::manager::{CommandEnd, Job, Loss, ManagerFact, Outcome, Refusal};
use crate::vocab::{Backup, Command, Image};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandMeasure {
    pub plan: CommandPlan,
    /// When the image had it, the last time that it was typed.
    pub typed: Option<Time>,
    pub ended: Option<Time>,
    /// Nothing while it runs.
    pub end: Option<CommandEnd>,
    /// The backup that it asked for.
    pub backup: Option<Backup>,
}

impl CommandMeasure {
    fn of(plan: CommandPlan) -> CommandMeasure {
        CommandMeasure { plan, typed: None, ended: None, end: None, backup: None }
    }

    fn type_at(&mut self, now: Time) {
        if self.ended.is_none() && self.backup.is_none() {
            self.typed = Some(now);
        }
    }

    fn end_at(&mut self, now: Time, end: CommandEnd) {
        if self.ended.is_none() {
            (self.ended, self.end) = (Some(now), Some(end));
        }
    }

    fn is_under_way(&self) -> bool {
        self.typed.is_some() && self.ended.is_none()
    }

    fn is_of(&self, job: Job) -> bool {
        match job {
            Job::Backup(backup) => self.backup == Some(backup),
            Job::Restore(restore) => self.plan.effect == CommandEffect::Restore(restore),
        }
    }
}

/// The commands of a scenario, in its order.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    pub list: Vec<CommandMeasure>,
}

impl Commands {
    pub fn new(plans: &[CommandPlan]) -> Commands {
        Commands { list: plans.iter().copied().map(CommandMeasure::of).collect() }
    }

    pub fn observe(&mut self, now: Time, image: Image, fact: ManagerFact) {
        match fact {
            ManagerFact::CommandTyped { command: Command(number), .. } => {
                self.list[usize::from(number)].type_at(now);
            }
            ManagerFact::CommandEnded { command: Command(number), end } => {
                self.list[usize::from(number)].end_at(now, end);
            }
            ManagerFact::BackupTyped { plan } => self.asking_for(plan, |it| it.type_at(now)),
            ManagerFact::StimulusAccepted { plan, backup, .. } => {
                self.asking_for(plan, |it| {
                    it.backup.get_or_insert(backup);
                });
            }
            ManagerFact::StimulusRejected { plan, .. } => {
                self.asking_for(plan, |it| it.end_at(now, CommandEnd::Refused(Refusal::SourceBusy)));
            }
            ManagerFact::StimulusJoined { plan, .. } => self.asking_for(plan, |it| it.end_at(now, CommandEnd::Done)),
            ManagerFact::OperatorStep { job: job @ Job::Restore(_), .. } => {
                self.of(job, |it| {
                    it.typed.get_or_insert(now);
                });
            }
            ManagerFact::RestoreRefused { restore, refusal } => {
                self.of(Job::Restore(restore), |it| it.end_at(now, CommandEnd::Refused(refusal)));
            }
            ManagerFact::JobEnded { job, outcome, .. } => {
                let end = if outcome == Outcome::Complete { CommandEnd::Done } else { CommandEnd::Failed };
                self.of(job, |it| it.end_at(now, end));
            }
            ManagerFact::JobUndone { job } => self.of(job, |it| it.end_at(now, CommandEnd::Failed)),
            ManagerFact::Down => {
                let orders = self.list.iter_mut().filter(|it| matches!(it.plan.effect, CommandEffect::Order(_)));
                orders
                    .filter(|it| it.plan.image == image && it.is_under_way())
                    .for_each(|it| it.end_at(now, CommandEnd::Lost(Loss::Image)));
            }
            _ => {}
        }
    }

    /// The command that asks for this backup of the scenario.
    fn asking_for(&mut self, plan: u16, change: impl FnOnce(&mut CommandMeasure)) {
        self.list.iter_mut().find(|it| it.plan.effect == CommandEffect::Backup(plan)).map(change);
    }

    fn of(&mut self, job: Job, change: impl FnOnce(&mut CommandMeasure)) {
        self.list.iter_mut().find(|it| it.is_of(job)).map(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;
    use crate::manager::command::TypedCommand;
    use crate::manager::order::Order;
    use crate::manager::plan::MethodName;
    use crate::vocab::{Device, DeviceNumber, Restore, Slip, StepName};

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    fn commands(effects: &[CommandEffect]) -> Commands {
        let typed = TypedCommand::Withdraw { target: DeviceNumber(0x0A10) };
        let plans: Vec<CommandPlan> =
            effects.iter().map(|&effect| CommandPlan { at: at(1), image: Image::FIRST, typed, effect }).collect();
        Commands::new(&plans)
    }

    /// When each was typed, when and how it ended.
    fn told(commands: &Commands) -> Vec<(Option<Time>, Option<Time>, Option<CommandEnd>)> {
        commands.list.iter().map(|it| (it.typed, it.ended, it.end)).collect()
    }

    const ORDER: CommandEffect = CommandEffect::Order(Order::Withdraw { target: Device(1) });

    #[test]
    fn a_command_ends_once_or_goes_down_with_its_image() {
        let mut commands = commands(&[ORDER, ORDER, ORDER]);
        let typed = |number| ManagerFact::CommandTyped { command: Command(number), working: Span::ZERO };
        let refused = CommandEnd::Refused(Refusal::NoLabel);
        for (seconds, fact) in
            [(10, typed(0)), (11, ManagerFact::CommandEnded { command: Command(0), end: refused }), (20, typed(1))]
        {
            commands.observe(at(seconds), Image::FIRST, fact);
        }
        commands.observe(at(25), Image(1), ManagerFact::Down);
        commands.observe(at(30), Image::FIRST, ManagerFact::Down);
        let lost = CommandEnd::Lost(Loss::Image);
        assert_eq!(
            told(&commands),
            [(Some(at(10)), Some(at(11)), Some(refused)), (Some(at(20)), Some(at(30)), Some(lost)), (None, None, None),]
        );
    }

    #[test]
    fn a_command_for_a_job_is_over_with_the_job() {
        let restore = Restore(2);
        let mut commands =
            commands(&[CommandEffect::Backup(1), CommandEffect::Restore(restore), CommandEffect::Backup(2)]);
        let (source, target, method) = (Device(0), Device(1), MethodName::SafeBackup);
        let (backup, step) = (Backup(7), StepName::MountAndRestore);
        let by_hand =
            ManagerFact::OperatorStep { job: Job::Restore(restore), step, slip: None::<Slip>, working: Span::ZERO };
        for (seconds, fact) in [
            (10, ManagerFact::BackupTyped { plan: 1 }),
            (11, ManagerFact::StimulusAccepted { backup, plan: 1, source, target, method }),
            (12, ManagerFact::BackupTyped { plan: 2 }),
            (13, ManagerFact::StimulusRejected { plan: 2, source }),
            (20, ManagerFact::Down),
            (90, ManagerFact::JobEnded { job: Job::Backup(backup), outcome: Outcome::Complete, held: false }),
            (95, by_hand),
            (96, by_hand),
            (99, ManagerFact::RestoreRefused { restore, refusal: Refusal::NoBackup }),
            (99, ManagerFact::JobEnded { job: Job::Restore(restore), outcome: Outcome::FailedClean, held: false }),
        ] {
            commands.observe(at(seconds), Image::FIRST, fact);
        }
        let refused = |refusal| Some(CommandEnd::Refused(refusal));
        assert_eq!(
            told(&commands),
            [
                (Some(at(10)), Some(at(90)), Some(CommandEnd::Done)),
                (Some(at(95)), Some(at(99)), refused(Refusal::NoBackup)),
                (Some(at(12)), Some(at(13)), refused(Refusal::SourceBusy)),
            ]
        );
    }
}
