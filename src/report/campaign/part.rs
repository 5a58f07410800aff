//! Part files: the rows of a range of blocks, immutable, checksummed, and named for the range.
//!
//! A part is a line that says whose it is, one line for each run, and a line with the number of rows and the SHA-256 of
//! everything before it. Without that last line, or with another digest, it is no part. What a part holds is a function
//! of the campaign and the range: two parts of one range are equal, whoever wrote them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::super::digest::sha256;
use crate::campaign::sweep::Row;

pub const SCHEMA: &str = "tiersim/campaign-part/1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Header {
    pub schema: String,
    pub campaign: String,
    pub first_block: u64,
    /// The block behind the last.
    pub end_block: u64,
    pub model_version: u32,
    /// Version, commit and target of the program, where it is not the one that planned the campaign.
    pub other_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Footer {
    rows: u64,
    sha256: String,
}

/// A part that was found whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub blocks: Range<u64>,
    pub rows: Vec<Row>,
    pub other_version: Option<String>,
}

/// Why a file is not a part of this campaign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    #[error("it is cut off: its last line is not its own checksum")]
    Truncated,
    #[error("its checksum does not fit its content: it was damaged or changed")]
    Damaged,
    #[error("it belongs to another campaign, {0}")]
    Foreign(String),
    #[error("its name says blocks {named} and its first line {found}")]
    Misnamed { named: String, found: String },
    #[error("it is not a part of a campaign: {0}")]
    NotOne(String),
}

/// `blocks-<lo>-<hi>.jsonl`, both ends among the blocks.
pub fn name(blocks: &Range<u64>) -> String {
    format!("blocks-{}-{}.jsonl", blocks.start, blocks.end - 1)
}

/// The blocks that a part of this name holds.
pub fn blocks_of(name: &str) -> Option<Range<u64>> {
    let (low, high) = name.strip_prefix("blocks-")?.strip_suffix(".jsonl")?.split_once('-')?;
    let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
    (low <= high && high < u64::MAX).then(|| low..high + 1)
}

/// The bytes of a part.
pub fn write(campaign: &str, blocks: &Range<u64>, rows: &[Row], other_version: Option<String>) -> Vec<u8> {
    let header = Header {
        schema: SCHEMA.to_owned(),
        campaign: campaign.to_owned(),
        first_block: blocks.start,
        end_block: blocks.end,
        model_version: crate::MODEL_VERSION,
        other_version,
    };
    let mut bytes = line(&header);
    rows.iter().for_each(|row| bytes.extend(line(row)));
    let footer = Footer { rows: rows.len() as u64, sha256: sha256(&bytes) };
    bytes.extend(line(&footer));
    bytes
}

/// One value on a line of its own.
pub fn line(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).expect("a row has text keys and whole numbers");
    bytes.push(b'\n');
    bytes
}

/// Reads a part of this campaign from a file of this name.
pub fn read(campaign: &str, name: &str, bytes: &[u8]) -> Result<Part, PartError> {
    let named = blocks_of(name).ok_or_else(|| PartError::NotOne("its name says no blocks".to_owned()))?;
    let body_end = match bytes.strip_suffix(b"\n") {
        Some(whole) => whole.iter().rposition(|&byte| byte == b'\n').map_or(0, |place| place + 1),
        None => return Err(PartError::Truncated),
    };
    let (body, last) = bytes.split_at(body_end);
    let footer: Footer = serde_json::from_slice(last).map_err(|_| PartError::Truncated)?;
    if footer.sha256 != sha256(body) {
        return Err(PartError::Damaged);
    }
    let wrong = |error: serde_json::Error| PartError::NotOne(error.to_string());
    let mut lines = body.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let header = lines.next().ok_or_else(|| PartError::NotOne("it is empty".to_owned()))?;
    let header: Header = serde_json::from_slice(header).map_err(wrong)?;
    if header.schema != SCHEMA {
        return Err(PartError::NotOne(format!("its schema is {}", header.schema)));
    }
    if header.campaign != campaign {
        return Err(PartError::Foreign(header.campaign));
    }
    let blocks = header.first_block..header.end_block;
    if blocks != named {
        let [named, found] = [&named, &blocks].map(|it| format!("{} to {}", it.start, it.end.saturating_sub(1)));
        return Err(PartError::Misnamed { named, found });
    }
    let rows: Vec<Row> = lines.map(serde_json::from_slice).collect::<Result<_, _>>().map_err(wrong)?;
    if rows.len() as u64 != footer.rows || !rows.is_sorted_by(|one, other| one.run < other.run) {
        return Err(PartError::NotOne("its rows are not those that its last line counts".to_owned()));
    }
    Ok(Part { blocks, rows, other_version: header.other_version })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::campaign::sweep::{End, RowVerdict};

    pub fn row(run: u64) -> Row {
        Row {
            run,
            point: 0,
            replication: run,
            seed: run * 7,
            fingerprint: format!("{run:016x}"),
            verdict: RowVerdict::Pass,
            end: End::Until,
            violated: 0,
            tested: 3,
            reached: 0,
            figures: Default::default(),
            volumes: vec![Default::default()],
        }
    }

    #[test]
    fn a_part_is_read_as_it_was_written() {
        let rows: Vec<Row> = (8..12).map(row).collect();
        let bytes = write("abc", &(4..6), &rows, None);
        assert_eq!(read("abc", "blocks-4-5.jsonl", &bytes), Ok(Part { blocks: 4..6, rows, other_version: None }));
    }

    #[test]
    fn whatever_happens_to_a_part_is_noticed() {
        let bytes = write("abc", &(4..6), &[row(8), row(9)], None);
        let read = |bytes: &[u8]| read("abc", "blocks-4-5.jsonl", bytes);
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "cut at {cut} of {}", bytes.len());
        }
        for flipped in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[flipped] ^= 1;
            assert!(read(&changed).is_err(), "byte {flipped} of {}", bytes.len());
        }
        assert_eq!(super::read("def", "blocks-4-5.jsonl", &bytes), Err(PartError::Foreign("abc".into())));
        assert!(matches!(super::read("abc", "blocks-4-6.jsonl", &bytes), Err(PartError::Misnamed { .. })));
    }

    #[test]
    fn names_say_the_blocks_and_nothing_else_is_a_name() {
        assert_eq!(name(&(0..1)), "blocks-0-0.jsonl");
        assert_eq!(blocks_of("blocks-12-99.jsonl"), Some(12..100));
        for wrong in ["blocks-9-8.jsonl", "blocks-1.jsonl", "blocks-1-2.jsonl.conflict", "x", "blocks--1-2.jsonl"] {
            assert_eq!(blocks_of(wrong), None, "{wrong}");
        }
        assert_eq!(blocks_of(&format!("blocks-0-{}.jsonl", u64::MAX)), None);
    }
}
