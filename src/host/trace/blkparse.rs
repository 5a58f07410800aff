//! The text of blkparse: `maj,min cpu seq seconds.ns pid action rwbs sector + count [process]` per event.
//!
//! A request is an event of one action: D, sent to the driver (the default), or Q, queued. The next event C of the same
//! device, sector and count is its completion and gives the response. Sectors are 512 bytes. In `rwbs` R is a read, W a
//! write, D a discard, F a flush. Events of other actions, and lines of another shape such as the summary at the end, are
//! skipped and counted (field list: manual of blkparse; the matching of completions is ours).

use std::collections::{BTreeMap, VecDeque};

use super::fields::{blanks, decimal_ns, whole_number};
use super::record::{Fields, RecordOp};
use super::reject::{Bad, RejectReason, shown_text};
use super::text::{Context, Parsed};
use super::{Action, Grouped};
use crate::kernel::Span;

/// Requests that wait for their completion at a time; the earliest goes without one when there are more.
const MOST_WAITING: usize = 65_536;
/// How long a request waits for its completion, in ns (A: ten times the usual time-out of a SCSI command, 30 s).
const LONGEST_WAIT: u128 = 300_000_000_000;

/// Device, first sector, sectors.
type Place = (u32, u64, u64);

#[derive(Clone, Debug, Default)]
pub(super) struct Parser {
    waiting: VecDeque<Waiting>,
    /// Number of the first of `waiting`.
    first: u64,
    /// Numbers of the requests without completion, by their place.
    open: BTreeMap<Place, VecDeque<u64>>,
    latest: u128,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    fields: Fields,
    place: Place,
    complete: bool,
}

impl Parser {
    pub fn parse(&mut self, line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
        let event: Vec<&[u8]> = blanks(content).take(10).collect();
        let [device, cpu, sequence, time, pid, action, rwbs, ref place @ ..] = event[..] else {
            return if event.first().is_some_and(|device| is_device(device)) {
                Err(Bad::new(RejectReason::Fields, format!("line {line} ends before its seventh field, rwbs")))
            } else {
                Ok(Parsed::Skipped)
            };
        };
        if !is_device(device) {
            return Ok(Parsed::Skipped);
        }
        let at =
            decimal_ns(time, 9).filter(|_| [cpu, sequence, pid].iter().all(|text| whole_number(text, 10).is_some()));
        let at = at.ok_or_else(|| {
            let message = format!("in line {line} cpu, sequence, time or process is no number in range");
            Bad::new(RejectReason::Number, message)
        })?;
        let asked: &[u8] = match context.action {
            Action::Issued => b"D",
            Action::Queued => b"Q",
        };
        if action != asked && action != b"C" {
            return Ok(Parsed::Skipped);
        }
        let op = operation(rwbs);
        let (sector, count) = match place {
            [sector, b"+", count, ..] => (number(line, "sector", sector)?, number(line, "count", count)?),
            // A flush has no place.
            _ if op == RecordOp::Other => (0, 0),
            _ => {
                let message = format!("line {line} has not the fields `sector + count` of a request");
                return Err(Bad::new(RejectReason::Fields, message));
            }
        };
        let device = context.devices.number(device)?;
        let fields = Fields::of_blocks(line, at, sector, count, context.unit, op)?;
        self.latest = self.latest.max(at);
        let place = (device, sector, count);
        if action == b"C" {
            self.complete(place, at);
            return Ok(Parsed::Nothing);
        }
        self.open.entry(place).or_default().push_back(self.first + self.waiting.len() as u64);
        self.waiting.push_back(Waiting { fields: Fields { device, ..fields }, place, complete: false });
        Ok(Parsed::Nothing)
    }

    /// Gives the earliest open request of this place its response.
    fn complete(&mut self, place: Place, at: u128) {
        let Some(number) = self.close(place) else { return };
        let index = usize::try_from(number - self.first).expect("those before the first are closed");
        let request = &mut self.waiting[index];
        request.complete = true;
        request.fields.response =
            at.checked_sub(request.fields.at).and_then(|ns| u64::try_from(ns).ok()).map(Span::from_ns);
    }

    fn close(&mut self, place: Place) -> Option<u64> {
        let numbers = self.open.get_mut(&place)?;
        let number = numbers.pop_front();
        if numbers.is_empty() {
            self.open.remove(&place);
        }
        number
    }

    pub fn ready(&mut self, ended: bool) -> Option<Fields> {
        let first = self.waiting.front()?;
        let given_up = ended || self.waiting.len() > MOST_WAITING || self.latest > first.fields.at + LONGEST_WAIT;
        if !first.complete && !given_up {
            return None;
        }
        let Waiting { fields, place, complete } = self.waiting.pop_front()?;
        if !complete {
            // The earliest of all is the earliest of its place.
            self.close(place);
        }
        self.first += 1;
        Some(fields)
    }
}

/// Whether `head` is the start of an event.
pub(super) fn detect(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = blanks(line).take(7).collect();
    matches!(fields[..], [device, cpu, sequence, time, pid, _, _]
        if is_device(device)
            && [cpu, sequence, pid].iter().all(|text| whole_number(text, 10).is_some())
            && time.contains(&b'.')
            && decimal_ns(time, 9).is_some())
}

/// `8,0`
fn is_device(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b',');
    let mut number = || parts.next().is_some_and(|part| whole_number(part, 10).is_some());
    number() && number() && parts.next().is_none()
}

fn operation(rwbs: &[u8]) -> RecordOp {
    let has = |letter: u8| rwbs.contains(&letter);
    match () {
        () if has(b'D') => RecordOp::Other,
        () if has(b'R') => RecordOp::Read,
        () if has(b'W') => RecordOp::Write,
        () => RecordOp::Other,
    }
}

fn number(line: u64, name: &str, text: &[u8]) -> Result<u64, Bad> {
    whole_number(text, 10).ok_or_else(|| {
        let shown = shown_text(text);
        let message = format!("in line {} `{name}` is `{shown}`, which is no whole number in range", Grouped(line));
        Bad::new(RejectReason::Number, message)
    })
}
