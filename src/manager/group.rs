//! Consistency groups: the copies of several volumes as of one instant, or one after the other (MODEL 3.4.6).
//!
//! The members of a group have one stimulus, that of the first, and go into the journal in one transaction. With a freeze
//! all sources are made busy, all copies are established while no source takes a write, and the thaw follows when the last
//! establish was answered; then each backup goes on by itself. Without one a member's establish begins when that of
//! the member before is in the journal, as a program would do it in a loop: every volume has a T0 of its own (H20).
//!
//! A member that fails leaves the group; the others go on. After a crash nobody freezes or thaws: copies that stand are
//! resumed, the others undone, and the controller ends the long busy by itself.

use std::sync::Arc;

use super::io::Pending;
use super::plan::Group;
use super::session::Work;
use super::{Manager, ManagerMessage, ManagerOutbox};
use crate::controller::dasd::DasdCommand;
use crate::vocab::{Device, Status, StepName};

/// A group whose copies are being made.
#[derive(Clone, Debug)]
pub(super) struct GroupRun {
    members: Vec<Member>,
    freeze: bool,
    frozen: bool,
    sources: Arc<[Device]>,
}

#[derive(Clone, Copy, Debug)]
struct Member {
    slot: u32,
    state: MemberState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MemberState {
    /// Its stimulus is not in the journal yet.
    Coming,
    /// It waits for its turn.
    Waiting,
    Establishing,
    /// Its establish was answered, or it is gone.
    Done,
}

impl Manager {
    /// Sessions that begin together become a group.
    pub(super) fn gather(&mut self, slots: &[u32], group: Option<Group>) {
        let Some(group) = group else { return };
        let number = slots[0];
        let mut sources = Vec::new();
        for &slot in slots {
            let run = self.backup_run(slot);
            run.group = Some(number);
            sources.push(run.plan.source);
        }
        let members = slots.iter().map(|&slot| Member { slot, state: MemberState::Coming }).collect();
        let run = GroupRun { members, freeze: group.freeze, frozen: false, sources: sources.into() };
        self.volatile.groups.insert(number, run);
    }

    fn group_of(&self, slot: u32) -> Option<u32> {
        match &self.volatile.sessions.get(&slot)?.work {
            Work::Backup(run) => run.group,
            _ => None,
        }
    }

    /// Whether the stimulus of a session is that of another member.
    pub(super) fn follows_in_group(&self, slot: u32) -> bool {
        self.group_of(slot).is_some_and(|group| group != slot)
    }

    /// The first member is in the journal, and with it the others.
    pub(super) fn accept_followers(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let Some(run) = self.volatile.groups.get(&slot) else { return };
        let followers: Vec<u32> = run.members.iter().map(|member| member.slot).filter(|&other| other != slot).collect();
        followers.into_iter().for_each(|slot| self.step_recorded(slot, out));
    }

    /// Whether the establish of a session is not its turn yet. The last member to come starts the group.
    pub(super) fn waits_for_group(&mut self, slot: u32, out: &mut ManagerOutbox) -> bool {
        let Some(number) = self.group_of(slot) else { return false };
        let Some(run) = self.volatile.groups.get_mut(&number) else { return false };
        let Some(member) = run.members.iter_mut().find(|member| member.slot == slot) else { return false };
        match member.state {
            MemberState::Coming => {
                member.state = MemberState::Waiting;
                self.go_on_with_group(number, out);
                true
            }
            MemberState::Waiting => true,
            MemberState::Establishing | MemberState::Done => false,
        }
    }

    /// Freeze, establish, thaw: whatever is due now.
    fn go_on_with_group(&mut self, number: u32, out: &mut ManagerOutbox) {
        let Some(run) = self.volatile.groups.get(&number) else { return };
        let is = |state: MemberState| run.members.iter().any(|member| member.state == state);
        if is(MemberState::Coming) {
            return;
        }
        if !is(MemberState::Waiting) && !is(MemberState::Establishing) {
            let run = self.volatile.groups.remove(&number).expect("the group was found");
            if run.freeze {
                let ticket = self.ticket(Pending::Group(number));
                out.send(ManagerMessage::Dasd(DasdCommand::Thaw { ticket, sources: run.sources }));
            }
        } else if !run.freeze && !is(MemberState::Establishing) {
            let next = run.members.iter().find(|member| member.state == MemberState::Waiting).map(|member| member.slot);
            self.establish_members(number, next.into_iter().collect(), out);
        } else if run.freeze && !run.frozen && is(MemberState::Waiting) {
            let sources = Arc::clone(&run.sources);
            self.volatile.groups.get_mut(&number).expect("the group was found").frozen = true;
            let ticket = self.ticket(Pending::Group(number));
            out.send(ManagerMessage::Dasd(DasdCommand::Freeze { ticket, sources }));
        }
    }

    fn establish_members(&mut self, number: u32, slots: Vec<u32>, out: &mut ManagerOutbox) {
        for slot in slots {
            if let Some(run) = self.volatile.groups.get_mut(&number)
                && let Some(member) = run.members.iter_mut().find(|member| member.slot == slot)
            {
                member.state = MemberState::Establishing;
                self.send_establish(slot, out);
            }
        }
    }

    /// The controller has answered a freeze; the answer to a thaw finds no group any more.
    pub(super) fn group_frozen(&mut self, number: u32, status: Status, out: &mut ManagerOutbox) {
        let Some(run) = self.volatile.groups.get(&number) else { return };
        let waiting = run.members.iter().filter(|member| member.state == MemberState::Waiting);
        let slots: Vec<u32> = waiting.map(|member| member.slot).collect();
        if status == Status::Good {
            self.establish_members(number, slots, out);
            return;
        }
        self.volatile.groups.remove(&number);
        slots.into_iter().for_each(|slot| self.step_failed(slot, out));
    }

    /// The establish of a member was answered and, where that matters, journalled; or the member is gone.
    pub(super) fn leave_group(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let Some(number) = self.group_of(slot) else { return };
        let Some(run) = self.volatile.groups.get_mut(&number) else { return };
        let Some(member) = run.members.iter_mut().find(|member| member.slot == slot) else { return };
        if member.state != MemberState::Done {
            member.state = MemberState::Done;
            self.go_on_with_group(number, out);
        }
    }

    /// A member's copy was established: a frozen group thaws when that is so of all.
    pub(super) fn member_established(&mut self, slot: u32, step: StepName, out: &mut ManagerOutbox) {
        let establishes = matches!(step, StepName::EstablishWithheld | StepName::EstablishWithVolid);
        let frozen =
            self.group_of(slot).and_then(|number| self.volatile.groups.get(&number)).is_some_and(|run| run.freeze);
        if establishes && frozen {
            self.leave_group(slot, out);
        }
    }
}
