//! `hidden-id-sound`: the reserved area of a label hides an ID exactly while a live conditioned job needs it.
//!
//! From `hidden-id-written` (at the latest from the establish's acknowledgement) until somebody asks for the withdraw
//! the field of the target is valid, names the source as it was at T0 and belongs to this target and this relationship.
//! While a copy is being made or taken down it may be blank, but what stands there is valid. On every other device, and
//! when the job is over, it is blank; a job whose copy is a snapshot is over when its target is deleted, at the latest
//! `orphan_grace` after its end. A conditioned job that a crash interrupts before its establish was acknowledged
//! is taken down.

use super::scene::Scene;
use super::tally::Tally;
use super::view::View;
use crate::controller::dasd::DasdFact;
use crate::kernel::{Time, mix};
use crate::manager::plan::MethodName;
use crate::manager::{Job, ManagerFact};
use crate::vocab::{Backup, Device, HiddenContext, HiddenId, HiddenState, LabelTrack, StepName};

/// What the field of a target may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Blank,
    /// Being made: blank or valid.
    Begun(Backup),
    /// Written, the manager was not told yet: valid.
    Written(Backup),
    Standing(Backup),
    /// Being taken down: blank or valid.
    Ending(Backup),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HiddenIdSound {
    pub tally: Tally,
    /// By device; missing ones are blank.
    phases: Vec<Phase>,
    /// Device and fault that stand now, so that one state counts once.
    standing: Vec<(Device, String)>,
    /// There was a conditioned job.
    premise: bool,
    /// Jobs that ended before their snapshot was deleted, and how long that may take.
    closing: Vec<(Time, Backup)>,
}

impl HiddenIdSound {
    pub fn note_dasd(&mut self, scene: &Scene<impl View>, fact: DasdFact) {
        match fact {
            DasdFact::HiddenIdWritten { device } => self.advance(scene, device, |phase| match phase {
                Phase::Begun(backup) => Phase::Written(backup),
                other => other,
            }),
            DasdFact::EstablishAcknowledged { target, .. } => self.advance(scene, target, |phase| match phase {
                Phase::Begun(backup) | Phase::Written(backup) => Phase::Standing(backup),
                other => other,
            }),
            DasdFact::WithdrawRequested { target, .. } => self.advance(scene, target, Phase::end),
            DasdFact::HiddenIdCleared { device } => self.advance(scene, device, |phase| match phase {
                Phase::Ending(_) => Phase::Blank,
                other => other,
            }),
            DasdFact::TargetDeleted { device } => self.advance(scene, device, |_| Phase::Blank),
            _ => {}
        }
    }

    pub fn note_manager(&mut self, scene: &Scene<impl View>, fact: ManagerFact) {
        match fact {
            ManagerFact::StimulusAccepted { backup, target, method: MethodName::SafeBackup, .. } => {
                // Where the label track is no part of the copy nothing is hidden.
                if scene.books.jobs.backup(backup).is_some_and(|case| !case.is_conditioned()) {
                    return;
                }
                self.premise = true;
                // A target that a held job keeps stays that job's: the new establish will be refused.
                let begin = |phase| if phase == Phase::Blank { Phase::Begun(backup) } else { phase };
                self.advance(scene, target, begin);
            }
            // The relationship of a COPY may have ended by itself: then nobody reports a withdraw, but the step says that
            // the hidden ID may go.
            ManagerFact::StepStarted {
                job: Job::Backup(backup),
                step: StepName::Withdraw | StepName::DeleteTarget,
            } => {
                for phase in self.phases.iter_mut().filter(|phase| phase.backup() == Some(backup)) {
                    *phase = phase.end();
                }
            }
            // The end of a snapshot is the deletion of its target, which follows the end of the job.
            ManagerFact::JobEnded { job: Job::Backup(backup), held: false, .. }
                if scene.setup.is_log_structured()
                    && self.phases.iter().any(|phase| phase.backup() == Some(backup)) =>
            {
                for phase in self.phases.iter_mut().filter(|phase| phase.backup() == Some(backup)) {
                    *phase = phase.end();
                }
                self.closing.push((scene.now().saturating_add(scene.setup.limits.orphan_grace), backup));
            }
            ManagerFact::JobEnded { job: Job::Backup(backup), held, .. } => self.end_job(backup, held),
            ManagerFact::JobUndone { job: Job::Backup(backup) } => self.end_job(backup, false),
            ManagerFact::RecoveryDone => {
                for case in scene.books.jobs.backups.iter().filter(|case| !case.is_live()) {
                    self.end_job(case.backup, false);
                }
            }
            _ => {}
        }
    }

    /// After an event that may have changed a label or a job.
    pub fn look(&mut self, scene: &Scene<impl View>) {
        self.judge(scene, |device| *scene.view.logical_label(device));
    }

    /// When the next job that ended must have no hidden ID any more.
    pub fn due(&self) -> Time {
        self.closing.iter().map(|(due, _)| *due).min().unwrap_or(Time::NEVER)
    }

    /// True when a job that ended has had its time.
    pub fn expire(&mut self, now: Time) -> bool {
        let (over, closing) = std::mem::take(&mut self.closing).into_iter().partition(|(due, _)| *due <= now);
        self.closing = closing;
        let over: Vec<(Time, Backup)> = over;
        over.iter().for_each(|&(_, backup)| self.end_job(backup, false));
        !over.is_empty()
    }

    /// Z: in a system that is quiet nobody will delete a target any more.
    pub fn end(&mut self, scene: &Scene<impl View>) {
        if scene.view.is_quiet() && self.expire(Time::NEVER) {
            self.look(scene);
        }
    }

    /// C: durable labels; then whatever was not acknowledged is going to be taken down.
    pub fn crashed(&mut self, scene: &Scene<impl View>) {
        self.judge(scene, |device| *scene.view.durable_label(device));
        for phase in &mut self.phases {
            if let Phase::Written(backup) = *phase {
                *phase = Phase::Begun(backup);
            }
        }
    }

    /// Forgets what was found, but for what stands.
    pub fn begin_fork(&mut self, scene: &Scene<impl View>) {
        self.tally.forget_violations();
        for (_, detail) in &self.standing {
            self.tally.violate(scene.at, || detail.clone());
        }
    }

    /// The phases of all devices.
    pub fn digest(&self) -> u64 {
        self.phases.iter().fold(0, |digest, phase| {
            let (kind, backup) = match *phase {
                Phase::Blank => (0, 0),
                Phase::Begun(backup) => (1, backup.0),
                Phase::Written(backup) => (2, backup.0),
                Phase::Standing(backup) => (3, backup.0),
                Phase::Ending(backup) => (4, backup.0),
            };
            mix(mix(digest, kind), u64::from(backup))
        })
    }

    fn judge(&mut self, scene: &Scene<impl View>, label: impl Fn(Device) -> LabelTrack) {
        self.tally.evaluate(self.premise);
        let mut standing = Vec::new();
        for device in scene.setup.devices() {
            let phase = self.phases.get(device.0 as usize).copied().unwrap_or(Phase::Blank);
            if let Some(fault) = fault(scene, phase, &label(device)) {
                let detail = format!("device {} {fault}", scene.number(device));
                if !self.standing.iter().any(|(known, what)| *known == device && *what == detail) {
                    self.tally.violate(scene.at, || detail.clone());
                }
                standing.push((device, detail));
            }
        }
        self.standing = standing;
    }

    fn advance(&mut self, scene: &Scene<impl View>, device: Device, step: impl FnOnce(Phase) -> Phase) {
        if self.phases.is_empty() {
            self.phases = vec![Phase::Blank; scene.setup.volumes.len()];
        }
        let phase = &mut self.phases[device.0 as usize];
        *phase = step(*phase);
    }

    fn end_job(&mut self, backup: Backup, held: bool) {
        for phase in self.phases.iter_mut().filter(|phase| phase.backup() == Some(backup) && !held) {
            *phase = Phase::Blank;
        }
    }
}

impl Phase {
    fn backup(self) -> Option<Backup> {
        match self {
            Phase::Blank => None,
            Phase::Begun(backup) | Phase::Written(backup) | Phase::Standing(backup) | Phase::Ending(backup) => {
                Some(backup)
            }
        }
    }

    fn end(self) -> Phase {
        self.backup().map_or(Phase::Blank, Phase::Ending)
    }
}

fn fault(scene: &Scene<impl View>, phase: Phase, label: &LabelTrack) -> Option<String> {
    let hidden = label.label.filter(|label| label.has_hidden());
    let (backup, needed) = match phase {
        Phase::Blank => return hidden.map(|_| "hides an ID and is the target of no live conditioned job".into()),
        Phase::Begun(backup) | Phase::Ending(backup) => (backup, false),
        Phase::Written(backup) | Phase::Standing(backup) => (backup, true),
    };
    let Some(hidden) = hidden else {
        return needed.then(|| format!("is the target of conditioned backup {} and hides no ID", backup.0 + 1));
    };
    let case = scene.books.jobs.backup(backup)?;
    let image = case.image.as_ref();
    let context = image
        .zip(case.relation)
        .map(|(image, relation)| HiddenContext { t0_seconds: HiddenId::seconds_of(image.at), relation });
    if hidden.volume_id() != case.shown_id {
        return Some("hides an ID behind a volser that is not its own".into());
    }
    let source = image.map(|image| image.id).or_else(|| scene.books.label(case.source).id());
    match hidden.hidden(case.format, context) {
        HiddenState::Valid { source: found } if Some(found) == source => None,
        HiddenState::Valid { source } => Some(format!("hides {source}, which is not the ID of its source at T0")),
        HiddenState::Torn => Some("hides a torn ID".into()),
        HiddenState::Stale { .. } => Some("hides the ID of an older copy".into()),
        HiddenState::Foreign { .. } => Some("hides an ID that was sealed for another volume".into()),
        HiddenState::Blank => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, RELATION, SOURCE, SPARE, TARGET};
    use crate::manager::Outcome;
    use crate::vocab::Label;

    const WITHDRAW: DasdFact = DasdFact::WithdrawRequested { relation: RELATION, source: SOURCE, target: TARGET };
    const ENDED: ManagerFact =
        ManagerFact::JobEnded { job: Job::Backup(BACKUP), outcome: Outcome::Complete, held: false };

    /// A conditioned copy that stands.
    fn standing(fake: &mut Fake) -> HiddenIdSound {
        let mut check = HiddenIdSound::default();
        fake.scene(|scene| {
            let (backup, source, target, method) = (BACKUP, SOURCE, TARGET, MethodName::SafeBackup);
            check.note_manager(scene, ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method });
            check.note_dasd(scene, DasdFact::HiddenIdWritten { device: TARGET });
            check.note_dasd(scene, DasdFact::EstablishAcknowledged { relation: RELATION, source, target });
            check.look(scene);
        });
        check
    }

    fn first(check: &HiddenIdSound) -> Option<&str> {
        check.tally.first.as_ref().map(|first| first.detail.as_str())
    }

    #[test]
    fn a_sealed_id_holds_while_the_copy_stands_and_blank_afterwards() {
        let mut fake = Fake::with_copy();
        let mut check = standing(&mut fake);
        fake.scene(|scene| {
            check.crashed(scene);
            check.note_dasd(scene, WITHDRAW);
            check.look(scene);
        });
        fake.clear_hidden();
        fake.scene(|scene| {
            check.note_dasd(scene, DasdFact::HiddenIdCleared { device: TARGET });
            check.note_manager(scene, ENDED);
            check.look(scene);
        });
        assert_eq!((check.tally.premise_true, check.tally.violations), (4, 0));
    }

    #[test]
    fn a_missing_torn_stale_or_kept_field_violates() {
        let spoiled = |spoil: fn(&mut Label)| {
            let mut fake = Fake::with_copy();
            spoil(fake.labels[TARGET.0 as usize].label.as_mut().expect("the target has a label"));
            first(&standing(&mut fake)).map(str::to_string)
        };
        assert_eq!(
            spoiled(Label::clear_hidden).as_deref(),
            Some("device 0A10 is the target of conditioned backup 1 and hides no ID")
        );
        let torn = |label: &mut Label| {
            let mut bytes = *label.bytes();
            bytes[70..].fill(b' ');
            *label = Label::from_bytes(bytes);
        };
        assert_eq!(spoiled(torn).as_deref(), Some("device 0A10 hides a torn ID"));
        let renamed = |label: &mut Label| label.set_volume_id(crate::check::fake::id("PROD01"));
        assert_eq!(spoiled(renamed).as_deref(), Some("device 0A10 hides an ID behind a volser that is not its own"));

        let mut fake = Fake::with_copy();
        let mut kept = standing(&mut fake);
        fake.scene(|scene| {
            kept.note_dasd(scene, WITHDRAW);
            kept.note_manager(scene, ENDED);
            kept.look(scene);
            kept.look(scene);
        });
        assert_eq!(kept.tally.violations, 1);
        assert_eq!(first(&kept), Some("device 0A10 hides an ID and is the target of no live conditioned job"));
    }

    #[test]
    fn clearing_without_a_withdraw_violates() {
        let mut fake = Fake::with_copy();
        let mut check = standing(&mut fake);
        fake.clear_hidden();
        fake.scene(|scene| {
            check.note_dasd(scene, DasdFact::HiddenIdCleared { device: TARGET });
            check.look(scene);
        });
        assert_eq!(check.tally.violations, 1);
    }

    #[test]
    fn a_held_job_keeps_its_hidden_id_and_a_stranger_may_have_none() {
        let mut fake = Fake::with_copy();
        let mut check = standing(&mut fake);
        let held = ManagerFact::JobEnded { job: Job::Backup(BACKUP), outcome: Outcome::FailedClean, held: true };
        fake.scene(|scene| {
            check.note_manager(scene, held);
            check.look(scene);
        });
        assert_eq!(check.tally.violations, 0);
        fake.labels[SPARE.0 as usize] = fake.labels[TARGET.0 as usize];
        fake.scene(|scene| check.look(scene));
        assert_eq!(first(&check), Some("device 0A20 hides an ID and is the target of no live conditioned job"));
    }

    #[test]
    fn without_a_conditioned_job_there_is_no_premise() {
        let mut check = HiddenIdSound::default();
        Fake::new().scene(|scene| check.look(scene));
        assert_eq!((check.tally.evaluated, check.tally.premise_true, check.tally.violations), (1, 0, 0));
    }

    /// A conditioned snapshot whose job has ended at time 0.
    fn ended_by_snapshot() -> (Fake, HiddenIdSound) {
        let mut fake = Fake::with_copy();
        fake.setup.architecture = crate::controller::dasd::Architecture::LogStructured;
        let mut check = standing(&mut fake);
        fake.scene(|scene| {
            check.note_manager(scene, ENDED);
            check.look(scene);
        });
        (fake, check)
    }

    #[test]
    fn a_snapshot_may_be_deleted_behind_the_end_of_its_job() {
        let (mut fake, mut check) = ended_by_snapshot();
        let due = check.due();
        assert_eq!(due, Time::ZERO + fake.setup.limits.orphan_grace);
        fake.clear_hidden();
        fake.scene(|scene| {
            check.note_dasd(scene, DasdFact::TargetDeleted { device: TARGET });
            check.look(scene);
            assert!(check.expire(due));
            check.look(scene);
        });
        assert_eq!((check.tally.violations, check.due()), (0, Time::NEVER));
    }

    #[test]
    fn a_snapshot_that_nobody_deletes_violates_when_its_time_is_over() {
        let (mut fake, mut check) = ended_by_snapshot();
        let due = check.due();
        assert!(!check.expire(Time::from_ns(due.ns() - 1)));
        assert!(check.expire(due));
        fake.scene(|scene| check.look(scene));
        assert_eq!(first(&check), Some("device 0A10 hides an ID and is the target of no live conditioned job"));
        let (mut fake, mut check) = ended_by_snapshot();
        fake.quiet = true;
        fake.scene(|scene| check.end(scene));
        assert_eq!(check.tally.violations, 1, "in a quiet system nobody will");
    }
}
