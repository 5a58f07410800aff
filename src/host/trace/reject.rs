//! What becomes of a record that cannot be used: a reason, its number and its text.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Rejected records that are kept whole in memory; all are counted.
pub const KEPT_REJECTS: usize = 1_000;
/// Bytes of a rejected record that are shown.
const SHOWN_BYTES: usize = 120;

crate::names! {
    pub enum RejectReason {
        Cut = "cut",
        Version = "version",
        Fields = "fields",
        Number = "number",
        Operation = "operation",
        LongLine = "long-line",
        Address = "address",
        Beyond = "beyond-device",
        Time = "time",
        Device = "device",
    }
}

impl RejectReason {
    /// In words.
    pub fn about(self) -> &'static str {
        match self {
            RejectReason::Cut => "the file is cut in the middle of a record",
            RejectReason::Version => "the record is of another version or type",
            RejectReason::Fields => "the wrong number of fields",
            RejectReason::Number => "a field is not the number it should be",
            RejectReason::Operation => "an operation that the format does not know",
            RejectReason::LongLine => "the line is too long",
            RejectReason::Address => "the end of the request is beyond 2^64 bytes",
            RejectReason::Beyond => "the end of the request is beyond the end of the device",
            RejectReason::Time => "the time lies more than 146 years after the first record",
            RejectReason::Device => "there are too many devices, or a device has too long a name",
        }
    }
}

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Which of the files of a trace, from 0.
    pub file: usize,
    /// Line of a text file, number of the record in a binary one; from 1.
    pub line: u64,
    pub reason: RejectReason,
    /// What exactly is wrong, one sentence without a full stop.
    pub message: String,
    /// The start of the record: escaped text, or hexadecimal digits of a binary one.
    pub text: String,
}

/// All rejected records of a trace: the first [`KEPT_REJECTS`] whole, the others by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    pub kept: Vec<Reject>,
    pub by_reason: BTreeMap<RejectReason, u64>,
}

impl Rejects {
    pub fn total(&self) -> u64 {
        self.by_reason.values().sum()
    }

    pub fn add(&mut self, reject: Reject) {
        *self.by_reason.entry(reject.reason).or_insert(0) += 1;
        if self.kept.len() < KEPT_REJECTS {
            self.kept.push(reject);
        }
    }
}

/// Why a record is rejected, before its place is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    pub reason: RejectReason,
    pub message: String,
}

impl Bad {
    pub fn new(reason: RejectReason, message: impl Into<String>) -> Bad {
        Bad { reason, message: message.into() }
    }
}

/// The start of a text record, safe to print.
pub(super) fn shown_text(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(SHOWN_BYTES)].escape_ascii().to_string()
}

/// The start of a binary record in hexadecimal, in groups of four bytes.
pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for (place, byte) in bytes.iter().take(SHOWN_BYTES).enumerate() {
        let gap = if place > 0 && place % 4 == 0 { " " } else { "" };
        write!(shown, "{gap}{byte:02x}").expect("a string takes all that is written");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_rejects_are_kept_whole() {
        let mut rejects = Rejects::default();
        let reject =
            |line| Reject { file: 0, line, reason: RejectReason::Fields, message: String::new(), text: String::new() };
        (0..5_000).for_each(|line| rejects.add(reject(line)));
        assert_eq!((rejects.kept.len(), rejects.total()), (KEPT_REJECTS, 5_000));
    }

    #[test]
    fn what_is_shown_is_short_and_printable() {
        assert_eq!(shown_text(b"a\x1b[31m\xff"), "a\\x1b[31m\\xff");
        assert_eq!(shown_text(&[b'x'; 500]).len(), 120);
        assert_eq!(shown_bytes(&[0, 1, 2, 3, 0xAB]), "00010203 ab");
    }
}
