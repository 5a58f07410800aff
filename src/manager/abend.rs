//! The abnormal end of all jobs while the host lives (fault `job-abend`): what is lost, and how the manager goes on.
//!
//! Jobs in memory are gone; online states, applications and commands at the console stay. What the jobs had asked of the
//! DASD controller is still done: only when all of it is answered does the manager read its journal, as after a loss of
//! the controller, so that no copy comes into being behind its back.

use super::io::Pending;
use super::refusal::{CommandEnd, Loss};
use super::restart::Restart;
use super::session::{Session, Work};
use super::{Condition, Manager, ManagerOutbox};

impl Manager {
    /// False, and nothing happens, when there is no job.
    pub fn abend(&mut self, out: &mut ManagerOutbox) -> bool {
        let is_job = |session: &Session| !matches!(session.work, Work::Console(_));
        let sessions = self.volatile.sessions.iter().filter(|(_, session)| is_job(session));
        let jobs: Vec<u32> = sessions.map(|(&slot, _)| slot).collect();
        if !matches!(self.volatile.condition, Condition::Up) || jobs.is_empty() {
            return false;
        }
        for slot in jobs {
            self.abandon_session(slot, out);
            let session = self.volatile.sessions.remove(&slot);
            if let Some(giver) = session.and_then(|session| session.giver()) {
                giver.hears(CommandEnd::Lost(Loss::Program), out);
            }
            self.volatile.leave_commands(slot);
        }
        self.volatile.condition = Condition::Restarting(Restart::after_controller_loss());
        self.restart_with_controller(out);
        true
    }
}

impl super::Volatile {
    /// A job is gone but not what it asked for: it will still be done, and answered.
    fn leave_commands(&mut self, slot: u32) {
        for place in &mut self.pending {
            match place.pending {
                Pending::Session { session, .. } if session == slot => place.pending = Pending::Leftover,
                Pending::SessionTape { session, .. } if session == slot => place.pending = Pending::Abandoned,
                _ => {}
            }
        }
    }

    pub(super) fn has_leftovers(&self) -> bool {
        self.pending.iter().any(|place| matches!(place.pending, Pending::Leftover))
    }

    /// The controller is gone: nothing will be answered.
    pub(super) fn forget_leftovers(&mut self) {
        for number in 0..self.pending.len() as u32 {
            if matches!(self.pending[number as usize].pending, Pending::Leftover) {
                self.release(number);
            }
        }
    }
}
