//! `tiersim explain`: what a name in a message, a scenario or a table means.
//!
//! A name may mean several things, as `withdraw` is a step and a fault: then all of them are told.

mod codes;
mod events;
mod faults;
mod goals;
mod hazards;
mod invariants;
mod methods;
mod page;
mod switches;

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Exit;
use crate::device::profiles;
use crate::fault::plan::FaultKind;
use crate::manager::plan::MethodName;
use crate::scenario::Code;
use crate::scenario::diagnostic::nearest;
use crate::scenario::hazards::Hazard;
use crate::scenario::hazards::switches::Switch;
use crate::scenario::library::Library;
use crate::vocab::{EventName, Goal, Invariant, StepName};
use page::Page;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Without a name the kinds of names are listed.
    pub name: Option<String>,
    pub json: bool,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let pages = match request.name.as_deref() {
        None => vec![kinds()],
        Some(name) => explain(name, &Library::read()),
    };
    if pages.is_empty() {
        let name = request.name.as_deref().unwrap_or_default();
        let known = known();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let near = nearest(name, &known).map_or(String::new(), |near| format!("did you mean `{near}`? "));
        writeln!(errors, "error: nothing is known of `{name}`\n  = help: {near}`tiersim explain` lists all names")?;
        return Ok(Exit::Usage);
    }
    if request.json {
        let list: Vec<Value> = pages.iter().map(Page::json).collect();
        let document = json!({ "schema": "tiersim/explain/1", "name": request.name, "pages": list });
        writeln!(output, "{document:#}")?;
    } else {
        let texts: Vec<String> = pages.iter().map(Page::text).collect();
        writeln!(output, "{}", texts.join("\n\n").trim_end())?;
    }
    Ok(Exit::Held)
}

/// Everything that `name` means.
fn explain(name: &str, library: &Library) -> Vec<Page> {
    let hazard = Hazard::find(name).or_else(|| Hazard::find(&capital(name)));
    let parameter = profiles::ALL.iter().find_map(|profile| profile.entry(name));
    let mut pages = Vec::new();
    pages.extend((name == "anchors").then(anchors));
    pages.extend(Code::parse(name).map(codes::page));
    pages.extend(hazard.map(|hazard| hazards::page(hazard, library)));
    pages.extend(Invariant::parse(name).map(|found| invariants::page(found, library)));
    pages.extend(MethodName::parse(name).map(|found| methods::page(found, library)));
    pages.extend(FaultKind::parse(name).map(faults::page));
    pages.extend(Switch::named(name).map(switches::page));
    pages.extend(StepName::parse(name).map(methods::step_page));
    pages.extend(EventName::parse(name).map(events::page));
    pages.extend(Goal::parse(name).map(|found| goals::page(found, library)));
    // A switch of the hardware tells more of itself than its line in the profile.
    pages.extend(parameter.filter(|_| Switch::named(name).next().is_none()).map(parameter_page));
    pages
}

/// `h26D` as the catalogue writes it.
fn capital(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    lower.strip_prefix('h').map_or(String::new(), |rest| format!("H{rest}"))
}

fn parameter_page(entry: &profiles::Entry) -> Page {
    Page::new(entry.key, "a parameter of the hardware", format!("{}.", entry.about))
        .say("Default", entry.value)
        .say("Origin", entry.origin)
}

/// All names, by kind.
fn lists() -> Vec<(&'static str, Vec<String>)> {
    fn named(names: impl Iterator<Item = &'static str>) -> Vec<String> {
        names.map(str::to_owned).collect()
    }
    let mut switches = named(crate::scenario::hazards::switches::ALL.iter().map(|switch| switch.key));
    switches.sort();
    switches.dedup();
    let parameters = profiles::ALL.iter().flat_map(|profile| profile.entries()).map(|entry| entry.key);
    let mut parameters = named(parameters);
    parameters.sort();
    parameters.dedup();
    vec![
        ("Hazards: what can go wrong", named(crate::scenario::hazards::all().map(|hazard| hazard.id))),
        ("Invariants: what is checked", named(Invariant::ALL.iter().map(|it| it.name()))),
        ("Methods: ways of making a backup", named(MethodName::ALL.iter().map(|it| it.name()))),
        ("Faults: what a scenario lets go wrong", named(FaultKind::ALL.iter().map(|it| it.name()))),
        ("Switches: keys that change what a method is open to", switches),
        ("Steps of methods", named(StepName::ALL.iter().map(|it| it.name()))),
        ("Events that faults can wait for", named(EventName::ALL.iter().map(|it| it.name()))),
        ("Goals: situations that a run should have met", named(Goal::ALL.iter().map(|it| it.name()))),
        ("Parameters of the hardware", parameters),
        ("Diagnostics", named(Code::ALL.iter().map(|it| it.name()))),
        ("Collections", vec!["anchors".to_owned()]),
    ]
}

fn known() -> Vec<String> {
    lists().into_iter().flat_map(|(_, names)| names).collect()
}

fn kinds() -> Page {
    let page = Page::new("explain", "the kinds of names", "`tiersim explain NAME` says what one of these means.");
    lists().into_iter().fold(page, |page, (title, names)| page.say(title, names.join(", ")))
}

fn anchors() -> Page {
    let events = EventName::ALL.iter().map(|name| name.name().to_owned()).collect();
    let steps = StepName::ALL.iter().map(|name| name.name().to_owned()).collect();
    let about = "What a fault can wait for. An event counts its occurrences, a step is before its first event or after its last.";
    Page::new("anchors", "a collection", about)
        .say("An event or a step", "when = { after = \"NAME\", nth = 2 }")
        .say("A time", "when = { at = \"12.5 s\" }")
        .say("A number of events", "when = { event = 4711 }")
        .list("Events", events)
        .list("Steps", steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: Option<&str>, json: bool) -> (Exit, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let request = Request { name: name.map(str::to_owned), json };
        let exit = run(&request, &mut output, &mut errors).expect("a vector takes it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (exit, text(output), text(errors))
    }

    #[test]
    fn every_name_that_is_known_is_explained() {
        let library = Library::read();
        for name in known() {
            let pages = explain(&name, &library);
            assert!(!pages.is_empty(), "{name}");
            for page in pages {
                assert!(page.name == name && page.summary.ends_with('.'), "{name}: {}", page.summary);
                let text = page.text();
                assert!(
                    text.lines().all(|line| line.chars().count() <= 100
                        || line.contains(" = ")
                        || line.starts_with("  tiersim ")),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_near_miss_is_helped() {
        let (exit, output, errors) = told(Some("unique-online-di"), false);
        assert_eq!((exit, &output[..]), (Exit::Usage, ""));
        assert!(errors.contains("did you mean `unique-online-id`?"), "{errors}");
        assert_eq!(told(Some("H81"), false).0, Exit::Usage);
    }

    #[test]
    fn without_a_name_the_kinds_are_listed() {
        let (exit, output, _) = told(None, false);
        assert_eq!(exit, Exit::Held);
        for name in ["H26d", "unique-ipl-id", "safe-backup", "torn-write", "label_commit", "S0107"] {
            assert!(output.contains(name), "{name}");
        }
    }

    #[test]
    fn a_hazard_says_who_is_exposed_what_closes_it_and_what_shows_it() {
        let (_, text, _) = told(Some("H1"), false);
        for part in ["same-id-offline  X", "safe-backup      –", "unique-ipl-id", "online_at_ipl", "¶6"] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        assert!(text.contains("  tiersim run same-id-crash-before-offline\n"), "{text}");
        assert_eq!(told(Some("h1"), false).1, text);
    }

    #[test]
    fn the_machine_form_has_the_same_parts() {
        let (_, text, _) = told(Some("withdraw"), true);
        let json: Value = serde_json::from_str(&text).expect("one document");
        let kinds: Vec<&str> =
            json["pages"].as_array().expect("pages").iter().filter_map(|it| it["kind"].as_str()).collect();
        assert_eq!(kinds, ["a kind of fault", "a step"]);
    }
}
