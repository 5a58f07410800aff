//! How a command of an operator ended, and why a command or a restore was refused.

use crate::controller::dasd::{Payload, Rejection};
use crate::vocab::{Device, Status, VolumeId};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandEnd {
    Done,
    Refused(Refusal),
    /// Nobody will hear of it again; what it had asked of the controller may be done all the same.
    Lost(Loss),
    /// The job that it began failed.
    Failed,
}

/// What took a command with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loss {
    Image,
    Controller,
    /// The program that carried it out ended abnormally.
    Program,
}

/// Why a command or a restore was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// It contradicts the state of the controller.
    Controller(Option<Rejection>),
    Fenced,
    Unreadable,
    /// The controller does not answer.
    NoAnswer,
    NoLabel,
    /// The device bears another ID than the command named.
    OtherId {
        found: Option<VolumeId>,
    },
    /// Another device is online with the ID.
    OnlineElsewhere {
        volume: VolumeId,
        device: Device,
    },
    NotOnline,
    /// Another backup of the source is running.
    SourceBusy,
    /// No complete backup of the volume is known.
    NoBackup,
    /// The device takes part in a copy.
    DeviceInCopy,
    /// The device holds the backup that was to be restored onto it.
    HoldsBackup,
    /// The operator believes to have typed the command.
    NotTyped,
}

impl Refusal {
    /// Of a command that the DASD controller answered like this.
    pub fn of(status: Status, payload: &Payload) -> Refusal {
        match (status, payload) {
            (Status::Rejected, Payload::Rejected(rejection)) => Refusal::Controller(Some(*rejection)),
            (Status::Good | Status::Rejected, _) => Refusal::Controller(None),
            (Status::WriteInhibited, _) => Refusal::Fenced,
            (Status::MediaError, _) => Refusal::Unreadable,
            (Status::NotOperational, _) => Refusal::NoAnswer,
        }
    }

    /// As a sentence without its full stop; `address` names devices.
    pub fn sentence(self, address: impl Fn(Device) -> String) -> String {
        let plain = match self {
            Refusal::OtherId { found: None } => "the device bears no ID",
            Refusal::OtherId { found: Some(found) } => return format!("the device bears the ID {found}"),
            Refusal::OnlineElsewhere { volume, device } => {
                return format!("{} is online as {volume}", address(device));
            }
            Refusal::Controller(Some(rejection)) => of_the_controller(rejection),
            Refusal::Controller(None) => "the controller rejected it",
            Refusal::Fenced => "the device is fenced against writes",
            Refusal::Unreadable => "the label cannot be read",
            Refusal::NoAnswer => "the controller does not answer",
            Refusal::NoLabel => "the device has no label",
            Refusal::NotOnline => "the device is not online",
            Refusal::SourceBusy => "another backup of the volume is running",
            Refusal::NoBackup => "no complete backup of the volume is known",
            Refusal::DeviceInCopy => "the device takes part in a copy",
            Refusal::HoldsBackup => "the device holds the backup itself",
            Refusal::NotTyped => "the operator left it out",
        };
        plain.to_owned()
    }
}

fn of_the_controller(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::NothingHidden => "the source hides no ID that could be given back",
        Rejection::CopiesUnavailable => "the controller makes no copies at present",
        Rejection::SameDevice => "source and target are one device",
        Rejection::PartOfVolume => "a snapshot is of a whole volume",
        Rejection::SourceHidesId => "the source hides an ID that the copy is not to take along",
        Rejection::SourceInCopy => "the source takes part in a copy already",
        Rejection::TargetInCopy => "the target takes part in a copy already",
        Rejection::SizesDiffer => "source and target differ in size",
        Rejection::CopyBeingMade => "another copy with one of the two devices is being made",
        Rejection::NoCopy => "no copy has the device as its target",
        Rejection::EndsByDeletion => "a log-structured array ends a copy by the deletion of its target",
    }
}

impl Loss {
    pub fn sentence(self) -> &'static str {
        match self {
            Loss::Image => "the image went down",
            Loss::Controller => "the controller went away",
            Loss::Program => "the program ended abnormally",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_is_told_with_its_reason() {
        let told = |refusal: Refusal| refusal.sentence(|device| format!("0A{}0", device.0));
        let rejected = Refusal::of(Status::Rejected, &Payload::Rejected(Rejection::NoCopy));
        assert_eq!(told(rejected), "no copy has the device as its target");
        assert_eq!(told(Refusal::of(Status::WriteInhibited, &Payload::Nothing)), "the device is fenced against writes");
        let volume = VolumeId::parse("PROD01").expect("a legal ID");
        assert_eq!(told(Refusal::OnlineElsewhere { volume, device: Device(2) }), "0A20 is online as PROD01");
    }
}
