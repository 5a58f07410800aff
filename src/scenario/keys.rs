//! The keys of a scenario that switch no method and set no hardware: what each says, its values with the default first, and
//! where a number comes from. (Keys of `[[backup]]` and `[[restore]]` are among the switches, those of faults stand with
//! their kinds, those of the hardware in the profiles.)

use crate::device::profiles;

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    /// As in `workload`; empty at the top of the file.
    pub table: &'static str,
    /// The default first; words in brackets stand for a kind of value, or say what holds without the key.
    pub values: &'static [&'static str],
    /// Of the default, in the tags of the profiles; empty where it is a choice and no number.
    pub origin: &'static str,
    pub about: &'static str,
}

/// A table of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    /// As a scenario writes it.
    pub header: &'static str,
    pub about: &'static str,
}

impl Table {
    pub fn find(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Its keys as far as they stand here.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        let name = self.name;
        ALL.iter().filter(move |key| key.table == name)
    }

    /// Its parameters, if it is one of the hardware.
    pub fn parameters(&self) -> impl Iterator<Item = &'static profiles::Entry> {
        let name = self.name;
        profiles::DEFAULT.entries().filter(move |entry| entry.key.split('.').next() == Some(name))
    }
}

/// The part of a path behind its last point, as in `rate` of `workload[0].rate`.
pub fn last_part(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A path without the numbers of entries, as in `workload.rate` for `workload[0].rate`.
pub fn without_numbers(path: &str) -> String {
    let mut depth = 0;
    let outside = path.chars().filter(|&character| {
        depth += i32::from(character == '[');
        let outside = depth == 0;
        depth -= i32::from(character == ']');
        outside
    });
    outside.collect()
}

impl Key {
    /// All keys that `path` may mean: the name alone, or with its table in front.
    pub fn named(path: &str) -> impl Iterator<Item = &'static Key> {
        ALL.iter().filter(move |key| {
            let table = path.strip_suffix(key.name).and_then(|rest| rest.strip_suffix('.'));
            path == key.name || !key.table.is_empty() && table == Some(key.table)
        })
    }
}

pub(in crate::scenario) const fn table(name: &'static str, header: &'static str, about: &'static str) -> Table {
    Table { name, header, about }
}

pub static TABLES: &[Table] = &[
    table("dasd", "[[dasd]]", "The disk controller."),
    table("volume", "[[volume]]", "A volume with its device."),
    table("image", "[[image]]", "A host image; the first runs the storage manager."),
    table("dataset", "[[dataset]]", "Tracks of a volume under a name."),
    table("workload", "[[workload]]", "A source of host requests."),
    table("backup", "[[backup]]", "A backup, how it is asked for and how it is made."),
    table("restore", "[[restore]]", "A volume that is brought back."),
    table("command", "[[command]]", "A line that an operator types."),
    table("fault", "[[fault]]", "Something that goes wrong."),
    table("cartridge", "[[cartridge]]", "A cartridge of the library, in place of `tape.scratch` unnamed ones."),
    table("rates", "[rates]", "Faults that come at random, with the mean time between two of them."),
    table("human", "[human]", "Slips of operators: the table switches them on, also when it is empty."),
    table("limits", "[limits]", "Bounds that the checks compare with."),
    table("mutant", "[mutant]", "A protection that is left out, as `tiersim mutants` does it."),
    table("expect", "[expect]", "What the scenario says will come out."),
    table("expect.when", "[[expect.when]]", "The same for one method or architecture."),
    table("channel", "[channel]", "Paths between host and disk controller."),
    table("controller", "[controller]", "The disk controller's processors, cache and memories."),
    table("disk", "[disk]", "The disks."),
    table("flashcopy", "[flashcopy]", "The instant copy."),
    table("host", "[host]", "The host and its storage manager."),
    table("label", "[label]", "Labels and the utility that writes them."),
    table("library", "[library]", "The tape library."),
    table("lsa", "[lsa]", "The log-structured array."),
    table("metadata", "[metadata]", "The controller's tables and where they are kept."),
    table("operator", "[operator]", "How long operators take."),
    table("raid", "[raid]", "The rank of disks."),
    table("snapshot", "[snapshot]", "The instant copy of a log-structured array."),
    table("tape", "[tape]", "Tape drives and cartridges."),
];

pub(in crate::scenario) const fn key(
    table: &'static str,
    name: &'static str,
    values: &'static [&'static str],
    origin: &'static str,
    about: &'static str,
) -> Key {
    Key { name, table, values, origin, about }
}

const NO: &[&str] = &["false", "true"];
const TEXT: &[&str] = &["(a text)"];
const NAME: &[&str] = &["(a name)"];
const NUMBER: &[&str] = &["(a number)"];
const VOLUME: &[&str] = &["(a volume ID)"];
const DEVICE: &[&str] = &["(a device)"];
const INSTANT: &[&str] = &["(an instant)"];
const DURATION: &[&str] = &["(a duration)"];
const INVARIANTS: &[&str] = &["(a list of invariants)"];

pub static ALL: &[Key] = &[
    key("", "title", TEXT, "", "What the scenario is about, for summaries and lists."),
    key("", "name", NAME, "", "The name of the scenario and of its directories; without it that of the file."),
    key("", "seed", &["1", "(a number)"], "", "All that is random is drawn from it."),
    key("", "shuffle_ties", NUMBER, "", "Delivers simultaneous events in an order drawn from this seed."),
    key("", "profile", &["ess-f20-3590", "rva-lsa-3590"], "", "The built-in set of hardware; see `tiersim profiles`."),
    key("", "hazards", &["(a list of hazards)"], "", "What the scenario shows; `tiersim explain` lists them."),
    key("", "until", INSTANT, "", "When workloads stop; the run then goes on until all is quiet."),
    key(
        "",
        "tail",
        &["2 min", "(a duration)"],
        "A",
        "How long workloads go on when all work is done, without `until`.",
    ),
    key("dasd", "name", NAME, "", "The name of the controller, to which volumes refer."),
    key("volume", "id", VOLUME, "", "The volume ID (volser) that the label bears at the start."),
    key("volume", "device", DEVICE, "", "The device number: four hexadecimal digits."),
    key("volume", "cylinders", NUMBER, "", "The size, instead of a model: 15 tracks each."),
    key(
        "volume",
        "tracks",
        NUMBER,
        "",
        "The size in tracks, where a story needs no whole cylinder as real devices have.",
    ),
    key("volume", "dasd", NAME, "", "The controller that has the volume."),
    key("image", "name", NAME, "", "The name of the system: one to eight characters."),
    key(
        "image",
        "online",
        &["(a list of devices)"],
        "",
        "What it has online at the start; without it as the volumes say.",
    ),
    key(
        "image",
        "online_at_ipl",
        &["(a list of devices)"],
        "",
        "What its IPL brings online; without it as the volumes say.",
    ),
    key("dataset", "name", NAME, "", "The name of the data set, to which backups refer."),
    key("dataset", "volume", VOLUME, "", "The volume that it lies on."),
    key("dataset", "extents", &["(ranges of tracks)"], "", "Its tracks, as in [\"15-29\"]."),
    key(
        "dataset",
        "created",
        &["0 s", "(an instant)"],
        "",
        "When it comes into being: before that the directory does not name it.",
    ),
    key(
        "dataset",
        "deleted",
        &["(never)", "(an instant)"],
        "",
        "From when on the directory does not name it any more; its tracks hold what they held.",
    ),
    key("workload", "image", NAME, "", "The host image that it runs on; without it the first."),
    key("workload", "volume", VOLUME, "", "The volume that it uses."),
    key("workload", "volumes", &["(a list of volume IDs)"], "", "The volumes that it uses, laid end to end."),
    key(
        "workload",
        "kind",
        &["open", "closed", "trace", "literal"],
        "",
        "Whether requests come by the clock, from clients that wait for answers, from a file, or each as it is written down.",
    ),
    key(
        "workload",
        "rate",
        &["120 /s", "(a frequency)"],
        "A (MODEL 8)",
        "How often requests come, of an open workload.",
    ),
    key("workload", "clients", &["8", "(a number)"], "A", "How many clients a closed workload has."),
    key(
        "workload",
        "think",
        &["50 ms", "(a duration)"],
        "A",
        "How long a client thinks between answer and request, on average.",
    ),
    key("workload", "read", &["70 %", "(a share)"], "A (MODEL 8)", "The share of requests that read."),
    key("workload", "size", &["4 KiB", "(a size)"], "A (MODEL 8)", "Bytes of a request."),
    key(
        "workload",
        "pattern",
        &["random", "sequential"],
        "",
        "Whether each request goes anywhere, or one track behind the other.",
    ),
    key(
        "workload",
        "hot_requests",
        &["80 %", "(a share)"],
        "A (MODEL 8)",
        "The share of requests that go to hot tracks.",
    ),
    key("workload", "hot_tracks", &["20 %", "(a share)"], "A (MODEL 8)", "The share of tracks that are hot."),
    key("workload", "limit", NUMBER, "", "How many requests it issues; without it, until it is stopped."),
    key(
        "workload",
        "dependent",
        NO,
        "",
        "Whether each write depends on the one before it (one client that writes only).",
    ),
    key("workload", "file", &["(a file)"], "", "The trace, beside the scenario."),
    key("workload", "sha256", &["(a digest)"], "", "The SHA-256 of the trace that is meant."),
    key(
        "workload",
        "format",
        &[
            "auto",
            "tiersim-csv",
            "disksim-validate",
            "disksim-ascii",
            "hp-srt",
            "msr",
            "spc",
            "systor17",
            "vscsi",
            "vscsi-csv",
            "ssdsim",
            "blkparse",
            "fio-iolog-2",
            "fio-iolog-3",
        ],
        "",
        "The format of the trace; `auto` lets the file tell.",
    ),
    key(
        "workload",
        "sector_bytes",
        NUMBER,
        "",
        "Bytes of a sector of the recorded device, where the format does not say.",
    ),
    key("workload", "read_code", NUMBER, "", "The number that stands for a read, where a format leaves it open."),
    key("workload", "action", &["D", "Q"], "", "Which events of a blkparse text are requests: issued or queued ones."),
    key("workload", "replay", &["open", "closed"], "", "Whether a trace keeps its times, or waits for answers."),
    key("workload", "time_scale", &["1", "(a ratio)"], "", "What the times of an open replay are multiplied by."),
    key("workload", "depth", &["1", "(a number)"], "", "The most requests outstanding in a closed replay."),
    key(
        "workload",
        "address",
        &["strict", "wrap", "compact"],
        "",
        "What becomes of addresses beyond the volumes: an error, the beginning again, or the next free place.",
    ),
    key("workload", "allow_coarse_time", NO, "", "Whether an open replay of times with a coarse clock is meant."),
    key("workload", "skip_bad_lines", NO, "", "Whether records that cannot be read are left out."),
    key(
        "workload",
        "requests",
        &["(a list of requests)"],
        "",
        "The requests of a literal workload, at most 10,000, as in { at = \"1 s\", op = \"write\", track = 3 }.",
    ),
    key(
        "workload.requests",
        "at",
        &["(an instant)"],
        "",
        "When it is issued, counted from the application's open of the volumes.",
    ),
    key("workload.requests", "op", &["(read or write)"], "", "What it does."),
    key("workload.requests", "volume", VOLUME, "", "The volume that it is for; needed where the workload has several."),
    key("workload.requests", "track", NUMBER, "", "The first track that it touches."),
    key(
        "workload.requests",
        "size",
        &["4 KiB", "(a size)"],
        "A (MODEL 8)",
        "Its bytes, from the beginning of the track on.",
    ),
    key(
        "backup.when",
        "changed",
        &["(a size)"],
        "",
        "Bytes written to the source since the last backup that ask for the next.",
    ),
    key("backup.when", "changed_tracks", NUMBER, "", "Tracks changed since the last backup that ask for the next."),
    key("backup.when", "age", DURATION, "", "The age of the last backup that asks for the next."),
    key("backup.when", "times", &["100", "(a number)"], "A", "How often the condition asks at most."),
    key("command", "at", INSTANT, "", "When the operator turns to the command; typing takes time."),
    key(
        "command",
        "line",
        &["(a command)"],
        "",
        "What is typed: FLASHCOPY, COPY, DUMP, WITHDRAW, VARY, MOUNT, REFORMAT or RESTORE with its operands.",
    ),
    key("command", "image", NAME, "", "The host image at whose console it is typed; without it the first."),
    key("fault", "kind", &["(a kind of fault)"], "", "What goes wrong."),
    key("fault", "when", &["(an anchor)"], "", "When; `tiersim explain anchors` tells of the ways."),
    key("fault", "silence", NO, "", "Whether workloads ask no more once the fault has acted."),
    key(
        "fault",
        "rate",
        &["(a distribution)"],
        "",
        "In place of `when`: it comes again and again, as in { mean = \"5000 h\" } or { scale = \"5000 h\", shape = \"0.7\" }.",
    ),
    key(
        "fault",
        "trace",
        &["(a file)"],
        "",
        "In place of `when`: a recorded list of outages beside the scenario, a CSV file of start_s and duration_s.",
    ),
    key("fault.rate", "mean", DURATION, "", "The mean time between two, exponentially distributed."),
    key("fault.rate", "scale", DURATION, "", "The scale of a Weibull distribution of the time between two."),
    key(
        "fault.rate",
        "shape",
        &["(a ratio)"],
        "",
        "The shape of the Weibull distribution: below 1 faults come in heaps, above 1 as by wear.",
    ),
    key("fault.when", "at", INSTANT, "", "The instant at which the fault acts."),
    key("fault.when", "event", NUMBER, "", "The number of events after which it acts."),
    key("fault.when", "after", &["(an event or a step)"], "", "What it follows."),
    key("fault.when", "before", &["(an event or a step)"], "", "What it precedes."),
    key("fault.when", "nth", &["1", "(a number)"], "", "Which occurrence of the event or the step is meant."),
    key("fault.when", "volume", VOLUME, "", "The volume that the event must be about."),
    key("fault.when", "device", DEVICE, "", "The device that the event must be about."),
    key("fault.when", "track", NUMBER, "", "The track that the event must be about."),
    key("fault.when", "delay", DURATION, "", "How long behind the event it acts."),
    key(
        "tape",
        "scratch",
        &["(two more than all dumps can use)", "(a number)"],
        "A",
        "How many cartridges of the library are scratch, in place of a list of `[[cartridge]]`.",
    ),
    key("cartridge", "id", VOLUME, "", "The name on the cartridge."),
    key(
        "cartridge",
        "state",
        &["scratch", "blank", "foreign"],
        "",
        "What it holds at the start: its own label, nothing, or somebody else's data.",
    ),
    key(
        "rates",
        "host_outage",
        &["5000 h", "never", "(a duration)"],
        "A",
        "Mean time between crashes of the host, when the table is there.",
    ),
    key(
        "rates",
        "controller_loss",
        &["12500 d", "never", "(a duration)"],
        "A",
        "Mean time between crashes of the disk controller, when the table is there.",
    ),
    key("rates", "power_loss", &["never", "(a duration)"], "", "Mean time between losses of power."),
    key(
        "human",
        "wrong_ipl_reply",
        &["5 %", "(a share)"],
        "A, after S-53",
        "How often the prompt of an IPL is answered wrong: the copy stays online in place of the original.",
    ),
    key("human", "wrong_reply", &["5 %", "(a share)"], "A, after S-53", "Another name of `wrong_ipl_reply`."),
    key("human", "omit_step", &["0.3 %", "(a share)"], "G (THERP tables)", "How often a step by hand is left out."),
    key(
        "human",
        "wrong_item",
        &["0.3 %", "(a share)"],
        "G (THERP excerpt)",
        "How often a step is done to another device, or another tape is taken.",
    ),
    key("human", "volser_typo", &["0.5 %", "(a share)"], "G", "How often an ID is typed with one wrong character."),
    key(
        "human",
        "miss_status",
        &["1 %", "(a share)"],
        "G (THERP excerpt)",
        "How often a message that a command has failed is not noticed.",
    ),
    key(
        "human",
        "stress_error",
        &["0 %", "(a share)"],
        "G (THERP excerpt: up to 50 %)",
        "How often each step of a restore goes wrong, as work in a hurry does; 0 % for as often as any other.",
    ),
    key(
        "human",
        "mapping_loss",
        &["1 %", "(a share)"],
        "A",
        "How often the run book does not say which volume a tape holds.",
    ),
    key(
        "human",
        "discover_wrong_id",
        &["10 min", "(a duration)"],
        "A",
        "Median time until somebody finds that a restored volume cannot be used.",
    ),
    key(
        "limits",
        "rto",
        &["1 h", "(a duration)"],
        "A",
        "Recovery time objective: from the end of a restore to an application's open.",
    ),
    key(
        "limits",
        "rpo",
        &["26 h", "(a duration)"],
        "A",
        "Recovery point objective: the age of the latest readable backup.",
    ),
    key("mutant", "name", &["(a mutant)"], "A", "Which protection; `tiersim mutants` lists them."),
    key(
        "mutant",
        "check",
        &["(a mutant of a check)"],
        "A",
        "What a check does wrong; `tiersim mutants` lists these too.",
    ),
    key("limits", "orphan_grace", &["1 min", "(a duration)"], "A", "How long what a job left behind may stand."),
    key(
        "limits",
        "job_time",
        DURATION,
        "C",
        "How long the longest job takes without faults; three times that, plus faults, is its bound. Without the key it is computed.",
    ),
    key("limits", "io_bound", &["10 min", "(a duration)"], "A", "How long a request may take."),
    key("expect", "violates", INVARIANTS, "", "The invariants that the run violates."),
    key("expect", "goals", &["(a list of goals)"], "", "Situations that the run must have met."),
    key(
        "expect",
        "requires",
        INVARIANTS,
        "",
        "Invariants that must have been put to the test, beside those that follow from the contents.",
    ),
    key("expect", "optional", INVARIANTS, "", "Invariants that need not have been put to the test."),
    key("expect", "verdict", &["(as the rest says)", "PASS", "FAIL", "INCONCLUSIVE"], "", "The verdict."),
    key(
        "expect",
        "when",
        &["(entries)"],
        "",
        "What comes out under another method or architecture: `[[expect.when]]`.",
    ),
    key("expect.when", "method", &["(a method)"], "", "The method that the entry is about."),
    key(
        "expect.when",
        "architecture",
        &["home-area", "log-structured"],
        "",
        "The architecture that the entry is about.",
    ),
    key("expect.when", "violates", INVARIANTS, "", "The invariants that are violated then."),
    key("expect.when", "goals", &["(a list of goals)"], "", "Situations that must have been met then."),
    key("expect.when", "requires", INVARIANTS, "", "Invariants that must have been put to the test then."),
    key("expect.when", "optional", INVARIANTS, "", "Invariants that need not have been put to the test then."),
    key("expect.when", "verdict", &["(as the rest says)", "PASS", "FAIL", "INCONCLUSIVE"], "", "The verdict then."),
];

#[cfg(test)]
mod tests {
    use super::super::check::keys_of;
    use super::super::hazards::switches::Switch;
    use super::super::raw::*;
    use super::super::{Code, Overrides, Source, load};
    use super::*;
    use crate::fault::plan::FaultKind;

    /// Every table that is read key by key.
    const READ: &[(&str, &[&str])] = &[
        ("", RawScenario::KEYS),
        ("dasd", RawDasd::KEYS),
        ("volume", RawVolume::KEYS),
        ("image", RawImage::KEYS),
        ("dataset", RawDataset::KEYS),
        ("workload", RawWorkload::KEYS),
        ("workload.requests", RawRequest::KEYS),
        ("backup", RawBackup::KEYS),
        ("backup.when", RawCondition::KEYS),
        ("restore", RawRestore::KEYS),
        ("command", RawCommand::KEYS),
        ("fault", RawFault::KEYS),
        ("fault.when", RawWhen::KEYS),
        ("fault.rate", RawRate::KEYS),
        ("cartridge", RawCartridge::KEYS),
        // Not among the parameters of a profile: how many there must be follows from the dumps.
        ("tape", &["scratch"]),
        ("rates", RawRates::KEYS),
        ("human", RawHuman::KEYS),
        ("limits", RawLimits::KEYS),
        ("mutant", RawMutant::KEYS),
        ("expect", RawExpect::KEYS),
        ("expect.when", RawExpectWhen::KEYS),
    ];

    #[test]
    fn every_key_of_a_scenario_is_told_once() {
        for &(table, keys) in READ {
            for &name in keys {
                let own = ALL.iter().filter(|key| key.table == table && key.name == name).count();
                let stands_in = |switch: &&Switch| switch.table.trim_matches(['[', ']']) == table;
                let switches = Switch::named(name).filter(stands_in).count();
                let parameter = profiles::DEFAULT.entry(&format!("{table}.{name}")).is_some();
                let is_table = table.is_empty() && Table::find(name).is_some();
                let of_a_kind = table == "fault" && FaultKind::ALL.iter().any(|&kind| keys_of(kind).contains(&name));
                let told = own + switches + usize::from(parameter) + usize::from(is_table) + usize::from(of_a_kind);
                assert_eq!(told, 1, "`{name}` of `{table}` needs an entry in src/scenario/keys.rs");
            }
        }
        for key in ALL {
            let known = READ.iter().any(|(table, keys)| *table == key.table && keys.contains(&key.name));
            assert!(known && key.about.ends_with('.') && !key.values.is_empty(), "{} in {}", key.name, key.table);
        }
    }

    const PLAIN: &str = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 2\n\
                         [[workload]]\nvolume = \"A\"\n[[workload]]\nvolume = \"A\"\nkind = \"closed\"\n\
                         [[cartridge]]\nid = \"TAPE01\"\n[human]\n[limits]\n[rates]\n[expect]\n";

    fn resolved(set: &[String]) -> Result<String, Vec<(Code, String)>> {
        let source = Source::Embedded { name: "plain.toml".into(), text: PLAIN.into(), files: &[] };
        match load(&source, &Overrides { set: set.to_vec(), ..Overrides::default() }) {
            Ok(loaded) => Ok(loaded.resolved),
            Err(problems) => Err(problems.list.iter().map(|it| (it.code, it.message.clone())).collect()),
        }
    }

    /// The first value is what a scenario gets that says nothing.
    #[test]
    fn defaults_are_those_of_the_resolved_scenario() {
        let text = resolved(&[]).expect("it is valid");
        // What another key takes the place of, or what only a trace or a condition has.
        let elsewhere = |key: &Key| {
            matches!(key.table, "backup.when" | "fault" | "fault.when" | "fault.rate" | "dataset" | "workload.requests")
                || matches!(key.name, "wrong_reply" | "dependent")
                || key.table == "workload" && TRACE.contains(&key.name)
        };
        for key in ALL.iter().filter(|key| !key.values[0].starts_with('(') && !elsewhere(key)) {
            let bare = format!("\n{} = {}\n", key.name, key.values[0]);
            let quoted = format!("\n{} = \"{}\"\n", key.name, key.values[0]);
            assert!(text.contains(&bare) || text.contains(&quoted), "{quoted}\n{text}");
        }
    }

    const TRACE: [&str; 8] =
        ["format", "action", "replay", "time_scale", "depth", "address", "allow_coarse_time", "skip_bad_lines"];

    /// Each value named is one that a scenario may give.
    #[test]
    fn every_value_that_is_named_is_legal() {
        for key in ALL.iter().filter(|key| !matches!(key.table, "backup.when" | "fault.when" | "workload.requests")) {
            for value in key.values.iter().filter(|value| !value.starts_with('(')) {
                let table = match Table::find(key.table).map(|table| table.header) {
                    Some("[[expect.when]]") => "expect.when[0].".to_owned(),
                    Some(header) if header.starts_with("[[") => format!("{}[0].", key.table),
                    Some(_) => format!("{}.", key.table),
                    None => String::new(),
                };
                let found = resolved(&[format!("{table}{}={value}", key.name)]);
                let unknown = found.err().into_iter().flatten().find(|(code, _)| {
                    matches!(code, Code::UnknownName | Code::WrongType | Code::MissingUnit | Code::Malformed)
                });
                assert_eq!(unknown, None, "{table}{}={value}", key.name);
            }
        }
    }

    #[test]
    fn a_key_is_found_by_its_name_and_by_its_path() {
        let tables = |path: &str| Key::named(path).map(|key| key.table).collect::<Vec<_>>();
        assert_eq!(tables("omit_step"), ["human"]);
        assert_eq!(tables(&without_numbers("workload[12].rate")), ["workload"]);
        assert_eq!(tables("expect.when.verdict"), ["expect.when"]);
        assert_eq!(tables("image"), ["workload", "command"]);
        assert_eq!((tables("human.rate"), last_part("raid.stripe_log")), (vec![], "stripe_log"));
    }
}
