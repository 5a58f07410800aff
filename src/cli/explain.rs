//! `tiersim explain`: what a name in a message, a scenario or a table means.

use std::io::{self, Write};

use serde_json::json;

use super::Exit;
use crate::device::profiles;
use crate::manager::method::{self, Line};
use crate::manager::plan::MethodName;
use crate::scenario::Code;
use crate::scenario::diagnostic::suggestion;
use crate::vocab::{EventName, Goal, Invariant, StepName};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub name: String,
    pub json: bool,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    match explain(&request.name) {
        Some(text) => {
            if request.json {
                let document = json!({ "schema": "tiersim/explain/1", "name": request.name, "text": text });
                writeln!(output, "{document:#}")?;
            } else {
                writeln!(output, "{}", text.trim_end())?;
            }
            Ok(Exit::Held)
        }
        None => {
            let known = known();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = suggestion(&request.name, &known, "names");
            writeln!(errors, "error: nothing is known of `{}`\n  = help: {help}", request.name)?;
            Ok(Exit::Usage)
        }
    }
}

fn explain(name: &str) -> Option<String> {
    if name == "anchors" {
        return Some(anchors());
    }
    if let Some(code) = Code::parse(name) {
        return Some(format!("{}: {}\n", code.name(), code.meaning()));
    }
    if let Some(invariant) = Invariant::parse(name) {
        return Some(format!("{invariant} (an invariant)\n\n{}\n", invariant.statement()));
    }
    if let Some(found) = MethodName::parse(name) {
        return Some(method_text(found));
    }
    if let Some(step) = StepName::parse(name) {
        return Some(step_text(step));
    }
    if EventName::parse(name).is_some() {
        let example = format!("when = {{ after = \"{name}\", nth = 1 }}");
        return Some(format!("{name} (an event)\n\nA fault can act behind it or in front of it: {example}\n"));
    }
    if Goal::parse(name).is_some() {
        let text = "A situation that a run should have met for its verdict to mean much. `[expect] goals` requires it.";
        return Some(format!("{name} (a goal)\n\n{text}\n"));
    }
    let entry = profiles::ALL.iter().find_map(|profile| profile.entry(name))?;
    Some(format!("{name} (a parameter)\n\n{}. Default {}, origin {}.\n", entry.about, entry.value, entry.origin))
}

fn known() -> Vec<String> {
    let codes = Code::ALL.iter().map(|code| code.name());
    let invariants = Invariant::ALL.iter().map(|name| name.name());
    let methods = MethodName::ALL.iter().map(|name| name.name());
    let steps = StepName::ALL.iter().map(|name| name.name());
    let events = EventName::ALL.iter().map(|name| name.name());
    let goals = Goal::ALL.iter().map(|name| name.name());
    let keys = profiles::ALL.iter().flat_map(|profile| profile.entries).map(|entry| entry.key.to_owned());
    let all = codes.chain(invariants).chain(methods).chain(steps).chain(events).chain(goals).chain(["anchors"]);
    all.map(str::to_owned).chain(keys).collect()
}

fn method_text(found: MethodName) -> String {
    let about = match found {
        MethodName::SafeBackup => {
            "The invention: the copy keeps its own ID and hides the source's, the dump puts it back on the tape, the copy is \
             withdrawn; one stimulus, no operator (patent paragraphs 41 to 45)."
        }
        MethodName::SameIdOffline => {
            "Prior art 1: the copy is identical to the source, ID included, and is varied offline before it is dumped \
             (patent paragraphs 5 and 6)."
        }
        MethodName::DirectDump => {
            "The baseline: the application stops writing, the source itself is dumped, the application goes on; no copy, and \
             no target."
        }
    };
    let steps: Vec<&str> = method::table(found).iter().map(|line: &Line| line.step.name()).collect();
    format!("{found} (a method)\n\n{about}\n\nSteps: {}\n", steps.join(", "))
}

fn step_text(step: StepName) -> String {
    let of = |found: &&MethodName| method::place_of(**found, step).is_some();
    let methods: Vec<&str> = MethodName::ALL.iter().filter(of).map(|found| found.name()).collect();
    let whose = match step {
        StepName::DeleteTarget => "a backup that deletes its target".to_owned(),
        StepName::MountAndRestore | StepName::VaryRestoredOnline => "every restore".to_owned(),
        _ => methods.join(", "),
    };
    format!(
        "{step} (a step of {whose})\n\nA fault can act before its first event or after its last: when = {{ before = \"{step}\" }}\n"
    )
}

fn anchors() -> String {
    let events: Vec<&str> = EventName::ALL.iter().map(|name| name.name()).collect();
    let steps: Vec<&str> = StepName::ALL.iter().map(|name| name.name()).collect();
    format!(
        "What a fault can wait for, as in when = {{ after = \"NAME\", nth = 2 }}\n\nEvents:\n  {}\n\nSteps:\n  {}\n\n\
         Or a time (when = {{ at = \"12.5 s\" }}), or a number of events (when = {{ event = 4711 }}).\n",
        events.join("\n  "),
        steps.join("\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_known_is_explained() {
        for name in known() {
            assert!(explain(&name).is_some_and(|text| text.contains(&name) || name == "anchors"), "{name}");
        }
    }

    #[test]
    fn a_near_miss_is_helped() {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let request = Request { name: "unique-online-di".into(), json: false };
        assert_eq!(run(&request, &mut output, &mut errors).unwrap(), Exit::Usage);
        assert!(String::from_utf8(errors).unwrap().contains("did you mean `unique-online-id`?"));
    }
}
