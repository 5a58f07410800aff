//! A small scenario as a file that says where it comes from, and what was done to get it as one document.

use serde::Serialize;

use super::program;
use super::text::{count, counted, duration};
use crate::campaign::shrink::{Shrunk, Size};

pub const SCHEMA: &str = "tiersim/shrink/1";
/// How every such file begins.
pub const HEADING: &str = "# minimal scenario";
/// In front of the fingerprint of its run.
pub const FINGERPRINT: &str = "# fingerprint ";
/// In front of the version of the model that it was made with.
pub const MODEL: &str = "# model version ";

/// What is to be said of it beside what was found.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub scenario: &'a str,
    pub seed: u64,
    /// The scenario with its changes, as a command names it.
    pub named: &'a str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub model_version: u32,
    pub scenario: String,
    pub seed: u64,
    pub invariant: String,
    pub detail: String,
    pub from: SizeRow,
    pub to: SizeRow,
    /// How the moments of faults are told.
    pub moments: String,
    /// What is still drawn although it could be literal.
    pub drawn: Vec<String>,
    pub runs: u64,
    pub budget_used_up: bool,
    pub interrupted: bool,
    pub events: u64,
    pub fingerprint: String,
    /// The file.
    pub text: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct SizeRow {
    pub operations: u64,
    pub tracks: u64,
    pub faults: u64,
}

impl From<Size> for SizeRow {
    fn from(size: Size) -> SizeRow {
        SizeRow { operations: size.operations, tracks: size.tracks, faults: size.faults }
    }
}

impl Summary {
    pub fn new(subject: &Subject, shrunk: &Shrunk) -> Summary {
        Summary {
            schema: SCHEMA,
            model_version: crate::MODEL_VERSION,
            scenario: subject.scenario.to_owned(),
            seed: subject.seed,
            invariant: shrunk.invariant.name().to_owned(),
            detail: shrunk.violation.detail.clone(),
            from: shrunk.from.into(),
            to: shrunk.to.into(),
            moments: shrunk.form.name().to_owned(),
            drawn: shrunk.drawn.iter().map(|&drawn| drawn.to_owned()).collect(),
            runs: shrunk.runs,
            budget_used_up: shrunk.exhausted,
            interrupted: shrunk.interrupted,
            events: shrunk.events,
            fingerprint: format!("{:016x}", shrunk.fingerprint),
            text: file(subject, shrunk),
        }
    }

    /// What was gained, in one line.
    pub fn sentence(&self) -> String {
        format!("{}: from {} to {}, {}", self.invariant, size(self.from), size(self.to), counted(self.runs, "run"))
    }
}

fn size(size: SizeRow) -> String {
    let SizeRow { operations, tracks, faults } = size;
    [counted(operations, "operation"), counted(tracks, "track"), counted(faults, "fault")].join(", ")
}

/// The scenario under comments that say what it is.
fn file(subject: &Subject, shrunk: &Shrunk) -> String {
    let mut lines = vec![
        format!("{HEADING}: {} is violated: {}", shrunk.invariant, shrunk.violation.detail),
        format!("# made by tiersim {} as {SCHEMA}", program::THIS.version),
        format!("{MODEL}{}", crate::MODEL_VERSION),
        format!("{FINGERPRINT}{:016x}", shrunk.fingerprint),
        format!("# from {} (seed {}), where it came at {}:", subject.named, subject.seed, at(shrunk)),
        format!("#   {}", size(shrunk.from.into())),
        "# to, in what follows (operations are host requests, tracks those that are copied or touched):".to_owned(),
        format!("#   {}, {} events, after {} runs", size(shrunk.to.into()), count(shrunk.events), count(shrunk.runs)),
    ];
    if !shrunk.drawn.is_empty() {
        lines.push(format!(
            "# still drawn from the seed, because the violation goes otherwise: {}",
            shrunk.drawn.join(", ")
        ));
    }
    if shrunk.exhausted || shrunk.interrupted {
        lines.push("# the search was cut short: it may get smaller".to_owned());
    }
    lines.push("# `tiersim run` with this file ends with 0 as long as the violation comes.".to_owned());
    // A comment is one line, whatever a message or a name holds.
    let plain = |line: String| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>() + "\n";
    lines.into_iter().map(plain).collect::<String>() + "\n" + &shrunk.text
}

fn at(shrunk: &Shrunk) -> String {
    let first = &shrunk.first_violation;
    format!("event {} after {}", count(first.boundary), duration(first.time.ns()))
}

/// Fingerprint and version of the model that a small scenario names; nothing when it is another file.
pub fn recorded(text: &str) -> Option<(u64, u32)> {
    let comment = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix));
    text.starts_with(HEADING).then_some(())?;
    Some((u64::from_str_radix(comment(FINGERPRINT)?.trim(), 16).ok()?, comment(MODEL)?.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::shrink::Form;
    use crate::check::Violation;
    use crate::kernel::Time;
    use crate::vocab::Invariant;

    #[test]
    fn a_file_says_where_it_comes_from_and_what_its_run_gives() {
        let violation =
            Violation { boundary: 3, time: Time::from_ns(5_000_000_000), detail: "two\nof one name".into() };
        let shrunk = Shrunk {
            text: "title = \"x\"\n".into(),
            invariant: Invariant::UniqueIplId,
            violation: violation.clone(),
            first_violation: violation,
            from: Size { operations: 60, tracks: 64, faults: 1 },
            to: Size { operations: 1, tracks: 2, faults: 1 },
            form: Form::Event,
            drawn: vec![],
            runs: 390,
            exhausted: false,
            interrupted: false,
            fingerprint: 0xabc,
            events: 1_234,
            others: Vec::new(),
        };
        let subject = Subject { scenario: "nightly", seed: 7, named: "nightly.toml" };
        let summary = Summary::new(&subject, &shrunk);
        let text = &summary.text;
        assert!(text.starts_with("# minimal scenario: unique-ipl-id is violated: two of one name\n"), "{text}");
        assert!(
            text.ends_with("\n\ntitle = \"x\"\n") && text.contains("#   60 operations, 64 tracks, 1 fault\n"),
            "{text}"
        );
        assert_eq!(recorded(text), Some((0xabc, crate::MODEL_VERSION)));
        assert_eq!(recorded("title = \"x\"\n"), None);
        let line = "unique-ipl-id: from 60 operations, 64 tracks, 1 fault to 1 operation, 2 tracks, 1 fault, 390 runs";
        assert_eq!(summary.sentence(), line);
    }
}
