//! The parameters of hardware, host and operator: profile values, and what the scenario puts in their place.
//!
//! Each parameter has a key, a dimension and limits; profile texts and scenario values go through the same reader.

use crate::controller::dasd::{
    Architecture, Collector, CopyMode, Cpu, DasdParameters, Exhaustion, LsaParameters, OpportunisticCopy, ReleaseSpace,
    StoreKind, StripeLog, Transaction, VolumeParameters,
};
use crate::device::cache::CachePolicy;
use crate::device::channel::{ChannelKind, ChannelParameters};
use crate::device::disk::{DiskModel, DiskParameters, SECTOR_BYTES, SeekParameters};
use crate::device::drive::DriveParameters;
use crate::device::library::{Demount, DriveChoice, Geometry, LibraryParameters, MountOrder};
use crate::device::profiles::Profile;
use crate::device::raid::{RaidLevel, RankParameters, SLOT_SECTORS, Scheduler};
use crate::host::OperatorParameters;
use crate::kernel::Span;
use crate::manager::plan::{BufferedMarks, DuplicatePolicy, LabelCheck, OrphanSweep, SequenceCheck};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place};
use super::document::{Node, Value};
use super::form::Form;
use super::names::choose;
use super::raw::{RawScenario, Settings, unknown_key};
use super::shape::{Shape, out_of_range, read_dimension};
use super::units::Dimension;
use crate::controller::tape::TapeParameters;

/// What values a parameter may have. Limits are in base units, both included.
#[derive(Clone, Copy, Debug)]
enum Domain {
    Count { least: u64, most: u64 },
    Quantity { dimension: Dimension, least: u64, most: u64 },
    Names(&'static [&'static str]),
}

const fn count(least: u64, most: u64) -> Domain {
    Domain::Count { least, most }
}

const fn quantity(dimension: Dimension, least: u64, most: u64) -> Domain {
    Domain::Quantity { dimension, least, most }
}

const SECOND: u64 = 1_000_000_000;
const DURATION: Domain = quantity(Dimension::Duration, 0, 365 * 86_400 * SECOND);
/// A step of a device or of microcode: an hour is beyond all of them.
const SERVICE: Domain = quantity(Dimension::Duration, 0, 3_600 * SECOND);
/// A part of one I/O.
const INSTANT: Domain = quantity(Dimension::Duration, 0, 10 * SECOND);
const RATE: Domain = quantity(Dimension::Rate, 1_000, 1_000_000_000_000);
const SIGMA: Domain = quantity(Dimension::Ratio, 0, 3_000);

/// Every parameter: its key and what it may be. The resolved scenario lists them in this order.
const PARAMETERS: &[(&str, Domain)] = &[
    ("disk.rpm", count(100, 100_000)),
    ("disk.cylinders", count(4, 4_000_000)),
    ("disk.heads", count(1, 256)),
    ("disk.zones", count(1, 1_024)),
    ("disk.capacity", quantity(Dimension::Size, 1 << 20, 1_000_000_000_000_000)),
    ("disk.rate_outer", RATE),
    ("disk.rate_inner", RATE),
    ("disk.seek_track_read", INSTANT),
    ("disk.seek_average_read", INSTANT),
    ("disk.seek_full_read", INSTANT),
    ("disk.seek_track_write", INSTANT),
    ("disk.seek_average_write", INSTANT),
    ("disk.seek_full_write", INSTANT),
    ("disk.track_skew", INSTANT),
    ("disk.overhead", INSTANT),
    ("raid.level", Domain::Names(&["0", "1", "5", "6", "10"])),
    ("raid.data_disks", count(1, 64)),
    ("raid.spares", count(0, 64)),
    ("raid.scheduler", Domain::Names(&["fcfs", "sstf", "c-look", "sptf"])),
    ("raid.rebuild_rate", RATE),
    ("raid.scrub_every", DURATION),
    ("raid.stripe_log", Domain::Names(&["nvs", "none"])),
    ("controller.clusters", count(1, 2)),
    ("controller.processors_per_cluster", count(1, 256)),
    ("controller.read_hit", INSTANT),
    ("controller.fast_write", INSTANT),
    ("controller.cache", quantity(Dimension::Size, 1 << 20, 1 << 44)),
    ("controller.cache_policy", Domain::Names(&["lru", "slru"])),
    ("controller.cache_protected", quantity(Dimension::Share, 0, 1_000_000)),
    ("controller.prefetch_tracks", count(0, 1_000)),
    ("controller.nvs_per_cluster", quantity(Dimension::Size, 1 << 20, 1 << 40)),
    ("controller.nvs_high", quantity(Dimension::Share, 0, 1_000_000)),
    ("controller.nvs_low", quantity(Dimension::Share, 0, 1_000_000)),
    ("controller.destage_age", DURATION),
    ("controller.nvs_battery", DURATION),
    ("controller.iml_time", DURATION),
    ("controller.failover_time", DURATION),
    ("controller.cpu", Domain::Names(&["microcode", "hardwired"])),
    ("controller.circuit_latency", INSTANT),
    ("metadata.store", Domain::Names(&["disk", "ram-battery", "optical", "tape"])),
    ("metadata.transaction", Domain::Names(&["logged", "unlogged"])),
    ("metadata.write", INSTANT),
    ("metadata.log_write", INSTANT),
    ("channel.kind", Domain::Names(&["escon", "ficon", "scsi", "ssa", "fc"])),
    ("channel.rate", RATE),
    ("channel.paths", count(1, 256)),
    ("channel.overhead", INSTANT),
    ("flashcopy.establish_base", SERVICE),
    ("flashcopy.establish_per_track", quantity(Dimension::Duration, 0, SECOND)),
    ("flashcopy.mode", Domain::Names(&["nocopy", "copy"])),
    ("flashcopy.background_rate", RATE),
    ("flashcopy.withdraw_time", SERVICE),
    ("flashcopy.opportunistic_copy", Domain::Names(&["adversarial", "never", "seeded"])),
    ("flashcopy.long_busy_timeout", SERVICE),
    ("lsa.segment", count(1, 1_000)),
    ("lsa.compression", quantity(Dimension::Ratio, 1_000, 100_000)),
    ("lsa.physical_capacity", quantity(Dimension::Ratio, 10, 100_000)),
    ("lsa.ncl_high", quantity(Dimension::Share, 0, 1_000_000)),
    ("lsa.ncl_full", quantity(Dimension::Share, 0, 1_000_000)),
    ("lsa.collector", Domain::Names(&["greedy", "cost-benefit"])),
    ("lsa.collector_rate", RATE),
    ("lsa.collector_rate_high", RATE),
    ("lsa.exhaustion", Domain::Names(&["block", "reject"])),
    ("lsa.release_space", Domain::Names(&["automatic", "on-command"])),
    ("snapshot.establish_base", SERVICE),
    ("snapshot.establish_per_track", quantity(Dimension::Duration, 0, SECOND)),
    ("label.reformat_time", SERVICE),
    ("host.path_length", count(0, 100_000_000)),
    ("host.mips", count(1, 100_000_000)),
    ("host.ipl_median", DURATION),
    ("host.ipl_sigma", SIGMA),
    ("host.vary_shortest", SERVICE),
    ("host.vary_longest", SERVICE),
    ("host.record_write", INSTANT),
    ("host.step_retries", count(0, 100)),
    ("host.dump_read_tracks", count(1, 1_000)),
    ("host.dump_buffers", count(1, 1_000)),
    (
        "host.duplicate_volser_policy",
        Domain::Names(&["ask-operator", "lowest-address-wins", "highest-address-wins", "both-offline", "admit-both"]),
    ),
    ("host.orphan_sweep", Domain::Names(&["at-restart", "periodic", "off"])),
    ("operator.reaction_median", DURATION),
    ("operator.reaction_sigma", SIGMA),
    ("operator.step_median", DURATION),
    ("operator.step_sigma", SIGMA),
    ("tape.drives", count(1, 64)),
    ("tape.native_rate", RATE),
    ("tape.capacity", quantity(Dimension::Size, 1_000_000, 1_000_000_000_000_000)),
    ("tape.compression", quantity(Dimension::Ratio, 500, 100_000)),
    ("tape.wraps", count(1, 100_000)),
    ("tape.length", quantity(Dimension::Length, 1_000, 10_000_000)),
    ("tape.search_speed", quantity(Dimension::Speed, 100, 1_000_000)),
    ("tape.locate_overhead", SERVICE),
    ("tape.load", SERVICE),
    ("tape.unload", SERVICE),
    ("tape.buffer", quantity(Dimension::Size, 65_536, 1 << 40)),
    ("tape.backhitch", quantity(Dimension::Duration, 0, 600 * SECOND)),
    ("tape.speed_steps", count(1, 64)),
    ("tape.slowest_speed", quantity(Dimension::Share, 1_000, 1_000_000)),
    ("tape.reserve", quantity(Dimension::Share, 0, 500_000)),
    ("tape.label_check", Domain::Names(&["verify", "bypass"])),
    ("tape.sequence_check", Domain::Names(&["verify", "trust"])),
    ("tape.buffered_marks", Domain::Names(&["off", "on"])),
    ("tape.channel_rate", RATE),
    ("tape.channel_paths", count(1, 256)),
    ("tape.channel_overhead", INSTANT),
    ("library.exchange", SERVICE),
    ("library.accessors", count(1, 16)),
    ("library.levels", count(1, 64)),
    ("library.pass_through", SERVICE),
    ("library.mount_order", Domain::Names(&["arrival", "mounted-first"])),
    ("library.demount", Domain::Names(&["at-unload", "when-needed"])),
    ("library.drive_choice", Domain::Names(&["lowest", "least-used", "nearest"])),
];

/// Key of a scenario that is not a parameter of a profile but lies in one of their tables.
const SCRATCH: &str = "tape.scratch";
/// Most cartridges of a scenario: each takes a cell and a catalogue entry.
pub const MOST_CARTRIDGES: u64 = 10_000;

/// One parameter with its value: base units, a count, or the place of a name in its list.
#[derive(Clone, Debug)]
struct Setting {
    key: &'static str,
    domain: Domain,
    value: u64,
    /// Where the scenario gives it, if it does.
    place: Option<Place>,
}

/// All parameters of a scenario.
#[derive(Clone, Debug)]
pub struct Hardware {
    settings: Vec<Setting>,
    /// Number of scratch cartridges, when the scenario gives one.
    pub scratch: Option<u64>,
    pub scratch_place: Place,
}

impl Hardware {
    /// The profile with the scenario's own values over it.
    pub fn read(profile: &Profile, raw: &RawScenario, problems: &mut Vec<Diagnostic>) -> Hardware {
        let mut hardware = Hardware { settings: Vec::new(), scratch: None, scratch_place: Place::default() };
        for &(key, domain) in PARAMETERS {
            let entry = profile.entry(key).expect("a profile has every parameter");
            let value = domain.read_text(key, entry.value);
            hardware.settings.push(Setting { key, domain, value, place: None });
        }
        for (name, settings) in tables(raw) {
            hardware.take(name, settings, problems);
        }
        hardware.suit_the_store();
        hardware.suit_the_channel();
        hardware.check(problems);
        hardware.check_pair(problems);
        hardware.check_disk(problems);
        hardware
    }

    fn take(&mut self, table: &str, settings: &Settings, problems: &mut Vec<Diagnostic>) {
        for entry in &settings.table.entries {
            let path = format!("{table}.{}", entry.key);
            if path == SCRATCH {
                self.scratch_place = entry.node.place.clone();
                let read = u64::read(&entry.node, &path, problems);
                self.scratch = read.filter(|&scratch| {
                    let fits = (1..=MOST_CARTRIDGES).contains(&scratch);
                    if !fits {
                        problems.push(out_of_range(&entry.node.place, &path, &format!("1 to {MOST_CARTRIDGES}")));
                    }
                    fits
                });
                continue;
            }
            let Some(setting) = self.settings.iter_mut().find(|setting| setting.key == path) else {
                let prefix = format!("{table}.");
                let mut known: Vec<&str> = self.settings.iter().filter_map(|s| s.key.strip_prefix(&prefix)).collect();
                known.extend(SCRATCH.strip_prefix(&prefix));
                let noun = format!("the table `{table}`");
                problems.push(unknown_key(&entry.key, &entry.key_place, table, &noun, &known, LATER_KEYS));
                continue;
            };
            if let Some(value) = setting.domain.read(&entry.node, &path, problems) {
                setting.value = value;
                setting.place = Some(entry.node.place.clone());
            }
        }
    }

    /// A store that is no disk has a write time of its own, unless the scenario gives one.
    fn suit_the_store(&mut self) {
        let kind = StoreKind::parse(self.name("metadata.store")).expect("the list holds the kinds");
        let write = self.settings.iter_mut().find(|setting| setting.key == "metadata.write");
        let write = write.expect("the parameter is in the list");
        if let Some(time) = store_write_time(kind).filter(|_| write.place.is_none()) {
            write.value = time.ns();
        }
    }

    /// A kind of channel that the scenario names brings its own rate and overhead, where the scenario gives none.
    fn suit_the_channel(&mut self) {
        if self.setting("channel.kind").place.is_none() {
            return;
        }
        let kind = ChannelKind::parse(self.name("channel.kind")).expect("the list holds the kinds");
        for (key, value) in [("channel.rate", kind.rate()), ("channel.overhead", kind.overhead().ns())] {
            let setting = self.settings.iter_mut().find(|setting| setting.key == key);
            let setting = setting.expect("the parameter is in the list");
            if setting.place.is_none() {
                setting.value = value;
            }
        }
    }

    /// What single limits cannot say.
    fn check(&self, problems: &mut Vec<Diagnostic>) {
        let ordered = [
            ("disk.rate_inner", "disk.rate_outer"),
            ("disk.seek_track_read", "disk.seek_average_read"),
            ("disk.seek_average_read", "disk.seek_full_read"),
            ("disk.seek_track_write", "disk.seek_average_write"),
            ("disk.seek_average_write", "disk.seek_full_write"),
            ("disk.zones", "disk.cylinders"),
            ("controller.nvs_low", "controller.nvs_high"),
            ("lsa.ncl_high", "lsa.ncl_full"),
            ("lsa.collector_rate", "lsa.collector_rate_high"),
            ("host.vary_shortest", "host.vary_longest"),
        ];
        for (small, large) in ordered {
            let (small, large) = (self.setting(small), self.setting(large));
            if small.value <= large.value {
                continue;
            }
            let message = format!(
                "`{}` ({}) is greater than `{}` ({})",
                small.key,
                small.domain.show(small.value),
                large.key,
                large.domain.show(large.value)
            );
            let mut problem = Diagnostic::error(Code::Contradiction, message)
                .path(small.key)
                .help(format!("`{}` is at most `{}`", small.key, large.key));
            match (&small.place, &large.place) {
                (Some(here), Some(there)) => problem = problem.at(here, "greater").related(there, "than this"),
                (Some(here), None) => problem = problem.at(here, "greater than the profile's value"),
                (None, Some(there)) => problem = problem.at(there, "smaller than the profile's value"),
                (None, None) => {}
            }
            problems.push(problem);
        }
    }

    /// RAID-1 is one pair.
    fn check_pair(&self, problems: &mut Vec<Diagnostic>) {
        let (level, disks) = (self.setting("raid.level"), self.setting("raid.data_disks"));
        if self.raid_level() != RaidLevel::One || disks.value == 1 {
            return;
        }
        let message = format!("RAID-1 is one pair of disks, and `raid.data_disks` is {}", disks.value);
        let problem = Diagnostic::error(Code::Contradiction, message)
            .path("raid.level")
            .help("write `data_disks = 1`, or `level = 10` for striping over pairs");
        problems.push(match (&level.place, &disks.place) {
            (Some(level), Some(disks)) => problem.at(level, "one pair").related(disks, "more than one"),
            (Some(level), None) => problem.at(level, "one pair"),
            (None, Some(disks)) => problem.at(disks, "more than one"),
            (None, None) => problem,
        });
    }

    /// What only the disk itself can say: a skew longer than a turn, tracks that do not hold the capacity, a seek curve
    /// through no three points.
    fn check_disk(&self, problems: &mut Vec<Diagnostic>) {
        if problems.iter().any(|problem| problem.path.starts_with("disk.")) {
            return;
        }
        let Err(error) = DiskModel::new(&self.disk()) else { return };
        let problem = Diagnostic::error(Code::Contradiction, format!("no disk has these values: {error}"))
            .path("disk")
            .help("`tiersim profiles --toml NAME` prints the values of a disk that fit together");
        let given = self.settings.iter().filter(|setting| setting.key.starts_with("disk."));
        let places: Vec<&Place> = given.filter_map(|setting| setting.place.as_ref()).collect();
        problems.push(match places.split_first() {
            None => problem,
            Some((first, others)) => {
                let problem = problem.at(first, "changed here");
                others.iter().fold(problem, |problem, place| problem.related(place, "and here"))
            }
        });
    }

    fn setting(&self, key: &str) -> &Setting {
        self.settings.iter().find(|setting| setting.key == key).expect("the parameter is in the list")
    }

    /// Where the scenario gives a parameter, if it does.
    pub fn place(&self, key: &str) -> Option<Place> {
        self.setting(key).place.clone()
    }

    pub fn number(&self, key: &str) -> u64 {
        self.setting(key).value
    }

    /// A count or share whose limits lie within 32 bits.
    fn small(&self, key: &str) -> u32 {
        u32::try_from(self.number(key)).expect("the limits of the parameter lie within 32 bits")
    }

    pub fn span(&self, key: &str) -> Span {
        Span::from_ns(self.number(key))
    }

    fn name(&self, key: &str) -> &'static str {
        let setting = self.setting(key);
        match setting.domain {
            Domain::Names(names) => names[usize::try_from(setting.value).expect("an index")],
            _ => unreachable!("`{key}` is a parameter with names"),
        }
    }

    /// Table, key and value of every parameter, as TOML writes them, in the order of the list.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &'static str, String)> + '_ {
        self.settings.iter().map(|setting| {
            let (table, key) = setting.key.split_once('.').expect("a parameter lies in a table");
            (table, key, setting.domain.to_toml(setting.value))
        })
    }

    pub fn copy_mode(&self) -> CopyMode {
        CopyMode::parse(self.name("flashcopy.mode")).expect("the list holds the modes")
    }

    pub fn duplicate_policy(&self) -> DuplicatePolicy {
        DuplicatePolicy::parse(self.name("host.duplicate_volser_policy")).expect("the list holds the policies")
    }

    pub fn orphan_sweep(&self) -> OrphanSweep {
        OrphanSweep::parse(self.name("host.orphan_sweep")).expect("the list holds the policies")
    }

    pub fn label_check(&self) -> LabelCheck {
        LabelCheck::parse(self.name("tape.label_check")).expect("the list holds the checks")
    }

    pub fn sequence_check(&self) -> SequenceCheck {
        SequenceCheck::parse(self.name("tape.sequence_check")).expect("the list holds the checks")
    }

    pub fn buffered_marks(&self) -> BufferedMarks {
        BufferedMarks::parse(self.name("tape.buffered_marks")).expect("the list holds both")
    }

    /// CPU time of one I/O, rounded down: instructions over million instructions per second give a fraction.
    pub fn io_time(&self) -> Span {
        Span::from_ns(self.number("host.path_length") * 1_000 / self.number("host.mips"))
    }

    fn raid_level(&self) -> RaidLevel {
        RaidLevel::parse(self.name("raid.level")).expect("the list holds the levels")
    }

    /// All disks of the rank, spares not counted.
    pub fn raid_disks(&self) -> u16 {
        self.raid_level().disks(u16::try_from(self.number("raid.data_disks")).expect("at most 64"))
    }

    pub fn dasd(&self, architecture: Architecture, volumes: Vec<VolumeParameters>) -> DasdParameters {
        let lsa = self.lsa(&volumes);
        let (slot_sectors, copy) = match architecture {
            Architecture::HomeArea => (SLOT_SECTORS, "flashcopy"),
            Architecture::LogStructured => (stored_sectors(&lsa), "snapshot"),
        };
        DasdParameters {
            architecture,
            disks: None,
            rank: RankParameters {
                level: self.raid_level(),
                data_disks: self.small("raid.data_disks"),
                spares: self.small("raid.spares"),
                scheduler: Scheduler::parse(self.name("raid.scheduler")).expect("the list holds the policies"),
                slot_sectors,
                disk: self.disk(),
            },
            rebuild_rate: self.number("raid.rebuild_rate"),
            scrub_every: self.span("raid.scrub_every"),
            lsa,
            channel: self.channel("channel.rate", "channel.paths", "channel.overhead"),
            clusters: u8::try_from(self.number("controller.clusters")).expect("at most 2"),
            processors: self.small("controller.processors_per_cluster"),
            cpu: Cpu::parse(self.name("controller.cpu")).expect("the list holds the kinds"),
            circuit_latency: self.span("controller.circuit_latency"),
            read_hit: self.span("controller.read_hit"),
            fast_write: self.span("controller.fast_write"),
            cache: self.number("controller.cache"),
            cache_policy: CachePolicy::parse(self.name("controller.cache_policy"))
                .expect("the list holds the policies"),
            cache_protected_ppm: self.small("controller.cache_protected"),
            prefetch_tracks: self.small("controller.prefetch_tracks"),
            nvs: self.number("controller.nvs_per_cluster"),
            nvs_high_ppm: self.small("controller.nvs_high"),
            nvs_low_ppm: self.small("controller.nvs_low"),
            destage_age: self.span("controller.destage_age"),
            nvs_battery: self.span("controller.nvs_battery"),
            stripe_log: StripeLog::parse(self.name("raid.stripe_log")).expect("the list holds the places"),
            metadata_store: StoreKind::parse(self.name("metadata.store")).expect("the list holds the kinds"),
            metadata_transaction: Transaction::parse(self.name("metadata.transaction"))
                .expect("the list holds the kinds"),
            metadata_log_write: self.span("metadata.log_write"),
            metadata_write: self.span("metadata.write"),
            establish_base: self.span(&format!("{copy}.establish_base")),
            establish_per_track: self.span(&format!("{copy}.establish_per_track")),
            withdraw_time: self.span("flashcopy.withdraw_time"),
            long_busy_timeout: self.span("flashcopy.long_busy_timeout"),
            background_rate: self.number("flashcopy.background_rate"),
            opportunistic_copy: OpportunisticCopy::parse(self.name("flashcopy.opportunistic_copy"))
                .expect("the list holds the policies"),
            iml_time: self.span("controller.iml_time"),
            failover_time: self.span("controller.failover_time"),
            volumes,
            mutant: None,
        }
    }

    /// The capacity is relative to what all volumes take when every track of them is stored.
    fn lsa(&self, volumes: &[VolumeParameters]) -> LsaParameters {
        let tracks: u64 = volumes.iter().map(|volume| u64::from(volume.tracks)).sum();
        LsaParameters {
            segment_rows: self.number("lsa.segment"),
            compression_milli: self.number("lsa.compression"),
            capacity: tracks * self.number("lsa.physical_capacity") / 1_000,
            ncl_high_ppm: self.number("lsa.ncl_high"),
            ncl_full_ppm: self.number("lsa.ncl_full"),
            collector_rate: self.number("lsa.collector_rate"),
            collector_rate_high: self.number("lsa.collector_rate_high"),
            collector: Collector::parse(self.name("lsa.collector")).expect("the list holds the rules"),
            exhaustion: Exhaustion::parse(self.name("lsa.exhaustion")).expect("the list holds the answers"),
            release_space: ReleaseSpace::parse(self.name("lsa.release_space")).expect("the list holds the moments"),
        }
    }

    fn disk(&self) -> DiskParameters {
        let seek = |track, average, full| SeekParameters {
            track: self.span(track),
            average: self.span(average),
            full: self.span(full),
        };
        DiskParameters {
            rpm: self.small("disk.rpm"),
            cylinders: self.small("disk.cylinders"),
            heads: self.small("disk.heads"),
            zones: self.small("disk.zones"),
            capacity: self.number("disk.capacity"),
            rate_outer: self.number("disk.rate_outer"),
            rate_inner: self.number("disk.rate_inner"),
            seek_read: seek("disk.seek_track_read", "disk.seek_average_read", "disk.seek_full_read"),
            seek_write: seek("disk.seek_track_write", "disk.seek_average_write", "disk.seek_full_write"),
            track_skew: self.span("disk.track_skew"),
            overhead: self.span("disk.overhead"),
        }
    }

    fn channel(&self, rate: &str, paths: &str, overhead: &str) -> ChannelParameters {
        ChannelParameters { rate: self.number(rate), paths: self.small(paths), overhead: self.span(overhead) }
    }

    pub fn tape(&self) -> TapeParameters {
        TapeParameters {
            drive: DriveParameters {
                native_rate: self.number("tape.native_rate"),
                capacity: self.number("tape.capacity"),
                compression_milli: self.number("tape.compression"),
                wraps: self.small("tape.wraps"),
                length_mm: self.number("tape.length"),
                search_speed_mm: self.number("tape.search_speed"),
                locate_overhead: self.span("tape.locate_overhead"),
                load: self.span("tape.load"),
                unload: self.span("tape.unload"),
                buffer: self.number("tape.buffer"),
                backhitch: self.span("tape.backhitch"),
                speed_steps: self.small("tape.speed_steps"),
                slowest_milli: self.number("tape.slowest_speed") / 1_000,
                reserve_milli: self.number("tape.reserve") / 1_000,
            },
            drives: u8::try_from(self.number("tape.drives")).expect("at most 64"),
            library: LibraryParameters {
                exchange: self.span("library.exchange"),
                accessors: self.small("library.accessors"),
                geometry: Geometry::Even { levels: u16::try_from(self.number("library.levels")).expect("at most 64") },
                pass_through: self.span("library.pass_through"),
                order: MountOrder::parse(self.name("library.mount_order")).expect("the list holds the orders"),
                demount: Demount::parse(self.name("library.demount")).expect("the list holds both"),
                choice: DriveChoice::parse(self.name("library.drive_choice")).expect("the list holds the choices"),
            },
            channel: self.channel("tape.channel_rate", "tape.channel_paths", "tape.channel_overhead"),
        }
    }

    /// Operators as they are without slips.
    pub fn operator(&self) -> OperatorParameters {
        OperatorParameters {
            reaction_median: self.span("operator.reaction_median"),
            reaction_sigma: f64::from(self.small("operator.reaction_sigma")) / 1000.0,
            step_median: self.span("operator.step_median"),
            step_sigma: f64::from(self.small("operator.step_sigma")) / 1000.0,
            ..OperatorParameters::default()
        }
    }
}

/// How long a transaction takes until it is on the store (A): memory like a log record; an optical disk turns slowly and
/// verifies what it writes; a tape stands at its end and has to start. A disk's time is the profile's.
fn store_write_time(kind: StoreKind) -> Option<Span> {
    match kind {
        StoreKind::Disk => None,
        StoreKind::RamBattery => Some(Span::from_us(100)),
        StoreKind::Optical => Some(Span::from_us(200_000)),
        StoreKind::Tape => Some(Span::from_secs(5)),
    }
}

/// Sectors of a compressed track.
fn stored_sectors(lsa: &LsaParameters) -> u32 {
    u32::try_from(lsa.stored_track().div_ceil(SECTOR_BYTES)).expect("a track has 112 sectors at most")
}

/// Keys of MODEL's parameter tables that no component of this version reads.
const LATER_KEYS: &[&str] = &[
    "write_cache",
    "relationship_limit",
    "job_submission",
    "rewind_unload",
    "speed_steps",
    "first_load_calibration",
    "manual_mount",
];

impl Domain {
    fn form(self) -> Form {
        match self {
            Domain::Count { least, most } => Form::Whole { least, most },
            Domain::Quantity { dimension, least, most } => Form::Quantity { dimension, limits: Some((least, most)) },
            Domain::Names(names) => Form::Names(names.to_vec()),
        }
    }

    fn read(self, node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<u64> {
        let (value, least, most) = match self {
            Domain::Count { least, most } => (u64::read(node, path, problems)?, least, most),
            Domain::Quantity { dimension, least, most } => {
                (read_dimension(dimension, node, path, problems)?, least, most)
            }
            Domain::Names(names) => {
                // A level of RAID is a name that looks like a number.
                if let Value::Whole(whole) = node.value
                    && let Some(place) = names.iter().position(|name| *name == whole.to_string())
                {
                    return Some(place as u64);
                }
                let numbered: Vec<(&str, u64)> = names.iter().copied().zip(0..).collect();
                return choose(node, path, &format!("a value of `{path}`"), &numbered, &[], problems);
            }
        };
        if !(least..=most).contains(&value) {
            problems.push(out_of_range(&node.place, path, &format!("{} to {}", self.show(least), self.show(most))));
            return None;
        }
        if ["tape.reserve", "tape.slowest_speed"].contains(&path) && !value.is_multiple_of(1_000) {
            problems.push(out_of_range(&node.place, path, "a whole number of tenths of a percent"));
            return None;
        }
        Some(value)
    }

    /// The value of a profile's text; a profile that cannot be read is our own mistake, and a test reads them all.
    fn read_text(self, key: &str, text: &str) -> u64 {
        let node = Node { value: Value::Bare(text.to_owned()), place: Place::default() };
        let mut problems = Vec::new();
        let value = self.read(&node, key, &mut problems);
        value.unwrap_or_else(|| panic!("the profile's `{key} = {text}` is a legal value: {problems:?}"))
    }

    fn show(self, value: u64) -> String {
        match self {
            Domain::Count { .. } => value.to_string(),
            Domain::Quantity { dimension, .. } => dimension.show(value),
            Domain::Names(names) => names[usize::try_from(value).expect("an index")].to_owned(),
        }
    }

    fn to_toml(self, value: u64) -> String {
        match self {
            Domain::Count { .. } => value.to_string(),
            _ => format!("\"{}\"", self.show(value)),
        }
    }
}

/// The keys of one table of hardware, in the order of the list.
pub fn forms(table: &str) -> Vec<(&'static str, Form)> {
    let scratch = [(SCRATCH, Domain::Count { least: 1, most: MOST_CARTRIDGES })];
    let all = PARAMETERS.iter().chain(&scratch).map(|&(path, domain)| (path, domain.form()));
    let own = all.filter_map(|(path, form)| Some((path.strip_prefix(table)?.strip_prefix('.')?, form)));
    own.collect()
}

/// The tables of parameters that the scenario has.
fn tables(raw: &RawScenario) -> impl Iterator<Item = (&'static str, &Settings)> {
    let all = [
        ("disk", &raw.disk),
        ("raid", &raw.raid),
        ("controller", &raw.controller),
        ("metadata", &raw.metadata),
        ("channel", &raw.channel),
        ("flashcopy", &raw.flashcopy),
        ("lsa", &raw.lsa),
        ("snapshot", &raw.snapshot),
        ("label", &raw.label),
        ("host", &raw.host),
        ("operator", &raw.operator),
        ("tape", &raw.tape),
        ("library", &raw.library),
    ];
    all.into_iter().filter_map(|(name, given)| Some((name, &given.as_ref()?.value)))
}

/// The parameters of `profile` as a piece of a scenario file.
pub fn profile_as_toml(profile: &Profile) -> String {
    let mut text = format!("# every parameter of the profile {}, ready to be changed\n", profile.name);
    let mut current = "";
    for &(path, domain) in PARAMETERS {
        let (table, key) = path.split_once('.').expect("a parameter lies in a table");
        if table != current {
            text.push_str(&format!("\n[{table}]\n"));
            current = table;
        }
        let entry = profile.entry(path).expect("a profile has every parameter");
        let value = match domain {
            Domain::Count { .. } => entry.value.to_owned(),
            _ => format!("\"{}\"", entry.value),
        };
        text.push_str(&format!("{:<40} # {}: {}\n", format!("{key} = {value}"), entry.origin, entry.about));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::profiles;

    fn read(text: &str) -> (Hardware, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let document = super::super::document::parse(text, 0).expect("valid TOML");
        let raw = super::super::raw::read(&document, &mut problems);
        let hardware = Hardware::read(profiles::DEFAULT, &raw, &mut problems);
        (hardware, problems)
    }

    #[test]
    fn every_profile_has_exactly_the_parameters_and_every_text_is_legal() {
        for profile in profiles::ALL {
            let mut known: Vec<&str> = PARAMETERS.iter().map(|(key, _)| *key).collect();
            known.extend(["volume.model", "dasd.architecture"]);
            let mut given: Vec<&str> = profile.entries().map(|entry| entry.key).collect();
            known.sort_unstable();
            given.sort_unstable();
            assert_eq!(given, known, "{}", profile.name);
            let mut problems = Vec::new();
            Hardware::read(profile, &RawScenario::default(), &mut problems);
            assert_eq!(problems, []);
        }
    }

    #[test]
    fn the_default_profile_has_the_values_of_the_model() {
        let (hardware, problems) = read("");
        assert_eq!(problems, []);
        let dasd = hardware.dasd(Architecture::HomeArea, Vec::new());
        assert_eq!((dasd.clusters, dasd.processors, dasd.nvs, dasd.cache), (2, 4, 192 << 20, 8192 << 20));
        assert_eq!(dasd.establish_base + dasd.establish_per_track * 50_085, Span::from_us(1_501_700));
        assert_eq!(hardware.io_time(), Span::from_ns(66_666));
        let tape = hardware.tape();
        assert_eq!(
            (tape.drive.native_rate, tape.drive.compression_milli, tape.drive.reserve_milli),
            (14_000_000, 3_000, 5)
        );
        assert_eq!((tape.drive.length_mm, tape.drive.search_speed_mm), (320_000, 5_000));
    }

    #[test]
    fn a_store_that_is_no_disk_has_its_own_time_unless_one_is_given() {
        let write = |text| read(text).0.dasd(Architecture::HomeArea, Vec::new()).metadata_write;
        assert_eq!(write("[metadata]\nstore = \"tape\"\n"), Span::from_secs(5));
        assert_eq!(write("[metadata]\nstore = \"tape\"\nwrite = \"2 s\"\n"), Span::from_secs(2));
        assert_eq!(write("[metadata]\nstore = \"disk\"\n"), Span::from_us(10_000));
    }

    #[test]
    fn even_subsystems_belong_to_one_cluster_and_odd_ones_to_the_other() {
        let home = |text: &str, number: u16| {
            let device = crate::vocab::DeviceNumber(number);
            let id = crate::vocab::VolumeId::parse("PROD01").expect("a volume ID");
            let volume = VolumeParameters { id, device, tracks: 15, empty: false };
            let dasd = read(text).0.dasd(Architecture::HomeArea, vec![volume]);
            dasd.home_cluster(crate::vocab::Device(0))
        };
        assert_eq!([0x0A00, 0x0AFF, 0x0B00, 0x0C10].map(|number| home("", number)), [0, 0, 1, 0]);
        assert_eq!(home("[controller]\nclusters = 1\n", 0x0B00), 0);
    }

    #[test]
    fn the_fragment_of_a_profile_changes_nothing_when_it_is_pasted() {
        let (plain, _) = read("");
        let (pasted, problems) = read(&profile_as_toml(profiles::DEFAULT));
        assert_eq!(problems, []);
        assert_eq!(plain.lines().collect::<Vec<_>>(), pasted.lines().collect::<Vec<_>>());
    }

    #[test]
    fn values_of_the_scenario_win_and_are_checked() {
        let (hardware, problems) = read("[tape]\nnative_rate = \"9 MB/s\"\nscratch = 4\n");
        assert_eq!((problems.len(), hardware.number("tape.native_rate"), hardware.scratch), (0, 9_000_000, Some(4)));
        let codes = |text| read(text).1.iter().map(|problem| problem.code.name()).collect::<Vec<_>>();
        assert_eq!(codes("[disk]\nrpms = 7200\nrpm = 0\nwrite_cache = true\n"), ["S0107", "S0114", "S0109"]);
        assert_eq!(codes("[controller]\nnvs_low = \"80 %\"\n"), ["S0301"]);
        assert_eq!(codes("[disk]\ntrack_skew = \"7 ms\"\n"), ["S0301"], "longer than a turn");
        assert_eq!(codes("[channel]\nrate = 17\n[host]\nduplicate_volser_policy = \"ask\"\n"), ["S0110", "S0108"]);
    }
}
