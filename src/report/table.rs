//! The summary as text for a person, in the order of the questions one asks: is it right and why, what went wrong,
//! what did the hosts feel, were the volumes there, what did the backup do and take, what did the restore prove, what
//! had the operator to do, how do I see it again.

use std::fmt::Write;

use super::summary::{Array, Backup, Check, Command, Latency, Method, ReplayOfTrace, Restore, Step, Summary, Volume};
use super::text::{Align, Column, count, counted, duration, grid, share, wrap};

/// How the text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Columns of the paper: lines keep to it where words allow, tables drop columns.
    pub width: usize,
    /// Headings and the verdict in bold.
    pub bold: bool,
}

impl Style {
    pub const WIDEST: usize = 100;
    pub const NARROWEST: usize = 60;
}

/// The text of `summary`; `replay` is the command that repeats the run from where the reader is.
pub fn render(summary: &Summary, replay: &str, style: Style) -> String {
    let style = Style { width: style.width.clamp(Style::NARROWEST, Style::WIDEST), ..style };
    let mut page = Page { text: String::new(), style };
    page.verdict(summary);
    page.faults(summary);
    page.replays(&summary.replays);
    page.latency(&summary.volumes);
    page.array(summary.array.as_ref());
    page.conservation(summary);
    page.availability(&summary.volumes);
    summary.backups.iter().for_each(|backup| page.backup(backup));
    summary.restores.iter().for_each(|restore| page.restore(restore, summary));
    page.operator(summary);
    page.commands(&summary.commands);
    page.methods(&summary.methods);
    page.heading("Run it again");
    // A command is never broken: it is there to be copied.
    page.line_unbroken(&format!("  {replay}"));
    page.text
}

struct Page {
    text: String,
    style: Style,
}

const fn left(title: &'static str, rank: u8) -> Column {
    Column { title, align: Align::Left, rank }
}

const fn right(title: &'static str, rank: u8) -> Column {
    Column { title, align: Align::Right, rank }
}

impl Page {
    fn line_unbroken(&mut self, text: &str) {
        self.text += text;
        self.text.push('\n');
    }

    /// A sentence, indented by two.
    fn sentence(&mut self, text: &str) {
        let wrapped = wrap(text, self.style.width - 2, 0);
        for line in wrapped.lines() {
            self.line_unbroken(&format!("  {line}"));
        }
    }

    fn heading(&mut self, text: &str) {
        self.text.push('\n');
        let wrapped = wrap(text, self.style.width, 2);
        let bold = self.bold(&wrapped);
        self.line_unbroken(&bold);
    }

    fn bold(&self, text: &str) -> String {
        if self.style.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn grid(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        self.text += &grid(columns, rows, self.style.width, 2);
    }

    fn verdict(&mut self, summary: &Summary) {
        let title = if summary.title.is_empty() { String::new() } else { format!(": {}", summary.title) };
        let first = wrap(&format!("{}{title}", summary.scenario), self.style.width, 2);
        self.line_unbroken(&first);
        let run = format!(
            "seed {}, run {}, {} in {} of simulated time, fingerprint {}",
            summary.seed,
            &summary.run_id[..summary.run_id.len().min(8)],
            counted(summary.events, "event"),
            duration(summary.end_time_ns),
            summary.fingerprint
        );
        let run = wrap(&run, self.style.width, 2);
        self.line_unbroken(&run);
        let note = match (summary.verdict, summary.as_expected) {
            ("PASS", true) => "",
            (_, true) => " (as expected)",
            (_, false) => " (not what the scenario expects)",
        };
        self.heading(&format!("Verdict: {}{note}", summary.verdict));
        for reason in &summary.reasons {
            self.sentence(reason);
        }
        self.violations(&summary.checks);
        for expected in summary.expect.iter().filter(|expected| !expected.met) {
            self.sentence(&format!("expected and not met: {} {}", expected.kind, expected.value));
        }
        let unreached: Vec<&str> =
            summary.goals.iter().filter(|goal| goal.hits == 0 && goal.required).map(|goal| &goal.name[..]).collect();
        if !unreached.is_empty() {
            self.sentence(&format!("goals not reached: {}", unreached.join(", ")));
        }
    }

    fn violations(&mut self, checks: &[Check]) {
        let violated = checks.iter().filter(|check| check.verdict == "FAIL");
        let rows: Vec<Vec<String>> = violated
            .map(|check| {
                let first = check.first_violation.as_ref();
                vec![
                    check.invariant.to_owned(),
                    first.map_or("-".to_owned(), |first| duration(first.time_ns)),
                    first.map_or("-".to_owned(), |first| count(first.event)),
                    value(check.exposure_ns),
                    count(check.violations),
                ]
            })
            .collect();
        if !rows.is_empty() {
            let columns =
                [left("violated", 0), right("first at", 0), right("event", 2), right("for", 0), right("times", 1)];
            self.grid(&columns, &rows);
        }
    }

    fn faults(&mut self, summary: &Summary) {
        if summary.faults.is_empty() {
            return;
        }
        self.heading("What went wrong");
        for fault in &summary.faults {
            let acted = match (fault.acted, fault.first_ns) {
                (0, _) | (_, None) => "found no moment to act".to_owned(),
                (1, Some(at)) => format!("at {}", duration(at)),
                (times, Some(at)) => format!("{} times, first at {}", count(times), duration(at)),
            };
            self.sentence(&format!("{} {acted} ({})", fault.kind, fault.anchor));
        }
    }

    fn latency(&mut self, volumes: &[Volume]) {
        let used = |volume: &&Volume| volume.latency_ns.n > 0 || volume.failed > 0;
        let mut rows = Vec::new();
        for volume in volumes.iter().filter(used) {
            let felt = volume.phases.iter().filter(|phase| phase.latency_ns.n > 0);
            for (place, phase) in felt.enumerate() {
                let name = if place == 0 { volume.id.clone() } else { String::new() };
                let Latency { n, p50, p90, p99, p999, max, .. } = phase.latency_ns;
                let mut row = vec![name, phase.phase.to_owned(), count(n)];
                row.extend([p50, p90, p99, p999, max].map(value));
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return;
        }
        self.heading("What the hosts felt: latency before, during and after the backups");
        let missing = rows.iter().flatten().any(|cell| cell == "-");
        self.grid(
            &[
                left("volume", 0),
                left("phase", 0),
                right("requests", 0),
                right("median", 0),
                right("p90", 3),
                right("p99", 0),
                right("p99.9", 2),
                right("longest", 0),
            ],
            &rows,
        );
        if missing {
            self.sentence("-: fewer than ten requests beyond it");
        }
        for volume in volumes.iter().filter(used) {
            let lost = match volume.longest_closed_ns {
                0 => String::new(),
                ns => format!("; the volume was lost to its application for up to {}", duration(ns)),
            };
            self.sentence(&format!(
                "{}: {} (hits {}), {}, {} failed{lost}",
                volume.id,
                counted(volume.reads, "read"),
                share(volume.read_hits, volume.reads),
                counted(volume.writes, "write"),
                count(volume.failed)
            ));
        }
    }

    fn replays(&mut self, replays: &[ReplayOfTrace]) {
        for replay in replays {
            let mode = match (replay.time_scale_ratio, replay.depth) {
                (Some(scale), _) => format!("in open loop, recorded times multiplied by {scale}"),
                (None, Some(depth)) => format!("in closed loop, at most {depth} outstanding"),
                (None, None) => replay.mode.to_owned(),
            };
            self.sentence(&format!(
                "Workload {} replayed {} of {} recorded {mode}; {} unfinished half way, {} at the last",
                replay.workload,
                count(replay.issued),
                counted(replay.recorded, "request"),
                count(replay.unfinished_half_way),
                count(replay.unfinished_at_last)
            ));
        }
    }

    fn array(&mut self, array: Option<&Array>) {
        let Some(array) = array else { return };
        let Some(first) = array.first_full_ns else { return };
        let full = match array.full_since_ns {
            Some(since) => format!("array full since {}", duration(since)),
            None => "array full no more".to_owned(),
        };
        self.sentence(&format!(
            "{full} (first at {}, {} in all): {} waited for space, {} refused; net capacity load {:.1} % at most",
            duration(first),
            duration(array.full_ns),
            counted(array.writes_waited, "write"),
            count(array.writes_refused),
            array.peak_load_ratio * 100.0,
        ));
    }

    fn conservation(&mut self, summary: &Summary) {
        let (requests, blocks) = (&summary.conservation.requests, &summary.conservation.blocks);
        if requests.outstanding > 0 {
            self.sentence(&format!("{} without an answer at the end", counted(requests.outstanding, "request")));
        }
        if !requests.adds_up {
            self.sentence(&format!(
                "DEFECT: {} requests were issued, but {} completed, {} failed and {} are outstanding",
                requests.issued, requests.completed, requests.failed, requests.outstanding
            ));
        }
        if !blocks.adds_up {
            self.sentence(&format!(
                "DEFECT: {} tape blocks were acknowledged, but {} are on tape, {} lost and {} buffered",
                blocks.acknowledged, blocks.hardened, blocks.lost, blocks.buffered
            ));
        }
    }

    fn availability(&mut self, volumes: &[Volume]) {
        let seen: Vec<&Volume> = volumes.iter().filter(|volume| volume.online_ns + volume.wrong_id_ns > 0).collect();
        if seen.is_empty() {
            return;
        }
        self.heading("Availability of each volume ID");
        let rows: Vec<Vec<String>> = seen
            .iter()
            .map(|volume| {
                let whole = volume.online_ns + volume.offline_ns + volume.wrong_id_ns;
                vec![
                    volume.id.clone(),
                    duration(volume.online_ns),
                    share(volume.online_ns, whole),
                    duration(volume.offline_ns),
                    duration(volume.wrong_id_ns),
                ]
            })
            .collect();
        let columns =
            [left("volume", 0), right("online", 0), right("share", 1), right("offline", 0), right("ID in doubt", 0)];
        self.grid(&columns, &rows);
    }

    fn backup(&mut self, backup: &Backup) {
        let took = match backup.ended_ns {
            Some(ended) => format!("after {}", duration(ended - backup.started_ns)),
            None => "at the end of the run".to_owned(),
        };
        let held = if backup.held { ", held for the operator" } else { "" };
        let undone = if backup.undone { ", rolled back by a restart" } else { "" };
        // A dump of the source itself goes through no copy.
        let through =
            if backup.target == backup.source { String::new() } else { format!(" through {}", backup.target) };
        self.heading(&format!(
            "Backup {}: {} of {} ({}){through}: {} {took}{held}{undone}",
            backup.number + 1,
            backup.method,
            backup.source_id,
            backup.source,
            backup.outcome,
        ));
        self.steps(&backup.phases);
        self.sentence(&format!(
            "tape mounted for {}; {}, resumed {}; ID in doubt for {}",
            duration(backup.tape_ns),
            counted(u64::from(backup.retries), "repeated step"),
            times(backup.resumes),
            duration(backup.exposure_ns),
        ));
    }

    fn steps(&mut self, steps: &[Step]) {
        let rows: Vec<Vec<String>> = steps
            .iter()
            .map(|step| {
                let took = step.duration_ns.map_or("-".to_owned(), duration);
                let end = if step.end == "done" { String::new() } else { step.end.to_owned() };
                vec![step.step.to_owned(), start(step.started_ns), took, end]
            })
            .collect();
        if !rows.is_empty() {
            self.grid(&[left("step", 0), right("began at", 0), right("took", 0), left("", 0)], &rows);
        }
    }

    fn restore(&mut self, restore: &Restore, summary: &Summary) {
        let from = restore.backup.map_or(String::new(), |backup| format!(" from backup {}", backup + 1));
        let took = match restore.ended_ns {
            Some(ended) => format!(" after {}", duration(ended - restore.started_ns)),
            None => String::new(),
        };
        self.heading(&format!(
            "Restore {}: {} onto {}{from}: {}{took}",
            restore.number + 1,
            restore.volume,
            restore.device,
            restore.outcome
        ));
        let rows: Vec<Vec<String>> = restore
            .milestones
            .iter()
            .map(|reached| {
                let since = reached.time_ns.saturating_sub(restore.started_ns);
                vec![reached.name.to_owned(), start(reached.time_ns), duration(since)]
            })
            .collect();
        if !rows.is_empty() {
            self.grid(&[left("reached", 0), right("at", 0), right("after", 0)], &rows);
        }
        match &restore.refusal {
            Some(reason) => self.sentence(&format!("refused: {reason}")),
            None => self.sentence(&proof(restore, summary)),
        }
        let opened = [
            (restore.open_after_complete_ns, "the restore was complete"),
            (restore.open_after_failure_ns, "the last crash or power loss"),
        ];
        for (after, what) in opened {
            if let Some(after) = after {
                self.sentence(&format!("an application opened {} {} after {what}", restore.volume, duration(after)));
            }
        }
        if restore.open_after_complete_ns.is_none() && restore.outcome == "complete" {
            self.sentence(&format!("no application has opened {} since", restore.volume));
        }
    }

    fn operator(&mut self, summary: &Summary) {
        let operator = &summary.operator;
        self.heading("Operator");
        let answers = counted(u64::from(operator.actions - operator.steps - operator.commands), "answer");
        let steps = format!("{} by hand", counted(u64::from(operator.steps), "step"));
        let commands = counted(u64::from(operator.commands), "command");
        let what = match (operator.steps, operator.commands) {
            (0, 0) => answers,
            (0, _) => format!("{commands} and {answers}"),
            (_, 0) => format!("{steps} and {answers}"),
            (..) => format!("{steps}, {commands} and {answers}"),
        };
        let mut text = match operator.actions {
            0 => "nothing to do".to_owned(),
            _ => format!("{what} in {}", duration(operator.time_ns)),
        };
        if operator.unanswered > 0 {
            write!(text, "; {} never answered", counted(u64::from(operator.unanswered), "prompt"))
                .expect("a string takes every text");
        }
        self.sentence(&text);
    }

    fn commands(&mut self, commands: &[Command]) {
        if commands.is_empty() {
            return;
        }
        let row = |it: &Command| {
            let typed = it.typed_ns.map_or("-".to_owned(), start);
            vec![it.line.clone(), it.image.clone(), typed, value(it.duration_ns), it.result.to_owned()]
        };
        let mut rows: Vec<Vec<String>> = commands.iter().map(row).collect();
        let mut columns =
            vec![left("command", 0), left("image", 3), right("typed at", 1), right("took", 2), left("result", 0)];
        if commands.iter().all(|it| it.image == commands[0].image) {
            columns.remove(1);
            rows.iter_mut().for_each(|row| drop(row.remove(1)));
        }
        self.grid(&columns, &rows);
        for it in commands {
            if let Some(reason) = &it.reason {
                self.sentence(&format!("{} was {}: {reason}", it.line, it.result));
            }
        }
    }
}

impl Page {
    fn methods(&mut self, methods: &[Method]) {
        let each = |actions: Option<f64>, ns: Option<u64>| match (actions, ns) {
            (Some(actions), Some(0)) => format!("{actions}"),
            (Some(actions), Some(ns)) => format!("{actions} in {}", duration(ns)),
            _ => "-".to_owned(),
        };
        let row = |it: &Method| {
            vec![
                it.method.to_owned(),
                format!("{} of {}", it.complete, it.backups),
                value(it.mean_backup_ns),
                each(it.operator_actions_per_backup_ratio, it.operator_time_per_backup_ns),
                each(it.operator_actions_per_restore_ratio, it.operator_time_per_restore_ns),
                value(it.open_after_start_ns),
                value(it.open_after_failure_ns),
            ]
        };
        if methods.is_empty() {
            return;
        }
        self.heading("Each method: operator actions per job, and the longest time until an application had its volume");
        let columns = [
            left("method", 0),
            right("complete", 2),
            right("backup took", 3),
            right("by hand: backup", 0),
            right("restore", 0),
            right("open after start", 1),
            right("after failure", 0),
        ];
        self.grid(&columns, &methods.iter().map(row).collect::<Vec<_>>());
    }
}

/// What the checks say of what a restore brought back.
fn proof(restore: &Restore, summary: &Summary) -> String {
    let tracks = counted(restore.tracks_written, "track");
    let fidelity = summary.checks.iter().find(|check| check.invariant == "restore-fidelity");
    match fidelity.map(|check| check.verdict) {
        Some("PASS") => format!(
            "{tracks} written; every track, the label and the names in it equal the source at the point in time of its \
             backup (restore-fidelity)"
        ),
        Some("FAIL") => format!("{tracks} written; what came back is not the source as it was (restore-fidelity FAIL)"),
        _ => format!("{tracks} written; nothing is proved: restore-fidelity was never put to the test"),
    }
}

fn value(ns: Option<u64>) -> String {
    ns.map_or("-".to_owned(), duration)
}

fn times(number: u32) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => format!("{number} times"),
    }
}

/// An instant, in seconds with three decimals: steps are compared with each other.
fn start(ns: u64) -> String {
    format!("{}.{:03} s", ns / 1_000_000_000, ns / 1_000_000 % 1_000)
}

#[cfg(test)]
mod tests {
    use super::super::summarise::tests::summary;
    use super::*;
    use crate::vocab::Invariant;

    const REPLAY: &str = "tiersim run out/safe-backup-9f2c41d0/scenario.resolved.toml";

    /// Compares with a golden text; `TIERSIM_BLESS=1` writes it anew.
    fn check(name: &str, width: usize, failing: Option<Invariant>) {
        let text = render(&summary(failing), REPLAY, Style { width, bold: false });
        let path = format!("{}/src/report/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("TIERSIM_BLESS").is_some() {
            std::fs::write(&path, &text).expect("the golden text can be written");
        }
        let golden = std::fs::read_to_string(&path).expect("the golden text is there");
        assert_eq!(text, golden, "rendered text differs from {path}");
        // The command stays whole: it is there to be copied.
        let sentences = text.lines().filter(|line| !line.ends_with(REPLAY));
        let longest = sentences.map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(longest <= width.clamp(Style::NARROWEST, Style::WIDEST), "a line has {longest} characters");
    }

    #[test]
    fn a_run_that_held() {
        check("pass", 100, None);
    }

    #[test]
    fn the_same_on_narrow_paper() {
        check("pass-narrow", 60, None);
        check("pass-narrow", 20, None);
    }

    #[test]
    fn a_run_that_did_not() {
        check("fail", 100, Some(Invariant::UniqueOnlineId));
    }

    #[test]
    fn a_defect_is_said_aloud() {
        let mut summary = summary(None);
        summary.conservation.requests.adds_up = false;
        let text = render(&summary, REPLAY, Style { width: 100, bold: false });
        assert!(text.contains("DEFECT: 3012 requests were issued"), "{text}");
    }

    #[test]
    fn bold_is_only_used_where_allowed() {
        let bold = render(&summary(None), REPLAY, Style { width: 100, bold: true });
        assert!(bold.contains("\x1b[1mVerdict: PASS\x1b[0m"));
        assert!(!render(&summary(None), REPLAY, Style { width: 100, bold: false }).contains('\x1b'));
    }
}
