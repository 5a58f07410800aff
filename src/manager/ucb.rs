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

    /// Another device that is online with the ID.
    pub(super) fn bearer_beside(&self, device: Device, volume: VolumeId) -> Option<Device> {
        let bears = |other: &Device| {
            let online = self.volatile.ucbs[usize::from(other.0)].online;
            *other != device && online.is_some_and(|id| self.is_same(id, volume)) && self.is_compared(device, *other)
        };
        (0..self.volatile.ucbs.len() as u16).map(Device).find(bears)
    }

    fn is_same(&self, one: VolumeId, other: VolumeId) -> bool {
        let (first, second) = (one.bytes(), other.bytes());
        match self.parameters.mutant {
            Some(Mutant::IdCompareIgnoresCase) => first.eq_ignore_ascii_case(&second),
            Some(Mutant::IdComparePrefix) => first[..5] == second[..5],
            Some(Mutant::IdCompareKeepsBlanks) => one == other && !first.ends_with(b" "),
            _ => one == other,
        }
    }

    fn is_compared(&self, device: Device, other: Device) -> bool {
        let controller_image = |device: Device| self.parameters.devices[usize::from(device.0)].device.0 >> 8;
        match self.parameters.mutant {
            Some(Mutant::VaryOnlineWithoutCheck) => false,
            Some(Mutant::UniquenessPerController) => controller_image(device) == controller_image(other),
            _ => true,
        }
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
        if self.bearer_beside(device, volume).is_some() {
            out.report(ManagerFact::VaryOnlineRefused { device, volume: Some(volume) });
            return false;
        }
        self.put_online(device, volume, out);
        true
    }

    pub(super) fn put_online(&mut self, device: Device, read: VolumeId, out: &mut ManagerOutbox) {
        let volume = match self.parameters.lacks(Mutant::UcbNotRefreshed) {
            true => self.parameters.devices[usize::from(device.0)].id,
            false => read,
        };
        self.volatile.ucbs[device.0 as usize].online = Some(volume);
        out.report(ManagerFact::VaryOnlineDone { device, volume });
        self.serve_opens(out);
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
