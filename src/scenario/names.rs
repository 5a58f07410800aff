//! The closed lists of names that values of a scenario come from, and how one is chosen.

use crate::controller::dasd::{Architecture, CopyMode, CowTiming, Fence, LabelCommit, LabelResidency, StripeLog};
use crate::fault::plan::{
    BlockChoice, DataPath, FaultKind, NvsFate, Program, Slip, SwapAction, UpdateTrack, WithdrawChoice,
};
use crate::host::Pattern;
use crate::host::trace::Action;
use crate::manager::plan::{
    Cascade, ClearHidden, CopyBack, DasdBackupOnline, DeleteTarget, DumpRestart, DuplicatePolicy, DuplicateStimulus,
    ExtentScope, FastReplication, HiddenMissing, JobJournal, Medium, MethodName, OldDevice, OnDumpFailure,
    OnWriteError, Readback, Reintroduce, ReintroduceScope, Relabel, RestoreIfOnline, RestoreLabel, ScratchPolicy,
    TargetId, WithdrawAfter,
};
use crate::manager::trigger::Stimulant;
use crate::names;
use crate::vocab::{CheckMutant, HiddenFormat, Invariant, Mutant, Op, TrackNo};

use super::catalogue::Code;
use super::diagnostic::{Diagnostic, suggestion};
use super::document::{Node, Value};
use super::form::Form;
use super::plan::{CartridgeState, ExpectedVerdict};
use super::shape::{Shape, out_of_range, text_of, wrong_type};

names! {
    /// Who asks for a restore, and does what the manager does not do by itself.
    pub enum Asker {
        Internal = "internal",
        Operator = "operator",
    }
}

names! {
    /// What a backup or a restore is about (patent paragraph 41).
    pub enum Granularity {
        Volume = "volume",
        Extent = "extent",
        Dataset = "dataset",
    }
}

names! {
    pub enum LoadName {
        Open = "open",
        Closed = "closed",
        Trace = "trace",
        /// Each request as the scenario writes it.
        Literal = "literal",
    }
}

names! {
    /// How the requests of a trace are timed.
    pub enum ReplayName {
        Open = "open",
        Closed = "closed",
    }
}

names! {
    pub enum TraceFormat {
        /// As the file tells.
        Auto = "auto",
        TiersimCsv = "tiersim-csv",
        DiskSimValidate = "disksim-validate",
        DiskSimAscii = "disksim-ascii",
        HpSrt = "hp-srt",
        Msr = "msr",
        Spc = "spc",
        Systor17 = "systor17",
        Vscsi = "vscsi",
        VscsiCsv = "vscsi-csv",
        SsdSim = "ssdsim",
        Blkparse = "blkparse",
        Fio2 = "fio-iolog-2",
        Fio3 = "fio-iolog-3",
    }
}

names! {
    /// What becomes of a trace's addresses (MODEL 8).
    pub enum AddressRule {
        Strict = "strict",
        Wrap = "wrap",
        Compact = "compact",
    }
}

/// A value out of a closed list of names. `later` are names of the design that this version does not know yet.
pub fn choose<T: Copy>(
    node: &Node,
    path: &str,
    noun: &str,
    names: &[(&str, T)],
    later: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    let Some(text) = text_of(node) else {
        problems.push(wrong_type(node, path, noun, &format!("one of: {}", known.join(", "))));
        return None;
    };
    if let Some((_, value)) = names.iter().find(|(name, _)| *name == text) {
        return Some(*value);
    }
    let problem = if later.contains(&text) {
        Diagnostic::error(Code::NotYet, format!("`{path}`: `{text}` is not supported yet"))
            .at(&node.place, "not supported yet")
            .help(format!("supported: {}", known.join(", ")))
    } else {
        Diagnostic::error(Code::UnknownName, format!("`{text}` is not {noun}"))
            .at(&node.place, format!("unknown: expected {noun}"))
            .help(suggestion(text, &known, "values"))
    };
    problems.push(problem.path(path));
    None
}

macro_rules! choices {
    ($($type:ty, $noun:literal, later $later:expr;)+) => {$(
        impl Shape for $type {
            fn form() -> Form {
                Form::Names(<$type>::ALL.iter().map(|value| value.name()).collect())
            }

            fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<$type> {
                let names: Vec<(&str, $type)> = <$type>::ALL.iter().map(|&value| (value.name(), value)).collect();
                choose(node, path, $noun, &names, $later, problems)
            }
        }
    )+};
}
pub(super) use choices;

choices! {
    Architecture, "an architecture", later &[];
    Granularity, "what a backup is about", later &[];
    LoadName, "a kind of workload", later &[];
    Op, "what a request does", later &[];
    Pattern, "where requests go", later &[];
    ReplayName, "a way of replaying a trace", later &[];
    TraceFormat, "a trace format", later &[];
    Action, "an event that is a request", later &[];
    AddressRule, "a rule for addresses", later &[];
    Stimulant, "who asks for a backup", later &[];
    MethodName, "a backup method", later &[];
    CopyMode, "a copy mode", later &[];
    LabelCommit, "an order of label and relationship", later &[];
    OnDumpFailure, "what to do when a dump fails", later &[];
    DeleteTarget, "when the target is deleted", later &[];
    Asker, "who asks for a restore", later &[];
    Relabel, "what is relabelled after a backup by hand", later &[];
    RestoreLabel, "an order of label and data", later &[];
    RestoreIfOnline, "what a restore does when the ID is online", later &[];
    OldDevice, "what becomes of the old device", later &[];
    DuplicatePolicy, "a policy for duplicate IDs", later &[];
    StripeLog, "a place for the stripe log", later &[];
    Reintroduce, "when the hidden ID is put back", later &[];
    ReintroduceScope, "where the hidden ID is put back", later &[];
    TargetId, "who chooses the ID of the target", later &[];
    LabelResidency, "a place for the target's label", later &[];
    ClearHidden, "when the hidden ID is blanked", later &[];
    HiddenMissing, "what to do without a valid hidden ID", later &[];
    Fence, "a fence", later &[];
    CowTiming, "when a track is saved", later &[];
    WithdrawAfter, "when a copy may be withdrawn", later &[];
    JobJournal, "a switch of the job journal", later &[];
    DuplicateStimulus, "what becomes of a second stimulus", later &[];
    Cascade, "what becomes of a copy of a copy", later &[];
    CopyBack, "an ID after copying back", later &[];
    FastReplication, "whether the instant copy is required", later &[];
    ExtentScope, "which tracks are copied", later &[];
    Medium, "a backup medium", later &[];
    DasdBackupOnline, "whether a backup on DASD may come online", later &[];
    Readback, "whether the tape is read back", later &[];
    ScratchPolicy, "when an old tape is scratched", later &[];
    DumpRestart, "where a dump begins again", later &[];
    OnWriteError, "what to do about a write error", later &[];
    FaultKind, "a kind of fault", later &[];
    DataPath, "a data path", later &[];
    SwapAction, "what happens to a cartridge", later &[];
    CartridgeState, "what a cartridge holds at the start", later &[];
    WithdrawChoice, "a relationship to withdraw", later &[];
    Program, "a program", later &[];
    Slip, "a slip", later &[];
    NvsFate, "what becomes of the NVS", later &[];
    Invariant, "an invariant", later &[];
    ExpectedVerdict, "a verdict", later &[];
    Mutant, "a mutant", later &[];
    CheckMutant, "a mutant of a check", later &[];
}

impl Shape for HiddenFormat {
    fn form() -> Form {
        Form::Names(names_of(HIDDEN_FORMATS))
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<HiddenFormat> {
        choose(node, path, "a form of the hidden ID", HIDDEN_FORMATS, &[], problems)
    }
}

pub const HIDDEN_FORMATS: &[(&str, HiddenFormat)] = &[("sealed", HiddenFormat::Sealed), ("bare", HiddenFormat::Bare)];

pub const UPDATE_TRACKS: &[(&str, UpdateTrack)] = &[
    ("label", UpdateTrack::Label),
    ("just-dumped", UpdateTrack::JustDumped),
    ("about-to-be-dumped", UpdateTrack::AboutToBeDumped),
    ("next", UpdateTrack::Next),
    ("last", UpdateTrack::Last),
];

pub const BLOCK_CHOICES: &[(&str, BlockChoice)] = &[
    ("middle", BlockChoice::Middle),
    ("first", BlockChoice::First),
    ("last", BlockChoice::Last),
    ("next", BlockChoice::Next),
];

/// The names alone.
fn names_of<T>(list: &[(&'static str, T)]) -> Vec<&'static str> {
    list.iter().map(|(name, _)| *name).collect()
}

/// A number of 32 bits, if `node` is a number at all.
fn number(node: &Node) -> Option<Option<u32>> {
    match &node.value {
        Value::Whole(value) => Some(u32::try_from(*value).ok()),
        Value::Bare(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.parse().ok()),
        _ => None,
    }
}

impl Shape for UpdateTrack {
    fn form() -> Form {
        Form::NumberOrName(names_of(UPDATE_TRACKS))
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<UpdateTrack> {
        match number(node) {
            Some(Some(track)) => Some(UpdateTrack::Number(TrackNo(track))),
            Some(None) => {
                problems.push(out_of_range(&node.place, path, "a track of the volume"));
                None
            }
            None => choose(node, path, "a track: a number or a name", UPDATE_TRACKS, &[], problems),
        }
    }
}

impl Shape for BlockChoice {
    fn form() -> Form {
        Form::NumberOrName(names_of(BLOCK_CHOICES))
    }

    fn read(node: &Node, path: &str, problems: &mut Vec<Diagnostic>) -> Option<BlockChoice> {
        match number(node) {
            Some(Some(block)) => Some(BlockChoice::Number(block)),
            Some(None) => {
                problems.push(out_of_range(&node.place, path, "a block of the dump"));
                None
            }
            None => choose(node, path, "a block: a number or a name", BLOCK_CHOICES, &[], problems),
        }
    }
}
