//! `tiersim trace`: import recorded traces into the program's own text, and say what is in them.

pub mod args;
mod file;
mod told;

use std::fs::File;
use std::io::{self, Read, Stdin, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use crate::host::trace::{
    self, Bound, Header, Item, MAGIC, ReadOptions, Reject, Rejects, Tally, Timing, TraceError, TraceStream, Writer,
};
use crate::kernel::Span;
use args::{TraceCommand, TraceInput};
use file::OwnFile;
use told::Findings;

/// How every report of rejected records begins.
const REJECTS_MAGIC: &str = "#tiersim-rejects,1";

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub command: TraceCommand,
    pub json: bool,
}

/// A file, or what another program sends.
enum Input {
    File(File),
    Stdin(Stdin),
}

impl Read for Input {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(target),
            Input::Stdin(stdin) => stdin.read(target),
        }
    }
}

/// Why nothing came of it.
enum Failure {
    Trace(TraceError),
    /// A mistake of the user, with a remedy.
    Usage(String, String),
    Write(PathBuf, io::Error),
}

impl From<TraceError> for Failure {
    fn from(error: TraceError) -> Failure {
        Failure::Trace(error)
    }
}

/// # Errors
/// Only what writing to the streams meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let mut rejects = RejectReport::new(&request.command);
    let found = read(&request.command, &mut rejects);
    let report = rejects.finish();
    told::rejects(&rejects.counted, report.as_ref().ok().and_then(Option::as_deref), errors)?;
    let failure = match (found, report) {
        (Ok(findings), Ok(_)) => {
            findings.warn(errors)?;
            match request.json {
                true => output.write_all(&findings.document(&rejects.counted))?,
                false => write!(output, "{}", findings.text(&rejects.counted))?,
            }
            return Ok(if findings.complete { Exit::Held } else { Exit::Usage });
        }
        (Err(failure), _) | (_, Err(failure)) => failure,
    };
    match failure {
        Failure::Trace(error) => {
            writeln!(errors, "error: {error}\n  = help: {}", error.remedy())?;
            Ok(Exit::Usage)
        }
        Failure::Usage(message, remedy) => {
            writeln!(errors, "error: {message}\n  = help: {remedy}")?;
            Ok(Exit::Usage)
        }
        Failure::Write(path, error) => {
            writeln!(errors, "error: cannot write {}: {error}", path.display())?;
            Ok(Exit::Internal)
        }
    }
}

/// Reads the trace to its end, and writes it where it is to be imported.
fn read(command: &TraceCommand, rejects: &mut RejectReport) -> Result<Findings, Failure> {
    let input = input_of(command);
    let options = options_of(input)?;
    let mut stream = TraceStream::new(open(&input.files)?, options)?;
    let mut writer = match command {
        TraceCommand::Stats(_) => None,
        TraceCommand::Import(import) => {
            if import.out == Path::new("-") {
                let message = "a trace is no text for stdout, where the findings go".to_owned();
                return Err(Failure::Usage(message, "name a file with -o".to_owned()));
            }
            let header = coarse_allowed(stream.header(), import.allow_coarse_time);
            let file = OwnFile::create(&import.out, MAGIC, import.force)?;
            let path = import.out.clone();
            Some(Writer::new(file, header).map_err(|error| Failure::Write(path, error))?)
        }
    };
    let mut tally = Tally::new(stream.header().unit);
    while let Some(item) = stream.next()? {
        match item {
            Item::Rejected(reject) => rejects.add(reject)?,
            Item::Record(record) => {
                tally.add(&record);
                if let Some(writer) = &mut writer {
                    let written = writer.write(&record, stream.devices());
                    written.map_err(|error| Failure::Write(out_of(command), error))?;
                }
            }
        }
    }
    let complete = rejects.counted.total() == 0 || input.skip_bad_lines;
    let mut written = None;
    if let Some(writer) = writer.filter(|_| complete) {
        writer.into_inner().keep().map_err(|error| Failure::Write(out_of(command), error))?;
        written = Some(out_of(command));
    }
    let header = match command {
        TraceCommand::Stats(_) => stream.header(),
        TraceCommand::Import(import) => coarse_allowed(stream.header(), import.allow_coarse_time),
    };
    Ok(Findings {
        format: stream.format(),
        header,
        compressions: stream.compressions().collect(),
        files: stream.files()?,
        devices: stream.devices().to_vec(),
        statistics: tally.finish(),
        skipped: stream.skipped(),
        wrapped: stream.wrapped(),
        backward: stream.backward(),
        complete,
        written,
    })
}

fn input_of(command: &TraceCommand) -> &TraceInput {
    match command {
        TraceCommand::Import(import) => &import.input,
        TraceCommand::Stats(stats) => &stats.input,
    }
}

fn out_of(command: &TraceCommand) -> PathBuf {
    match command {
        TraceCommand::Import(import) => import.out.clone(),
        TraceCommand::Stats(_) => PathBuf::new(),
    }
}

fn coarse_allowed(header: Header, allowed: bool) -> Header {
    let timing = match header.timing {
        Timing::Recorded if allowed && header.clock > COARSE => Timing::CoarseAllowed,
        timing => timing,
    };
    Header { timing, ..header }
}

/// A clock coarser than this tells nothing about how requests follow each other, as for a scenario.
const COARSE: Span = Span::from_ms(1);

fn options_of(input: &TraceInput) -> Result<ReadOptions, Failure> {
    let usual = ReadOptions::default();
    let bound = match (input.device_bytes, input.wrap) {
        (None, _) => Bound::None,
        (Some(size), false) => Bound::Reject(size),
        (Some(size), true) => Bound::Wrap(size),
    };
    if input.files.iter().filter(|file| file.as_path() == Path::new("-")).count() > 1 {
        let message = "`-` is stdin, and there is only one".to_owned();
        return Err(Failure::Usage(message, "name it once".into()));
    }
    Ok(ReadOptions {
        format: input.format.0,
        sector_bytes: input.sector_bytes,
        read_code: input.read_code,
        action: input.action,
        window: input.window.unwrap_or(usual.window),
        bound,
        most_bytes: input.max_bytes.unwrap_or(usual.most_bytes),
        most_records: u64::MAX,
    })
}

fn open(files: &[PathBuf]) -> Result<Vec<(String, Input)>, TraceError> {
    let one = |path: &PathBuf| match path.as_path() == Path::new("-") {
        true => Ok(("stdin".to_owned(), Input::Stdin(io::stdin()))),
        false => trace::open(path).map(|(name, file)| (name, Input::File(file))),
    };
    files.iter().map(one).collect()
}

/// The report of rejected records: a file that appears with the first of them.
struct RejectReport {
    path: Option<PathBuf>,
    force: bool,
    names: Vec<String>,
    file: Option<OwnFile>,
    counted: Rejects,
}

impl RejectReport {
    fn new(command: &TraceCommand) -> RejectReport {
        let input = input_of(command);
        let (beside, force) = match command {
            TraceCommand::Stats(stats) => (None, stats.force),
            TraceCommand::Import(import) => {
                let mut name = import.out.file_name().unwrap_or_default().to_owned();
                name.push(".rejects.csv");
                (Some(import.out.with_file_name(name)), import.force)
            }
        };
        RejectReport {
            path: input.rejects.clone().or(beside),
            force,
            names: input.files.iter().map(|file| file.display().to_string()).collect(),
            file: None,
            counted: Rejects::default(),
        }
    }

    fn add(&mut self, reject: Reject) -> Result<(), Failure> {
        if let Some(path) = &self.path {
            let failed = |error| Failure::Write(path.clone(), error);
            if self.file.is_none() {
                let mut file = OwnFile::create(path, REJECTS_MAGIC, self.force)?;
                write!(file, "{REJECTS_MAGIC}\nfile,line,reason,message,text\n").map_err(failed)?;
                self.file = Some(file);
            }
            let file = self.file.as_mut().expect("it was made");
            let Reject { line, reason, message, text, .. } = &reject;
            let name = quoted(&self.names[reject.file]);
            writeln!(file, "{name},{line},{reason},{},{}", quoted(message), quoted(text)).map_err(failed)?;
        }
        self.counted.add(reject);
        Ok(())
    }

    /// Puts the report in its place; tells where it is. A report of an earlier import that found rejects is taken away.
    fn finish(&mut self) -> Result<Option<PathBuf>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let failed = |error| Failure::Write(path.clone(), error);
        match self.file.take() {
            Some(file) => {
                file.keep().map_err(failed)?;
                Ok(Some(path.clone()))
            }
            None => {
                if self.force && file::is_own(path, REJECTS_MAGIC) {
                    std::fs::remove_file(path).map_err(failed)?;
                }
                Ok(None)
            }
        }
    }
}

/// A field of a CSV line.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
