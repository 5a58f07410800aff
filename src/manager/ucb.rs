//! Online states and cached volume IDs: the host's own copy of identity (MODEL 2.3, 3.1).
//!
//! A UCB is refreshed at IPL, VARY ONLINE and MOUNT only. Duplicate detection happens when a label is read into it, nowhere
//! else.

use super::{Manager, ManagerFact, ManagerMessage, ManagerOutbox};
use crate::vocab::{Device, HostReply, Mutant, Status, VolumeId};

/// What the host believes of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ucb {
    /// The cached ID of an online device.
    pub online: Option<VolumeId>,
}

impl Manager {
    /// The device that requests for an ID go to.
    pub(super) fn device_of(&self, volume: VolumeId) -> Option<Device> {
        let place = self.volatile.ucbs.iter().position(|ucb| ucb.online == Some(volume))?;
        Some(Device(place as u16))
    }

    pub(super) fn is_online(&self, device: Device) -> bool {
        self.volatile.ucbs[device.0 as usize].online.is_some()
    }

    pub(super) fn set_offline(&mut self, device: Device, out: &mut ManagerOutbox) {
        self.volatile.ucbs[device.0 as usize].online = None;
        out.report(ManagerFact::VaryOfflineDone { device });
    }

    /// Check and state change are one step: an ID that is online elsewhere is refused.
    pub(super) fn set_online(&mut self, device: Device, volume: VolumeId, out: &mut ManagerOutbox) -> bool {
        let elsewhere = self.device_of(volume).is_some_and(|other| other != device);
        if elsewhere && !self.parameters.lacks(Mutant::VaryOnlineWithoutCheck) {
            out.report(ManagerFact::VaryOnlineRefused { device, volume: Some(volume) });
            return false;
        }
        self.volatile.ucbs[device.0 as usize].online = Some(volume);
        out.report(ManagerFact::VaryOnlineDone { device, volume });
        self.serve_opens(out);
        true
    }

    /// Answers the applications whose volume is online now; returns how many opened `volume`s there were.
    pub(super) fn serve_opens(&mut self, out: &mut ManagerOutbox) -> usize {
        let waiting = std::mem::take(&mut self.volatile.opens);
        let before = waiting.len();
        for (ticket, volume) in waiting {
            match self.device_of(volume).filter(|&device| !self.is_pending_offline(device)) {
                Some(device) => {
                    self.allocate(ticket.port, volume, device);
                    out.report(ManagerFact::ApplicationOpened { volume, device });
                    out.send(ManagerMessage::Host(HostReply { ticket, status: Status::Good, hit: false }));
                }
                None => self.volatile.opens.push((ticket, volume)),
            }
        }
        before - self.volatile.opens.len()
    }
}
