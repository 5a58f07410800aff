//! The shipped scenarios, carried in the program: the first is what a run without a file runs.

use super::source::Source;

/// A shipped scenario.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

/// Files that shipped scenarios name, by the path they name them with.
pub const FILES: &[(&str, &[u8])] = &[("traces/small.vscsi", include_bytes!("../../scenarios/traces/small.vscsi"))];

macro_rules! examples {
    ($($name:literal)+) => {
        &[$(Example { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) },)+]
    };
}

/// All of them, the default first.
pub const ALL: &[Example] = examples! {
    "safe-backup"
    "accessor-stop"
    "all-paths-lost"
    "allocated"
    "allocated-changed-before-copy"
    "allocated-changed-whole-volume"
    "application-asks"
    "backup-by-age"
    "backup-by-change"
    "backup-by-change-crash"
    "cached-target"
    "cascade-hide-current"
    "cascade-propagate-hidden"
    "cascade-refused"
    "clear-hidden-on-first-write"
    "clear-hidden-on-restore"
    "clock-right"
    "clock-set-back"
    "closed-loop"
    "cluster-crash-between-label-and-relationship"
    "cluster-crash-during-dump"
    "cluster-crash-during-establish"
    "cluster-crash-during-withdraw"
    "cluster-crash-with-modified-data"
    "controller-crash-during-failover"
    "controller-crash-nvs-kept"
    "controller-crash-nvs-lost"
    "copy-back-recovered"
    "copy-back-verbatim"
    "copy-mode"
    "copy-then-crash"
    "cow-before-commit"
    "crash-before-inventory"
    "crash-before-withdraw"
    "crash-in-second-cartridge"
    "dasd-backup-as-genned"
    "dasd-backup-never"
    "dataset-backup"
    "direct-dump"
    "direct-dump-crash-while-quiesced"
    "direct-dump-no-journal"
    "disk-failure"
    "disk-failure-twice"
    "disk-read-error"
    "disk-read-error-twice-in-a-row"
    "drive-crash-buffered-marks"
    "drive-crash-buffered-readback"
    "drive-crash-lost-blocks"
    "duplicate-stimulus-joined"
    "duplicate-stimulus-rejected"
    "duplicate-stimulus-second"
    "duplicate-target-id"
    "early-end-of-volume"
    "explore-safe-backup"
    "explore-same-id"
    "extent-backup"
    "extent-with-label"
    "failed-source-returns"
    "fenced-by-reservation"
    "foreign-cartridge"
    "foreign-hidden-id-bare"
    "foreign-hidden-id-sealed"
    "group-frozen"
    "group-frozen-host-crash"
    "group-not-frozen"
    "hardwired-controller"
    "healthy"
    "host-crash-during-dump"
    "host-crash-during-restore"
    "host-crash-during-restore-label-first"
    "human-error"
    "inventory-entry-lost"
    "inventory-rolled-back"
    "job-abend-no-journal"
    "job-abend-resumed"
    "label-commit-after-establish"
    "label-commit-before-establish"
    "label-rewrite-remounted"
    "label-rewrite-two-images"
    "label-rewritten-dump-as-target"
    "label-rewritten-dump-fails"
    "label-rewritten-fenced"
    "latent-error-readback"
    "lost-write"
    "lsa-collection-moves-shared"
    "lsa-collector-hurries"
    "lsa-crash-after-pointers"
    "lsa-crash-between-counts-and-pointers"
    "lsa-full-blocks"
    "lsa-full-rejects"
    "lsa-healthy"
    "lsa-target-never-deleted"
    "manual-dump-forgotten"
    "manual-group-not-frozen"
    "manual-image-relabelled"
    "manual-image-spoiled"
    "manual-parameter-forgotten"
    "manual-relabel-forgotten"
    "manual-relabel-mistyped"
    "manual-relabel-too-early"
    "manual-relabel-wrong-device"
    "manual-relabel-wrong-device-verified"
    "manual-restore-onto-live-target"
    "manual-run-book-lost"
    "manual-slow-copy"
    "manual-wrong-restore-device"
    "manual-wrong-restore-device-verified"
    "manual-wrong-target"
    "manual-wrong-volume-dumped"
    "many-volumes"
    "metadata-loss-during-dump"
    "metadata-rollback-before-crash"
    "metadata-store-battery-empty"
    "metadata-store-optical"
    "metadata-store-ram-battery"
    "metadata-store-tape"
    "metadata-unlogged"
    "misdirected-write"
    "mount-failure"
    "multi-volume"
    "no-journal-not-swept"
    "no-journal-swept"
    "no-scratch"
    "no-scratch-for-hours"
    "no-volid-manual"
    "nvs-loss"
    "nvs-loss-then-cluster-crash"
    "old-dump-program"
    "old-restore-program"
    "old-write-destaged"
    "operator-asks"
    "operator-commands"
    "operator-forgets-offline"
    "overlay-label"
    "overlay-label-never-copied"
    "overlay-label-relabelled"
    "overlay-label-vary-online"
    "periodic-backups"
    "periodic-sweep"
    "power-loss-longer-than-battery"
    "raid-10-two-disks"
    "raid-6-two-disks"
    "re-establish-while-dumped"
    "rebuild-after-scrub"
    "rebuild-controller-crash"
    "rebuild-latent-error"
    "rebuild-onto-spare"
    "reel-duplicate-trust"
    "reel-duplicate-verify"
    "reel-missing-trust"
    "reel-missing-verify"
    "reel-reorder-trust"
    "reel-reorder-verify"
    "reel-wrong-trust"
    "reel-wrong-verify"
    "reintroduce-at-restore"
    "reintroduce-scope-label"
    "reintroduce-scope-names"
    "remote-request-repeated"
    "remote-request-twice"
    "resident-label"
    "restore-error-original-device"
    "restore-guard"
    "restore-onto-live-source"
    "restore-onto-live-target"
    "restore-original-device"
    "restore-other-device"
    "restore-other-device-forced"
    "restored-volume-hides-id-bare"
    "restored-volume-hides-id-sealed"
    "reused-id-forced"
    "reused-id-refused"
    "reused-id-retired"
    "safe-backup-crash-after-establish"
    "safe-backup-wrong-reply"
    "same-id-crash-before-offline"
    "same-id-wrong-reply"
    "scan-resistant-cache"
    "scratch-after-new-verified"
    "scratch-after-new-written"
    "scratch-by-age"
    "second-image-opens-copy"
    "second-image-shares-target"
    "silent-corruption-on-read"
    "silent-corruption-on-write"
    "slow-copy"
    "slow-copy-idle"
    "slow-copy-refused"
    "source-renamed-during-dump"
    "source-update-about-to-be-dumped"
    "source-update-just-dumped"
    "source-update-label"
    "stale-hidden-id-bare"
    "stale-hidden-id-sealed"
    "standing"
    "standing-degraded"
    "standing-directory"
    "standing-lying-disk"
    "standing-names"
    "standing-reused"
    "tape-drive-offline"
    "tape-read-error-permanent"
    "tape-read-error-temporary"
    "tape-write-error-permanent"
    "tape-write-error-temporary"
    "target-id-generated"
    "target-id-not-unique"
    "target-update-fenced"
    "target-update-not-fenced"
    "target-varied-online-again"
    "torn-label-bare"
    "torn-label-sealed"
    "trace-replay"
    "trailer-hardened-unregistered"
    "trailer-missing"
    "two-generations"
    "two-images"
    "withdraw-after-eof"
    "withdraw-outside-the-job"
    "withdraw-without-drain"
    "write-error-abort"
    "write-error-new-volume"
    "write-error-retry-same"
    "write-hole"
    "wrong-tape-bypass"
    "wrong-tape-verify"
};

/// The scenario of a command that was given none.
pub const DEFAULT: &Example = &ALL[0];

impl Example {
    pub fn find(name: &str) -> Option<&'static Example> {
        ALL.iter().find(|example| example.name == name)
    }

    /// The question it answers: its first comment.
    pub fn question(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches(['#', ' '])
    }

    pub fn source(&self) -> Source {
        Source::Embedded { name: format!("{}.toml", self.name), text: self.text.to_owned(), files: FILES }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{Overrides, Paint, load};
    use super::*;

    #[test]
    fn every_file_in_scenarios_is_carried() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut files: Vec<String> = fs::read_dir(folder)
            .expect("the folder is shipped")
            .filter_map(|entry| entry.expect("readable").file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
            .collect();
        let mut names: Vec<&str> = ALL.iter().map(|example| example.name).collect();
        files.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, files);
        assert_eq!(DEFAULT.name, "safe-backup");
    }

    #[test]
    fn each_is_valid_says_its_question_and_survives_being_resolved() {
        for example in ALL {
            let first = load(&example.source(), &Overrides::default());
            let first = first.unwrap_or_else(|found| panic!("{}:\n{}", example.name, found.render(Paint::Plain)));
            assert!(first.warnings.is_empty(), "{}:\n{}", example.name, first.warnings.render(Paint::Plain));
            assert!(example.question().ends_with('?'), "{} asks a question first", example.name);
            assert!(first.plan.expect.stated, "{} says what it expects", example.name);
            assert!(example.text.contains("\nhazards = ["), "{} says what it is about", example.name);
            let resolved =
                Source::Embedded { name: "resolved.toml".into(), text: first.resolved.clone(), files: FILES };
            let second = load(&resolved, &Overrides::default());
            let second = second.unwrap_or_else(|found| panic!("{}:\n{}", example.name, found.render(Paint::Plain)));
            assert_eq!(second.resolved, first.resolved, "{}", example.name);
            assert_eq!(format!("{:?}", second.plan), format!("{:?}", first.plan), "{}", example.name);
        }
    }
}
