//! Commands at the console of an image, by its operator or by automation: VARY and MOUNT (MODEL 3.1).
//!
//! A command acts on this image alone. It takes a while, then:
//!
//! * `VARY d ONLINE` reads the label of the device into its UCB. No label: it stays offline. An ID that another device is
//!   online with: refused (G).
//! * `VARY d OFFLINE` waits until nobody on this image uses the device, no application that has opened it, no request, no
//!   job, and takes no new open meanwhile (G). An application lets go of a volume when a request ends in error; one that
//!   never does keeps the device online.
//! * `MOUNT d` reads the label of an online device into its UCB again. Without a label, or with an ID that another device
//!   is online with, it cannot stay online (A).
//!
//! A command is lost with the image. One that waits for a label is lost with the controller, and says so.

use super::order::Giver;
use super::refusal::{CommandEnd, Loss, Refusal};
use super::session::{Session, SessionTag, Work};
use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox, Pending};
use crate::controller::dasd::{DasdCommand, Payload};
use crate::vocab::{Device, Mutant, Status, VolumeId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConsoleCommand {
    VaryOnline { device: Device },
    VaryOffline { device: Device },
    Mount { device: Device },
}

impl ConsoleCommand {
    pub fn device(self) -> Device {
        match self {
            ConsoleCommand::VaryOnline { device }
            | ConsoleCommand::VaryOffline { device }
            | ConsoleCommand::Mount { device } => device,
        }
    }
}

/// A command in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConsoleRun {
    command: ConsoleCommand,
    giver: Giver,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The command takes its time.
    Processing,
    ReadLabel,
    /// The device is in use: it goes offline when nobody uses it any more.
    AwaitRelease,
    /// The ID was compared a while ago, and is not compared again.
    Compared(VolumeId),
}

impl ConsoleRun {
    pub fn giver(&self) -> Giver {
        self.giver
    }

    /// It goes on when somebody else lets go; nothing waits for it.
    pub fn awaits_release(&self) -> bool {
        self.phase == Phase::AwaitRelease
    }
}

/// A volume that an application on this image has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allocation {
    /// The port of the application.
    pub port: u16,
    pub volume: VolumeId,
    pub device: Device,
}

impl Manager {
    /// Takes a command; false, and nothing happens, when the image is down.
    pub fn console(&mut self, command: ConsoleCommand, giver: Giver, out: &mut ManagerOutbox) -> bool {
        if !self.is_up() {
            return false;
        }
        match command {
            ConsoleCommand::VaryOnline { device } => out.report(ManagerFact::VaryOnlineRequested { device }),
            ConsoleCommand::VaryOffline { device } => out.report(ManagerFact::VaryOfflineRequested { device }),
            ConsoleCommand::Mount { .. } => {}
        }
        let slot = self.add_session(Work::Console(ConsoleRun { command, giver, phase: Phase::Processing }));
        let number = self.commands;
        self.commands += 1;
        let (shortest, longest) = (self.parameters.vary_shortest, self.parameters.vary_longest);
        let delay = self.command_times.draws(number).uniform(shortest, longest);
        self.session_after(slot, delay, out);
        true
    }

    pub(super) fn console_waited(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let ConsoleRun { command, giver, phase } = *self.console_run(slot);
        let device = command.device();
        if let Phase::Compared(volume) = phase {
            self.put_online(device, volume, out);
            giver.hears(CommandEnd::Done, out);
            self.drop_session(slot, out);
            return;
        }
        match command {
            ConsoleCommand::VaryOffline { .. } if self.is_in_use(device) => {
                self.console_run(slot).phase = Phase::AwaitRelease;
                self.volatile.releases.push(slot);
            }
            ConsoleCommand::VaryOffline { .. } => self.console_offline(slot, out),
            ConsoleCommand::VaryOnline { .. } | ConsoleCommand::Mount { .. } if self.volatile.dasd_up => {
                self.console_run(slot).phase = Phase::ReadLabel;
                let ticket = self.session_ticket(slot, SessionTag::Step);
                out.send(ManagerMessage::Dasd(DasdCommand::ReadLabel { ticket, device }));
            }
            ConsoleCommand::VaryOnline { .. } | ConsoleCommand::Mount { .. } => {
                self.console_label(slot, Err(Refusal::NoAnswer), out);
            }
        }
    }

    pub(super) fn console_dasd(&mut self, slot: u32, status: Status, payload: &Payload, out: &mut ManagerOutbox) {
        let id = match payload {
            Payload::Label(label) => label.id().ok_or(Refusal::NoLabel),
            // The label cannot be read, or the controller refused because it went away.
            _ => Err(Refusal::of(status, payload)),
        };
        self.console_label(slot, id, out);
    }

    fn console_offline(&mut self, slot: u32, out: &mut ManagerOutbox) {
        let ConsoleRun { command, giver, .. } = *self.console_run(slot);
        self.set_offline(command.device(), out);
        giver.hears(CommandEnd::Done, out);
        self.drop_session(slot, out);
    }

    /// The label was read, or could not be.
    fn console_label(&mut self, slot: u32, id: Result<VolumeId, Refusal>, out: &mut ManagerOutbox) {
        let ConsoleRun { command, giver, .. } = *self.console_run(slot);
        if let (ConsoleCommand::VaryOnline { device }, Ok(volume)) = (command, id)
            && self.parameters.lacks(Mutant::CheckThenVary)
            && self.elsewhere(device, volume).is_ok()
        {
            self.console_run(slot).phase = Phase::Compared(volume);
            self.session_after(slot, self.parameters.vary_shortest, out);
            return;
        }
        let done = match command {
            ConsoleCommand::VaryOnline { device } => self.console_online(device, id, out),
            ConsoleCommand::Mount { device } => self.mount(device, id, out),
            ConsoleCommand::VaryOffline { .. } => unreachable!("a VARY OFFLINE reads no label"),
        };
        giver.hears(done.map_or_else(CommandEnd::Refused, |()| CommandEnd::Done), out);
        self.drop_session(slot, out);
    }

    fn console_online(
        &mut self,
        device: Device,
        id: Result<VolumeId, Refusal>,
        out: &mut ManagerOutbox,
    ) -> Result<(), Refusal> {
        let refused = |_: &Refusal| out.report(ManagerFact::VaryOnlineRefused { device, volume: None });
        let volume = id.inspect_err(refused)?;
        let elsewhere = self.elsewhere(device, volume);
        if self.set_online(device, volume, out) {
            self.open_awaited(device, volume, out);
        }
        elsewhere
    }

    fn mount(&mut self, device: Device, id: Result<VolumeId, Refusal>, out: &mut ManagerOutbox) -> Result<(), Refusal> {
        if !self.is_online(device) {
            return Err(Refusal::NotOnline);
        }
        if let Err(refusal) = id.and_then(|volume| self.elsewhere(device, volume)) {
            out.report(ManagerFact::VaryOnlineRefused { device, volume: id.ok() });
            self.set_offline(device, out);
            return Err(refusal);
        }
        let volume = id?;
        self.volatile.ucbs[usize::from(device.0)].online = Some(volume);
        out.report(ManagerFact::MountCommandDone { device, volume });
        self.serve_opens(out);
        Ok(())
    }

    /// Refused when another device is online with the ID.
    fn elsewhere(&self, device: Device, volume: VolumeId) -> Result<(), Refusal> {
        match self.bearer_beside(device, volume) {
            Some(device) => Err(Refusal::OnlineElsewhere { volume, device }),
            None => Ok(()),
        }
    }

    /// Whether an application, a request or a job on this image uses the device.
    fn is_in_use(&self, device: Device) -> bool {
        self.volatile.allocations.iter().any(|allocation| allocation.device == device)
            || self.volatile.pending.iter().any(|place| place.pending.transfers_to(device))
            || self.volatile.sessions.values().any(|session| match &session.work {
                Work::Backup(run) => run.plan.source == device || run.plan.target == device,
                Work::Restore(run) => run.plan.to == device,
                Work::Cleanup(_) | Work::Console(_) | Work::Order(_) | Work::Sweep(_) => false,
            })
    }

    /// Whether the device goes offline as soon as nobody uses it.
    pub(super) fn is_pending_offline(&self, device: Device) -> bool {
        let sessions = self.volatile.releases.iter().filter_map(|slot| self.volatile.sessions.get(slot));
        let mut commands = sessions.filter_map(|session| match &session.work {
            Work::Console(run) => Some(run.command.device()),
            _ => None,
        });
        commands.any(|pending| pending == device)
    }

    /// Whether an application has the volume.
    pub(super) fn has_open(&self, volume: VolumeId) -> bool {
        self.volatile.allocations.iter().any(|allocation| allocation.volume == volume)
    }

    /// An application has the volume.
    pub(super) fn allocate(&mut self, port: u16, volume: VolumeId, device: Device) {
        self.volatile.allocations.retain(|known| (known.port, known.volume) != (port, volume));
        self.volatile.allocations.push(Allocation { port, volume, device });
    }

    /// An application lets go of the volume.
    pub(super) fn deallocate(&mut self, port: u16, volume: VolumeId) {
        self.volatile.allocations.retain(|known| (known.port, known.volume) != (port, volume));
    }

    /// Somebody let go of a device: a VARY OFFLINE may go on.
    pub(super) fn released(&mut self, out: &mut ManagerOutbox) {
        let waiting = std::mem::take(&mut self.volatile.releases);
        let (busy, free): (Vec<u32>, Vec<u32>) = waiting.into_iter().partition(|&slot| {
            let device = self.console_run(slot).command.device();
            self.is_in_use(device)
        });
        self.volatile.releases = busy;
        free.into_iter().for_each(|slot| self.console_offline(slot, out));
    }

    /// The controller went away: commands that wait for a label will not get it, and other sessions end with it.
    pub(super) fn abandon_console(&mut self, out: &mut ManagerOutbox) {
        self.volatile.sessions.retain(|_, session| {
            let stays = matches!(&session.work, Work::Console(run) if run.phase != Phase::ReadLabel);
            if let Work::Console(run) = &session.work
                && !stays
            {
                out.report(ManagerFact::VaryOnlineRefused { device: run.command.device(), volume: None });
            }
            if let Some(giver) = session.giver().filter(|_| !stays) {
                giver.hears(CommandEnd::Lost(Loss::Controller), out);
            }
            stays
        });
    }

    fn console_run(&mut self, slot: u32) -> &mut ConsoleRun {
        match self.volatile.sessions.get_mut(&slot) {
            Some(Session { work: Work::Console(run) }) => run,
            _ => unreachable!("the session is a command"),
        }
    }
}

impl Pending {
    fn transfers_to(&self, device: Device) -> bool {
        matches!(self, Pending::Transfer(transfer) if transfer.device == Some(device))
    }
}
