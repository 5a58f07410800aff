//! The two streams: stdout is the result, stderr everything else. Neither a closed pipe nor a missing terminal is a
//! reason to fail.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::exit::Exit;
use super::global::{Output, When};
use crate::report::json;
use crate::report::table::Style;
use crate::scenario::Paint;

#[derive(Debug)]
pub struct Console {
    output: Output,
    /// The first error of stdout other than a reader that went away.
    failed: Option<io::Error>,
    bold: bool,
    /// Whether a document of a command stands on stdout.
    is_answered: bool,
    /// With `--json`, what was told on stderr that was more than a note.
    told: Mutex<Vec<String>>,
}

impl Console {
    pub fn new(output: &Output) -> Console {
        let bold = colours(output.color, io::stdout().is_terminal(), env::var_os);
        Console { output: output.clone(), failed: None, bold, is_answered: false, told: Mutex::default() }
    }

    pub fn json(&self) -> bool {
        self.output.json
    }

    /// How text on stdout is to look.
    pub fn style(&self) -> Style {
        Style { width: self.width().unwrap_or(Style::WIDEST), bold: self.bold }
    }

    /// Columns of the paper behind stdout, where somebody says or knows.
    pub fn width(&self) -> Option<usize> {
        let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        columns.or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)))
    }

    /// Whether messages on stderr may be coloured.
    pub fn colours_messages(&self) -> bool {
        colours(self.output.color, io::stderr().is_terminal(), env::var_os)
    }

    /// How messages on stderr are painted.
    pub fn paint(&self) -> Paint {
        if self.colours_messages() { Paint::Coloured } else { Paint::Plain }
    }

    /// Lets a command write to both streams.
    pub fn command(&mut self, act: impl FnOnce(&mut dyn Write, &mut dyn Write) -> io::Result<Exit>) -> Exit {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let exit = act(&mut output, &mut errors);
        if !errors.is_empty() {
            self.error(&String::from_utf8_lossy(&errors));
        }
        self.result(&output);
        exit.unwrap_or_else(|error| {
            self.error(&format!("error: {error}"));
            Exit::Internal
        })
    }

    /// Writes a part of the result to stdout.
    pub fn result(&mut self, bytes: &[u8]) {
        self.is_answered |= !bytes.is_empty();
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            // Whoever reads, as `head` does, has seen enough.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe && self.failed.is_none() => {
                self.failed = Some(error);
            }
            _ => {}
        }
    }

    /// What a person may want to know; not said when quiet.
    pub fn note(&self, text: &str) {
        if !self.output.quiet {
            say(text);
        }
    }

    /// What a person wants to know who asked for more.
    pub fn detail(&self, text: &str) {
        if self.output.verbose {
            say(text);
        }
    }

    pub fn error(&self, text: &str) {
        say(text);
        if self.output.json {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).push(text.trim_end_matches('\n').to_owned());
        }
    }

    /// The code that the program ends with. With `--json` stdout holds exactly one document: a command that printed none,
    /// because it failed or wrote to a file, is told as one.
    pub fn close(mut self, exit: Exit) -> Exit {
        if self.output.json && !self.is_answered {
            let told = std::mem::take(self.told.get_mut().unwrap_or_else(PoisonError::into_inner));
            self.result(&ended(exit, told));
        }
        match &self.failed {
            None => exit,
            Some(error) => {
                say(&format!("error: cannot write to stdout: {error}"));
                exit.and(Exit::Internal)
            }
        }
    }
}

fn say(text: &str) {
    // There is nobody left to tell that stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// What stands on stdout where `--json` was asked for and the command has no document of its own there.
pub fn ended(exit: Exit, messages: Vec<String>) -> Vec<u8> {
    #[derive(Serialize)]
    struct Ended {
        schema: &'static str,
        exit_code: u8,
        messages: Vec<String>,
    }
    json::document(&Ended { schema: "tiersim/ended/1", exit_code: exit.code(), messages })
}

/// Whether a stream gets colours: the option decides, else the customs of the environment, else the terminal.
fn colours<T: AsRef<OsStr>>(when: When, terminal: bool, variable: impl Fn(&'static str) -> Option<T>) -> bool {
    let set = |name: &'static str| variable(name).filter(|value| !value.as_ref().is_empty());
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR").is_some() => false,
        When::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value.as_ref() != "0") => true,
        When::Auto if set("TERM").is_some_and(|value| value.as_ref() == "dumb") => false,
        When::Auto => terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_option_then_environment_then_terminal() {
        for (when, terminal, environment, coloured) in [
            (When::Auto, true, &[][..], true),
            (When::Auto, false, &[], false),
            (When::Auto, true, &[("NO_COLOR", "1")], false),
            (When::Auto, true, &[("NO_COLOR", "")], true),
            (When::Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (When::Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (When::Auto, false, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
            (When::Auto, true, &[("TERM", "dumb")], false),
            (When::Always, false, &[("NO_COLOR", "1")], true),
            (When::Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            let variable = |name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            assert_eq!(colours(when, terminal, variable), coloured, "{when:?} {terminal} {environment:?}");
        }
    }
}
