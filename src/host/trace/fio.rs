//! The logs that fio writes and replays: a version line, then actions on files.
//!
//! Version 2: `file action [offset length]`, without times; `file wait microseconds` is a delay before what follows, so a
//! replay is closed loop. Version 3: `time file action [offset length]`, time in whole microseconds (read in the sources
//! of fio), no `wait`. Addresses and lengths are bytes, a file is a device. `add`, `open` and `close` are no requests;
//! `trim`, `sync` and `datasync` are neither reads nor writes.

use std::collections::VecDeque;

use super::fields::{blanks, whole_number};
use super::record::{Fields, RecordOp};
use super::reject::{Bad, RejectReason, shown_text};
use super::text::{Context, Parsed, starts_with_line};
use crate::kernel::Span;

const VERSION_2: &[u8] = b"fio version 2 iolog";
const VERSION_3: &[u8] = b"fio version 3 iolog";

pub(super) fn detect_version_2(head: &[u8]) -> bool {
    starts_with_line(head, VERSION_2)
}

pub(super) fn detect_version_3(head: &[u8]) -> bool {
    starts_with_line(head, VERSION_3)
}

/// Requests of version 2 whose delay is not known before the next request is met.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    requests: VecDeque<Fields>,
    /// All delays so far, in ns: the only time that the log has.
    waited: u128,
}

impl Waiting {
    pub fn ready(&mut self, ended: bool) -> Option<Fields> {
        (ended || self.requests.len() > 1).then(|| self.requests.pop_front()).flatten()
    }

    fn wait(&mut self, microseconds: u64) {
        let ns = microseconds.saturating_mul(1_000);
        self.waited += u128::from(ns);
        if let Some(delay) = self.requests.back_mut().and_then(|request| request.delay.as_mut()) {
            *delay = Span::from_ns(delay.ns().saturating_add(ns));
        }
    }
}

/// What a line says beside its time.
enum Line<'a> {
    Structure,
    Wait(u64),
    Request { file: &'a [u8], op: RecordOp, offset: u64, bytes: u64 },
}

pub(super) fn parse_version_2(
    line: u64,
    content: &[u8],
    waiting: &mut Waiting,
    context: &mut Context<'_>,
) -> Result<Parsed, Bad> {
    if line == 1 && content == VERSION_2 {
        return Ok(Parsed::Nothing);
    }
    match parse(line, blanks(content))? {
        Line::Structure => {}
        Line::Wait(microseconds) => waiting.wait(microseconds),
        Line::Request { file, op, offset, bytes } => {
            let fields = Fields::new(line, waiting.waited, offset, context.unit, bytes, op)?;
            let device = context.devices.number(file)?;
            waiting.requests.push_back(Fields { device, delay: Some(Span::ZERO), ..fields });
        }
    }
    Ok(Parsed::Nothing)
}

pub(super) fn parse_version_3(line: u64, content: &[u8], context: &mut Context<'_>) -> Result<Parsed, Bad> {
    if line == 1 && content == VERSION_3 {
        return Ok(Parsed::Nothing);
    }
    let mut fields = blanks(content);
    let time = number(line, "time", fields.next().unwrap_or_default())?;
    match parse(line, fields)? {
        Line::Structure => Ok(Parsed::Nothing),
        Line::Wait(_) => {
            Err(Bad::new(RejectReason::Operation, format!("line {line} is a `wait`, which version 3 has not")))
        }
        Line::Request { file, op, offset, bytes } => {
            let fields = Fields::new(line, u128::from(time) * 1_000, offset, context.unit, bytes, op)?;
            Ok(Parsed::Record(Fields { device: context.devices.number(file)?, ..fields }))
        }
    }
}

fn parse<'a>(line: u64, fields: impl Iterator<Item = &'a [u8]>) -> Result<Line<'a>, Bad> {
    let fields: Vec<&[u8]> = fields.take(5).collect();
    let wrong = |expected: &str| {
        let message = format!("line {line} has not the fields of `{expected}`");
        Err(Bad::new(RejectReason::Fields, message))
    };
    let op = match fields.get(1).copied() {
        None => return wrong("file action"),
        Some(b"add" | b"open" | b"close") => {
            return if fields.len() == 2 { Ok(Line::Structure) } else { wrong("file action") };
        }
        Some(b"wait") => {
            return match fields[..] {
                [_, _, time] | [_, _, time, _] => Ok(Line::Wait(number(line, "wait", time)?)),
                _ => wrong("file wait microseconds"),
            };
        }
        Some(b"sync" | b"datasync") if fields.len() == 2 => {
            return Ok(Line::Request { file: fields[0], op: RecordOp::Other, offset: 0, bytes: 0 });
        }
        Some(b"read") => RecordOp::Read,
        Some(b"write") => RecordOp::Write,
        Some(b"trim" | b"sync" | b"datasync") => RecordOp::Other,
        Some(other) => {
            let message = format!("in line {line} `{}` is no action of a fio log", shown_text(other));
            return Err(Bad::new(RejectReason::Operation, message));
        }
    };
    match fields[..] {
        [file, _, offset, bytes] => {
            let (offset, bytes) = (number(line, "offset", offset)?, number(line, "length", bytes)?);
            Ok(Line::Request { file, op, offset, bytes })
        }
        _ => wrong("file action offset length"),
    }
}

fn number(line: u64, name: &str, text: &[u8]) -> Result<u64, Bad> {
    whole_number(text, 10).ok_or_else(|| {
        let message = format!("in line {line} `{name}` is `{}`, which is no whole number in range", shown_text(text));
        Bad::new(RejectReason::Number, message)
    })
}
