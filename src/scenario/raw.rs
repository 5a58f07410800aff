//! The scenario file as it is written: one struct per table, every key optional, every value with its place.
//!
//! Unknown keys, wrong types and malformed values are found here, all of them in one pass; what values mean together is
//! the business of `check`. The structs are read from a document tree of our own and not through serde: a serde reader
//! stops at the first unknown key or wrong type, and cannot point into `--set`.

use crate::controller::dasd::{Architecture, CopyMode, CowTiming, Fence, LabelCommit, LabelResidency};
use crate::fault::plan::{
    BlockChoice, DataPath, FaultKind, NvsFate, Program, Slip, SwapAction, UpdateTrack, WithdrawChoice,
};
use crate::host::Pattern;
use crate::kernel::Span;
use crate::manager::plan::{
    Cascade, ClearHidden, CopyBack, DasdBackupOnline, DeleteTarget, DumpRestart, DuplicateStimulus, ExtentScope,
    FastReplication, HiddenMissing, JobJournal, Medium, MethodName, OldDevice, OnDumpFailure, OnWriteError, Readback,
    Reintroduce, ReintroduceScope, Relabel, RestoreIfOnline, RestoreLabel, ScratchPolicy, TargetId, WithdrawAfter,
};
use crate::manager::trigger::Stimulant;
use crate::vocab::{CheckMutant, DeviceNumber, HiddenFormat, Invariant, Mutant, Op, VolumeId};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, Place, suggestion};
use super::document::{Node, Table, Value};
use super::form::Form;
use super::names::{AddressRule, Asker, Granularity, LoadName, ReplayName, TraceFormat};
use super::plan::{CartridgeState, ExpectedVerdict};
use super::shape::{Bytes, Given, MeanBetween, Ratio, Shape, Share};
use super::units::Frequency;
use crate::host::trace::Action;

/// Declares the struct of one table: its keys with their types, and the keys of the design that are not supported yet.
macro_rules! tables {
    ($($(#[$about:meta])* $name:ident, $noun:literal { $($key:ident: $type:ty,)+ } later $later:expr;)+) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default)]
        #[allow(dead_code, reason = "not every table is asked for its place or for all that is given")]
        pub struct $name {
            pub place: Place,
            pub path: String,
            $(pub $key: Option<Given<$type>>,)+
        }

        #[allow(dead_code, reason = "as above")]
        impl $name {
            pub const KEYS: &'static [&'static str] = &[$(stringify!($key)),+];

            /// The keys that are given, with the places of their values.
            pub fn given(&self) -> Vec<(&'static str, &Place)> {
                let all = [$((stringify!($key), self.$key.as_ref().map(|given| &given.place))),+];
                all.into_iter().filter_map(|(key, place)| Some((key, place?))).collect()
            }
        }

        impl Shape for $name {
            fn form() -> Form {
                Form::Table(vec![$((stringify!($key), <$type as Shape>::form())),+])
            }

            fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<$name> {
                let table = table_of(node, path, problems)?;
                let mut raw = $name { place: node.place.clone(), path: path.to_owned(), ..$name::default() };
                for entry in &table.entries {
                    let path = join(path, &entry.key);
                    match entry.key.as_str() {
                        $(stringify!($key) => {
                            let place = entry.node.place.clone();
                            let value = <$type as Shape>::read(&entry.node, &path, problems);
                            raw.$key = value.map(|value| Given { value, place, path });
                        })+
                        key => problems.push(unknown_key(key, &entry.key_place, &raw.path, $noun, $name::KEYS, $later)),
                    }
                }
                Some(raw)
            }
        }
    )+};
}
pub(super) use tables;

tables! {
    /// The whole file.
    RawScenario, "a scenario" {
        title: String,
        name: String,
        seed: u64,
        shuffle_ties: u64,
        profile: String,
        hazards: Vec<Given<String>>,
        until: Span,
        tail: Span,
        dasd: Vec<Given<RawDasd>>,
        volume: Vec<Given<RawVolume>>,
        image: Vec<Given<RawImage>>,
        dataset: Vec<Given<RawDataset>>,
        workload: Vec<Given<RawWorkload>>,
        backup: Vec<Given<RawBackup>>,
        restore: Vec<Given<RawRestore>>,
        command: Vec<Given<RawCommand>>,
        fault: Vec<Given<RawFault>>,
        cartridge: Vec<Given<RawCartridge>>,
        rates: RawRates,
        human: RawHuman,
        limits: RawLimits,
        mutant: RawMutant,
        expect: RawExpect,
        channel: Settings,
        controller: Settings,
        disk: Settings,
        flashcopy: Settings,
        host: Settings,
        label: Settings,
        library: Settings,
        lsa: Settings,
        metadata: Settings,
        operator: Settings,
        raid: Settings,
        snapshot: Settings,
        tape: Settings,
    } later &["explore"];

    RawDasd, "a DASD controller" {
        name: String,
        architecture: Architecture,
    } later &[];

    RawVolume, "a volume" {
        id: VolumeId,
        device: DeviceNumber,
        model: String,
        cylinders: u64,
        tracks: u64,
        online: bool,
        online_at_ipl: bool,
        dasd: String,
    } later &[];

    RawImage, "a host image" {
        name: String,
        online: Vec<Given<DeviceNumber>>,
        online_at_ipl: Vec<Given<DeviceNumber>>,
    } later &[];

    RawDataset, "a data set" {
        name: String,
        volume: VolumeId,
        extents: Vec<Given<String>>,
        created: Span,
        deleted: Span,
    } later &[];

    RawWorkload, "a workload" {
        image: String,
        volume: VolumeId,
        volumes: Vec<Given<VolumeId>>,
        kind: LoadName,
        rate: Frequency,
        clients: u64,
        think: Span,
        read: Share,
        size: Bytes,
        pattern: Pattern,
        hot_requests: Share,
        hot_tracks: Share,
        limit: u64,
        dependent: bool,
        file: String,
        sha256: String,
        format: TraceFormat,
        sector_bytes: u64,
        read_code: u64,
        action: Action,
        replay: ReplayName,
        time_scale: Ratio,
        depth: u64,
        address: AddressRule,
        allow_coarse_time: bool,
        skip_bad_lines: bool,
        requests: Vec<Given<RawRequest>>,
    } later &["start"];

    RawRequest, "a request" {
        at: Span,
        op: Op,
        volume: VolumeId,
        track: u64,
        size: Bytes,
    } later &[];

    RawBackup, "a backup" {
        at: Span,
        every: Span,
        when: RawCondition,
        by: Stimulant,
        delay: Span,
        timeout: Span,
        group: String,
        freeze: bool,
        granularity: Granularity,
        extents: Vec<Given<String>>,
        datasets: Vec<Given<String>>,
        method: MethodName,
        source: VolumeId,
        target: DeviceNumber,
        mode: CopyMode,
        label_commit: LabelCommit,
        target_volser: VolumeId,
        hidden_format: HiddenFormat,
        on_dump_failure: OnDumpFailure,
        dump_retries: u64,
        delete_target: DeleteTarget,
        reintroduce: Reintroduce,
        reintroduce_scope: ReintroduceScope,
        target_id: TargetId,
        label_residency: LabelResidency,
        clear_hidden_on: ClearHidden,
        hidden_missing: HiddenMissing,
        fence_target: Fence,
        cow: CowTiming,
        withdraw_after: WithdrawAfter,
        drain_before_withdraw: bool,
        relabel_after_withdraw: bool,
        auto_vary: bool,
        job_journal: JobJournal,
        duplicate_stimulus: DuplicateStimulus,
        cascade: Cascade,
        copy_back: CopyBack,
        fast_replication: FastReplication,
        extent_scope: ExtentScope,
        medium: Medium,
        backup_device: DeviceNumber,
        dasd_backup_online: DasdBackupOnline,
        readback: Readback,
        scratch_policy: ScratchPolicy,
        generations: u64,
        retention: Span,
        restart: DumpRestart,
        on_write_error: OnWriteError,
    } later &["orphan_sweep", "persistent", "label_check", "sequence_check"];

    RawCondition, "the condition of a backup" {
        changed: Bytes,
        changed_tracks: u64,
        age: Span,
        times: u64,
    } later &[];

    RawRestore, "a restore" {
        volume: VolumeId,
        to: DeviceNumber,
        granularity: Granularity,
        extents: Vec<Given<String>>,
        datasets: Vec<Given<String>>,
        at: Span,
        restore_label: RestoreLabel,
        restore_if_online: RestoreIfOnline,
        old_device: OldDevice,
        verify_volser: bool,
        verify: VolumeId,
        relabel: Relabel,
        by: Asker,
    } later &["when", "generation"];

    RawCommand, "a command" {
        at: Span,
        line: String,
        image: String,
    } later &[];

    RawFault, "a fault" {
        kind: FaultKind,
        when: RawWhen,
        silence: bool,
        outage: Span,
        duration: Span,
        nvs: NvsFate,
        device: DeviceNumber,
        track: UpdateTrack,
        permanent: bool,
        block: BlockChoice,
        cluster: u64,
        image: String,
        transactions: u64,
        disk: u64,
        rebuild: bool,
        latent: bool,
        factor: Ratio,
        during: DataPath,
        to: u64,
        bytes: u64,
        drive: u64,
        count: u64,
        section: u64,
        action: SwapAction,
        at: Share,
        entries: u64,
        rollback: u64,
        volser: String,
        keep_reserved: bool,
        onto: DeviceNumber,
        which: WithdrawChoice,
        source: VolumeId,
        delay: Span,
        by: Span,
        backward: bool,
        program: Program,
        slip: Slip,
        step: String,
        rate: RawRate,
        trace: String,
    } later &[];

    RawRate, "the `rate` of a fault" {
        mean: Span,
        scale: Span,
        shape: Ratio,
    } later &[];

    RawWhen, "the `when` of a fault" {
        at: Span,
        event: u64,
        after: String,
        before: String,
        nth: u64,
        volume: VolumeId,
        device: DeviceNumber,
        track: u64,
        delay: Span,
    } later &["condition"];

    RawCartridge, "a cartridge" {
        id: VolumeId,
        state: CartridgeState,
    } later &[];

    RawRates, "the rates of faults" {
        host_outage: MeanBetween,
        controller_loss: MeanBetween,
        power_loss: MeanBetween,
    } later &[
        "disk_afr", "disk_lifetime_shape", "disk_uber", "latent_sector_error", "checksum_mismatch", "path_loss",
        "cluster_crash", "job_abend", "tape_uber", "tape_write_permanent", "tape_unreadable_after_1y", "mount_failure",
        "tape_drive_mtbf",
    ];

    RawHuman, "the human error rates" {
        wrong_ipl_reply: Share,
        wrong_reply: Share,
        omit_step: Share,
        wrong_item: Share,
        volser_typo: Share,
        miss_status: Share,
        stress_error: Share,
        mapping_loss: Share,
        discover_wrong_id: Span,
        second_check: bool,
    } later &[];

    RawLimits, "the limits" {
        rto: Span,
        rpo: Span,
        orphan_grace: Span,
        job_time: Span,
        io_bound: Span,
    } later &[];

    RawMutant, "the mutant" {
        name: Mutant,
        check: CheckMutant,
    } later &[];

    RawExpect, "the expectation" {
        violates: Vec<Given<Invariant>>,
        goals: Vec<Given<String>>,
        requires: Vec<Given<Invariant>>,
        optional: Vec<Given<Invariant>>,
        verdict: ExpectedVerdict,
        when: Vec<Given<RawExpectWhen>>,
    } later &[];

    RawExpectWhen, "an expectation for one method or architecture" {
        method: MethodName,
        architecture: Architecture,
        violates: Vec<Given<Invariant>>,
        goals: Vec<Given<String>>,
        requires: Vec<Given<Invariant>>,
        optional: Vec<Given<Invariant>>,
        verdict: ExpectedVerdict,
    } later &[];
}

/// A table of hardware values; its keys are those of the profiles.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub table: Table,
}

impl Shape for Settings {
    fn form() -> Form {
        Form::Hardware
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<Settings> {
        table_of(node, path, problems).map(|table| Settings { table: table.clone() })
    }
}

pub(super) fn table_of<'n>(node: &'n Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<&'n Table> {
    if let Value::Table(table) = &node.value {
        return Some(table);
    }
    let list = path.ends_with(']');
    let name = path.split('[').next().unwrap_or(path);
    let help = if list { format!("begin each with `[[{name}]]`") } else { format!("begin it with `[{name}]`") };
    let problem =
        Diagnostic::error(Code::WrongType, format!("`{path}`: expected a table, found {}", node.value.noun()))
            .at(&node.place, "expected a table");
    problems.push(problem.path(path).help(help));
    None
}

pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The problem of a key that a table does not have.
pub fn unknown_key(key: &str, place: &Place, path: &str, noun: &str, known: &[&str], later: &[&str]) -> Diagnostic {
    let at = if path.is_empty() { "at the top of the file".to_owned() } else { format!("at {path}") };
    let problem = if later.contains(&key) {
        Diagnostic::error(Code::NotYet, format!("`{key}` in {noun} is not supported yet"))
            .help(format!("supported: {}", known.join(", ")))
    } else {
        Diagnostic::error(Code::UnknownKey, format!("unknown key `{key}` in {noun}"))
            .help(suggestion(key, known, "keys"))
    };
    problem.at(place, at).path(join(path, key))
}

/// Reads a document; what is no good is missing from the result and named in `problems`.
pub fn read(document: &Node, problems: &mut Vec<Diagnostic>) -> RawScenario {
    RawScenario::read(document, "", problems).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::document::parse;
    use super::*;

    fn problems_of(text: &str) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        read(&parse(text, 0).expect("valid TOML"), &mut problems);
        problems.into_iter().map(|problem| (problem.code.name(), problem.path)).collect()
    }

    #[test]
    fn all_problems_of_a_file_are_found_at_once() {
        let text = "sed = 1\nuntil = 90\n[[volume]]\nid = \"prod01\"\ndevice = 1000\nmodle = \"3390-3\"\nonline = \"yes\"\n\
                    [[backup]]\npersistent = true\nmethod = \"safe_backup\"\nmode = \"direct\"\n[rates]\ndisk_afr = 1\n";
        let found: Vec<(&str, &str)> = vec![
            ("S0107", "sed"),
            ("S0110", "until"),
            ("S0115", "volume[0].id"),
            ("S0101", "volume[0].device"),
            ("S0107", "volume[0].modle"),
            ("S0101", "volume[0].online"),
            ("S0109", "backup[0].persistent"),
            ("S0108", "backup[0].method"),
            ("S0108", "backup[0].mode"),
            ("S0109", "rates.disk_afr"),
        ];
        let expected: Vec<(&str, String)> = found.into_iter().map(|(code, path)| (code, path.to_owned())).collect();
        assert_eq!(problems_of(text), expected);
    }

    #[test]
    fn a_single_table_where_a_list_belongs_is_told() {
        assert_eq!(problems_of("[volume]\nid = \"A\"\n"), [("S0101", "volume".to_owned())]);
        assert_eq!(problems_of("volume = [1]\n"), [("S0101", "volume[0]".to_owned())]);
    }
}
