//! A replay as people and programs read it: the events around one, the state of the system there, and how it compares with the
//! record.

use serde::Serialize;

use super::table::Style;
use super::text::{count, counted, duration, wrap};
use crate::campaign::replay::{Divergence, Passed, State, Verified};
use crate::scenario::Plan;

pub const SCHEMA: &str = "tiersim/replay/1";

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub schema: &'static str,
    pub model_version: u32,
    pub scenario: String,
    pub seed: u64,
    /// Of the whole run.
    pub events: u64,
    pub fingerprint: String,
    pub verdict: &'static str,
    pub violations: Vec<ViolationRow>,
    /// The event that was asked for.
    pub at: u64,
    pub passed: Vec<PassedRow>,
    /// Behind that event.
    pub state: StateRow,
    pub verified: Option<VerifiedRow>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ViolationRow {
    pub invariant: String,
    pub event: u64,
    pub time_ns: u64,
    pub detail: String,
}

/// An event, or a fault between two events.
#[derive(Clone, Debug, Serialize)]
pub struct PassedRow {
    /// Number of the event; of a fault that of the event before it.
    pub event: u64,
    pub time_ns: u64,
    /// Nothing for an event.
    pub fault: Option<String>,
    /// Message, completion, timer or new work; nothing where nobody can say.
    pub class: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub what: Option<String>,
    pub facts: Vec<String>,
    pub fingerprint: Option<String>,
    /// Violated here for the first time.
    pub violated: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct StateRow {
    pub event: u64,
    pub time_ns: u64,
    pub volumes: Vec<VolumeRow>,
    pub relations: Vec<RelationRow>,
    pub jobs: Vec<String>,
    pub inventory: Vec<EntryRow>,
    pub drives: Vec<DriveRow>,
    pub operators: Vec<OperatorRow>,
    pub outstanding: u64,
    pub violated: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct VolumeRow {
    pub device: String,
    pub label: Option<String>,
    pub durable_label: Option<String>,
    pub hidden: Option<String>,
    /// By image.
    pub online: Vec<OnlineRow>,
    pub lost_tracks: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct OnlineRow {
    pub image: String,
    pub id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RelationRow {
    pub source: String,
    pub target: String,
    pub t0_ns: u64,
    pub withheld: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct EntryRow {
    pub backup: u16,
    pub id: String,
    pub state: &'static str,
    pub cartridges: Vec<u16>,
    pub scratched: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct DriveRow {
    pub drive: u8,
    pub cartridge: Option<u16>,
    pub buffered: u64,
    pub hardened: u64,
    pub lost: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct OperatorRow {
    pub steps: u64,
    pub reactions: u64,
    pub wrong_answers: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct VerifiedRow {
    pub same: bool,
    /// Checkpoints that were compared and are equal, when all are.
    pub checkpoints: Option<u64>,
    /// The first event that differs lies in these, both included.
    pub first: Option<u64>,
    pub last: Option<u64>,
    pub recorded: Option<String>,
    pub made: Option<String>,
}

fn hex(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

impl VerifiedRow {
    pub fn of(verified: Verified) -> VerifiedRow {
        match verified {
            Verified::Same { checkpoints } => VerifiedRow {
                same: true,
                checkpoints: Some(checkpoints),
                first: None,
                last: None,
                recorded: None,
                made: None,
            },
            Verified::Diverged(Divergence { first, last, recorded, made }) => VerifiedRow {
                same: false,
                checkpoints: None,
                first: Some(first),
                last: Some(last),
                recorded: Some(hex(recorded)),
                made: made.map(hex),
            },
        }
    }

    /// The result in a sentence.
    pub fn sentence(&self) -> String {
        let (Some(first), Some(last)) = (self.first, self.last) else {
            let checkpoints = counted(self.checkpoints.unwrap_or(0), "checkpoint");
            return format!("the run is the recorded one: {checkpoints} and the end are equal");
        };
        let recorded = self.recorded.as_deref().unwrap_or("nothing");
        let made = self.made.as_deref().map_or("the run was over".to_owned(), |made| format!("{made} was made"));
        let place = match first == last {
            true => format!("event {} is the first that differs", count(first)),
            false => format!("the first event that differs is one of {} to {}", count(first), count(last)),
        };
        format!("the run is not the recorded one: {place}; {recorded} is recorded behind event {}, {made}", count(last))
    }
}

impl PassedRow {
    pub fn of(passed: &Passed) -> PassedRow {
        let names = |violated: &[crate::vocab::Invariant]| {
            violated.iter().map(|invariant| invariant.name().to_owned()).collect()
        };
        match passed {
            Passed::Fault { behind, time, kind, effect, violated } => PassedRow {
                event: *behind,
                time_ns: time.ns(),
                fault: Some(kind.name().to_owned()),
                class: None,
                from: None,
                to: None,
                what: (!effect).then(|| "without effect".to_owned()),
                facts: Vec::new(),
                fingerprint: None,
                violated: names(violated),
            },
            Passed::Event(event) => {
                let told = event.told.as_ref();
                PassedRow {
                    event: event.number,
                    time_ns: event.time.ns(),
                    fault: None,
                    class: told.map(|(class, _)| format!("{class:?}").to_lowercase()),
                    from: told.map(|(_, told)| told.from.clone()),
                    to: told.map(|(_, told)| told.to.clone()),
                    what: told.map(|(_, told)| told.what.clone()),
                    facts: event.facts.iter().map(|fact| format!("{fact:?}")).collect(),
                    fingerprint: Some(hex(event.fingerprint)),
                    violated: names(&event.violated),
                }
            }
        }
    }

    /// As a few lines.
    pub fn text(&self, marked: bool, width: usize) -> String {
        let mark = if marked { '>' } else { ' ' };
        let at = format!("{mark} {:>8}  {:>12}  ", count(self.event), duration(self.time_ns));
        let what = match (&self.fault, &self.from, &self.to) {
            (Some(fault), ..) => format!("FAULT {fault}"),
            (None, Some(from), Some(to)) if from == to => format!("{from}:"),
            (None, Some(from), Some(to)) => format!("{from} > {to}:"),
            _ => "(the workloads stopped; what was due was cancelled)".to_owned(),
        };
        let head = [Some(what.as_str()), self.what.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let indent = at.chars().count();
        let mut text = format!("{at}{}\n", wrap(&head, width.saturating_sub(indent).max(40), indent));
        let inner = indent + 2;
        for fact in &self.facts {
            text += &format!("{:inner$}{}\n", "", wrap(fact, width.saturating_sub(inner).max(40), inner + 2));
        }
        for violated in &self.violated {
            text += &format!("{:inner$}VIOLATED {violated}\n", "");
        }
        text
    }
}

impl StateRow {
    pub fn of(state: &State, plan: &Plan) -> StateRow {
        let online = |ids: &[Option<String>]| {
            let images = plan.images.iter().zip(ids);
            images.map(|(image, id)| OnlineRow { image: image.name.clone(), id: id.clone() }).collect()
        };
        let volume = |volume: &crate::campaign::replay::VolumeState| VolumeRow {
            device: volume.device.clone(),
            label: volume.label.clone(),
            durable_label: volume.durable_label.clone(),
            hidden: volume.hidden.clone(),
            online: online(&volume.online),
            lost_tracks: volume.lost_tracks,
        };
        let relations = state.relations.iter().map(|relation| RelationRow {
            source: relation.source.clone(),
            target: relation.target.clone(),
            t0_ns: relation.t0.ns(),
            withheld: relation.withheld,
        });
        let inventory = state.inventory.iter().map(|entry| EntryRow {
            backup: entry.backup,
            id: entry.id.clone(),
            state: entry.state,
            cartridges: entry.cartridges.clone(),
            scratched: entry.scratched,
        });
        let drives = state.drives.iter().map(|drive| DriveRow {
            drive: drive.drive,
            cartridge: drive.cartridge,
            buffered: drive.buffered,
            hardened: drive.hardened,
            lost: drive.lost,
        });
        let operators = state.operators.iter().map(|operator| OperatorRow {
            steps: operator.steps,
            reactions: operator.reactions,
            wrong_answers: operator.wrong_answers,
        });
        StateRow {
            event: state.events,
            time_ns: state.time.ns(),
            volumes: state.volumes.iter().map(volume).collect(),
            relations: relations.collect(),
            jobs: state.jobs.clone(),
            inventory: inventory.collect(),
            drives: drives.collect(),
            operators: operators.collect(),
            outstanding: state.outstanding,
            violated: state.violated.iter().map(|invariant| invariant.name().to_owned()).collect(),
        }
    }

    /// As lines under a heading.
    pub fn text(&self) -> String {
        let mut text = format!("State behind event {}, at {}\n", count(self.event), duration(self.time_ns));
        let none = || "nothing".to_owned();
        for volume in &self.volumes {
            let label = volume.label.clone().unwrap_or_else(none);
            let mut line = format!("  device {}  label {label}", volume.device);
            if volume.durable_label != volume.label {
                line += &format!(", after a power loss {}", volume.durable_label.clone().unwrap_or_else(none));
            }
            if let Some(hidden) = &volume.hidden {
                line += &format!(", hides {hidden}");
            }
            for online in &volume.online {
                match &online.id {
                    Some(id) => line += &format!("; online to {} as {id}", online.image),
                    None => line += &format!("; offline to {}", online.image),
                }
            }
            match volume.lost_tracks {
                Some(0) | None => {}
                Some(lost) => line += &format!("; {} not what hosts were told", counted(lost, "track")),
            }
            text += &format!("{line}\n");
        }
        for relation in &self.relations {
            let id = if relation.withheld { "without the ID" } else { "with the ID" };
            let t0 = duration(relation.t0_ns);
            text += &format!("  relationship  {} > {} of {t0}, {id}\n", relation.source, relation.target);
        }
        for job in &self.jobs {
            text += &format!("  job  {job}\n");
        }
        for entry in &self.inventory {
            let scratched = if entry.scratched { ", scratched" } else { "" };
            let cartridges: Vec<String> = entry.cartridges.iter().map(u16::to_string).collect();
            let on = if cartridges.is_empty() { none() } else { cartridges.join(", ") };
            text +=
                &format!("  inventory  backup {} of {}: {}, on {on}{scratched}\n", entry.backup, entry.id, entry.state);
        }
        let is_used = |drive: &&DriveRow| drive.cartridge.is_some() || drive.hardened > 0 || drive.lost > 0;
        for drive in self.drives.iter().filter(is_used) {
            let cartridge = drive.cartridge.map_or("empty".to_owned(), |number| format!("cartridge {number}"));
            text += &format!(
                "  drive {}  {cartridge}: {} on tape, {} in the buffer, {} lost\n",
                drive.drive,
                counted(drive.hardened, "record"),
                drive.buffered,
                drive.lost
            );
        }
        for operator in self.operators.iter().filter(|operator| operator.steps + operator.reactions > 0) {
            let wrong = counted(operator.wrong_answers, "wrong answer");
            text += &format!("  operator  {}, {wrong}\n", counted(operator.steps, "step"));
        }
        text += &format!("  {} without an answer\n", counted(self.outstanding, "host request"));
        if !self.violated.is_empty() {
            text += &format!("  violated up to here: {}\n", self.violated.join(", "));
        }
        text
    }
}

pub fn render(summary: &Summary, style: Style) -> String {
    let width = style.width;
    let mut text = format!(
        "{}: seed {}, {} events, fingerprint {}, {}\n",
        summary.scenario,
        summary.seed,
        count(summary.events),
        summary.fingerprint,
        summary.verdict
    );
    for violation in &summary.violations {
        let head = format!(
            "{} first at event {}, after {}: {}",
            violation.invariant,
            count(violation.event),
            duration(violation.time_ns),
            violation.detail
        );
        text += &format!("  {}\n", wrap(&head, width - 2, 4));
    }
    if let Some(verified) = &summary.verified {
        text += &format!("\n{}\n", wrap(&verified.sentence(), width, 2));
    }
    if !summary.passed.is_empty() {
        text += "\n     event          time  from > to: message, with what became known\n";
    }
    for passed in &summary.passed {
        text += &passed.text(passed.event == summary.at && passed.fault.is_none(), width);
    }
    format!("{text}\n{}", summary.state.text())
}
