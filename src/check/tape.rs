//! What a backup left on its cartridges, read once for all checks that ask; and the tape facts that checks look at.

use super::jobs::PointInTime;
use super::view::{EntryState, InventoryEntry, TapeRecord, View};
use crate::controller::tape::TapeFact;
use crate::kernel::Time;
use crate::vocab::{
    Backup, Device, Drive, Extents, HiddenContext, HiddenFormat, HiddenState, LabelTrack, Tag, TrackNo, VolumeId,
};

/// The tape facts in the form in which checks use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapeNews {
    Acknowledged { drive: Drive, backup: Backup, track: TrackNo },
    Hardened { backup: Backup, track: TrackNo, tag: Tag },
    Loaded { drive: Drive },
    Error { drive: Drive },
    Lost { count: u64 },
    StopStart,
}

pub fn news(fact: TapeFact) -> Option<TapeNews> {
    Some(match fact {
        TapeFact::BlockAcknowledged { drive, backup, track: Some(track), .. } => {
            TapeNews::Acknowledged { drive, backup, track }
        }
        TapeFact::BlockHardened { backup, track: Some(track), tag, .. } => TapeNews::Hardened { backup, track, tag },
        TapeFact::Loaded { drive, .. } => TapeNews::Loaded { drive },
        TapeFact::ErrorReported { drive, .. } => TapeNews::Error { drive },
        TapeFact::BlocksLost { count, .. } => TapeNews::Lost { count },
        TapeFact::StopStart { .. } => TapeNews::StopStart,
        _ => return None,
    })
}

/// Where the image of track 0 has its effective ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    VolumeId,
    /// In the hidden place, if that is valid: the restore puts it back.
    Hidden {
        format: HiddenFormat,
        context: Option<HiddenContext>,
    },
}

/// A backup as its inventory entry and its cartridges have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TapeAudit {
    pub state: Option<EntryState>,
    pub inventory_id: Option<VolumeId>,
    pub t0: Option<Time>,
    pub cartridges: usize,
    /// The ID of every volume header record.
    pub headers: Vec<VolumeId>,
    /// The effective ID of the track-0 image.
    pub label_id: Option<VolumeId>,
    label: Option<LabelTrack>,
    pub blocks: u64,
    /// Tracks of the extent that are not there; that are there more than once; that differ from the image at T0.
    pub missing: u64,
    pub doubled: u64,
    pub wrong: u64,
    /// Tracks that are no part of it.
    pub foreign: u64,
    /// Its image of track 0 belongs to it.
    pub labelled: bool,
    pub first_wrong: Option<TrackNo>,
    /// Nothing of the backup follows its end-of-file label, which is there.
    pub trailer: bool,
}

impl TapeAudit {
    /// Reads what `entry` names. Without an image at T0 no content is compared.
    pub fn of(view: &impl View, entry: &InventoryEntry, image: Option<&PointInTime>, extents: &Extents) -> TapeAudit {
        let mut audit = TapeAudit {
            state: Some(entry.state),
            inventory_id: Some(entry.source_id),
            t0: Some(entry.t0),
            cartridges: entry.cartridges.len(),
            ..TapeAudit::default()
        };
        audit.labelled = extents.holds_label();
        let mut seen = vec![false; extents.tracks() as usize];
        for &cartridge in &entry.cartridges {
            for record in view.tape_records(cartridge) {
                audit.take(entry.backup, image, (extents, &mut seen), record);
            }
        }
        if let Some(device) = entry.device {
            audit.take_volume(view, device, entry.source_id, image, (extents, &mut seen));
        }
        audit.missing = seen.iter().filter(|seen| !**seen).count() as u64;
        audit
    }

    /// The effective ID is read as the backup's restore reads it.
    #[must_use]
    pub fn read_as(mut self, reading: Reading) -> TapeAudit {
        if let Reading::Hidden { format, context } = reading {
            let record = self.label.and_then(|track| track.label);
            self.label_id = match record.map(|record| record.hidden(format, context)) {
                Some(HiddenState::Valid { source }) => Some(source),
                _ => None,
            };
        }
        self
    }

    /// The audit of a backup that the inventory does not name.
    pub fn unregistered(extents: &Extents) -> TapeAudit {
        TapeAudit { missing: u64::from(extents.tracks()), labelled: extents.holds_label(), ..TapeAudit::default() }
    }

    /// A backup on another volume: its label is all the header it has, and is written last, so that it closes the backup.
    fn take_volume(
        &mut self,
        view: &impl View,
        device: Device,
        listed: VolumeId,
        image: Option<&PointInTime>,
        (extents, seen): (&Extents, &mut [bool]),
    ) {
        let label = *view.durable_label(device);
        self.label = Some(label);
        self.label_id = label.id();
        self.headers.extend(self.label_id);
        self.trailer = self.label_id == Some(listed);
        self.blocks = seen.len() as u64;
        seen.fill(true);
        if image.is_some() {
            let tags = view.durable_tags(device);
            extents.each().for_each(|track| self.compare(image, track, tags(track)));
        }
    }

    fn compare(&mut self, image: Option<&PointInTime>, track: TrackNo, tag: Tag) {
        let expected = image.filter(|image| track.0 < image.contents.tracks());
        if expected.is_some_and(|image| !image.held(track, tag)) {
            self.wrong += 1;
            self.first_wrong.get_or_insert(track);
        }
    }

    fn take(
        &mut self,
        backup: Backup,
        image: Option<&PointInTime>,
        (extents, seen): (&Extents, &mut [bool]),
        record: TapeRecord,
    ) {
        match record {
            TapeRecord::Header { backup: owner, volume } if owner == backup => self.headers.push(volume),
            TapeRecord::Track { backup: owner, track, tag, label } if owner == backup => {
                self.blocks += 1;
                self.trailer = false;
                match extents.position(track).map(|position| &mut seen[position as usize]) {
                    Some(seen) if !*seen => *seen = true,
                    Some(_) => self.doubled += 1,
                    None => self.foreign += 1,
                }
                if let Some(label) = label.filter(|_| track == TrackNo(0)) {
                    self.label_id = label.id();
                    self.label = Some(*label);
                }
                self.compare(image, track, tag);
            }
            TapeRecord::EndOfFile => self.trailer = self.blocks > 0,
            TapeRecord::Header { .. } | TapeRecord::Track { .. } | TapeRecord::EndOfVolume | TapeRecord::Other => {}
        }
    }

    /// What keeps it from being the image at T0, every track once.
    pub fn unfaithful(&self) -> Option<String> {
        let mut faults = Vec::new();
        let mut name = |count: u64, what: &str| {
            if count > 0 {
                faults.push(format!("{count} of its tracks {what}"));
            }
        };
        name(self.missing, "are missing");
        name(self.doubled, "are there twice");
        name(self.wrong, "differ from T0");
        name(self.foreign, "are no part of it");
        let first = self.first_wrong.map(|track| format!(" (the first is track {})", track.0)).unwrap_or_default();
        (!faults.is_empty()).then(|| format!("{}{first}", faults.join(", ")))
    }

    /// What keeps header, track 0, inventory and `id` from saying the same.
    pub fn misnamed(&self, id: VolumeId) -> Option<String> {
        let odd = self.headers.iter().find(|header| **header != id);
        if self.headers.is_empty() {
            return Some("no volume header is on its tape".into());
        }
        if let Some(header) = odd {
            return Some(format!("a volume header says {header}"));
        }
        match (self.label_id, self.inventory_id) {
            (None, _) if self.labelled => Some("its image of track 0 has no ID".into()),
            (Some(label), _) if label != id => Some(format!("its image of track 0 says {label}")),
            (_, Some(listed)) if listed != id => Some(format!("the inventory lists it as {listed}")),
            (_, None) => Some("the inventory does not list it".into()),
            _ => None,
        }
    }

    /// A restore could read it to its end.
    pub fn is_readable(&self) -> bool {
        self.missing == 0 && self.trailer && !self.headers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::fake::{BACKUP, Fake, SPARE, TRACKS, id};

    fn audit(change: impl FnOnce(&mut Vec<TapeRecord>)) -> TapeAudit {
        let mut fake = Fake::with_backup();
        change(&mut fake.tapes[0]);
        let image = fake.image();
        TapeAudit::of(&fake, &fake.inventory[0].clone(), Some(&image), &Extents::whole(TRACKS))
    }

    #[test]
    fn a_good_backup_is_faithful_readable_and_named() {
        let audit = audit(|_| {});
        assert_eq!((audit.unfaithful(), audit.misnamed(id("PROD01"))), (None, None));
        assert!(audit.is_readable());
    }

    #[test]
    fn a_missing_a_doubled_and_a_wrong_track_are_told() {
        let told = |change: fn(&mut Vec<TapeRecord>)| audit(change).unfaithful();
        let track = |records: &[TapeRecord], number: u32| {
            let at = |record: &TapeRecord| matches!(record, TapeRecord::Track { track, .. } if track.0 == number);
            records.iter().position(at).expect("the tape has the track")
        };
        let holed = audit(|records| {
            let place = track(records, 3);
            records.remove(place);
        });
        assert_eq!(holed.missing, 1);
        assert_eq!(audit(|records| records.insert(5, records[5].clone())).doubled, 1);
        let spoiled = audit(|records| {
            let place = track(records, 4);
            records[place] = TapeRecord::Track { backup: BACKUP, track: TrackNo(4), tag: Tag(1), label: None };
        });
        assert_eq!(spoiled.unfaithful(), Some("1 of its tracks differ from T0 (the first is track 4)".into()));
        assert_eq!(told(Vec::clear), Some("8 of its tracks are missing".into()));
    }

    #[test]
    fn a_backup_of_some_tracks_has_these_and_no_others() {
        let fake = Fake::with_backup();
        let part = |first, count| {
            let run = crate::vocab::TrackRun { first, count };
            let extents = Extents::of(&[run], TRACKS).expect("one run");
            TapeAudit::of(&fake, &fake.inventory[0].clone(), Some(&fake.image()), &extents).unfaithful()
        };
        assert_eq!(part(0, TRACKS), None);
        assert_eq!(part(2, 3), Some("5 of its tracks are no part of it".into()));
    }

    #[test]
    fn a_trailer_before_the_last_block_is_none() {
        let cut = audit(|records| records.retain(|record| *record != TapeRecord::EndOfFile));
        assert!(!cut.is_readable());
        let early = audit(|records| {
            records.retain(|record| *record != TapeRecord::EndOfFile);
            records.insert(records.len() - 1, TapeRecord::EndOfFile);
        });
        assert!(!early.is_readable());
    }

    #[test]
    fn a_backup_on_another_volume_is_judged_by_that_volume() {
        let mut fake = Fake::with_restore();
        fake.inventory[0].cartridges.clear();
        fake.inventory[0].device = Some(SPARE);
        let image = fake.image();
        let audit = |fake: &Fake| TapeAudit::of(fake, &fake.inventory[0], Some(&image), &Extents::whole(TRACKS));
        let good = audit(&fake);
        assert_eq!((good.unfaithful(), good.misnamed(id("PROD01")), good.is_readable()), (None, None, true));
        fake.durable[2][4] = Tag(1);
        assert_eq!(audit(&fake).unfaithful(), Some("1 of its tracks differ from T0 (the first is track 4)".into()));
        fake.relabel(SPARE, "SPARE2");
        assert_eq!(audit(&fake).misnamed(id("PROD01")), Some("a volume header says SPARE2".into()));
        assert!(!audit(&fake).is_readable());
    }

    #[test]
    fn a_header_of_another_volume_is_told() {
        let audit = audit(|records| records[1] = TapeRecord::Header { backup: BACKUP, volume: id("SPARE1") });
        assert_eq!(audit.misnamed(id("PROD01")), Some("a volume header says SPARE1".into()));
        let nobody = TapeAudit::unregistered(&Extents::whole(TRACKS));
        assert_eq!((nobody.missing, nobody.state), (8, None));
    }
}
