//! When a run ends, what bounds it must keep, and what the scenario says will come out.

use crate::controller::dasd::{Architecture, DasdParameters};
use crate::controller::tape::TapeParameters;
use crate::device::raid::RaidLevel;
use crate::host::{OperatorParameters, WorkloadKind, WorkloadPlan};
use crate::kernel::{Span, Time};
use crate::manager::plan::{BackupPlan, HostParameters, Medium, MethodName, Readback, RestorePlan, WithdrawAfter};
use crate::vocab::{Goal, Invariant, Op, SLOT_BYTES, TRACK_BYTES};

use super::super::catalogue::Code;
use super::super::diagnostic::{Diagnostic, suggestion};
use super::super::plan::{Ending, Expectation, ExpectedVerdict, Limits};
use super::super::raw::RawExpectWhen;
use super::super::shape::Given;
use super::{Context, list, or};

/// Defaults (A): DESIGN 7 and HAZARDS 3.
const TAIL: Span = Span::from_secs(120);
const RTO: Span = Span::from_secs(3_600);
const RPO: Span = Span::from_secs(26 * 3_600);
const ORPHAN_GRACE: Span = Span::from_secs(60);
const IO_BOUND: Span = Span::from_secs(600);

/// The expectation that holds for this run, as the resolved text shows it.
#[derive(Clone, Debug)]
pub struct ExpectationNote {
    pub requires: Vec<Invariant>,
    pub optional: Vec<Invariant>,
}

type Invariants = Option<Given<Vec<Given<Invariant>>>>;

/// The keys that `[expect]` and `[[expect.when]]` share.
struct Stated<'r> {
    violates: &'r Invariants,
    goals: &'r Option<Given<Vec<Given<String>>>>,
    requires: &'r Invariants,
    optional: &'r Invariants,
    verdict: &'r Option<Given<ExpectedVerdict>>,
}

impl Stated<'_> {
    fn of(raw: &RawExpectWhen) -> Stated<'_> {
        Stated {
            violates: &raw.violates,
            goals: &raw.goals,
            requires: &raw.requires,
            optional: &raw.optional,
            verdict: &raw.verdict,
        }
    }
}

impl Context<'_> {
    pub(super) fn ending(&mut self) -> Ending {
        if let (Some(until), Some(tail)) = (&self.raw.until, &self.raw.tail) {
            let problem = Diagnostic::error(Code::Exclusive, "the end is given both by `until` and by `tail`")
                .at(&tail.place, "how long after the work")
                .related(&until.place, "a fixed instant")
                .path("tail")
                .help("keep `until` for a fixed instant, or `tail` to end that long after the work has ended");
            self.problems.push(problem);
        }
        match &self.raw.until {
            Some(until) => Ending::At(Time::ZERO + until.value),
            None => Ending::AfterWork { tail: or(&self.raw.tail, TAIL) },
        }
    }

    pub(super) fn limits(
        &mut self,
        (dasd, tape, host, operator): (&DasdParameters, &TapeParameters, &HostParameters, &OperatorParameters),
        backups: &[BackupPlan],
        restores: &[RestorePlan],
    ) -> Limits {
        let defaults =
            Limits { rto: RTO, rpo: RPO, orphan_grace: ORPHAN_GRACE, job_time: Span::ZERO, io_bound: IO_BOUND };
        let tracks = |device: crate::vocab::Device| {
            self.volumes.get(usize::from(device.0)).map_or(0, |volume| u64::from(volume.tracks))
        };
        let clock = JobClock { dasd, tape, host, operator };
        let manual = backups.iter().any(|backup| backup.method == MethodName::NoVolidManual);
        let backups = backups.iter().map(|backup| clock.backup(backup, u64::from(backup.tracks)));
        // An operator may type up to three commands, and four behind a backup by hand.
        let steps = |restore: &RestorePlan| u64::from(manual) * 4 + u64::from(restore.by_operator) * 3;
        let restores = restores
            .iter()
            .map(|restore| clock.restore(tracks(restore.to)) + clock.operator.mean_step() * steps(restore));
        let longest = backups.chain(restores).max().unwrap_or(Span::ZERO);
        let Some(given) = &self.raw.limits else { return Limits { job_time: longest, ..defaults } };
        let raw = &given.value;
        Limits {
            rto: or(&raw.rto, defaults.rto),
            rpo: or(&raw.rpo, defaults.rpo),
            orphan_grace: or(&raw.orphan_grace, defaults.orphan_grace),
            job_time: or(&raw.job_time, longest),
            io_bound: or(&raw.io_bound, defaults.io_bound),
        }
    }

    pub(super) fn expectation(
        &mut self,
        architecture: Architecture,
        workloads: &[WorkloadPlan],
        backups: &[BackupPlan],
        restores: &[RestorePlan],
    ) -> (Expectation, Option<ExpectationNote>) {
        let needed = self.required_by_contents(workloads, backups, restores);
        let Some(given) = &self.raw.expect else {
            return (Expectation { required: needed, ..Expectation::default() }, None);
        };
        let raw = &given.value;
        let always = Stated {
            violates: &raw.violates,
            goals: &raw.goals,
            requires: &raw.requires,
            optional: &raw.optional,
            verdict: &raw.verdict,
        };
        self.contradictions(&always);
        let mut holding = always;
        for entry in list(&raw.when) {
            if entry.value.method.is_none() && entry.value.architecture.is_none() {
                let noun = "an expectation of its own";
                self.missing("method", noun, &entry.place, &entry.path, "\"safe-backup\"");
            }
            self.contradictions(&Stated::of(&entry.value));
        }
        if let Some(entry) = self.claim(list(&raw.when), architecture, backups) {
            holding = Stated::of(&entry.value);
        }
        let [violates, requires, optional] = [holding.violates, holding.requires, holding.optional].map(invariants);
        let wanted = |invariant: &Invariant| {
            (needed.contains(invariant) || requires.contains(invariant)) && !optional.contains(invariant)
        };
        let expectation = Expectation {
            stated: true,
            violates,
            goals: list(holding.goals).iter().map(|goal| goal.value.clone()).collect(),
            verdict: holding.verdict.as_ref().map(|verdict| verdict.value),
            required: Invariant::ALL.iter().copied().filter(wanted).collect(),
        };
        (expectation, Some(ExpectationNote { requires, optional }))
    }

    /// The entry that holds for this run: one that names both method and architecture before one that names either.
    fn claim<'r>(
        &mut self,
        entries: &'r [Given<RawExpectWhen>],
        architecture: Architecture,
        backups: &[BackupPlan],
    ) -> Option<&'r Given<RawExpectWhen>> {
        let applies = |entry: &&Given<RawExpectWhen>| {
            let RawExpectWhen { method, architecture: on, .. } = &entry.value;
            let method = method.as_ref().is_none_or(|method| backups.iter().any(|b| b.method == method.value));
            method && on.as_ref().is_none_or(|on| on.value == architecture) && named(entry) > 0
        };
        let most = entries.iter().filter(applies).map(named).max()?;
        let mut claims = entries.iter().filter(|entry| applies(entry) && named(entry) == most);
        let claim = claims.next()?;
        for other in claims {
            let problem = Diagnostic::error(Code::SameClaim, "two expectations hold for this run")
                .at(&other.place, "this one")
                .related(&claim.place, "and this one")
                .path(other.path.clone())
                .help("an entry that names both `method` and `architecture` goes before one that names either");
            self.problems.push(problem);
        }
        Some(claim)
    }

    fn contradictions(&mut self, stated: &Stated<'_>) {
        let known: Vec<&str> = Goal::ALL.iter().map(|goal| goal.name()).collect();
        for goal in list(stated.goals) {
            if Goal::parse(&goal.value).is_none() {
                let problem = Diagnostic::error(Code::UnknownName, format!("`{}` is not a goal", goal.value))
                    .at(&goal.place, "unknown: expected a goal")
                    .path(goal.path.clone())
                    .help(suggestion(&goal.value, &known, "goals"));
                self.problems.push(problem);
            }
        }
        for optional in list(stated.optional) {
            let Some(required) = list(stated.requires).iter().find(|entry| entry.value == optional.value) else {
                continue;
            };
            let message = format!("`{}` is both required and optional", optional.value);
            let problem = Diagnostic::error(Code::Expectation, message)
                .at(&optional.place, "optional here")
                .related(&required.place, "required here")
                .path(optional.path.clone())
                .help("keep it in one of the two lists");
            self.problems.push(problem);
        }
        let Some(verdict) = stated.verdict else { return };
        let fails = !list(stated.violates).is_empty();
        if fails != (verdict.value == ExpectedVerdict::Fail) {
            let because = if fails { "an invariant is expected to be violated" } else { "no violation is expected" };
            let mut problem = Diagnostic::error(Code::Expectation, format!("the verdict cannot be {}", verdict.value))
                .at(&verdict.place, because)
                .path(verdict.path.clone())
                .help("a run fails exactly when an invariant is violated: change `verdict` or `violates`");
            if let Some(violates) = stated.violates {
                problem = problem.related(&violates.place, "expected violations");
            }
            self.problems.push(problem);
        }
    }

    /// The invariants whose premise must have been true for a PASS (HAZARDS 13.1).
    fn required_by_contents(
        &self,
        workloads: &[WorkloadPlan],
        backups: &[BackupPlan],
        restores: &[RestorePlan],
    ) -> Vec<Invariant> {
        use Invariant::*;
        let bindings = match self.architecture {
            Architecture::HomeArea => BindingExclusive,
            Architecture::LogStructured => RefcountExact,
        };
        let mut required = vec![CachedIdCoherent, Progress, bindings];
        if self.volumes.len() >= 2 {
            required.extend([UniqueOnlineId, UniqueIplId]);
        }
        if workloads.iter().any(writes) {
            required.push(NoLostAckedWrite);
        }
        if !backups.is_empty() {
            required.extend([PointInTimeFidelity, BackupId, SuccessMeansSuccess, BackupExists, NoOrphan]);
        }
        if backups.iter().any(|backup| backup.method == MethodName::SafeBackup && backup.extents.holds_label()) {
            required.push(HiddenIdSound);
        }
        if !restores.is_empty() {
            required.extend([RestoreFidelity, AccessibleAfterRestore]);
        }
        Invariant::ALL.iter().copied().filter(|invariant| required.contains(invariant)).collect()
    }
}

/// How exactly an entry says for what it holds.
fn named(entry: &Given<RawExpectWhen>) -> u8 {
    u8::from(entry.value.method.is_some()) + u8::from(entry.value.architecture.is_some())
}

fn invariants(given: &Invariants) -> Vec<Invariant> {
    list(given).iter().map(|entry| entry.value).collect()
}

fn writes(workload: &WorkloadPlan) -> bool {
    match &workload.kind {
        WorkloadKind::Open { mix, .. } | WorkloadKind::Closed { mix, .. } => mix.read_ppm < 1_000_000,
        WorkloadKind::Trace { records, .. } => records.iter().any(|record| record.op == Op::Write),
    }
}

/// Fault-free time of a job, summed from the means of its parts. Parts that overlap in a run are added here, so it is
/// rather too long than too short: it bounds how long a job may take, and must not accuse one that is merely busy.
struct JobClock<'p> {
    dasd: &'p DasdParameters,
    tape: &'p TapeParameters,
    host: &'p HostParameters,
    operator: &'p OperatorParameters,
}

impl JobClock<'_> {
    fn backup(&self, backup: &BackupPlan, tracks: u64) -> Span {
        let copy = backup.method.makes_copy();
        let establish = self.dasd.establish_base + self.dasd.establish_per_track * tracks;
        let establish = if copy { establish } else { Span::ZERO };
        let method = match backup.method {
            MethodName::SafeBackup | MethodName::DirectDump => Span::ZERO,
            // Copy, dump and withdraw are typed, and the run book is written.
            MethodName::NoVolidManual => self.operator.mean_step() * 4,
            MethodName::SameIdOffline if !backup.auto_vary => {
                self.host.vary_longest + self.host.relabel_time + self.operator.mean_step()
            }
            MethodName::SameIdOffline => self.host.vary_longest + self.host.relabel_time,
        };
        // Journal and inventory: stimulus, entry in progress, entry complete, journal closed; the quiesce mark, on and off.
        let records = self.host.record_write * if copy { 4 } else { 6 };
        let destage = self.dasd.destage_age + self.dasd.metadata_write;
        let passes = 1 + u64::from(
            backup.readback == Readback::AfterDump || backup.withdraw_after == WithdrawAfter::ReadbackVerified,
        );
        let copying = match backup.medium {
            Medium::Tape => self.tape_time(tracks),
            Medium::Dasd => self.volume_time(tracks) + self.host.vary_longest,
        };
        establish + method + records + destage + copying * passes + self.dasd.withdraw_time
    }

    fn restore(&self, tracks: u64) -> Span {
        let records = self.host.record_write * 2;
        self.tape_time(tracks) + self.homes(tracks) + self.host.vary_longest * 2 + records
    }

    /// Written tracks leave the NVS as small writes, spread over the disks of a rank.
    fn homes(&self, tracks: u64) -> Span {
        let rank = &self.dasd.rank;
        let accesses = match rank.level {
            RaidLevel::Zero => 1,
            RaidLevel::One | RaidLevel::Ten => 2,
            RaidLevel::Five => 4,
            RaidLevel::Six => 6,
        };
        (self.disk_access() * accesses + self.dasd.fast_write) * tracks / u64::from(rank.disks())
    }

    /// From one volume to another.
    fn volume_time(&self, tracks: u64) -> Span {
        let reads = tracks.div_ceil(u64::from(self.host.dump_read_tracks).max(1));
        let commands = (self.disk_access() + self.dasd.channel.overhead * 2 + self.host.io_time) * reads;
        Span::of_transfer(tracks * TRACK_BYTES * 2, self.dasd.channel.rate.max(1)) + commands + self.homes(tracks)
    }

    /// Mount, labels, data, trailer, rewind and unload, for as many cartridges as it takes.
    fn tape_time(&self, tracks: u64) -> Span {
        let drive = &self.tape.drive;
        let bytes = tracks * TRACK_BYTES;
        let tape_rate = drive.native_rate * drive.compression_milli / 1_000;
        let rate = tape_rate.min(self.tape.channel.rate).min(self.dasd.channel.rate).max(1);
        let stream = Span::of_transfer(bytes, rate);
        let reads = tracks.div_ceil(u64::from(self.host.dump_read_tracks).max(1));
        let buffers =
            (self.disk_access() + self.tape.channel.overhead + self.dasd.channel.overhead + self.host.io_time) * reads;
        // A source slower than the tape stops it once per buffer at worst.
        let stops = drive.backhitch * bytes.div_ceil(drive.buffer.max(1));
        let held = drive.capacity * (1_000 - drive.reserve_milli) / 1_000 * drive.compression_milli / 1_000;
        let cartridges = bytes.div_ceil(held.max(1)).max(1);
        let rewind_ns = u128::from(drive.length_mm) * 1_000_000_000 / u128::from(drive.search_speed_mm);
        let rewind = Span::from_ns(u64::try_from(rewind_ns).expect("a tape of 10 km at 10 cm/s rewinds within days"));
        let library = &self.tape.library;
        let passes = library.pass_through * u64::from(library.geometry.levels() - 1);
        let exchange = (library.exchange + passes) * 2 + drive.load + drive.locate_overhead * 2 + rewind + drive.unload;
        stream + buffers + stops + exchange * cartridges
    }

    /// A random access to one track of an idle disk.
    fn disk_access(&self) -> Span {
        let disk = &self.dasd.rank.disk;
        let turn = Span::from_secs(60) / u64::from(disk.rpm.max(1));
        disk.overhead + disk.seek_write.average + turn / 2 + Span::of_transfer(SLOT_BYTES, disk.rate_inner.max(1))
    }
}
