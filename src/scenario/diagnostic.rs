//! What is wrong with a scenario, told to its author: all problems at once, each with its place, reason and remedy.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::catalogue::Code;

/// At most this many problems are shown; the rest is counted.
const SHOWN: usize = 50;

/// A piece of text the user wrote: the scenario file, or one option of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    pub name: String,
    pub text: String,
}

/// A stretch of a source: the source's number and a byte range in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    pub source: usize,
    pub from: usize,
    pub to: usize,
}

impl Place {
    pub fn new(source: usize, span: Range<usize>) -> Place {
        Place { source, from: span.start, to: span.end }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    /// Nothing when the file as a whole is meant.
    pub place: Option<Place>,
    /// What stands beside the caret.
    pub label: String,
    /// The place by its keys, as in `volume[2].model`.
    pub path: String,
    pub help: Option<String>,
    /// Other places that disagree with this one, with what to say there.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            path: String::new(),
            help: None,
            related: Vec::new(),
        }
    }

    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    #[must_use]
    pub fn at(mut self, place: &Place, label: impl Into<String>) -> Diagnostic {
        self.place = Some(place.clone());
        self.label = label.into();
        self
    }

    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Diagnostic {
        self.path = path.into();
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn related(mut self, place: &Place, label: impl Into<String>) -> Diagnostic {
        self.related.push((place.clone(), label.into()));
        self
    }
}

/// The problems of one scenario, in the order of their places, with the texts they point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics {
    pub sources: Vec<SourceText>,
    pub list: Vec<Diagnostic>,
}

/// Whether text is for a terminal that shows colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Coloured,
}

impl Diagnostics {
    pub fn new(sources: Vec<SourceText>, mut list: Vec<Diagnostic>) -> Diagnostics {
        // Stable: problems of one place stay in the order in which they were found.
        list.sort_by_key(|problem| problem.place.clone());
        Diagnostics { sources, list }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// In the style of rustc, one blank line between problems, a count at the end.
    pub fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        for problem in self.list.iter().take(SHOWN) {
            text.push_str(&self.render_one(problem, paint));
            text.push_str("\n\n");
        }
        if self.list.len() > SHOWN {
            writeln!(text, "and {} more", self.list.len() - SHOWN).expect("a string takes any text");
        }
        text.push_str(&self.summary());
        text
    }

    fn summary(&self) -> String {
        let count = |severity| self.list.iter().filter(|problem| problem.severity == severity).count();
        let counted = |number: usize, noun: &str| match number {
            0 => None,
            1 => Some(format!("1 {noun}")),
            _ => Some(format!("{number} {noun}s")),
        };
        let parts = [counted(count(Severity::Error), "error"), counted(count(Severity::Warning), "warning")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        match self.list.first() {
            Some(first) => format!("{}; see `tiersim explain {}`\n", parts.join(", "), first.code.name()),
            None => String::new(),
        }
    }

    fn render_one(&self, problem: &Diagnostic, paint: Paint) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(problem.message.as_str()).id(problem.code.name());
        let mut group = Group::with_title(title);
        for (number, source) in self.sources.iter().enumerate() {
            let here = problem.place.iter().filter(|place| place.source == number);
            let there = problem.related.iter().filter(|(place, _)| place.source == number);
            let primary = here.map(|place| {
                let span = self.visible(place);
                AnnotationKind::Primary.span(span).label(problem.label.as_str())
            });
            let context =
                there.map(|(place, label)| AnnotationKind::Context.span(self.visible(place)).label(label.as_str()));
            let marks: Vec<_> = primary.chain(context).collect();
            if !marks.is_empty() {
                let snippet = Snippet::source(source.text.as_str()).path(source.name.as_str()).annotations(marks);
                group = group.element(snippet);
            }
        }
        let nowhere = problem.place.is_none() && problem.related.is_empty();
        if let Some(source) = self.sources.first().filter(|_| nowhere) {
            group = group.element(Origin::path(source.name.as_str()));
        }
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = match paint {
            Paint::Plain => Renderer::plain(),
            Paint::Coloured => Renderer::styled(),
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }

    /// The part of `place` on its first line: a caret under twenty lines shows nothing.
    fn visible(&self, place: &Place) -> Range<usize> {
        let text = &self.sources[place.source].text;
        let line_end = text[place.from..].find('\n').map_or(text.len(), |length| place.from + length);
        place.from..place.to.min(line_end).max(place.from)
    }

    /// The machine form (OUTPUT 12), complete: nothing is cut after fifty.
    pub fn to_json(&self) -> Value {
        let list: Vec<Value> = self.list.iter().map(|problem| self.one_to_json(problem)).collect();
        json!({ "schema": "tiersim/diagnostics/1", "diagnostics": list })
    }

    fn one_to_json(&self, problem: &Diagnostic) -> Value {
        let position = |place: Option<&Place>| {
            let source = place.map_or(0, |place| place.source);
            let file = self.sources.get(source).map(|source| source.name.clone());
            let (line, column) = place.map(|place| self.line_and_column(place)).unzip();
            let span = place.map(|place| [place.from, place.to]);
            (file, line, column, span)
        };
        let (file, line, column, span) = position(problem.place.as_ref());
        let related: Vec<Value> = problem
            .related
            .iter()
            .map(|(place, label)| {
                let (file, line, column, span) = position(Some(place));
                json!({ "label": label, "file": file, "line": line, "column": column, "span": span })
            })
            .collect();
        json!({
            "code": problem.code.name(), "severity": problem.severity.name(), "message": problem.message,
            "label": problem.label, "file": file, "line": line, "column": column, "span": span,
            "path": problem.path, "help": problem.help, "related": related,
        })
    }

    /// From 1; columns count characters.
    fn line_and_column(&self, place: &Place) -> (usize, usize) {
        let before = &self.sources[place.source].text[..place.from];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// The entry of `known` that the author of `written` most likely meant.
pub fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let wanted = written.to_ascii_lowercase().replace('_', "-");
    let distance =
        |candidate: &str| strsim::damerau_levenshtein(&wanted, &candidate.to_ascii_lowercase().replace('_', "-"));
    let best = known.iter().copied().min_by_key(|candidate| distance(candidate))?;
    // A third of the letters wrong is another word.
    (distance(best) <= (written.chars().count() / 3).max(1)).then_some(best)
}

/// "did you mean" when there is something near, and all that is known.
pub fn suggestion(written: &str, known: &[&str], noun: &str) -> String {
    let list = known.join(", ");
    match nearest(written, known) {
        Some(name) => format!("did you mean `{name}`? known {noun}: {list}"),
        None => format!("known {noun}: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[[volume]]\nid = \"PROD01\"\nmodle = \"3390-3\"\n";

    fn one(problem: Diagnostic) -> Diagnostics {
        Diagnostics::new(vec![SourceText { name: "nightly.toml".into(), text: TEXT.into() }], vec![problem])
    }

    #[test]
    fn a_problem_looks_like_one_of_rustc() {
        let problem = Diagnostic::error(Code::UnknownKey, "unknown key `modle` in a volume")
            .at(&Place::new(0, 25..30), "at volume[0]")
            .help("did you mean `model`?");
        let expected = "\
error[S0107]: unknown key `modle` in a volume
 --> nightly.toml:3:1
  |
3 | modle = \"3390-3\"
  | ^^^^^ at volume[0]
  |
  = help: did you mean `model`?

1 error; see `tiersim explain S0107`
";
        assert_eq!(one(problem).render(Paint::Plain), expected);
    }

    #[test]
    fn colour_changes_no_word() {
        let problem = Diagnostic::error(Code::UnknownKey, "unknown").at(&Place::new(0, 25..30), "here");
        let found = one(problem);
        let coloured = found.render(Paint::Coloured);
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').expect("an escape ends").1;
        }
        plain.push_str(rest);
        assert_eq!(plain, found.render(Paint::Plain));
    }

    #[test]
    fn the_machine_form_has_every_key() {
        let json = one(Diagnostic::error(Code::UnknownKey, "m").at(&Place::new(0, 25..30), "l")).to_json();
        assert_eq!(json["diagnostics"][0]["line"], 3);
        assert_eq!(json["diagnostics"][0]["column"], 1);
        assert_eq!(json["diagnostics"][0]["span"], json!([25, 30]));
        let keys: Vec<&String> = json["diagnostics"][0].as_object().expect("an object").keys().collect();
        for key in ["code", "severity", "message", "file", "line", "column", "span", "path", "help", "related"] {
            assert!(keys.iter().any(|have| *have == key), "{key}");
        }
        let nowhere = one(Diagnostic::error(Code::UnknownKey, "m")).to_json();
        assert_eq!(nowhere["diagnostics"][0]["span"], Value::Null);
    }

    #[test]
    fn fifty_are_shown_and_the_rest_counted() {
        let many = (0..53).map(|_| Diagnostic::error(Code::UnknownKey, "m").at(&Place::new(0, 25..30), "l")).collect();
        let found = Diagnostics::new(vec![SourceText { name: "x".into(), text: TEXT.into() }], many);
        let text = found.render(Paint::Plain);
        assert_eq!(text.matches("error[S0107]").count(), 50);
        assert!(text.contains("and 3 more\n53 errors; see"));
    }

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("modle", &["id", "model"]), Some("model"));
        assert_eq!(nearest("safe_backup", &["safe-backup"]), Some("safe-backup"));
        assert_eq!(nearest("colour", &["id", "model"]), None);
    }
}
