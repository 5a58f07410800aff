//! What stands on a tape: records in the order in which they were hardened, and where on the tape each one lies.
//!
//! The layout of a labelled tape is `VOL1 HDR1 HDR2 TM data TM EOF1 EOF2 TM TM`, with `EOV1 EOV2` instead when the file
//! goes on on another cartridge (MODEL 3.8; sources S-46, S-48). Writing at a position truncates everything behind it, as
//! tape does. Everything here is durable: it survives any loss of power. A record is on tape as a whole or not at all, and
//! what it overwrites is gone at the same instant (an assumption: a block cut short leaves what stood there before).
//!
//! Left out: gaps between blocks, servo tracks, and the bytes themselves. A track travels as its content tag.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::kernel::{Fingerprint, mix};
use crate::vocab::id::VolumeIdError;
use crate::vocab::{Backup, TRACK_BYTES, TrackImage, TrackNo, VolumeId};

/// A label record (source S-46).
pub const LABEL_BYTES: u64 = 80;
/// A tape mark; an assumption, small beside any block.
pub const MARK_BYTES: u64 = 64;
/// The record that opens a dump and carries the volume ID; an assumption.
pub const HEADER_BYTES: u64 = 4_096;
/// In front of the user data of each dump record: sequence and type (source S-15).
pub const PREFIX_BYTES: u64 = 16;
/// Longest user data of one block (MODEL 3.8 `tape_block`, an assumption).
pub const BLOCK_LIMIT: u64 = 65_520;

const _: () = assert!(TRACK_BYTES <= BLOCK_LIMIT && HEADER_BYTES <= BLOCK_LIMIT, "one dump record is one block");

/// The ID of a cartridge, as written in its VOL1 label: not the ID of any volume dumped to it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TapeVolser(VolumeId);

impl TapeVolser {
    pub fn parse(text: &str) -> Result<TapeVolser, VolumeIdError> {
        VolumeId::parse(text).map(TapeVolser)
    }

    pub const fn of(id: VolumeId) -> TapeVolser {
        TapeVolser(id)
    }

    /// `T00001` and so on: the IDs of cartridges that the scenario does not name.
    pub fn numbered(number: u16) -> TapeVolser {
        let mut bytes = *b"T00000";
        let mut rest = number;
        for digit in bytes[1..].iter_mut().rev() {
            *digit += u8::try_from(rest % 10).expect("a decimal digit fits a byte");
            rest /= 10;
        }
        TapeVolser(VolumeId::from_bytes(bytes))
    }

    pub const fn bytes(self) -> [u8; 6] {
        self.0.bytes()
    }
}

impl fmt::Display for TapeVolser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for TapeVolser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The 17-character file identifier of HDR1. That of a dump is derived from the volume ID (MODEL 1.5, rule 7).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileName([u8; 17]);

impl FileName {
    /// `V` + the six bytes of the ID + `.B` + the backup's number in five digits.
    pub fn of_dump(volume: VolumeId, backup: Backup) -> FileName {
        let mut bytes = *b"V      .B00000   ";
        bytes[1..7].copy_from_slice(&volume.bytes());
        let mut rest = backup.0;
        for digit in bytes[9..14].iter_mut().rev() {
            *digit += u8::try_from(rest % 10).expect("a decimal digit fits a byte");
            rest /= 10;
        }
        FileName(bytes)
    }

    /// The volume ID that the name of a dump embeds.
    pub fn volume(self) -> VolumeId {
        VolumeId::from_bytes(self.0[1..7].try_into().expect("the field has six bytes"))
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// One block, label or mark on tape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// Volume label of the cartridge.
    Vol1 {
        volser: TapeVolser,
    },
    /// First header label: which file, on which section of its set of cartridges.
    Hdr1 {
        file: FileName,
        first_volser: TapeVolser,
        section: u16,
        sequence: u16,
    },
    Hdr2,
    TapeMark,
    /// Opens a dump; `volume` is the ID that the dump carries.
    Header {
        volume: VolumeId,
        backup: Backup,
    },
    /// One track of a dump.
    Track {
        backup: Backup,
        track: TrackNo,
        image: TrackImage,
    },
    /// Trailer labels of a file that goes on on the next cartridge; the count is of data blocks on this one.
    Eov1 {
        block_count: u32,
    },
    Eov2,
    /// Trailer labels of a file that ends here; the count is of data blocks on this cartridge.
    Eof1 {
        block_count: u32,
    },
    Eof2,
}

const _: () = assert!(size_of::<Record>() <= 32, "records travel by value and fill pages");

impl Record {
    /// Bytes that the host sends or receives, before compression.
    pub const fn bytes(&self) -> u64 {
        match self {
            Record::Vol1 { .. }
            | Record::Hdr1 { .. }
            | Record::Hdr2
            | Record::Eov1 { .. }
            | Record::Eov2
            | Record::Eof1 { .. }
            | Record::Eof2 => LABEL_BYTES,
            Record::TapeMark => MARK_BYTES,
            Record::Header { .. } => HEADER_BYTES + PREFIX_BYTES,
            Record::Track { .. } => TRACK_BYTES + PREFIX_BYTES,
        }
    }

    /// A block of a dump, as opposed to a label or a mark.
    pub const fn is_data(&self) -> bool {
        matches!(self, Record::Header { .. } | Record::Track { .. })
    }
}

/// What a tape mark stands behind, which tells what it completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkPlace {
    BehindHeaderLabels,
    BehindData,
    /// The first of the two marks that close a cartridge.
    BehindTrailer(Trailer),
    /// The second of the two: the file, or its section, is complete on tape.
    Closing(Trailer),
    /// Anything else, as on an empty file.
    Elsewhere,
}

/// Whether a file ends on its cartridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trailer {
    EndOfFile,
    EndOfVolume,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    record: Record,
    /// Tape bytes from the load point to the end of this record.
    end: u64,
    /// Digest of all records up to and including this one, so that truncation finds the digest it needs.
    digest: u64,
}

const PAGE: usize = 256;

/// A place where writing fails however often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Defect {
    offset: u64,
    /// Labels and marks are short enough to be placed beside the defect. Else nothing can be written over it.
    spares_short_records: bool,
}

/// A record that will not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Unreadable {
    index: u64,
    permanent: bool,
}

/// The medium. Records are addressed by index from the load point, from 0, labels and marks included, as the block
/// addresses of a locate command are. Cloning shares all pages; appending copies at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cartridge {
    pages: Arc<Vec<Arc<Vec<Placed>>>>,
    length: u64,
    /// Indices of the tape marks, ascending.
    marks: Arc<Vec<u64>>,
    /// Tape bytes that fit.
    capacity: u64,
    defects: Vec<Defect>,
    unreadable: Vec<Unreadable>,
}

impl Cartridge {
    /// A cartridge on which nothing was ever written. `capacity` is in bytes on tape, after compression.
    pub fn blank(capacity: u64) -> Cartridge {
        Cartridge {
            pages: Arc::default(),
            length: 0,
            marks: Arc::default(),
            capacity,
            defects: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// A scratch cartridge: volume label and tape mark, nothing else.
    pub fn initialised(capacity: u64, volser: TapeVolser) -> Cartridge {
        let mut cartridge = Cartridge::blank(capacity);
        cartridge.write(0, Record::Vol1 { volser }, LABEL_BYTES);
        cartridge.write(1, Record::TapeMark, MARK_BYTES);
        cartridge
    }

    /// A cartridge of somebody else: a file of four labels and marks that no job of ours has written.
    pub fn foreign(capacity: u64) -> Cartridge {
        let volser = TapeVolser::of(VolumeId::from_bytes(*b"OTHERS"));
        let mut cartridge = Cartridge::initialised(capacity, volser);
        let file = FileName::of_dump(VolumeId::from_bytes(*b"OTHERS"), Backup(u16::MAX));
        let labels = [Record::Hdr1 { file, first_volser: volser, section: 1, sequence: 1 }, Record::Hdr2];
        for (index, label) in (1..).zip(labels) {
            cartridge.write(index, label, LABEL_BYTES);
        }
        cartridge.write(3, Record::TapeMark, MARK_BYTES);
        cartridge
    }

    /// Hardens `record` at `index`, where it takes `tape_bytes`. Whatever stood there and behind is gone.
    pub fn write(&mut self, index: u64, record: Record, tape_bytes: u64) {
        self.truncate(index);
        let (end, history) = self.last().map_or((0, 0), |last| (last.end, last.digest));
        let mut fingerprint = Fingerprint::default();
        record.hash(&mut fingerprint);
        let digest = mix(history, fingerprint.finish());
        if record == Record::TapeMark {
            Arc::make_mut(&mut self.marks).push(index);
        }
        let pages = Arc::make_mut(&mut self.pages);
        if self.length.is_multiple_of(PAGE as u64) {
            pages.push(Arc::default());
        }
        let page = Arc::make_mut(pages.last_mut().expect("a page was just added if there was none"));
        page.push(Placed { record, end: end + tape_bytes, digest });
        self.length += 1;
    }

    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn record(&self, index: u64) -> Option<&Record> {
        self.placed(index).map(|placed| &placed.record)
    }

    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.pages.iter().flat_map(|page| page.iter()).map(|placed| &placed.record)
    }

    /// Tape bytes from the load point to the start of record `index`; `index` may be the end of data.
    pub fn offset(&self, index: u64) -> u64 {
        assert!(index <= self.length, "a position lies on recorded tape or at its end");
        match index.checked_sub(1) {
            None => 0,
            Some(before) => self.placed(before).expect("the record in front exists").end,
        }
    }

    /// The first record of file `number`: the one behind as many tape marks.
    pub fn start_of_file(&self, number: u32) -> Option<u64> {
        match number.checked_sub(1) {
            None => Some(0),
            Some(before) => self.marks.get(before as usize).map(|mark| mark + 1),
        }
    }

    /// What the tape mark at `index` stands behind.
    pub fn place_of_mark(&self, index: u64) -> MarkPlace {
        let behind = |steps: u64| index.checked_sub(steps).and_then(|index| self.record(index));
        match behind(1) {
            Some(Record::Hdr1 { .. } | Record::Hdr2) => MarkPlace::BehindHeaderLabels,
            Some(Record::Header { .. } | Record::Track { .. }) => MarkPlace::BehindData,
            Some(Record::TapeMark) => behind(2).and_then(trailer).map_or(MarkPlace::Elsewhere, MarkPlace::Closing),
            Some(record) => trailer(record).map_or(MarkPlace::Elsewhere, MarkPlace::BehindTrailer),
            None => MarkPlace::Elsewhere,
        }
    }

    /// The ID in the volume label, if the tape starts with one.
    pub fn volser(&self) -> Option<TapeVolser> {
        match self.record(0) {
            Some(Record::Vol1 { volser }) => Some(*volser),
            _ => None,
        }
    }

    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Makes the tape end earlier than its maker promised.
    pub fn shorten(&mut self, capacity: u64) {
        self.capacity = self.capacity.min(capacity);
    }

    /// Makes every later attempt to write over the start of `record`, now due at `index`, fail. When the record is a
    /// block of data, labels and marks can still be placed there (an assumption: they fit beside the defect), so that a
    /// program can close the cartridge and go on on another.
    pub fn add_defect(&mut self, index: u64, record: &Record) {
        let defect = Defect { offset: self.offset(index), spares_short_records: record.is_data() };
        if !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }

    /// Whether writing `record` at `index`, where it takes `tape_bytes`, meets a defect or the end of the tape.
    pub fn refuses(&self, index: u64, record: &Record, tape_bytes: u64) -> bool {
        let start = self.offset(index);
        let end = start + tape_bytes;
        end > self.capacity
            || self.defects.iter().any(|defect| {
                (start..end).contains(&defect.offset) && (record.is_data() || !defect.spares_short_records)
            })
    }

    /// Makes the record at `index` fail to be read: once, or each time until it is overwritten.
    pub fn make_unreadable(&mut self, index: u64, permanent: bool) {
        self.unreadable.push(Unreadable { index, permanent });
    }

    /// Whether some attempt to read record `index` would succeed.
    pub fn is_readable(&self, index: u64) -> bool {
        !self.unreadable.iter().any(|fault| fault.index == index && fault.permanent)
    }

    /// Tries to read record `index`; an error that is not permanent is used up. `Err` says whether it is permanent.
    pub fn try_read(&mut self, index: u64) -> Result<&Record, ReadFailure> {
        if let Some(found) = self.unreadable.iter().position(|fault| fault.index == index) {
            let permanent = self.unreadable[found].permanent;
            if !permanent {
                self.unreadable.remove(found);
            }
            return Err(ReadFailure { permanent });
        }
        Ok(self.record(index).expect("only recorded tape is read"))
    }

    /// Digest of everything that the cartridge holds; equal cartridges have equal digests.
    pub fn digest(&self) -> u64 {
        let mut fingerprint = Fingerprint::default();
        fingerprint.write_u64(self.last().map_or(0, |last| last.digest));
        fingerprint.write_u64(self.length);
        fingerprint.write_u64(self.capacity);
        self.defects.hash(&mut fingerprint);
        self.unreadable.hash(&mut fingerprint);
        fingerprint.finish()
    }

    fn truncate(&mut self, index: u64) {
        assert!(index <= self.length, "tape is written where it was written before, or at its end");
        if index == self.length {
            return;
        }
        let index_in_page = index as usize % PAGE;
        let pages = Arc::make_mut(&mut self.pages);
        pages.truncate((index as usize).div_ceil(PAGE));
        if index_in_page != 0 {
            Arc::make_mut(pages.last_mut().expect("a page holds the record in front")).truncate(index_in_page);
        }
        Arc::make_mut(&mut self.marks).retain(|&mark| mark < index);
        self.unreadable.retain(|fault| fault.index < index);
        self.length = index;
    }

    fn placed(&self, index: u64) -> Option<&Placed> {
        self.pages.get(index as usize / PAGE)?.get(index as usize % PAGE)
    }

    fn last(&self) -> Option<&Placed> {
        self.pages.last()?.last()
    }
}

/// A record that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReadFailure {
    pub permanent: bool,
}

fn trailer(record: &Record) -> Option<Trailer> {
    match record {
        Record::Eof1 { .. } | Record::Eof2 => Some(Trailer::EndOfFile),
        Record::Eov1 { .. } | Record::Eov2 => Some(Trailer::EndOfVolume),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Tag;

    fn track(number: u32) -> Record {
        Record::Track { backup: Backup(1), track: TrackNo(number), image: TrackImage::data(Tag(number.into())) }
    }

    fn with_tracks(count: u32) -> Cartridge {
        let mut cartridge = Cartridge::blank(1 << 40);
        (0..count).for_each(|number| cartridge.write(number.into(), track(number), 100));
        cartridge
    }

    #[test]
    fn names_are_fixed_fields() {
        assert_eq!(TapeVolser::numbered(1).to_string(), "T00001");
        assert_eq!(TapeVolser::numbered(65_535).to_string(), "T65535");
        assert_eq!(TapeVolser::parse("T00001"), Ok(TapeVolser::numbered(1)));
        let name = FileName::of_dump(VolumeId::from_bytes(*b"PROD01"), Backup(42));
        assert_eq!(format!("{name:?}"), "VPROD01.B00042   ");
        assert_eq!(name.volume(), VolumeId::from_bytes(*b"PROD01"));
    }

    #[test]
    fn a_track_is_one_block_of_56680_bytes() {
        assert_eq!(track(0).bytes(), 56_680);
        assert!(Record::TapeMark.bytes() + Record::Hdr2.bytes() < 200);
    }

    #[test]
    fn writing_truncates_what_stood_behind() {
        for at in [0, 1, 255, 256, 257, 511, 512, 599] {
            let mut cartridge = with_tracks(600);
            cartridge.make_unreadable(599, true);
            cartridge.write(at, track(9_999), 7);
            assert_eq!(cartridge.len(), at + 1);
            assert_eq!(cartridge.record(at), Some(&track(9_999)));
            assert_eq!(cartridge.record(at + 1), None);
            assert_eq!((cartridge.offset(at), cartridge.offset(at + 1)), (at * 100, at * 100 + 7));
            assert_eq!(cartridge.records().count() as u64, at + 1);
            assert!(cartridge.unreadable.is_empty(), "an overwritten record can be read again");
        }
    }

    #[test]
    fn equal_contents_have_equal_digests_whatever_stood_there_before() {
        let mut rewritten = with_tracks(600);
        rewritten.write(300, track(300), 100);
        assert_eq!(rewritten, with_tracks(301));
        assert_eq!(rewritten.digest(), with_tracks(301).digest());
        assert_ne!(rewritten.digest(), with_tracks(302).digest());
        let mut damaged = with_tracks(301);
        damaged.make_unreadable(3, true);
        assert_ne!(rewritten.digest(), damaged.digest());
    }

    #[test]
    fn a_fork_shares_what_it_does_not_write() {
        let original = with_tracks(600);
        let mut fork = original.clone();
        fork.write(600, track(600), 100);
        assert_eq!((original.len(), fork.len()), (600, 601));
        assert!(Arc::ptr_eq(&original.pages[0], &fork.pages[0]) && Arc::ptr_eq(&original.pages[1], &fork.pages[1]));
        assert!(!Arc::ptr_eq(&original.pages[2], &fork.pages[2]));
    }

    #[test]
    fn files_start_behind_marks_and_marks_know_their_place() {
        let mut cartridge = Cartridge::initialised(1 << 40, TapeVolser::numbered(1));
        let hdr1 = Record::Hdr1 {
            file: FileName::of_dump(VolumeId::from_bytes(*b"PROD01"), Backup(1)),
            first_volser: TapeVolser::numbered(1),
            section: 1,
            sequence: 1,
        };
        let [mark, eof] = [Record::TapeMark, Record::Eof1 { block_count: 1 }];
        let layout = [hdr1, Record::Hdr2, mark.clone(), track(0), mark.clone(), eof, Record::Eof2, mark.clone(), mark];
        for (index, record) in layout.into_iter().enumerate() {
            cartridge.write(index as u64 + 1, record, 80);
        }
        assert_eq!(cartridge.volser(), Some(TapeVolser::numbered(1)));
        assert_eq!([0, 1, 2, 3, 4, 5].map(|file| cartridge.start_of_file(file)), {
            [Some(0), Some(4), Some(6), Some(9), Some(10), None]
        });
        assert_eq!([3, 5, 8, 9].map(|index| cartridge.place_of_mark(index)), {
            let trailer = Trailer::EndOfFile;
            [
                MarkPlace::BehindHeaderLabels,
                MarkPlace::BehindData,
                MarkPlace::BehindTrailer(trailer),
                MarkPlace::Closing(trailer),
            ]
        });
    }

    #[test]
    fn a_defect_stops_data_but_lets_a_trailer_pass() {
        let mut cartridge = with_tracks(3);
        cartridge.add_defect(3, &track(3));
        assert!(cartridge.refuses(3, &track(3), 100));
        assert!(cartridge.refuses(2, &track(3), 200), "a longer block in front reaches the defect");
        assert!(!cartridge.refuses(2, &track(3), 100));
        assert!(!cartridge.refuses(3, &Record::TapeMark, 64));
        cartridge.add_defect(3, &Record::TapeMark);
        assert!(cartridge.refuses(3, &Record::TapeMark, 64));
        cartridge.shorten(299);
        assert!(cartridge.refuses(2, &track(3), 100), "nothing is written behind the end of the tape");
    }

    #[test]
    fn only_a_permanent_read_error_stays() {
        let mut cartridge = with_tracks(3);
        cartridge.make_unreadable(1, false);
        cartridge.make_unreadable(2, true);
        assert_eq!(cartridge.try_read(1), Err(ReadFailure { permanent: false }));
        assert_eq!(cartridge.try_read(1), Ok(&track(1)));
        assert_eq!(cartridge.try_read(2), Err(ReadFailure { permanent: true }));
        assert_eq!(cartridge.try_read(2), Err(ReadFailure { permanent: true }));
    }
}
