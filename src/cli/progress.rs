//! How far a run has come, on stderr: a bar on a terminal, lines at growing intervals elsewhere, JSON on request.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "progress is shown in real time; the model never sees it"
)]

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::global::{Output, ProgressForm};
use crate::campaign;
use crate::kernel::Time;
use crate::report::text::{count, counted, duration};

/// Lines come after these many seconds, then every minute.
const LINES: [u64; 5] = [1, 2, 5, 10, 30];
const MINUTE: u64 = 60;
/// At most this many updates a second.
const RATE: u8 = 10;
/// What is said comes last, and is cut where the terminal ends.
const BAR: &str = "[{bar:24}] {percent:>3} %  eta {eta_precise}  {wide_msg}";

/// The progress of one run.
#[derive(Debug)]
pub struct Progress {
    form: Form,
    started: Instant,
    /// When the next line is due.
    due: Duration,
    /// When the run ends, where that is known beforehand.
    until: Option<Time>,
}

#[derive(Debug)]
enum Form {
    Bar(ProgressBar),
    Plain,
    Json,
    None,
}

impl Progress {
    pub fn new(output: &Output, until: Option<Time>) -> Progress {
        let form = match output.progress {
            _ if output.quiet => Form::None,
            ProgressForm::Auto if io::stderr().is_terminal() && !is_dumb() => Form::Bar(bar(until)),
            // A bar is drawn by moving a cursor: where there is none, lines say the same.
            ProgressForm::Bar if io::stderr().is_terminal() => Form::Bar(bar(until)),
            ProgressForm::Auto | ProgressForm::Bar | ProgressForm::Plain => Form::Plain,
            ProgressForm::Json => Form::Json,
            ProgressForm::None => Form::None,
        };
        Progress { form, started: Instant::now(), due: Duration::ZERO, until }.scheduled()
    }

    fn scheduled(mut self) -> Progress {
        self.due = self.next_due(Duration::ZERO);
        self
    }

    pub fn update(&mut self, progress: campaign::Progress) {
        if matches!(self.form, Form::None) {
            return;
        }
        let elapsed = self.started.elapsed();
        if elapsed < self.due {
            return;
        }
        self.due = self.next_due(elapsed);
        match &self.form {
            Form::Bar(bar) => {
                bar.set_position(progress.now.ns() / 1_000_000);
                bar.set_message(sentence(progress, self.until, elapsed));
            }
            Form::Plain => say(&format!("{} so far", sentence(progress, self.until, elapsed))),
            Form::Json => say(&object(progress, self.until, elapsed)),
            Form::None => {}
        }
    }

    /// Takes the bar away; what was said in lines stays.
    pub fn finish(self) {
        if let Form::Bar(bar) = self.form {
            bar.finish_and_clear();
        }
    }

    fn next_due(&self, elapsed: Duration) -> Duration {
        match self.form {
            Form::Bar(_) | Form::Json => elapsed + Duration::from_millis(1_000 / u64::from(RATE)),
            Form::Plain | Form::None => Duration::from_secs(next_line(elapsed.as_secs())),
        }
    }
}

/// Progress in things done, told from any thread.
#[derive(Debug)]
pub struct Counted {
    form: Form,
    started: Instant,
    /// When the next line is due, in milliseconds.
    due: AtomicU64,
    phase: &'static str,
    noun: &'static str,
    /// How many there will be, where that is known.
    total: Option<u64>,
    done: AtomicU64,
    /// Of those done, how many showed a violation, where somebody counts.
    violated: Option<AtomicU64>,
}

impl Counted {
    /// Of so many things: the time that is left is told too.
    pub fn of(output: &Output, phase: &'static str, noun: &'static str, total: u64) -> Counted {
        let counted = Counted { total: Some(total), ..Counted::new(output, phase, noun) };
        if let Form::Bar(bar) = &counted.form {
            bar.set_length(total);
            bar.set_style(style(BAR));
        }
        counted
    }

    pub fn new(output: &Output, phase: &'static str, noun: &'static str) -> Counted {
        let Progress { form, started, due, .. } = Progress::new(output, None);
        let due = AtomicU64::new(due.as_millis() as u64);
        Counted { form, started, due, phase, noun, total: None, done: AtomicU64::new(0), violated: None }
    }

    /// Goes on from what was done before.
    pub fn from(self, done: u64) -> Counted {
        Counted { done: AtomicU64::new(done), ..self }
    }

    /// Violations are counted too.
    pub fn with_violations(self) -> Counted {
        Counted { violated: Some(AtomicU64::new(0)), ..self }
    }

    /// One of those that are done showed a violation.
    pub fn violated(&self) {
        if let Some(violated) = &self.violated {
            violated.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One more is done.
    pub fn one_more(&self) {
        self.update(self.done.fetch_add(1, Ordering::Relaxed) + 1);
    }

    pub fn update(&self, done: u64) {
        let elapsed = self.started.elapsed();
        let ms = elapsed.as_millis() as u64;
        let due = self.due.load(Ordering::Relaxed);
        let next = match self.form {
            Form::None => return,
            Form::Bar(_) | Form::Json => ms + 1_000 / u64::from(RATE),
            Form::Plain => next_line(elapsed.as_secs()) * 1_000,
        };
        if ms < due || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let Counted { phase, noun, total, .. } = self;
        let of = total.map_or(String::new(), |total| format!(" of {}", count(total)));
        let violated = self.violated.as_ref().map(|violated| violated.load(Ordering::Relaxed));
        let with = match violated.unwrap_or(0) {
            0 => String::new(),
            number => format!(", {number} with a violation"),
        };
        match &self.form {
            Form::Bar(bar) => {
                bar.set_position(done);
                bar.set_message(format!("{phase}  {}{of} {noun}{with}", count(done)));
            }
            Form::Plain => {
                let left = total
                    .and_then(|total| time_left(done, total, ms))
                    .map_or(String::new(), |left| format!(", about {} left", duration(left * 1_000_000)));
                say(&format!("{phase}: {}{of} {noun} so far{with}{left}", count(done)));
            }
            Form::Json => {
                let [total, violations] =
                    [*total, violated].map(|it| it.map_or("null".to_owned(), |it| it.to_string()));
                say(&format!(
                    r#"{{"t_ms":{ms},"phase":"{phase}","done":{done},"total":{total},"violations":{violations}}}"#
                ));
            }
            Form::None => {}
        }
    }

    pub fn finish(self) {
        if let Form::Bar(bar) = self.form {
            bar.finish_and_clear();
        }
    }
}

/// In milliseconds, when what is left goes as fast as what was done.
fn time_left(done: u64, total: u64, elapsed_ms: u64) -> Option<u64> {
    let left = u128::from(total.saturating_sub(done)) * u128::from(elapsed_ms);
    u64::try_from(left.checked_div(u128::from(done))?).ok()
}

/// The second of the next line after a line at second `elapsed`.
fn next_line(elapsed: u64) -> u64 {
    LINES.into_iter().find(|&second| second > elapsed).unwrap_or((elapsed / MINUTE + 1) * MINUTE)
}

/// Whether the terminal says that it can do nothing but print.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

fn bar(until: Option<Time>) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(RATE);
    let (bar, template) = match until {
        Some(until) => (ProgressBar::with_draw_target(Some(until.ns() / 1_000_000), target), BAR),
        None => (ProgressBar::with_draw_target(None, target), "{spinner} {wide_msg}"),
    };
    bar.with_style(style(template))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is one of ours").progress_chars("=> ")
}

fn sentence(progress: campaign::Progress, until: Option<Time>, elapsed: Duration) -> String {
    let of = until.map_or(String::new(), |until| format!(" of {}", duration(until.ns())));
    let rate = rate(progress.events, elapsed);
    let violations = match progress.violations {
        0 => String::new(),
        number => format!("  {}", counted(number, "violation")),
    };
    format!(
        "simulated {}{of}  {} events  {} events/s{violations}",
        duration(progress.now.ns()),
        count(progress.events),
        count(rate)
    )
}

fn object(progress: campaign::Progress, until: Option<Time>, elapsed: Duration) -> String {
    let total = until.map_or("null".to_owned(), |until| until.ns().to_string());
    format!(
        r#"{{"t_ms":{},"phase":"run","done":{},"total":{total},"events":{},"violations":{}}}"#,
        elapsed.as_millis(),
        progress.now.ns(),
        progress.events,
        progress.violations
    )
}

fn rate(events: u64, elapsed: Duration) -> u64 {
    let milliseconds = elapsed.as_millis().max(1);
    u64::try_from(u128::from(events) * 1_000 / milliseconds).unwrap_or(u64::MAX)
}

fn say(line: &str) {
    // Progress that nobody can read is no reason to stop.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rare() {
        let mut due = vec![0];
        while due.last().is_some_and(|&last| last < 200) {
            due.push(next_line(due[due.len() - 1]));
        }
        assert_eq!(due, [0, 1, 2, 5, 10, 30, 60, 120, 180, 240]);
    }

    #[test]
    fn what_is_left_goes_as_fast_as_what_was_done() {
        assert_eq!(
            [time_left(100, 300, 5_000), time_left(0, 300, 5_000), time_left(300, 300, 5)],
            [Some(10_000), None, Some(0)]
        );
    }

    #[test]
    fn a_line_of_json_is_json() {
        let progress = campaign::Progress { now: Time::from_ns(5), events: 2_000, violations: 1 };
        let line = object(progress, None, Duration::from_millis(1_200));
        assert_eq!(line, r#"{"t_ms":1200,"phase":"run","done":5,"total":null,"events":2000,"violations":1}"#);
        let text = sentence(progress, Some(Time::from_ns(10)), Duration::from_millis(500));
        assert_eq!(text, "simulated 5 ns of 10 ns  2,000 events  4,000 events/s  1 violation");
    }
}
