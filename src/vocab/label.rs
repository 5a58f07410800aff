//! The volume label: an 80-byte record on track 0 with the volume ID, and the reserved area that can hide another.
//!
//! Layout after MODEL 2.2 (sources S-40, S-41): bytes 0-3 `VOL1`, 4-9 the volume ID, 10 security, 11-15 the address of
//! the volume directory, 37-50 owner, 51-79 reserved: the hidden location 412 of the patent (paragraphs 36 and 43). The
//! four-byte key in front of the record is left out. Label bytes are ASCII, not EBCDIC.

use super::id::{RelationNumber, VolumeId};
use crate::kernel::Time;

const IDENTIFIER: std::ops::Range<usize> = 0..4;
const VOLUME_ID: std::ops::Range<usize> = 4..10;
const SECURITY: usize = 10;
const DIRECTORY: std::ops::Range<usize> = 11..16;
const HIDDEN: std::ops::Range<usize> = 51..80;
const SEALED_LENGTH: usize = 27;
const SEAL_MAGIC: [u8; 2] = *b"SB";
const SEAL_VERSION: u8 = 1;

/// The label record as it stands on the medium: any 80 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label([u8; 80]);

/// The form in which the source's ID is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HiddenFormat {
    /// 27 bytes with source, target, instant, relationship and checksum: torn, stale and foreign forms are detected.
    Sealed,
    /// The six characters of the ID and nothing else: whatever stands there is believed.
    Bare,
}

/// The hidden record: whose copy the target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HiddenId {
    pub source: VolumeId,
    pub target: VolumeId,
    /// Whole seconds of the instant T0; 0 when the label was written before T0 was known.
    pub t0_seconds: u32,
    pub relation: RelationNumber,
}

/// What the reserved area turns out to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HiddenState {
    Blank,
    Valid {
        source: VolumeId,
    },
    /// Length or checksum is wrong: a write was cut short.
    Torn,
    /// Sealed for another instant or another relationship.
    Stale {
        source: VolumeId,
    },
    /// Sealed for another target volume.
    Foreign {
        source: VolumeId,
    },
}

/// What a reader of the hidden field knows of the copy in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenContext {
    pub t0_seconds: u32,
    pub relation: RelationNumber,
}

/// Track 0 beside its content tag: the label record, if there is one, and the ID embedded in the names of the volume
/// directory, its index and the VSAM directory (MODEL 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LabelTrack {
    pub label: Option<Label>,
    pub embedded: VolumeId,
}

impl LabelTrack {
    /// A freshly initialised volume.
    pub fn fresh(id: VolumeId) -> LabelTrack {
        LabelTrack { label: Some(Label::new(id)), embedded: id }
    }

    /// No label: the device cannot come online.
    pub const BLANK: LabelTrack = LabelTrack { label: None, embedded: VolumeId::BLANK };

    /// The ID by which a host would know the volume.
    pub fn id(&self) -> Option<VolumeId> {
        self.label.as_ref().and_then(Label::volume_id)
    }
}

impl Label {
    /// The label of a freshly initialised volume: blank owner, blank reserved area.
    pub fn new(id: VolumeId) -> Label {
        let mut bytes = [b' '; 80];
        bytes[IDENTIFIER].copy_from_slice(b"VOL1");
        bytes[SECURITY] = 0xC0;
        bytes[DIRECTORY].copy_from_slice(&[0, 0, 0, 1, 1]);
        let mut label = Label(bytes);
        label.set_volume_id(id);
        label
    }

    pub const fn from_bytes(bytes: [u8; 80]) -> Label {
        Label(bytes)
    }

    pub const fn bytes(&self) -> &[u8; 80] {
        &self.0
    }

    /// The volume ID, unless the record is no volume label at all.
    pub fn volume_id(&self) -> Option<VolumeId> {
        let field: [u8; 6] = self.0[VOLUME_ID].try_into().expect("the field has six bytes");
        (self.0[IDENTIFIER] == *b"VOL1" && field != *b"      ").then(|| VolumeId::from_bytes(field))
    }

    pub fn set_volume_id(&mut self, id: VolumeId) {
        self.0[VOLUME_ID].copy_from_slice(&id.bytes());
    }

    pub fn hide(&mut self, hidden: HiddenId, format: HiddenFormat) {
        self.clear_hidden();
        let field = &mut self.0[HIDDEN];
        match format {
            HiddenFormat::Bare => field[..6].copy_from_slice(&hidden.source.bytes()),
            HiddenFormat::Sealed => field[..SEALED_LENGTH].copy_from_slice(&hidden.seal()),
        }
    }

    pub fn clear_hidden(&mut self) {
        self.0[HIDDEN].fill(b' ');
    }

    pub fn has_hidden(&self) -> bool {
        self.0[HIDDEN].iter().any(|&byte| byte != b' ')
    }

    /// Reads the reserved area. With `context` a sealed form must belong to that very copy.
    pub fn hidden(&self, format: HiddenFormat, context: Option<HiddenContext>) -> HiddenState {
        if !self.has_hidden() {
            return HiddenState::Blank;
        }
        let field = &self.0[HIDDEN];
        match format {
            HiddenFormat::Bare => {
                let source = field[..6].try_into().expect("the bare form has six bytes");
                HiddenState::Valid { source: VolumeId::from_bytes(source) }
            }
            HiddenFormat::Sealed => {
                let Some(hidden) = HiddenId::unseal(field) else { return HiddenState::Torn };
                let source = hidden.source;
                if Some(hidden.target) != self.volume_id() {
                    return HiddenState::Foreign { source };
                }
                let fits = context.is_none_or(|context| {
                    hidden.relation == context.relation
                        && (hidden.t0_seconds == 0 || hidden.t0_seconds == context.t0_seconds)
                });
                if fits { HiddenState::Valid { source } } else { HiddenState::Stale { source } }
            }
        }
    }
}

impl std::fmt::Debug for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Label({:?})", String::from_utf8_lossy(&self.0))
    }
}

impl HiddenId {
    pub fn seconds_of(t0: Time) -> u32 {
        u32::try_from(t0.ns() / 1_000_000_000).unwrap_or(u32::MAX)
    }

    fn seal(self) -> [u8; SEALED_LENGTH] {
        let mut record = [0; SEALED_LENGTH];
        record[0..2].copy_from_slice(&SEAL_MAGIC);
        record[2] = SEAL_VERSION;
        record[3..9].copy_from_slice(&self.source.bytes());
        record[9..15].copy_from_slice(&self.target.bytes());
        record[15..19].copy_from_slice(&self.t0_seconds.to_be_bytes());
        record[19..23].copy_from_slice(&self.relation.0.to_be_bytes());
        let sum = crc32(&record[..23]);
        record[23..27].copy_from_slice(&sum.to_be_bytes());
        record
    }

    fn unseal(field: &[u8]) -> Option<HiddenId> {
        let word = |from: usize| u32::from_be_bytes(field[from..from + 4].try_into().expect("four bytes"));
        let id = |from: usize| VolumeId::from_bytes(field[from..from + 6].try_into().expect("six bytes"));
        let whole = field[0..2] == SEAL_MAGIC
            && field[2] == SEAL_VERSION
            && word(23) == crc32(&field[..23])
            && field[SEALED_LENGTH..].iter().all(|&byte| byte == b' ');
        whole.then(|| HiddenId {
            source: id(3),
            target: id(9),
            t0_seconds: word(15),
            relation: RelationNumber(word(19)),
        })
    }
}

/// CRC-32 of IEEE 802.3, bit by bit: 23 bytes at a time need no table.
fn crc32(bytes: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for &byte in bytes {
        remainder ^= u32::from(byte);
        for _ in 0..8 {
            let low = remainder & 1;
            remainder = remainder >> 1 ^ (0xEDB8_8320 & low.wrapping_neg());
        }
    }
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> VolumeId {
        VolumeId::parse(text).expect("the test names a valid ID")
    }

    fn conditioned() -> Label {
        let mut label = Label::new(id("SPARE1"));
        let hidden =
            HiddenId { source: id("PROD01"), target: id("SPARE1"), t0_seconds: 60, relation: RelationNumber(1) };
        label.hide(hidden, HiddenFormat::Sealed);
        label
    }

    const HERE: Option<HiddenContext> = Some(HiddenContext { t0_seconds: 60, relation: RelationNumber(1) });

    #[test]
    fn the_sealed_form_comes_back_and_leaves_the_id_alone() {
        let mut label = conditioned();
        assert_eq!(label.volume_id(), Some(id("SPARE1")));
        assert_eq!(label.hidden(HiddenFormat::Sealed, HERE), HiddenState::Valid { source: id("PROD01") });
        label.clear_hidden();
        assert_eq!(label, Label::new(id("SPARE1")));
    }

    #[test]
    fn the_sealed_form_tells_torn_stale_and_foreign() {
        let label = conditioned();
        let elsewhere = Some(HiddenContext { t0_seconds: 61, relation: RelationNumber(1) });
        assert!(matches!(label.hidden(HiddenFormat::Sealed, elsewhere), HiddenState::Stale { .. }));
        let mut renamed = label;
        renamed.set_volume_id(id("OTHER1"));
        assert!(matches!(renamed.hidden(HiddenFormat::Sealed, HERE), HiddenState::Foreign { .. }));
        for cut in 52..78 {
            let mut bytes = *label.bytes();
            bytes[cut..].fill(b' ');
            assert_eq!(Label::from_bytes(bytes).hidden(HiddenFormat::Sealed, HERE), HiddenState::Torn, "cut at {cut}");
        }
    }

    #[test]
    fn the_bare_form_believes_anything() {
        let state = conditioned().hidden(HiddenFormat::Bare, HERE);
        assert!(matches!(state, HiddenState::Valid { source } if source != id("PROD01")));
    }

    #[test]
    fn a_record_that_is_no_label_has_no_id() {
        assert_eq!(Label::from_bytes([0; 80]).volume_id(), None);
        assert_eq!(Label::new(VolumeId::BLANK).volume_id(), None);
    }

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
