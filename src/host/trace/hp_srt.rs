//! HP's SRT records: a text header that ends with a form feed, then big-endian records that tell their own length.
//!
//! Words of 32 bits: size of the record in bytes, id (version in the high half, type in the low one), seconds and
//! microseconds of the enqueue, start and stop of the service in microseconds after it, bytes, first sector, device,
//! driver type, cylinder, flags (bit 0: a read), and what later versions add. Sectors are those of the disk: the header
//! gives their size for each (256 bytes in the shared trace, measured). Type 1 is a request, type 4 one that the recorder
//! itself suspects: it is skipped and counted (types: sources of DiskSim). The response is the stop.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use super::Grouped;
use super::reader::Step;
use super::record::{Fields, RecordOp};
use super::reject::{Bad, Reject, RejectReason, shown_bytes};
use super::text::Context;
use super::vscsi::fill;
use crate::kernel::Span;

const MAGIC: &[u8] = b"$$TR_IOREC";
const FORM_FEED: u8 = 0x0c;
/// Bytes of the longest header (A; the shared trace has 2,203).
const LONGEST_HEADER: usize = 1 << 20;
/// Bytes of a record: twelve words at least, and what a later version may add (A).
const SHORTEST_RECORD: usize = 48;
const LONGEST_RECORD: usize = 1_024;
/// The first words, up to the flags.
const WORDS: usize = SHORTEST_RECORD / 4;
const REQUEST: u32 = 1;
const SUSPECT: u32 = 4;

pub(super) fn detect(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Bytes of a sector of each disk that the header describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sectors(BTreeMap<u32, u64>);

impl Sectors {
    /// The size that all disks have, or the first one's.
    pub fn usual(&self) -> Option<u64> {
        self.0.values().next().copied()
    }
}

/// Reads up to the form feed. `None`: there is no form feed where one should be.
pub(super) fn header(input: &mut impl BufRead) -> io::Result<Option<Sectors>> {
    let mut text = Vec::new();
    loop {
        let available = input.fill_buf()?;
        let end = available.iter().position(|&byte| byte == FORM_FEED);
        let part = &available[..end.unwrap_or(available.len())];
        if part.is_empty() && end.is_none() || text.len() + part.len() > LONGEST_HEADER {
            return Ok(None);
        }
        text.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(sectors(&text)));
        }
    }
}

/// Finds `disks = { N -> { ... sectorsize = V, ...}, ...}`. Deeper braces belong to sections of a disk.
fn sectors(text: &[u8]) -> Sectors {
    let mut sizes = BTreeMap::new();
    let (mut depth, mut disk) = (0_u32, None);
    let mut quoted = false;
    let mut words: [&[u8]; 3] = [&[]; 3];
    for word in tokens(text) {
        match word {
            b"\"" => quoted = !quoted,
            _ if quoted => {}
            b"{" => {
                if depth == 1 && words[2] == b"->" {
                    disk = number(words[1]);
                }
                depth = depth.saturating_add(1);
            }
            b"}" => depth = depth.saturating_sub(1),
            value if depth == 2 && words[1] == b"sectorsize" && words[2] == b"=" => {
                let size = number(value).map(u64::from).filter(|size| *size > 0);
                sizes.extend(disk.zip(size));
            }
            _ => {}
        }
        words = [words[1], words[2], word];
    }
    Sectors(sizes)
}

fn number(word: &[u8]) -> Option<u32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Words of letters and digits, `->`, and every other mark for itself.
fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = match rest {
            [] => return None,
            [b'-', b'>', ..] => 2,
            _ => rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count().max(1),
        };
        let (token, left) = rest.split_at(length);
        rest = left;
        Some(token)
    })
}

/// The next record; `line` is its number.
pub(super) fn step(
    input: &mut impl BufRead,
    sectors: &Sectors,
    line: u64,
    chosen: Option<u64>,
    context: &mut Context<'_>,
) -> io::Result<Step> {
    let mut record = [0; LONGEST_RECORD];
    let found = fill(input, &mut record[..4])?;
    if found == 0 {
        return Ok(Step::End);
    }
    let size = word(&record, 0) as usize;
    if found == 4 && !(SHORTEST_RECORD..=LONGEST_RECORD).contains(&size) {
        let message = format!(
            "record {} says that it has {} bytes, not {SHORTEST_RECORD} to {LONGEST_RECORD}: where the next one \
            begins is not known",
            Grouped(line),
            Grouped(size as u64)
        );
        return Ok(Step::Lost(message));
    }
    let found = found + if found == 4 { fill(input, &mut record[4..size])? } else { 0 };
    let parsed = if found < size.max(4) || found < SHORTEST_RECORD {
        let message = format!("the file is cut in the middle of record {}: {found} bytes are left", Grouped(line));
        Err(Bad::new(RejectReason::Cut, message))
    } else {
        parse(&record, sectors, line, chosen, context)
    };
    Ok(match parsed {
        Ok(Some(fields)) => Step::Record(fields),
        Ok(None) => Step::Skipped,
        Err(Bad { reason, message }) => {
            Step::Rejected(Reject { file: 0, line, reason, message, text: shown_bytes(&record[..found]) })
        }
    })
}

fn word(record: &[u8; LONGEST_RECORD], number: usize) -> u32 {
    let bytes = record[4 * number..4 * number + 4].try_into().expect("four bytes are four bytes");
    u32::from_be_bytes(bytes)
}

/// `None`: the recorder suspects the record.
fn parse(
    record: &[u8; LONGEST_RECORD],
    sectors: &Sectors,
    line: u64,
    chosen: Option<u64>,
    context: &mut Context<'_>,
) -> Result<Option<Fields>, Bad> {
    let mut words = [0; WORDS];
    words.iter_mut().enumerate().for_each(|(number, target)| *target = word(record, number));
    let [_, id, seconds, microseconds, _, stop, bytes, sector, device, _, _, flags] = words;
    let (version, kind) = (id >> 16, id & 0xffff);
    if !(1..=4).contains(&version) {
        let message = format!("the record is of version {version}; versions 1 to 4 are known");
        return Err(Bad::new(RejectReason::Version, message));
    }
    match kind {
        REQUEST => {}
        SUSPECT => return Ok(None),
        other => {
            let message = format!("the record is of type {other}; types 1 and 4 are known");
            return Err(Bad::new(RejectReason::Version, message));
        }
    }
    let disk = (device >> 8) & 0xff;
    let unit = chosen.or_else(|| sectors.0.get(&disk).copied()).ok_or_else(|| {
        let message = format!("the header gives no `sectorsize` of disk {disk}");
        Bad::new(RejectReason::Device, message)
    })?;
    let at = u128::from(seconds) * 1_000_000_000 + u128::from(microseconds) * 1_000;
    let op = if flags & 1 == 1 { RecordOp::Read } else { RecordOp::Write };
    let fields = Fields::new(line, at, u64::from(sector), unit, u64::from(bytes), op)?;
    let device = context.devices.number(disk.to_string().as_bytes())?;
    Ok(Some(Fields { device, response: Some(Span::from_us(u64::from(stop))), ..fields }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sector_size_of_each_disk_is_found() {
        let header = "$$TR_IOREC-1.3 (x)\0\nversion = 1.3;\ndescription = \"a { brace; sectorsize = 7\";\ndisks = {\n\
            0 -> { nspt = 113, sectorsize = 256, sections = { 8 -> { \"/\", size = (1 2), sectorsize = 9 } } },\n\
            3 -> { adaptor = 1 -> { hp_ib , 1.2 }, sectorsize  = 512 }\n};\n";
        assert_eq!(sectors(header.as_bytes()), Sectors([(0, 256), (3, 512)].into()));
        for noise in ["}}}{{{", "disks = { 0 -> { sectorsize = 0", "{ 0 -> { sectorsize =", "\"", "-> {"] {
            assert_eq!(sectors(noise.as_bytes()), Sectors::default(), "{noise}");
        }
    }
}
