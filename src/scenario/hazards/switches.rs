//! The keys of `[[backup]]`, `[[restore]]` and of the hardware that change what a method is open to, each with its values,
//! the default first, and the hazards it acts on.

use super::super::keys::last_part;
use super::super::raw::{RawBackup, RawRestore};
use crate::device::profiles;

/// One key of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// As in `label_commit`, or `raid.stripe_log` for a value of the hardware.
    pub key: &'static str,
    /// Where it stands, as in `[[backup]]`.
    pub table: &'static str,
    /// The default first; words in brackets stand for a kind of value.
    pub values: &'static [&'static str],
    pub about: &'static str,
    pub acts_on: &'static [&'static str],
}

impl Switch {
    /// All that `path` may mean: the key, its last part, or the key with its table in front.
    pub fn named(path: &str) -> impl Iterator<Item = &'static Switch> {
        ALL.iter().filter(move |switch| {
            let table = path.strip_suffix(switch.key).and_then(|rest| rest.strip_suffix('.'));
            path == last_part(switch.key) || path == switch.key || table == Some(switch.table.trim_matches(['[', ']']))
        })
    }

    /// The switches that act on a hazard.
    pub fn acting_on(hazard: &str) -> impl Iterator<Item = &'static Switch> {
        ALL.iter().filter(move |switch| switch.acts_on.contains(&hazard))
    }

    /// Whether this version reads the key.
    pub fn is_supported(&self) -> bool {
        match self.table {
            BACKUP => RawBackup::KEYS.contains(&self.key),
            RESTORE => RawRestore::KEYS.contains(&self.key),
            VOLUME | HUMAN => true,
            _ => profiles::DEFAULT.entry(self.key).is_some(),
        }
    }
}

const BACKUP: &str = "[[backup]]";
const RESTORE: &str = "[[restore]]";
const VOLUME: &str = "[[volume]]";
const HUMAN: &str = "[human]";

const fn backup(
    key: &'static str,
    values: &'static [&'static str],
    acts_on: &'static [&'static str],
    about: &'static str,
) -> Switch {
    Switch { key, table: BACKUP, values, about, acts_on }
}

const fn restore(
    key: &'static str,
    values: &'static [&'static str],
    acts_on: &'static [&'static str],
    about: &'static str,
) -> Switch {
    Switch { key, table: RESTORE, values, about, acts_on }
}

const YES: &[&str] = &["true", "false"];
const NO: &[&str] = &["false", "true"];

pub static ALL: &[Switch] = &[
    backup("at", &["(an instant)"], &[], "When the backup is asked for."),
    backup("method", &["(a method)"], &[], "How it is made; `tiersim explain safe-backup` tells of one."),
    backup("source", &["(a volume)"], &["H24"], "The volume that is saved, by its ID."),
    backup("target", &["(a device)"], &["H24"], "The device that the copy is made on."),
    backup("mode", &["nocopy", "copy"], &["H38"], "Whether the controller copies by itself what nobody writes."),
    backup(
        "label_commit",
        &["atomic", "before-establish", "after-establish"],
        &["H3", "H75"],
        "Whether relationship, label and hidden ID become durable in one transaction, or the label before or after it. \
         no-volid-manual commits the label after the relationship unless told otherwise.",
    ),
    backup(
        "label_residency",
        &["resident", "overlay"],
        &["H27"],
        "Whether the copy's own label is written to its own disk at the establish, or only laid over what is read.",
    ),
    backup(
        "hidden_format",
        &["sealed", "bare"],
        &["H56", "H57", "H58", "H59", "H60", "H63"],
        "A sealed hidden ID carries a check sum, the device it is for and the instant; a bare one is six characters.",
    ),
    backup(
        "clear_hidden_on",
        &["withdraw", "restore", "first-target-write", "never"],
        &["H58", "H60"],
        "What blanks the hidden ID in the copy's label.",
    ),
    backup(
        "hidden_missing",
        &["fail-dump", "dump-as-target"],
        &["H57", "H58", "H61"],
        "What a dump does without a valid hidden ID: fail, or write the copy's own ID.",
    ),
    backup(
        "fence_target",
        &["read-only", "reserved", "none"],
        &["H18", "H57"],
        "What host writes to the copy meet while the job lives.",
    ),
    backup(
        "cow",
        &["on-destage", "before-commit"],
        &["H15"],
        "When the T0 content of a track is saved: as the update is destaged, or before the update is accepted.",
    ),
    backup(
        "withdraw_after",
        &["inventory-updated", "eof-hardened", "readback-verified"],
        &["H30", "H33", "H46"],
        "What must be true before the copy may end.",
    ),
    backup("drain_before_withdraw", YES, &["H33"], "Whether reads of the copy end before the copy does."),
    backup(
        "job_journal",
        &["on", "off"],
        &["H28", "H29", "H30", "H31"],
        "Whether a job writes down how far it is, so that a restart resumes or undoes it.",
    ),
    backup(
        "relabel_after_withdraw",
        NO,
        &["H27"],
        "Whether the target gets its own label written once more when the copy has ended (same-id-offline, \
         no-volid-manual).",
    ),
    backup(
        "auto_vary",
        YES,
        &["H4"],
        "Whether the manager varies the target of same-id-offline offline, or an operator.",
    ),
    backup(
        "duplicate_stimulus",
        &["reject", "join", "start-second"],
        &["H66"],
        "What becomes of a second request while the source is being saved.",
    ),
    backup(
        "cascade",
        &["refuse", "hide-current", "propagate-hidden"],
        &["H36"],
        "Which ID is hidden when the source is itself a copy with a hidden ID.",
    ),
    backup(
        "copy_back",
        &["recover-source-id", "verbatim"],
        &["H37"],
        "Which ID the source has when a command copies the copy back onto it (safe-backup): the one that the copy hides, and \
         no copy at all when none is hidden, or whatever the label of the copy says. Under the other methods it is the \
         latter.",
    ),
    backup(
        "delete_target",
        &["manual", "after-backup"],
        &["H44"],
        "Whether the copy's bindings go when the backup is done.",
    ),
    backup(
        "extent_scope",
        &["full-volume", "allocated"],
        &["H22"],
        "Whether all tracks join the copy, or those allocated at T0.",
    ),
    backup(
        "fast_replication",
        &["required", "preferred", "none"],
        &["H19"],
        "Whether the instant copy is insisted upon, preferred, or not used.",
    ),
    backup(
        "dasd_backup_online",
        &["never", "as-genned"],
        &["H10"],
        "Whether the device of a backup on DASD may come online at an IPL.",
    ),
    backup(
        "reintroduce",
        &["at-dump", "at-restore"],
        &["H62"],
        "When the hidden ID is put back: onto the tape, or by the restore.",
    ),
    backup(
        "reintroduce_scope",
        &["all", "header-and-label", "label"],
        &["H26g", "H54"],
        "Where it is put back: header, label and embedded names, or less.",
    ),
    backup("target_id", &["keep", "generated", "operator"], &["H9"], "Who chooses the ID that the copy bears."),
    backup(
        "on_dump_failure",
        &["keep", "withdraw"],
        &["H45"],
        "What becomes of the copy when its dump has failed for good: kept and reported, or ended.",
    ),
    backup("dump_retries", &["2", "(a number)"], &["H45"], "How often a failed dump is tried again."),
    backup(
        "on_write_error",
        &["new-volume", "abort", "retry-same"],
        &["H45"],
        "What a dump does about a block that can never be written.",
    ),
    backup("restart", &["from-beginning", "from-last-eov"], &["H29"], "Where a dump that was cut begins again."),
    backup(
        "readback",
        &["none", "after-dump"],
        &["H46", "H50", "H53"],
        "Whether the tape is read once more before the backup counts.",
    ),
    backup(
        "scratch_policy",
        &["after-new-verified", "after-new-written", "by-age"],
        &["H55"],
        "When the tape of the generation before goes back to scratch.",
    ),
    backup("generations", &["(a number)"], &["H55"], "How many complete backups of a source are kept; 0 keeps all."),
    backup("retention", &["(a duration)"], &["H55"], "How long a backup is kept when tapes expire by age."),
    backup(
        "target_volser",
        &["(a volume ID)"],
        &["H9"],
        "The ID that an operator gives the copy, when `target_id` is \"operator\".",
    ),
    restore("by", &["internal", "operator"], &["H24", "H71"], "Who asks for the restore."),
    restore("verify", &["(a volume ID)"], &["H71"], "The ID that the device is said to bear before it is overwritten."),
    restore(
        "relabel",
        &["restored", "image"],
        &["H26b", "H26f"],
        "What a backup without the source's ID is renamed by: the restored volume, or the backup image before.",
    ),
    backup("medium", &["tape", "dasd"], &["H10"], "What the backup is written to."),
    backup("backup_device", &["(a device)"], &["H10"], "The volume that a backup on DASD is written to."),
    backup(
        "group",
        &["(a name)"],
        &["H20"],
        "The consistency group that the backup belongs to: all its copies have one T0.",
    ),
    backup("freeze", YES, &["H20"], "Whether the volumes of a group are frozen until all copies are made."),
    backup("persistent", NO, &[], "Whether the copy stays when every track has been copied."),
    backup("every", &["(a duration)"], &["H55", "H65"], "How often the backup is asked for, from `at` on."),
    backup(
        "when",
        &["(a condition)"],
        &[],
        "What asks for the backup instead of an instant: so much has changed, or the latest is so old, as in \
         { changed = \"10 MB\", times = 3 } or { age = \"1 d\" }.",
    ),
    backup(
        "by",
        &["internal", "application", "remote", "operator"],
        &["H25", "H66"],
        "Who asks: the manager's own schedule, an application, a computer behind a network, or a person.",
    ),
    backup("delay", &["(a duration)"], &["H66"], "How long a remote request is on its way."),
    backup("timeout", &["(a duration)"], &["H66"], "After which a remote requester asks again."),
    backup("granularity", &["volume", "extent", "dataset"], &[], "What is saved: the volume, tracks or data sets."),
    backup("extents", &["(ranges of tracks)"], &[], "The tracks that are saved, as in [\"0-29\", \"60-89\"]."),
    backup("datasets", &["(names)"], &[], "The data sets of the volume whose tracks are saved."),
    restore("volume", &["(a volume)"], &["H65"], "The ID that is brought back."),
    restore("to", &["(a device)"], &["H71"], "The device it is brought back onto."),
    restore("granularity", &["volume", "extent", "dataset"], &[], "What comes back: the volume, tracks or data sets."),
    restore("extents", &["(ranges of tracks)"], &[], "The tracks that come back."),
    restore("datasets", &["(names)"], &[], "The data sets whose tracks come back."),
    restore("at", &["(an instant)"], &[], "When; without it, when every backup has ended."),
    restore("when", &["(a condition)"], &[], "What starts the restore instead of an instant."),
    restore("generation", &["(a generation)"], &["H65", "H77"], "Which backup; the latest complete one if not said."),
    restore("restore_label", &["last", "first"], &["H67"], "Whether the label follows the last track, or comes first."),
    restore(
        "restore_if_online",
        &["refuse", "force"],
        &["H11", "H12", "H13"],
        "What happens when the ID is online elsewhere.",
    ),
    restore(
        "old_device",
        &["retire", "keep"],
        &["H11", "H12", "H13"],
        "Whether the device that bore the ID leaves service before a restore onto another.",
    ),
    restore(
        "verify_volser",
        YES,
        &["H24", "H26d", "H71"],
        "Whether the device must bear the ID that it is said to bear, or the restored one.",
    ),
    Switch {
        key: "online_at_ipl",
        table: VOLUME,
        values: YES,
        about: "Whether an IPL brings the device online. Off for the target of same-id-offline it closes the window of H6.",
        acts_on: &["H1", "H6"],
    },
    Switch {
        key: "online",
        table: VOLUME,
        values: YES,
        about: "Whether the device is online at the start.",
        acts_on: &["H4", "H7"],
    },
    Switch {
        key: "host.duplicate_volser_policy",
        table: "[host]",
        values: &["ask-operator", "lowest-address-wins", "highest-address-wins", "both-offline", "admit-both"],
        about: "Who stays online when an IPL finds two devices with one ID.",
        acts_on: &["H1", "H2"],
    },
    Switch {
        key: "second_check",
        table: HUMAN,
        values: NO,
        about: "Whether a second person looks at what is typed: slips are ten times rarer.",
        acts_on: &["H23", "H24", "H25", "H26", "H26a", "H26b", "H26c", "H26d", "H26e", "H26f", "H26g"],
    },
    Switch {
        key: "host.orphan_sweep",
        table: "[host]",
        values: &["at-restart", "periodic", "off"],
        about: "When copies, fences and entries without a job are looked for and removed.",
        acts_on: &["H28", "H31", "H44"],
    },
    Switch {
        key: "tape.label_check",
        table: "[tape]",
        values: &["verify", "bypass"],
        about: "Whether the label of a cartridge is looked at before it is written.",
        acts_on: &["H51"],
    },
    Switch {
        key: "tape.sequence_check",
        table: "[tape]",
        values: &["verify", "trust"],
        about: "Whether a restore checks that it got every cartridge, once, in order.",
        acts_on: &["H48"],
    },
    Switch {
        key: "tape.buffered_marks",
        table: "[tape]",
        values: &["off", "on"],
        about: "Whether the marks that close a file are acknowledged before they are on the tape.",
        acts_on: &["H46"],
    },
    Switch {
        key: "flashcopy.opportunistic_copy",
        table: "[flashcopy]",
        values: &["adversarial", "never", "seeded"],
        about: "Whether the controller copies a shared label track unasked.",
        acts_on: &["H27"],
    },
    Switch {
        key: "metadata.transaction",
        table: "[metadata]",
        values: &["logged", "unlogged"],
        about: "Whether a metadata transaction is in battery-backed memory before it counts.",
        acts_on: &["H35", "H75"],
    },
    Switch {
        key: "lsa.exhaustion",
        table: "[lsa]",
        values: &["block", "reject"],
        about: "What a full array does to host writes.",
        acts_on: &["H40"],
    },
    Switch {
        key: "raid.stripe_log",
        table: "[raid]",
        values: &["nvs", "none"],
        about: "Where an unfinished stripe is remembered, so that a crash leaves no parity that lies.",
        acts_on: &["H74"],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::{Code, Overrides, Source, load};
    use super::super::Hazard;
    use super::*;

    #[test]
    fn every_key_of_a_backup_and_of_a_restore_is_told_once() {
        for (table, keys) in [(BACKUP, RawBackup::KEYS), (RESTORE, RawRestore::KEYS)] {
            for key in keys {
                let told = ALL.iter().filter(|switch| switch.table == table && switch.key == *key).count();
                assert_eq!(told, 1, "`{key}` of {table} needs an entry in src/scenario/hazards/switches.rs");
            }
        }
        for switch in ALL {
            assert!(switch.about.ends_with('.') && !switch.values.is_empty(), "{}", switch.key);
            for id in switch.acts_on {
                assert!(Hazard::find(id).is_some(), "{} acts on {id}", switch.key);
            }
        }
    }

    /// The first value is what a scenario gets that says nothing.
    #[test]
    fn the_defaults_are_those_of_the_resolved_scenario() {
        let text = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n\
                    [[volume]]\nid = \"B\"\ndevice = \"0A10\"\ncylinders = 1\n\
                    [[backup]]\nat = \"1 s\"\nmethod = \"safe-backup\"\nsource = \"A\"\ntarget = \"0A10\"\ngroup = \"NIGHT\"\n\
                    [[restore]]\nvolume = \"A\"\nto = \"0A00\"\n";
        let source = Source::Embedded { name: "plain.toml".into(), text: text.into(), files: &[] };
        let resolved = load(&source, &Overrides::default()).expect("a valid scenario").resolved;
        let listed = ALL.iter().filter(|switch| switch.is_supported() && !switch.values[0].starts_with('('));
        for switch in listed {
            let key = switch.key.rsplit('.').next().unwrap_or(switch.key);
            let bare = format!("\n{key} = {}\n", switch.values[0]);
            let quoted = format!("\n{key} = \"{}\"\n", switch.values[0]);
            assert!(resolved.contains(&bare) || resolved.contains(&quoted), "{key}: {}", switch.values[0]);
        }
    }

    /// Each value named is one that a scenario may give.
    #[test]
    fn every_value_that_is_named_is_legal() {
        let text = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n\
                    [[volume]]\nid = \"B\"\ndevice = \"0A10\"\ncylinders = 1\n\
                    [[backup]]\nat = \"1 s\"\nmethod = \"safe-backup\"\nsource = \"A\"\ntarget = \"0A10\"\ngroup = \"NIGHT\"\n\
                    [[restore]]\nvolume = \"A\"\nto = \"0A00\"\n";
        for switch in ALL.iter().filter(|switch| switch.is_supported()) {
            for value in switch.values.iter().filter(|value| !value.starts_with('(')) {
                let path = match switch.table {
                    BACKUP => format!("backup[0].{}", switch.key),
                    RESTORE => format!("restore[0].{}", switch.key),
                    VOLUME => format!("volume[0].{}", switch.key),
                    HUMAN => format!("human.{}", switch.key),
                    _ => switch.key.to_owned(),
                };
                let overrides = Overrides { set: vec![format!("{path}={value}")], ..Overrides::default() };
                let source = Source::Embedded { name: "plain.toml".into(), text: text.into(), files: &[] };
                let unknown = match load(&source, &overrides) {
                    Ok(_) => None,
                    // A legal value may want another key beside it.
                    Err(found) => {
                        found.list.iter().find(|it| it.code == Code::UnknownName).map(|it| it.message.clone())
                    }
                };
                assert_eq!(unknown, None, "{path}={value}");
            }
        }
    }
}
