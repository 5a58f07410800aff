//! The text formats behind one shape: a line goes in, a record comes out, perhaps later.

use std::io::BufRead;

use super::lines::{LONGEST_LINE, LineEnd, Lines};
use super::reader::Step;
use super::record::{Devices, Fields};
use super::reject::{Bad, Reject, RejectReason, shown_text};
use super::{Action, blkparse, disksim, fio, msr, spc, ssdsim, systor17, tiersim_csv, vscsi_csv};

/// What a line depends on beside itself.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub devices: &'a mut Devices,
    /// Bytes that a step of the format's addresses counts.
    pub unit: u64,
    /// The code of a read, where a format has two meanings of its codes.
    pub read_code: u8,
    /// Which lines of a blkparse text are the requests.
    pub action: Action,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Record(Fields),
    /// A part of the format that is no request, or a request that is kept back until it is complete.
    Nothing,
    /// A line that the format allows and that tells nothing of requests; counted.
    Skipped,
}

/// The present format with what it remembers between lines.
#[derive(Clone, Debug)]
pub(super) enum TextParser {
    DiskSimValidate(disksim::Clock),
    DiskSimAscii,
    Msr,
    Spc,
    Systor17,
    VscsiCsv,
    SsdSim,
    Blkparse(blkparse::Parser),
    Fio2(fio::Waiting),
    Fio3,
    TiersimCsv(tiersim_csv::Names),
}

impl TextParser {
    pub fn parse(&mut self, line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
        match self {
            TextParser::DiskSimValidate(clock) => disksim::parse_validate(line, content, clock, context),
            TextParser::DiskSimAscii => disksim::parse_ascii(line, content, context),
            TextParser::Msr => msr::parse(line, content, context),
            TextParser::Spc => spc::parse(line, content, context),
            TextParser::Systor17 => systor17::parse(line, content, context),
            TextParser::VscsiCsv => vscsi_csv::parse(line, content, context),
            TextParser::SsdSim => ssdsim::parse(line, content, context),
            TextParser::Blkparse(parser) => parser.parse(line, content, context),
            TextParser::Fio2(waiting) => fio::parse_version_2(line, content, waiting, context),
            TextParser::Fio3 => fio::parse_version_3(line, content, context),
            TextParser::TiersimCsv(names) => names.parse(line, content, context),
        }
    }

    /// A record that was kept back and is complete now; all are when the input has `ended`.
    fn ready(&mut self, ended: bool) -> Option<Fields> {
        match self {
            TextParser::Blkparse(parser) => parser.ready(ended),
            TextParser::Fio2(waiting) => waiting.ready(ended),
            TextParser::DiskSimValidate(_)
            | TextParser::DiskSimAscii
            | TextParser::Msr
            | TextParser::Spc
            | TextParser::Systor17
            | TextParser::VscsiCsv
            | TextParser::SsdSim
            | TextParser::Fio3
            | TextParser::TiersimCsv(_) => None,
        }
    }

    /// Whether a last line without its end is certainly whole. Most formats end with a number that may have lost digits.
    fn is_whole(&self, content: &[u8]) -> bool {
        match self {
            // The last field is one digit.
            TextParser::SsdSim => true,
            TextParser::Blkparse(_) => content.ends_with(b"]"),
            TextParser::DiskSimValidate(_)
            | TextParser::DiskSimAscii
            | TextParser::Msr
            | TextParser::Spc
            | TextParser::Systor17
            | TextParser::VscsiCsv
            | TextParser::Fio2(_)
            | TextParser::Fio3
            | TextParser::TiersimCsv(_) => false,
        }
    }

    /// The next record, reject or skipped line.
    pub fn step<R: BufRead>(&mut self, lines: &mut Lines<R>, context: &mut Context<'_>) -> std::io::Result<Step> {
        loop {
            if let Some(fields) = self.ready(false) {
                return Ok(Step::Record(fields));
            }
            let Some(end) = lines.advance()? else {
                return Ok(self.ready(true).map_or(Step::End, Step::Record));
            };
            let (number, content) = (lines.number, lines.text());
            let parsed = match end {
                LineEnd::TooLong => {
                    let message = format!("line {number} has more than {LONGEST_LINE} bytes");
                    Err(Bad::new(RejectReason::LongLine, message))
                }
                LineEnd::Newline | LineEnd::Input if content.trim_ascii().is_empty() => continue,
                LineEnd::Input if !self.is_whole(content) => Err(cut(number)),
                LineEnd::Newline | LineEnd::Input => self.parse(number, content, context),
            };
            match parsed {
                Ok(Parsed::Record(fields)) => return Ok(Step::Record(fields)),
                Ok(Parsed::Nothing) => {}
                Ok(Parsed::Skipped) => return Ok(Step::Skipped),
                Err(Bad { reason, message }) => {
                    let text = shown_text(content);
                    return Ok(Step::Rejected(Reject { file: 0, line: number, reason, message, text }));
                }
            }
        }
    }
}

fn cut(number: u64) -> Bad {
    let message = format!("the last line, {number}, does not end with a newline: it may be cut");
    Bad::new(RejectReason::Cut, message)
}

/// Whether `head` begins with exactly this line.
pub(super) fn starts_with_line(head: &[u8], line: &[u8]) -> bool {
    head.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"\n") || rest.starts_with(b"\r\n"))
}
