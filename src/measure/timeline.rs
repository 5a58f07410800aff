//! Who could use what, and when: the states of devices, drives and tapes, and when faults acted.
//!
//! A device is shown by what is gravest: an ID in doubt, a dump, a restore, a hidden ID, then online or offline. A drive and
//! the tape in it are shown by the job that they serve.

use std::collections::BTreeMap;

use super::availability::OnlineDevice;
use super::track::{State, Stay, Track};
use crate::controller::dasd::DasdFact;
use crate::controller::tape::TapeFact;
use crate::fault::plan::{Fault, FaultKind};
use crate::kernel::Time;
use crate::manager::{Job, ManagerFact};
use crate::vocab::{Backup, Cartridge, Device, Drive, Image, StepName, VolumeId};

/// What has a row of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Volume(VolumeId),
    Device(Device),
    Drive(Drive),
    Cartridge(Cartridge),
}

/// A fault that acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    pub time: Time,
    pub kind: FaultKind,
}

/// What is known of a device.
#[derive(Clone, Debug, Default)]
struct DeviceCourse {
    /// Whether the controller does not answer for it.
    silent: bool,
    /// Nothing while it is offline.
    online: Option<State>,
    withheld: bool,
    job: Option<(Job, State)>,
    track: Track,
}

/// A tape in a drive, and the job that asked for it.
#[derive(Clone, Copy, Debug)]
struct Mounted {
    drive: Drive,
    cartridge: Cartridge,
    job: Option<Job>,
}

/// The watcher of one run.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    devices: Vec<DeviceCourse>,
    /// Source and target of each backup.
    backups: BTreeMap<Backup, (Device, Device)>,
    mounted: Vec<Mounted>,
    tapes: BTreeMap<Thing, Track>,
    strikes: Vec<Strike>,
}

/// Faults that are kept; a rate may act a million times.
const MOST_STRIKES: usize = 200;

impl Timeline {
    pub fn new(devices: usize) -> Timeline {
        Timeline { devices: vec![DeviceCourse::default(); devices], ..Timeline::default() }
    }

    /// From now on the hosts have these devices online, as far as the controller answers.
    pub fn online(&mut self, now: Time, online: &[OnlineDevice]) {
        self.devices.iter_mut().for_each(|it| it.online = None);
        for one in online {
            let claims = |other: &&OnlineDevice| {
                other.device != one.device && (other.cached == one.cached || other.label == Some(one.cached))
            };
            let doubtful = one.label != Some(one.cached) || online.iter().any(|other| claims(&other));
            let state = if doubtful { State::Duplicate } else { State::Online };
            let known = &mut self.devices[usize::from(one.device.0)].online;
            *known = (*known).max(Some(state));
        }
        self.settle_all(now);
    }

    /// Whether the controller answers: else nobody reaches a device, whatever is hidden in it. What is online is told next.
    pub fn answer(&mut self, answering: bool) {
        self.devices.iter_mut().for_each(|it| it.silent = !answering);
    }

    pub fn dasd(&mut self, now: Time, fact: DasdFact) {
        let (device, withheld) = match fact {
            DasdFact::HiddenIdWritten { device } => (device, true),
            DasdFact::HiddenIdCleared { device } | DasdFact::TargetDeleted { device } => (device, false),
            _ => return,
        };
        self.devices[usize::from(device.0)].withheld = withheld;
        self.devices[usize::from(device.0)].settle(now);
    }

    pub fn tape(&mut self, now: Time, fact: TapeFact) {
        match fact {
            TapeFact::Loaded { drive, cartridge } => {
                self.take_out(now, drive);
                self.mounted.push(Mounted { drive, cartridge, job: None });
                self.show(now, Mounted { drive, cartridge, job: None });
            }
            TapeFact::Unloaded { drive, .. } => self.take_out(now, drive),
            _ => {}
        }
    }

    pub fn manager(&mut self, now: Time, image: Image, fact: ManagerFact) {
        match fact {
            ManagerFact::StimulusAccepted { backup, source, target, .. } => {
                self.backups.insert(backup, (source, target));
            }
            ManagerFact::StepStarted { job: job @ Job::Backup(backup), step } => {
                self.leave(now, job);
                if let Some(&(source, target)) = self.backups.get(&backup).filter(|_| step.is_dump()) {
                    let device = if step == StepName::DumpSource { source } else { target };
                    self.work(now, device, (job, State::Dumping));
                }
            }
            ManagerFact::StepEnded { job: job @ Job::Backup(_), .. } => self.leave(now, job),
            ManagerFact::RestoreStarted { restore, device, .. } => {
                self.work(now, device, (Job::Restore(restore), State::Restoring));
            }
            ManagerFact::TapeMounted { job, cartridge } => self.serve(now, |it| it.cartridge == cartridge, Some(job)),
            ManagerFact::TapeEofHardened { backup } => {
                self.serve(now, |it| it.job == Some(Job::Backup(backup)), None);
            }
            ManagerFact::RestoreComplete { restore, .. } => {
                self.serve(now, |it| it.job == Some(Job::Restore(restore)), None);
                self.leave(now, Job::Restore(restore));
            }
            ManagerFact::JobEnded { job, .. } | ManagerFact::JobUndone { job } => {
                self.serve(now, |it| it.job == Some(job), None);
                self.leave(now, job);
            }
            // Jobs run on the first image.
            ManagerFact::Down if image == Image::FIRST => {
                self.serve(now, |_| true, None);
                self.devices.iter_mut().for_each(|it| it.job = None);
                self.settle_all(now);
            }
            _ => {}
        }
    }

    pub fn fault(&mut self, now: Time, fault: Fault) {
        if self.strikes.len() < MOST_STRIKES {
            self.strikes.push(Strike { time: now, kind: fault.kind() });
        }
    }

    pub fn strikes(&self) -> &[Strike] {
        &self.strikes
    }

    /// Devices in their order, then drives and tapes that were ever in use.
    pub fn rows(&self, end: Time) -> Vec<(Thing, Vec<Stay>)> {
        let devices = self.devices.iter().enumerate();
        let devices = devices.map(|(place, it)| (Thing::Device(Device(place as u16)), it.track.stays(end)));
        devices.chain(self.tapes.iter().map(|(&thing, track)| (thing, track.stays(end)))).collect()
    }

    fn settle_all(&mut self, now: Time) {
        self.devices.iter_mut().for_each(|it| it.settle(now));
    }

    fn work(&mut self, now: Time, device: Device, job: (Job, State)) {
        let it = &mut self.devices[usize::from(device.0)];
        it.job = Some(job);
        it.settle(now);
    }

    fn leave(&mut self, now: Time, job: Job) {
        for it in self.devices.iter_mut().filter(|it| it.job.is_some_and(|(of, _)| of == job)) {
            it.job = None;
            it.settle(now);
        }
    }

    /// Gives drives another job, or none.
    fn serve(&mut self, now: Time, which: impl Fn(&Mounted) -> bool, job: Option<Job>) {
        for place in 0..self.mounted.len() {
            if which(&self.mounted[place]) {
                self.mounted[place].job = job;
                self.show(now, self.mounted[place]);
            }
        }
    }

    fn take_out(&mut self, now: Time, drive: Drive) {
        if let Some(place) = self.mounted.iter().position(|it| it.drive == drive) {
            let Mounted { drive, cartridge, .. } = self.mounted.remove(place);
            self.tapes.entry(Thing::Drive(drive)).or_default().set(now, None);
            self.tapes.entry(Thing::Cartridge(cartridge)).or_default().set(now, None);
        }
    }

    fn show(&mut self, now: Time, mounted: Mounted) {
        let state = match mounted.job {
            None => State::Loaded,
            Some(Job::Backup(_)) => State::Dumping,
            Some(Job::Restore(_)) => State::Restoring,
        };
        for thing in [Thing::Drive(mounted.drive), Thing::Cartridge(mounted.cartridge)] {
            self.tapes.entry(thing).or_default().set(now, Some(state));
        }
    }
}

impl DeviceCourse {
    fn settle(&mut self, now: Time) {
        let state = match (self.online, self.job) {
            _ if self.silent => State::Offline,
            (Some(State::Duplicate), _) => State::Duplicate,
            (_, Some((_, state))) => state,
            (None, None) if self.withheld => State::Withheld,
            (Some(state), None) => state,
            (None, None) => State::Offline,
        };
        self.track.set(now, Some(state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;
    use crate::manager::Outcome;
    use crate::manager::plan::MethodName;
    use crate::vocab::Restore;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    fn told(timeline: &Timeline, end: u64) -> Vec<String> {
        let stay = |stay: &Stay| format!("{} to {}", stay.state, stay.until.ns() / 1_000_000_000);
        let row = |(thing, stays): (Thing, Vec<Stay>)| {
            format!("{thing:?}: {}", stays.iter().map(stay).collect::<Vec<_>>().join(", "))
        };
        timeline.rows(at(end)).into_iter().map(row).collect()
    }

    #[test]
    fn a_backup_and_a_restore_show_in_devices_drives_and_tapes() {
        let prod = VolumeId::parse("PROD01").expect("a legal ID");
        let online = |device, label| OnlineDevice { device: Device(device), cached: prod, label: Some(label) };
        let mut timeline = Timeline::new(2);
        timeline.online(at(0), &[online(0, prod)]);
        let (backup, job, cartridge, drive) = (Backup(0), Job::Backup(Backup(0)), Cartridge(7), Drive(1));
        let (source, target, method) = (Device(0), Device(1), MethodName::SafeBackup);
        let step = StepName::DumpWithReintroduction;
        let stimulus = ManagerFact::StimulusAccepted { backup, plan: 0, source, target, method };
        timeline.manager(at(10), Image::FIRST, stimulus);
        timeline.dasd(at(11), DasdFact::HiddenIdWritten { device: target });
        timeline.manager(at(12), Image::FIRST, ManagerFact::StepStarted { job, step });
        timeline.tape(at(13), TapeFact::Loaded { drive, cartridge });
        timeline.manager(at(14), Image::FIRST, ManagerFact::TapeMounted { job, cartridge });
        timeline.manager(at(20), Image::FIRST, ManagerFact::StepEnded { job, step });
        timeline.manager(at(21), Image::FIRST, ManagerFact::TapeEofHardened { backup });
        timeline.tape(at(22), TapeFact::Unloaded { drive, cartridge });
        timeline.dasd(at(23), DasdFact::HiddenIdCleared { device: target });
        timeline.online(at(24), &[online(0, prod), online(1, prod)]);
        timeline.online(at(25), &[online(0, prod)]);
        let (restore, device) = (Restore(0), target);
        let started = ManagerFact::RestoreStarted { restore, volume: prod, device };
        timeline.manager(at(30), Image::FIRST, started);
        timeline.manager(at(35), Image::FIRST, ManagerFact::Down);
        let ended = ManagerFact::JobEnded { job: Job::Restore(restore), outcome: Outcome::FailedClean, held: false };
        timeline.manager(at(36), Image::FIRST, ended);
        assert_eq!(
            told(&timeline, 40),
            [
                "Device(Device(0)): online to 24, duplicate-id to 25, online to 40",
                "Device(Device(1)): offline to 11, id-withheld to 12, dumping to 20, id-withheld to 23, offline to 24, \
                 duplicate-id to 25, offline to 30, restoring to 35, offline to 40",
                "Drive(Drive(1)): loaded to 14, dumping to 21, loaded to 22",
                "Cartridge(Cartridge(7)): loaded to 14, dumping to 21, loaded to 22",
            ]
        );
    }
}
