//! Which format a trace has: from its first bytes where they leave no doubt, else as the user says.

use super::reject::shown_bytes;
use super::text::{Context, Parsed, TextParser};
use super::tiersim_csv::{self, Header};
use super::{Action, TraceError, TraceFormat, blkparse, disksim, fio, hp_srt, systor17, vscsi, vscsi_csv};
use crate::host::trace::record::Devices;

/// Bytes by which a format is recognised.
pub(super) const HEAD: usize = 4_096;

/// A format with everything that its first bytes decide.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    Vscsi(vscsi::Version),
    HpSrt,
    TiersimCsv(Header),
    Text(TextParser),
}

/// The layout of a file that starts with `head`; a format with a header must have it, also if the user names the format.
pub(super) fn recognise(
    name: &str,
    head: &[u8],
    format: Option<TraceFormat>,
) -> Result<(TraceFormat, Layout), TraceError> {
    if head.is_empty() {
        return Err(TraceError::Empty { name: name.to_owned() });
    }
    let found = match format {
        None => guess(name, head)?,
        Some(format) => layout(head, format).map(|layout| (format, layout)),
    };
    found.ok_or_else(|| {
        let head = shown_bytes(&head[..head.len().min(80)]);
        TraceError::NotRecognised { name: name.to_owned(), format, head }
    })
}

fn layout(head: &[u8], format: TraceFormat) -> Option<Layout> {
    let text = |parser: TextParser, detected: bool| detected.then_some(Layout::Text(parser));
    match format {
        TraceFormat::DiskSimValidate => text(TextParser::DiskSimValidate(disksim::Clock::default()), true),
        TraceFormat::DiskSimAscii => text(TextParser::DiskSimAscii, true),
        TraceFormat::HpSrt => hp_srt::detect(head).then_some(Layout::HpSrt),
        TraceFormat::Msr => text(TextParser::Msr, true),
        TraceFormat::Spc => text(TextParser::Spc, true),
        // A part of a longer trace has no header.
        TraceFormat::Systor17 => text(TextParser::Systor17, true),
        TraceFormat::Vscsi => vscsi::version(head).map(Layout::Vscsi),
        TraceFormat::VscsiCsv => text(TextParser::VscsiCsv, vscsi_csv::detect(head)),
        TraceFormat::SsdSim => text(TextParser::SsdSim, true),
        TraceFormat::Blkparse => text(TextParser::Blkparse(blkparse::Parser::default()), true),
        TraceFormat::Fio2 => text(TextParser::Fio2(fio::Waiting::default()), fio::detect_version_2(head)),
        TraceFormat::Fio3 => text(TextParser::Fio3, fio::detect_version_3(head)),
        TraceFormat::TiersimCsv => tiersim_csv::detect(head).map(Layout::TiersimCsv),
    }
}

/// Only what is safe: a header, the versions in two binary records, or a first line that one format alone can have.
fn guess(name: &str, head: &[u8]) -> Result<Option<(TraceFormat, Layout)>, TraceError> {
    let first = first_line(head);
    let could_be = |format: TraceFormat| first.is_some_and(|line| parses(line, format));
    let certain = |format: TraceFormat| match format {
        TraceFormat::TiersimCsv | TraceFormat::HpSrt | TraceFormat::VscsiCsv => true,
        TraceFormat::Fio2 | TraceFormat::Fio3 => true,
        TraceFormat::Systor17 => systor17::detect(head),
        TraceFormat::Vscsi => vscsi::detect(head).is_some(),
        TraceFormat::Blkparse => first.is_some_and(blkparse::detect),
        TraceFormat::Msr | TraceFormat::Spc | TraceFormat::DiskSimValidate => could_be(format),
        // With a whole number as time it may be the other.
        TraceFormat::DiskSimAscii => could_be(format) && !could_be(TraceFormat::SsdSim),
        TraceFormat::SsdSim => could_be(format) && !could_be(TraceFormat::DiskSimAscii),
    };
    let found = |format: &TraceFormat| {
        let format = *format;
        if certain(format) { layout(head, format).map(|layout| (format, layout)) } else { None }
    };
    let guessed = TraceFormat::ALL.iter().find_map(found);
    if guessed.is_none() && could_be(TraceFormat::DiskSimAscii) {
        let (one, other) = (TraceFormat::DiskSimAscii, TraceFormat::SsdSim);
        return Err(TraceError::Ambiguous { name: name.to_owned(), one, other });
    }
    Ok(guessed)
}

/// The first line that is not blank, if all of it is there.
fn first_line(head: &[u8]) -> Option<&[u8]> {
    let whole = head.len() < HEAD;
    let mut lines = head.split_inclusive(|&byte| byte == b'\n');
    let line = lines.find(|line| !line.trim_ascii().is_empty())?;
    (line.ends_with(b"\n") || whole).then(|| line.trim_ascii())
}

fn parses(line: &[u8], format: TraceFormat) -> bool {
    let Some(Layout::Text(mut parser)) = layout(&[], format) else { return false };
    let mut devices = Devices::default();
    let mut context = Context { devices: &mut devices, unit: 1, read_code: 1, action: Action::Issued };
    matches!(parser.parse(2, line, &mut context), Ok(Parsed::Record(_)))
}
