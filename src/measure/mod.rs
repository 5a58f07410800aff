//! What one run yields: latencies, availability, the course of backups and restores, and what must add up.
//!
//! [`Measures`] watches facts from outside the model. It keeps counters and histograms, never a list of requests: its
//! memory does not grow with the length of a run, only with the number of volumes, backups, restores and steps.

pub mod availability;
pub mod commands;
pub mod jobs;
pub mod latency;
pub mod series;
pub mod timeline;
pub mod track;
pub mod traffic;

use crate::controller::dasd::DasdFact;
use crate::controller::tape::TapeFact;
use crate::fault::plan::Fault;
use crate::kernel::{Time, Usage};
use crate::manager::order::CommandPlan;
use crate::manager::{Job, ManagerFact};
use crate::vocab::{Backup, Image, Status, VolumeId, Workload};

use availability::Availability;
pub use availability::{OnlineDevice, Times};
pub use commands::CommandMeasure;
use commands::Commands;
use jobs::{BackupEnd, BackupStart, Jobs};
pub use jobs::{BackupMeasure, ByHand, Milestone, OperatorMeasure, RestoreMeasure, StepEnd, StepMeasure};
pub use latency::{Latency, Percentiles};
pub use series::{Part, Series};
use timeline::Timeline;
pub use timeline::{Strike, Thing};
pub use track::Stay;
use traffic::BackupClock;
pub use traffic::{Phase, Request, Sample, Traffic};

/// The observer of one run.
#[derive(Clone, Debug)]
pub struct Measures {
    ids: Vec<VolumeId>,
    /// The ID each device bears, as far as a host has seen it.
    borne: Vec<VolumeId>,
    traffic: Vec<Traffic>,
    /// For each workload, for each of its volumes: the place of its ID in `ids`.
    volumes: Vec<Vec<usize>>,
    /// In the same order: since when the application has lost the volume.
    closed: Vec<Vec<Option<Time>>>,
    availability: Availability,
    clock: BackupClock,
    jobs: Jobs,
    commands: Commands,
    faults: Vec<FaultMeasure>,
    requests: Requests,
    /// For each workload: the image that it runs on, and its requests without an answer.
    images: Vec<Image>,
    asking: Vec<u64>,
    series: Series,
    timeline: Timeline,
}

/// What a fault of the scenario, or a rate, did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultMeasure {
    pub acted: u64,
    pub first: Option<Time>,
}

/// Host requests; `outstanding` is counted by the workloads, so that the sum can fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub issued: u64,
    pub completed: u64,
    pub failed: u64,
    pub outstanding: u64,
}

/// Tape records, labels and marks included, as the drives count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    pub acknowledged: u64,
    pub hardened: u64,
    pub lost: u64,
    pub buffered: u64,
}

/// What the components counted themselves, at the end of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remainder {
    /// Requests that the workloads still wait for.
    pub requests: u64,
    /// What the drives did with the records they acknowledged.
    pub blocks: Blocks,
}

/// Everything that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Sorted by ID.
    pub volumes: Vec<VolumeMeasure>,
    pub backups: Vec<BackupMeasure>,
    pub restores: Vec<RestoreMeasure>,
    /// As in the scenario, rates last.
    pub faults: Vec<FaultMeasure>,
    pub operator: OperatorMeasure,
    /// As in the scenario.
    pub commands: Vec<CommandMeasure>,
    pub requests: Requests,
    pub blocks: Blocks,
    pub course: Course,
}

/// How the run went over time, for charts.
#[derive(Clone, Debug, Default)]
pub struct Course {
    /// Names and servers of the components.
    pub components: Vec<(String, u32)>,
    pub parts: Vec<Part>,
    /// Volume IDs, devices, then drives and tapes that were in use.
    pub rows: Vec<(Thing, Vec<Stay>)>,
    pub strikes: Vec<Strike>,
}

#[derive(Clone, Debug)]
pub struct VolumeMeasure {
    pub id: VolumeId,
    pub times: Times,
    pub traffic: Traffic,
}

impl Requests {
    pub fn add_up(self) -> bool {
        self.issued == self.completed + self.failed + self.outstanding
    }
}

impl Blocks {
    pub fn add_up(self) -> bool {
        self.acknowledged == self.hardened + self.lost + self.buffered
    }
}

impl Measures {
    /// `devices` gives the ID of each device at the start, `workloads` the image of each workload and the IDs that it
    /// uses, `faults` counts the faults of the scenario and its rates.
    pub fn new(devices: &[VolumeId], workloads: &[(Image, Vec<VolumeId>)], faults: usize) -> Measures {
        let used = workloads.iter().flat_map(|(_, ids)| ids);
        let mut ids: Vec<VolumeId> = devices.iter().chain(used).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        let place = |id: &VolumeId| ids.binary_search(id).expect("the list holds every ID of a workload");
        Measures {
            borne: devices.to_vec(),
            traffic: vec![Traffic::default(); ids.len()],
            volumes: workloads.iter().map(|(_, list)| list.iter().map(place).collect()).collect(),
            closed: workloads.iter().map(|(_, list)| vec![None; list.len()]).collect(),
            availability: Availability::new(ids.iter().copied()),
            ids,
            clock: BackupClock::default(),
            jobs: Jobs::default(),
            commands: Commands::default(),
            faults: vec![FaultMeasure::default(); faults],
            requests: Requests::default(),
            images: workloads.iter().map(|&(image, _)| image).collect(),
            asking: vec![0; workloads.len()],
            series: Series::default(),
            timeline: Timeline::new(devices.len()),
        }
    }

    /// The commands of the scenario are watched too.
    pub fn with_commands(self, plans: &[CommandPlan]) -> Measures {
        Measures { commands: Commands::new(plans), ..self }
    }

    /// These components are watched too: their names, and the servers of each.
    pub fn with_components(self, components: Vec<(String, u32)>) -> Measures {
        Measures { series: Series::new(components), ..self }
    }

    /// From now on the hosts have these devices online and no others. To be told at the start, and after every event
    /// with a fact that touches identity.
    pub fn online(&mut self, now: Time, devices: impl IntoIterator<Item = OnlineDevice>) {
        let borne = &mut self.borne;
        let seen = devices.into_iter().inspect(|seen| borne[usize::from(seen.device.0)] = seen.cached);
        self.availability.devices(now, seen);
        self.timeline.online(now, self.availability.answering());
    }

    pub fn request_issued(&mut self, workload: Workload) {
        self.requests.issued += 1;
        self.asking[usize::from(workload.0)] += 1;
    }

    /// A request ended; the answer is its row for `requests.csv`.
    pub fn request_ended(&mut self, now: Time, request: &Request) -> Sample {
        let phase = self.clock.phase(request.issued_at);
        let latency = now - request.issued_at;
        let workload = usize::from(request.workload.0);
        self.asking[workload] -= 1;
        let place = self.volumes[workload][usize::from(request.volume)];
        self.traffic[place].record(request, phase, latency);
        match request.status {
            Status::Good => {
                self.requests.completed += 1;
                self.series.completed(now, latency);
            }
            _ => {
                self.requests.failed += 1;
                self.series.failed(now, 1);
            }
        }
        Sample {
            id: self.requests.completed + self.requests.failed,
            time: request.issued_at,
            volume: self.ids[place],
            op: request.op,
            track: request.track,
            bytes: request.bytes,
            latency,
            hit: request.hit,
            phase,
            status: request.status,
        }
    }

    /// An application can use a volume that it could not use since `closed_at`.
    pub fn opened(&mut self, now: Time, workload: Workload, volume: VolumeId, closed_at: Time) {
        self.account_closed(now, workload, volume, closed_at);
        self.set_closed(workload, volume, None);
    }

    /// An error took a volume from an application.
    pub fn closed(&mut self, now: Time, workload: Workload, volume: VolumeId) {
        self.set_closed(workload, volume, Some(now));
    }

    pub fn dasd(&mut self, now: Time, fact: DasdFact) {
        match fact {
            DasdFact::Down => self.controller(now, false),
            DasdFact::Up => self.controller(now, true),
            fact => {
                if let DasdFact::PointInTimeSet { source, target, .. } = fact {
                    self.jobs.point_in_time(now, source, target);
                }
                self.timeline.dasd(now, fact);
            }
        }
    }

    pub fn tape(&mut self, now: Time, fact: TapeFact) {
        self.timeline.tape(now, fact);
    }

    /// When the components are to be shown to [`Measures::end_part`] next, before anything happens at or after it.
    pub fn next_look(&self) -> Time {
        self.series.next_look()
    }

    /// The components at the moment that [`Measures::next_look`] named, or at the end.
    pub fn end_part(&mut self, at: Time, usage: &[Usage]) {
        self.series.end_part(at, usage);
    }

    /// The components in between, for the lengths of their lines.
    pub fn look(&mut self, now: Time, usage: &[Usage]) {
        self.series.look(now, usage);
    }

    pub fn manager(&mut self, now: Time, image: Image, fact: ManagerFact) {
        // The bulk of what a manager reports; the histograms take the requests from the workloads.
        let is_bulk = matches!(
            fact,
            ManagerFact::WriteIssued { .. }
                | ManagerFact::WriteAcknowledged { .. }
                | ManagerFact::ReadDone { .. }
                | ManagerFact::DumpTrackRead { .. }
        );
        if is_bulk {
            return;
        }
        self.commands.observe(now, image, fact);
        self.timeline.manager(now, image, fact);
        match fact {
            ManagerFact::StimulusAccepted { backup, source, target, method, .. } => {
                let source_id = self.borne[usize::from(source.0)];
                let doubt = self.availability.times(now, source_id).wrong;
                self.jobs.stimulus(now, BackupStart { backup, method, source, source_id, target }, doubt);
                self.clock.start();
            }
            // The image is gone, and with it every request that it had not answered.
            ManagerFact::Down => {
                for (asking, &on) in self.asking.iter_mut().zip(&self.images) {
                    if on == image {
                        self.series.failed(now, *asking);
                        self.requests.failed += std::mem::take(asking);
                    }
                }
                self.jobs.observe(now, image, fact);
            }
            ManagerFact::JobEnded { job: Job::Backup(backup), outcome, held } => {
                self.backup_ended(now, backup, BackupEnd::Reported { outcome, held });
            }
            ManagerFact::JobUndone { job: Job::Backup(backup) } => self.backup_ended(now, backup, BackupEnd::Undone),
            _ => self.jobs.observe(now, image, fact),
        }
    }

    /// A fault acts. `origin` is the place in the scenario's list, rates last, of what it came from, if it is there.
    pub fn fault(&mut self, now: Time, origin: Option<usize>, fault: Fault) {
        if let Some(measure) = origin.and_then(|place| self.faults.get_mut(place)) {
            measure.acted += 1;
            measure.first.get_or_insert(now);
        }
        self.timeline.fault(now, fault);
        if fault.is_crash() && fault.reaches(Image::FIRST) {
            self.jobs.failure(now);
        }
    }

    pub fn finish(mut self, now: Time, remainder: Remainder) -> Measured {
        self.requests.outstanding = remainder.requests;
        for (list, closed) in self.volumes.iter().zip(&self.closed) {
            for (&place, since) in list.iter().zip(closed).filter_map(|(place, since)| since.map(|at| (place, at))) {
                let traffic = &mut self.traffic[place];
                traffic.longest_closed = traffic.longest_closed.max(now - since);
            }
        }
        let volumes = self.availability.rows(now).map(|(id, stays)| (Thing::Volume(id), stays));
        let course = Course {
            components: self.series.components().cloned().collect(),
            parts: self.series.parts(now),
            rows: volumes.chain(self.timeline.rows(now)).collect(),
            strikes: self.timeline.strikes().to_vec(),
        };
        let availability = &self.availability;
        self.jobs.finish(now, |id| availability.times(now, id).wrong);
        let volume = |(&id, traffic)| VolumeMeasure { id, times: availability.times(now, id), traffic };
        Measured {
            volumes: self.ids.iter().zip(self.traffic).map(volume).collect(),
            backups: self.jobs.backups,
            restores: self.jobs.restores,
            faults: self.faults,
            operator: self.jobs.operator,
            commands: self.commands.list,
            requests: self.requests,
            blocks: remainder.blocks,
            course,
        }
    }

    fn controller(&mut self, now: Time, answering: bool) {
        self.availability.controller(now, answering);
        self.timeline.answer(answering);
        self.timeline.online(now, self.availability.answering());
    }

    fn backup_ended(&mut self, now: Time, backup: Backup, end: BackupEnd) {
        let known = self.jobs.backups.iter().find(|it| it.backup == backup);
        let Some(source_id) = known.map(|it| it.source_id) else { return };
        let doubt = self.availability.times(now, source_id).wrong;
        if self.jobs.backup_ended(now, backup, end, doubt) {
            self.clock.end(now);
        }
    }

    fn account_closed(&mut self, now: Time, workload: Workload, volume: VolumeId, since: Time) {
        for &place in self.volumes[usize::from(workload.0)].iter().filter(|&&place| self.ids[place] == volume) {
            let traffic = &mut self.traffic[place];
            traffic.longest_closed = traffic.longest_closed.max(now - since);
        }
    }

    fn set_closed(&mut self, workload: Workload, volume: VolumeId, since: Option<Time>) {
        let index = usize::from(workload.0);
        for (&place, closed) in self.volumes[index].iter().zip(&mut self.closed[index]) {
            if self.ids[place] == volume {
                *closed = since;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Span;
    use crate::manager::Outcome;
    use crate::manager::plan::MethodName;
    use crate::vocab::{Device, Op, TrackNo};

    fn id(text: &str) -> VolumeId {
        VolumeId::parse(text).expect("a test names legal IDs")
    }

    fn read(volume: u16, issued_at: Time, status: Status) -> Request {
        Request {
            workload: Workload(0),
            volume,
            op: Op::Read,
            track: TrackNo(1),
            bytes: 4_096,
            issued_at,
            hit: true,
            status,
        }
    }

    #[test]
    fn an_exposed_id_shows_in_the_volume_and_in_its_backup() {
        let at = Time::from_ns;
        let online = |device, cached, label| OnlineDevice { device: Device(device), cached, label: Some(label) };
        let (prod, spare) = (id("PROD01"), id("SPARE1"));
        let mut measures = Measures::new(&[prod, spare], &[(Image::FIRST, vec![prod])], 1);
        measures.online(at(0), [online(0, prod, prod), online(1, spare, spare)]);
        let stimulus = ManagerFact::StimulusAccepted {
            backup: Backup(0),
            plan: 0,
            source: Device(0),
            target: Device(1),
            method: MethodName::SameIdOffline,
        };
        measures.manager(at(1_000), Image::FIRST, stimulus);
        measures.online(at(2_000), [online(0, prod, prod), online(1, spare, prod)]);
        measures.request_issued(Workload(0));
        measures.request_issued(Workload(0));
        assert_eq!(measures.request_ended(at(2_500), &read(0, at(900), Status::Good)).phase, Phase::During);
        measures.online(at(4_000), [online(0, prod, prod)]);
        let job = Job::Backup(Backup(0));
        measures.manager(
            at(9_000),
            Image::FIRST,
            ManagerFact::JobEnded { job, outcome: Outcome::Complete, held: false },
        );
        let sample = measures.request_ended(at(9_500), &read(0, at(9_100), Status::MediaError));
        assert_eq!((sample.id, sample.phase, sample.latency), (2, Phase::After, Span::from_ns(400)));
        let measured = measures.finish(at(10_000), Remainder::default());
        let volume = &measured.volumes[0];
        assert_eq!(
            (volume.id, volume.times.wrong, volume.times.online),
            (prod, Span::from_ns(2_000), Span::from_ns(8_000))
        );
        assert_eq!(measured.backups[0].exposure, Span::from_ns(2_000));
        assert_eq!(measured.requests, Requests { issued: 2, completed: 1, failed: 1, outstanding: 0 });
        assert!(measured.requests.add_up());
    }

    #[test]
    fn a_crash_of_one_image_fails_its_requests_alone() {
        let (other, prod) = (Image(1), id("PROD01"));
        let mut measures = Measures::new(&[prod], &[(Image::FIRST, vec![prod]), (other, vec![prod])], 1);
        [0, 1, 1].into_iter().for_each(|workload| measures.request_issued(Workload(workload)));
        let crash = Fault::HostCrash { image: other, outage: Span::ZERO };
        measures.fault(Time::from_ns(5), Some(0), crash);
        measures.manager(Time::from_ns(5), other, ManagerFact::Down);
        measures.request_ended(Time::from_ns(9), &read(0, Time::ZERO, Status::Good));
        let measured = measures.finish(Time::from_ns(10), Remainder::default());
        assert_eq!(measured.requests, Requests { issued: 3, completed: 1, failed: 2, outstanding: 0 });
        assert!(measured.requests.add_up());
    }

    #[test]
    fn a_lost_request_or_block_does_not_add_up() {
        let mut measures = Measures::new(&[], &[(Image::FIRST, vec![id("A")])], 0);
        measures.request_issued(Workload(0));
        let counted = Blocks { acknowledged: 2, hardened: 1, ..Blocks::default() };
        let short = measures.clone().finish(Time::ZERO, Remainder { requests: 0, blocks: counted });
        assert!(!short.requests.add_up() && !short.blocks.add_up());
        let whole = measures.finish(Time::ZERO, Remainder { requests: 1, blocks: Blocks { lost: 1, ..counted } });
        assert!(whole.requests.add_up() && whole.blocks.add_up());
    }

    #[test]
    fn a_volume_that_was_never_given_back_stays_closed_to_the_end() {
        let at = Time::from_ns;
        let (prod, other) = (id("PROD01"), id("OTHER1"));
        let mut measures = Measures::new(&[], &[(Image::FIRST, vec![prod, other])], 0);
        measures.closed(at(10), Workload(0), prod);
        measures.closed(at(10), Workload(0), other);
        measures.opened(at(40), Workload(0), prod, at(10));
        let volumes = measures.finish(at(100), Remainder::default()).volumes;
        let closed: Vec<_> = volumes.iter().map(|volume| (volume.id, volume.traffic.longest_closed.ns())).collect();
        assert_eq!(closed, [(other, 90), (prod, 30)]);
    }

    #[test]
    fn a_fault_is_counted_where_the_scenario_has_it() {
        let mut measures = Measures::new(&[], &[], 2);
        measures.fault(Time::from_ns(7), Some(1), Fault::PowerLoss { duration: Span::from_secs(60) });
        measures.fault(Time::from_ns(9), Some(1), Fault::PowerLoss { duration: Span::from_secs(60) });
        let faults = measures.finish(Time::from_ns(10), Remainder::default()).faults;
        assert_eq!(faults[0], FaultMeasure::default());
        assert_eq!(faults[1], FaultMeasure { acted: 2, first: Some(Time::from_ns(7)) });
    }

    #[test]
    fn ten_million_requests_keep_their_median() {
        let mut measures = Measures::new(&[], &[(Image::FIRST, vec![id("A"), id("B")])], 0);
        let mut latency = 1;
        for number in 0..10_000_000u64 {
            latency = latency * 48_271 % 2_147_483_647;
            measures.request_issued(Workload(0));
            let request = read((number % 2) as u16, Time::from_ns(number), Status::Good);
            measures.request_ended(Time::from_ns(number + latency), &request);
        }
        let p =
            measures.finish(Time::from_ns(u64::MAX / 2), Remainder::default()).volumes[0].traffic.all().percentiles();
        assert_eq!(p.n, 5_000_000);
        let median = p.p50.expect("there are samples").abs_diff(1_073_741_823);
        assert!(median < 5_000_000, "the median of a uniform spread lies in its middle, not {median} ns beside it");
    }
}
