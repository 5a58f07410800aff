//! What `tiersim explain` says of a kind of fault: its effect, its keys with their defaults, an example.

use super::page::Page;
use crate::fault::plan::FaultKind;
use crate::scenario::check::keys_of;

pub fn page(kind: FaultKind) -> Page {
    let keys = keys_of(kind).iter().map(|key| format!("{key}: {}", key_line(kind, key)));
    let keys: Vec<String> = keys.collect();
    let keys = if keys.is_empty() { vec!["none".to_owned()] } else { keys };
    Page::new(kind.name(), "a kind of fault", effect(kind))
        .list("Keys beside `kind` and `when`", keys)
        .list("Example", example(kind))
        .say("On the command line", format!("tiersim run --fault '{kind}{}@after:point-in-time-set#1'", typed(kind)))
}

/// What a key of the kind says, and its default.
pub fn key_line(kind: FaultKind, key: &str) -> String {
    let (default, about) = key_of(kind, key);
    let default = if default.is_empty() { "must be given".to_owned() } else { format!("default {default}") };
    format!("{about} ({default})")
}

/// A fault as a scenario writes it, with what must be given.
pub fn example(kind: FaultKind) -> Vec<String> {
    let mut lines = vec!["[[fault]]".to_owned(), format!("kind = \"{kind}\"")];
    lines.extend(needed(kind).iter().map(|(key, value)| format!("{key} = \"{value}\"")));
    lines.push("when = { after = \"point-in-time-set\" }".to_owned());
    lines
}

fn typed(kind: FaultKind) -> String {
    let keys: Vec<String> = needed(kind).iter().map(|(key, value)| format!("{key}={value}")).collect();
    if keys.is_empty() { String::new() } else { format!("({})", keys.join(",")) }
}

fn needed(kind: FaultKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        FaultKind::LabelRewrite | FaultKind::SourceRename => &[("volser", "OTHER1")],
        FaultKind::ReEstablish => &[("source", "PROD01")],
        FaultKind::LabelCopy => &[("onto", "0A00")],
        _ => &[],
    }
}

fn effect(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::HostCrash => {
            "A host image loses everything in memory. Controller and drive finish what they accepted; the IPL follows \
             after the outage."
        }
        FaultKind::ControllerCrash => {
            "Both clusters of the controller go down. What is durable stays; the battery-backed memory is kept or lost. \
             An IML follows after the outage."
        }
        FaultKind::PowerLoss => {
            "The whole site loses everything volatile; drives rewind. Longer than the batteries last, the battery-backed \
             memory is lost too."
        }
        FaultKind::SourceUpdate => {
            "One host write to the source by the normal path. On track 0 it changes the content of the track, never the \
             label record."
        }
        FaultKind::TapeWriteError => "A block of the dump is reported as not written.",
        FaultKind::TapeReadError => "A block of the tape cannot be read by a restore.",
        FaultKind::ClusterCrash => {
            "One cluster loses its cache and its work in flight. The other takes over and destages what the first had in \
             battery-backed memory; later the work goes back."
        }
        FaultKind::NvsLoss => {
            "Modified data and the end of the metadata log in one cluster's battery-backed memory are gone."
        }
        FaultKind::MetadataLoss => "The last metadata transactions never became durable.",
        FaultKind::MetadataRollback => "The last durable metadata transactions are undone.",
        FaultKind::PathLoss => {
            "One path between host and controller is gone for a while; with the last, the devices are too."
        }
        FaultKind::DiskFailure => "A disk of the first rank fails: it runs degraded, then is rebuilt onto a spare.",
        FaultKind::DiskReadError => "A track cannot be read from its disk: it is reconstructed, or unreadable.",
        FaultKind::DiskSlow => "A disk takes longer for everything.",
        FaultKind::SilentCorruption => "The content of a track changes without any error.",
        FaultKind::LostWrite => "A write of a track is acknowledged and never happens.",
        FaultKind::MisdirectedWrite => "A write of a track lands on another one.",
        FaultKind::TornWrite => {
            "The next write of a device's label record stops in the middle: new in front, old behind."
        }
        FaultKind::TapeDriveCrash => "A drive loses its buffer and its position; the next command reports lost blocks.",
        FaultKind::TapeDriveOffline => "A drive is out of service; the job waits or takes another.",
        FaultKind::MountFailure => "The next mounts fail; they are tried again, elsewhere, or by an operator.",
        FaultKind::NoScratch => "There is no scratch cartridge for a while; mounts for writing wait.",
        FaultKind::CartridgeSwap => {
            "A cartridge of the latest backup is not what it should be when a restore asks for it."
        }
        FaultKind::AccessorStop => "The library moves no cartridge for a while.",
        FaultKind::EarlyEndOfVolume => "A cartridge ends before its nominal capacity.",
        FaultKind::JobAbend => "The jobs in the manager's memory are gone; the host lives on.",
        FaultKind::InventoryLoss => "Entries of the inventory are gone, or its last changes are undone.",
        FaultKind::TargetUpdate => "One host write to the target of the first backup; a fence refuses it.",
        FaultKind::LabelRewrite => "A utility that knows nothing of backups rewrites a label.",
        FaultKind::LabelCopy => {
            "A utility that knows nothing of backups copies the label record of a device onto another. That one keeps its \
             own ID; the reserved area behind it, where an ID may be hidden, comes along."
        }
        FaultKind::VaryOnline => "A device is varied online, as an operator or automation would.",
        FaultKind::VaryOffline => "A device is varied offline, as an operator or automation would.",
        FaultKind::Withdraw => "Somebody withdraws a relationship outside the job.",
        FaultKind::ReEstablish => "Somebody makes a new copy on a target that is in use.",
        FaultKind::DuplicateStimulus => "The request for the first backup comes a second time.",
        FaultKind::InstantCopyUnavailable => {
            "From now on the controller refuses instant copies; `fast_replication` decides."
        }
        FaultKind::SourceRename => "A utility changes the ID in the source's label.",
        FaultKind::ClockStep => "The clock that later backups are dated by is moved. Simulated time goes on as before.",
        FaultKind::OldProgram => "From now on the program knows nothing of the hidden field.",
        FaultKind::OperatorSlip => "The next operator step, or the next of a name, goes wrong.",
    }
}

/// The default of a key, as one writes it, and what it is.
fn key_of(kind: FaultKind, key: &str) -> (&'static str, &'static str) {
    let on_target = matches!(
        kind,
        FaultKind::TargetUpdate
            | FaultKind::TornWrite
            | FaultKind::LabelRewrite
            | FaultKind::LabelCopy
            | FaultKind::VaryOnline
            | FaultKind::VaryOffline
            | FaultKind::ReEstablish
    );
    let update = matches!(kind, FaultKind::SourceUpdate | FaultKind::TargetUpdate);
    match key {
        "outage" => ("60 s", "how long it is down before the restart begins"),
        "duration" => ("60 s", "how long it lasts"),
        "image" => ("the first", "the host image"),
        "nvs" => ("kept", "whether the battery-backed memory is kept or lost"),
        "device" if on_target => ("the target of the first backup", "the device"),
        "device" => ("the source of the first backup", "the device"),
        "track" if update => ("label", "label, just-dumped, about-to-be-dumped, next, last, or a number"),
        "track" => ("the middle of the volume", "label, last, or a number"),
        "permanent" => ("false", "whether it fails again at the second try"),
        "block" => ("middle", "first, middle, last, next, or a number: which data block"),
        "cluster" => ("0", "the cluster"),
        "transactions" => ("1", "how many transactions"),
        "disk" => ("0", "the disk of the first rank"),
        "rebuild" => ("true", "whether a spare takes its place"),
        "latent" => ("true", "whether it shows only when the track is read"),
        "factor" => ("2", "how many times as long"),
        "during" => ("read", "read or write: on which way"),
        "to" => ("the last track", "the track that is written instead"),
        "bytes" => ("57", "how many bytes of the record are new; 57 tears the sealed hidden ID"),
        "drive" => ("0", "the drive"),
        "count" => ("1", "how many mounts"),
        "section" => ("1", "which cartridge of the backup, from 1"),
        "action" => ("missing", "missing, duplicate, reorder or wrong"),
        "at" => ("50 %", "at what share of the nominal capacity"),
        "entries" => ("1, or 0 with `rollback`", "how many of the last entries are gone"),
        "rollback" => ("0", "how many of the last changes are undone"),
        "volser" => ("", "the ID that is written"),
        "keep_reserved" => ("false", "whether the reserved area, where an ID may be hidden, is left as it is"),
        "onto" => ("", "the device that gets the label"),
        "which" => ("right", "right or wrong: that of the job, or another"),
        "source" => ("", "the source of the new copy, by its ID"),
        "delay" => ("0", "how long after the anchor"),
        "by" => ("60 s", "by how much"),
        "backward" => ("false", "whether it goes back"),
        "program" => ("dump", "dump or restore"),
        "slip" => ("omit", "omit, delay, argument, wrong-device, wrong-reply or repeat"),
        "step" => ("any", "the step that goes wrong"),
        other => unreachable!("`{other}` is a key of {kind} and must be explained"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, Paint, Source, load};

    #[test]
    fn every_example_is_a_fault() {
        let volume =
            |id: &str, device: &str| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ncylinders = 1\n");
        let backup = "[[backup]]\nat = \"1 s\"\nmethod = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n";
        let base = volume("PROD01", "0A00") + &volume("SPARE1", "0A10") + backup;
        for &kind in FaultKind::ALL {
            let page = page(kind);
            let text = format!("{base}{}\n", example(kind).join("\n"));
            let source = Source::Embedded { name: "fault.toml".into(), text, files: &[] };
            let loaded = load(&source, &Overrides::default());
            let loaded = loaded.unwrap_or_else(|found| panic!("{kind}:\n{}", found.render(Paint::Plain)));
            assert_eq!(loaded.plan.faults[0].fault.kind(), kind);
            let typed = format!("{kind}{}@after:point-in-time-set#1", typed(kind));
            let source = Source::Embedded { name: "fault.toml".into(), text: base.clone(), files: &[] };
            assert!(load(&source, &Overrides { faults: vec![typed], ..Overrides::default() }).is_ok(), "{kind}");
            assert!(page.text(100).contains("when = "), "{kind}");
        }
    }
}
