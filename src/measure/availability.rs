//! How long each volume ID was open to applications, closed, or open under a doubt.
//!
//! An application opens a volume by its ID: the host looks for an online device whose cached ID is the one asked for.
//! At any instant an ID is in one of three states:
//!
//! * *offline*: no online device has it cached (or the controller behind them does not answer);
//! * *online*: one online device has it cached, the label on that device says the same, and no other online device
//!   bears that label;
//! * *wrong*: an application that opens it may get a device that is not the volume: two online devices claim the ID,
//!   by cached ID or by label, or the label of the device it gets says another.
//!
//! Several host images count together, as one set of online devices: an ID is online as soon as one image has it, and
//! wrong when two images have it on different devices, or when one of them believes a device to be another.
//!
//! The three times add up to the length of the run.

use super::track::{self, Stay, Track};
use crate::kernel::{Span, Time};
use crate::vocab::{Device, VolumeId};

/// A device that a host image has online, seen at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlineDevice {
    pub device: Device,
    /// What the host believes.
    pub cached: VolumeId,
    /// What the label says; nothing when it is no label.
    pub label: Option<VolumeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Online,
    Offline(Cause),
    Wrong,
}

impl State {
    fn shown(self) -> track::State {
        match self {
            State::Online => track::State::Online,
            State::Offline(_) => track::State::Offline,
            State::Wrong => track::State::Duplicate,
        }
    }
}

/// Why an ID is offline, from the outermost cause to the innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// The controller does not answer.
    Controller,
    /// No host has any device online.
    Host,
    /// Hosts have others: this one was varied offline, is missing, or bears another ID.
    Device,
}

#[derive(Clone, Debug)]
struct Account {
    id: VolumeId,
    state: State,
    since: Time,
    times: Times,
    track: Track,
}

/// How long an ID was in each state so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    pub online: Span,
    pub offline: Span,
    pub wrong: Span,
    /// How much of the offline time the controller did not answer, and how much no host had any device; the rest is
    /// the device's own.
    pub offline_controller: Span,
    pub offline_host: Span,
}

impl Times {
    pub fn offline_device(&self) -> Span {
        self.offline - self.offline_controller - self.offline_host
    }
}

/// The accounts of all IDs that exist at the start; an ID that a slip invents later has none.
#[derive(Clone, Debug)]
pub struct Availability {
    accounts: Vec<Account>,
    devices: Vec<OnlineDevice>,
    answering: bool,
}

impl Availability {
    /// `ids` ascending, each once.
    pub fn new(ids: impl IntoIterator<Item = VolumeId>) -> Availability {
        let state = State::Offline(Cause::Host);
        let account = |id| {
            let mut track = Track::default();
            track.set(Time::ZERO, Some(state.shown()));
            Account { id, state, since: Time::ZERO, times: Times::default(), track }
        };
        let accounts: Vec<Account> = ids.into_iter().map(account).collect();
        assert!(accounts.windows(2).all(|pair| pair[0].id < pair[1].id), "each volume ID has one account");
        Availability { accounts, devices: Vec::new(), answering: true }
    }

    /// From now on these devices are online, and no others.
    pub fn devices(&mut self, now: Time, devices: impl IntoIterator<Item = OnlineDevice>) {
        self.devices.clear();
        self.devices.extend(devices);
        self.settle(now);
    }

    /// From now on the controller answers, or not.
    pub fn controller(&mut self, now: Time, answering: bool) {
        self.answering = answering;
        self.settle(now);
    }

    /// The times of `id` up to now.
    pub fn times(&self, now: Time, id: VolumeId) -> Times {
        let found = self.accounts.binary_search_by_key(&id, |account| account.id);
        found.map_or(Times::default(), |place| self.accounts[place].until(now))
    }

    /// The devices that are online as far as the controller answers.
    pub fn answering(&self) -> &[OnlineDevice] {
        if self.answering { &self.devices } else { &[] }
    }

    /// Each ID with its states up to `end`.
    pub fn rows(&self, end: Time) -> impl Iterator<Item = (VolumeId, Vec<Stay>)> {
        self.accounts.iter().map(move |account| (account.id, account.track.stays(end)))
    }

    fn settle(&mut self, now: Time) {
        let none = match (self.answering, self.devices.is_empty()) {
            (false, _) => Some(Cause::Controller),
            (true, is_empty) => is_empty.then_some(Cause::Host),
        };
        for account in &mut self.accounts {
            let state = none.map_or_else(|| state_of(account.id, &self.devices), State::Offline);
            if state != account.state {
                account.times = account.until(now);
                account.since = now;
                account.state = state;
                account.track.set(now, Some(state.shown()));
            }
        }
    }
}

impl Account {
    fn until(&self, now: Time) -> Times {
        let mut times = self.times;
        let passed = now - self.since;
        match self.state {
            State::Online => times.online += passed,
            State::Offline(cause) => {
                times.offline += passed;
                match cause {
                    Cause::Controller => times.offline_controller += passed,
                    Cause::Host => times.offline_host += passed,
                    Cause::Device => {}
                }
            }
            State::Wrong => times.wrong += passed,
        }
        times
    }
}

fn state_of(id: VolumeId, devices: &[OnlineDevice]) -> State {
    let Some(found) = devices.iter().find(|device| device.cached == id) else {
        return State::Offline(Cause::Device);
    };
    let claims = |device: &&OnlineDevice| device.cached == id || device.label == Some(id);
    let alone = devices.iter().filter(claims).all(|device| device.device == found.device);
    if alone && found.label == Some(id) { State::Online } else { State::Wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> VolumeId {
        VolumeId::parse(text).expect("a test names legal IDs")
    }

    fn online(device: u16, cached: &str, label: &str) -> OnlineDevice {
        OnlineDevice { device: Device(device), cached: id(cached), label: VolumeId::parse(label).ok() }
    }

    fn seconds(availability: &Availability, at: u64, text: &str) -> [u64; 3] {
        let times = availability.times(Time::from_ns(at), id(text));
        [times.online.ns(), times.offline.ns(), times.wrong.ns()]
    }

    #[test]
    fn a_copy_under_the_same_label_puts_both_ids_in_doubt() {
        let mut availability = Availability::new([id("PROD01"), id("SPARE1")]);
        availability.devices(Time::ZERO, [online(0, "PROD01", "PROD01"), online(1, "SPARE1", "SPARE1")]);
        availability.devices(Time::from_ns(100), [online(0, "PROD01", "PROD01"), online(1, "SPARE1", "PROD01")]);
        availability.devices(Time::from_ns(140), [online(0, "PROD01", "PROD01")]);
        assert_eq!(seconds(&availability, 200, "PROD01"), [160, 0, 40]);
        assert_eq!(seconds(&availability, 200, "SPARE1"), [100, 60, 40]);
    }

    #[test]
    fn two_hosts_may_share_a_device() {
        let mut availability = Availability::new([id("PROD01")]);
        availability.devices(Time::ZERO, [online(0, "PROD01", "PROD01"), online(0, "PROD01", "PROD01")]);
        availability.devices(Time::from_ns(4), [online(0, "PROD01", "PROD01"), online(3, "PROD01", "PROD01")]);
        assert_eq!(seconds(&availability, 10, "PROD01"), [4, 0, 6]);
    }

    #[test]
    fn nobody_opens_a_volume_of_a_controller_that_is_down() {
        let mut availability = Availability::new([id("PROD01")]);
        availability.devices(Time::ZERO, [online(0, "PROD01", "PROD01")]);
        availability.controller(Time::from_ns(10), false);
        availability.devices(Time::from_ns(20), []);
        availability.controller(Time::from_ns(30), true);
        availability.devices(Time::from_ns(50), [online(0, "PROD01", "PROD01")]);
        assert_eq!(seconds(&availability, 60, "PROD01"), [20, 40, 0]);
    }

    #[test]
    fn a_label_that_cannot_be_read_is_a_doubt() {
        let mut availability = Availability::new([id("PROD01")]);
        availability.devices(Time::ZERO, [online(0, "PROD01", "")]);
        assert_eq!(seconds(&availability, 5, "PROD01"), [0, 0, 5]);
    }

    #[test]
    fn an_unknown_id_has_no_times() {
        assert_eq!(seconds(&Availability::new([id("A")]), 9, "B"), [0, 0, 0]);
    }

    #[test]
    fn time_offline_has_a_cause() {
        let at = |seconds: u64| Time::ZERO + Span::from_secs(seconds);
        let mut availability = Availability::new([id("PROD01"), id("SPARE1")]);
        availability.devices(at(10), [online(0, "PROD01", "PROD01")]);
        availability.controller(at(20), false);
        availability.devices(at(22), []);
        availability.controller(at(25), true);
        availability.devices(at(29), [online(0, "PROD01", "PROD01")]);
        let causes = |text: &str| {
            let times = availability.times(at(30), id(text));
            let spans = [times.offline, times.offline_controller, times.offline_host, times.offline_device()];
            spans.map(|span| span.ns() / 1_000_000_000)
        };
        assert_eq!(causes("PROD01"), [19, 5, 14, 0]);
        assert_eq!(causes("SPARE1"), [30, 5, 14, 11], "the host had others online");
    }
}
