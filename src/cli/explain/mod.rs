//! `tiersim explain`: what a name in a message, a scenario or a table means.
//!
//! A name may mean several things, as `withdraw` is a step and a fault: then all of them are told.

mod codes;
mod events;
mod faults;
mod goals;
mod hazards;
mod invariants;
mod keys;
mod measures;
mod methods;
mod mutants;
mod page;
mod switches;

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Exit;
use crate::campaign::mutants::SPECIMENS;
use crate::device::profiles;
use crate::fault::plan::FaultKind;
use crate::manager::plan::MethodName;
use crate::report::matrix_text::short;
use crate::scenario::Code;
use crate::scenario::campaign::{Measure, keys as campaign_keys};
use crate::scenario::check::keys_of;
use crate::scenario::diagnostic::nearest;
use crate::scenario::hazards::Hazard;
use crate::scenario::hazards::switches::Switch;
use crate::scenario::keys::{Key, Table, last_part, without_numbers};
use crate::scenario::library::Library;
use crate::vocab::{EventName, Goal, Invariant, StepName};
pub(super) use faults::key_line as fault_key;
use page::Page;
pub use page::WIDTH as PAPER;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Without a name the kinds of names are listed.
    pub name: Option<String>,
    pub json: bool,
    /// Columns of the paper.
    pub width: usize,
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
        let texts: Vec<String> = pages.iter().map(|page| page.text(request.width)).collect();
        writeln!(output, "{}", texts.join("\n\n").trim_end())?;
    }
    Ok(Exit::Held)
}

/// Everything that `name` means.
fn explain(name: &str, library: &Library) -> Vec<Page> {
    let hazard = Hazard::find(name).or_else(|| Hazard::find(&capital(name)));
    // A key may be asked for as an option or a message writes it: `workload[0].rate`.
    let path = &without_numbers(name);
    let mut pages = Vec::new();
    pages.extend((name == "anchors").then(anchors));
    pages.extend(Code::parse(name).map(codes::page));
    pages.extend(hazard.map(|hazard| hazards::page(hazard, library)));
    let invariants = Invariant::ALL.iter().filter(|it| it.name() == name || short(**it) == name);
    pages.extend(invariants.map(|&found| invariants::page(found, library)));
    let methods = MethodName::ALL.iter().filter(|it| it.name() == name || initials(**it) == name);
    pages.extend(methods.map(|&found| methods::page(found, library)));
    pages.extend(FaultKind::parse(name).map(faults::page));
    pages.extend(Table::find(path).map(keys::table_page));
    pages.extend(measures::named(name).map(measures::page));
    pages.extend([measures::TIME_TO_LOSS, "mttdl"].contains(&name).then(measures::time_to_loss_page));
    pages.extend(Switch::named(path).map(switches::page));
    pages.extend(Key::named(path).map(keys::page));
    pages.extend(campaign_keys::TABLES.iter().find(|table| table.name == path).map(keys::campaign_table_page));
    pages.extend(campaign_keys::named(path).map(keys::campaign_page));
    pages.extend(measures::column_page(name));
    pages.extend(measures::other_column_page(name));
    pages.extend(keys::fault_page(path.strip_prefix("fault.").unwrap_or(path)));
    pages.extend(StepName::parse(name).map(methods::step_page));
    pages.extend(EventName::parse(name).map(events::page));
    pages.extend(Goal::parse(name).map(|found| goals::page(found, library)));
    pages.extend(SPECIMENS.iter().find(|it| it.mutant.name() == name).map(mutants::page));
    // A switch of the hardware tells more of itself than its line in the profile.
    let is_switch = |entry: &profiles::Entry| Switch::named(entry.key).any(|switch| switch.key == entry.key);
    let parameters = profiles::DEFAULT.entries().filter(|entry| entry.key == path || last_part(entry.key) == path);
    pages.extend(parameters.filter(|entry| !is_switch(entry)).map(keys::parameter_page));
    pages
}

/// As in `sb` for `safe-backup`.
fn initials(method: MethodName) -> String {
    method.name().split('-').filter_map(|word| word.chars().next()).collect()
}

/// `h26D` as the catalogue writes it.
fn capital(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    lower.strip_prefix('h').map_or(String::new(), |rest| format!("H{rest}"))
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
    let mut other = named(crate::scenario::keys::ALL.iter().map(|key| key.name));
    other.extend(FaultKind::ALL.iter().flat_map(|&kind| keys_of(kind)).map(|&key| key.to_owned()));
    other.sort();
    other.dedup();
    let mut campaign = named(campaign_keys::ALL.iter().map(|key| key.name));
    campaign.sort();
    campaign.dedup();
    vec![
        ("Hazards: what can go wrong", named(crate::scenario::hazards::all().map(|hazard| hazard.id))),
        ("Invariants: what is checked", named(Invariant::ALL.iter().map(|it| it.name()))),
        ("Methods: ways of making a backup", named(MethodName::ALL.iter().map(|it| it.name()))),
        ("Faults: what a scenario lets go wrong", named(FaultKind::ALL.iter().map(|it| it.name()))),
        ("Switches: keys that change what a method is open to", switches),
        ("Steps of methods", named(StepName::ALL.iter().map(|it| it.name()))),
        ("Events that faults can wait for", named(EventName::ALL.iter().map(|it| it.name()))),
        ("Goals: situations that a run should have met", named(Goal::ALL.iter().map(|it| it.name()))),
        ("Mutants: protections left out", named(SPECIMENS.iter().map(|specimen| specimen.mutant.name()))),
        ("Parameters of the hardware", parameters),
        ("Other keys of a scenario", other),
        ("Tables of a scenario", named(crate::scenario::keys::TABLES.iter().map(|table| table.name))),
        ("Measures of a campaign", named(measures_told())),
        ("Keys of a campaign", campaign),
        ("Tables of a campaign", named(campaign_keys::TABLES.iter().map(|table| table.name))),
        ("Columns of runs.csv", named(measures::columns_of_runs())),
        ("Diagnostics", named(Code::ALL.iter().map(|it| it.name()))),
        ("Collections", vec!["anchors".to_owned()]),
    ]
}

fn measures_told() -> impl Iterator<Item = &'static str> {
    Measure::ALL.iter().map(|measure| measure.name()).chain([measures::TIME_TO_LOSS])
}

fn known() -> Vec<String> {
    lists().into_iter().flat_map(|(_, names)| names).collect()
}

fn kinds() -> Page {
    let page = Page::new("explain", "the kinds of names", "`tiersim explain NAME` says what one of these means.");
    let page = lists().into_iter().fold(page, |page, (title, names)| page.say(title, names.join(", ")));
    let mut invariants: Vec<&str> = Invariant::ALL.iter().map(|&invariant| short(invariant)).collect();
    invariants.dedup();
    let methods: Vec<String> = MethodName::ALL.iter().map(|&method| initials(method)).collect();
    page.say("Abbreviations of invariants and methods", format!("{}, {}", invariants.join(", "), methods.join(", ")))
}

fn anchors() -> Page {
    let events = EventName::ALL.iter().map(|name| name.name().to_owned()).collect();
    let steps = StepName::ALL.iter().map(|name| name.name().to_owned()).collect();
    let about = "What a fault can wait for. An event counts its occurrences, a step is before its first event or after its last.";
    Page::new("anchors", "a collection", about)
        .say("An event or a step", "when = { after = \"NAME\", nth = 2 }")
        .say("A time", "when = { at = \"12.5 s\" }")
        .say("A number of events", "when = { event = 4711 }")
        .say(
            "How long a run waits",
            "until a time or a number of events is reached, however late; not for an event or a step that never comes",
        )
        .list("Events", events)
        .list("Steps", steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: Option<&str>, json: bool) -> (Exit, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let request = Request { name: name.map(str::to_owned), json, width: PAPER };
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
                let is_called = |it: &page::Part| it.title == "Also called" && it.lines.concat().contains(&name);
                let is_it = page.name == name || last_part(&page.name) == last_part(&name);
                let is_it = is_it || page.parts.iter().any(is_called);
                assert!(is_it && page.summary.ends_with('.'), "{name}: {} {}", page.name, page.summary);
                let text = page.text(PAPER);
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
    fn keys_are_known_by_their_last_part_and_by_their_path_and_names_by_their_abbreviation() {
        let library = Library::read();
        for (asked, named) in [
            ("orphan_sweep", &["host.orphan_sweep"][..]),
            ("stripe_log", &["raid.stripe_log"]),
            ("label_check", &["tape.label_check"]),
            ("sequence_check", &["tape.sequence_check"]),
            ("opportunistic_copy", &["flashcopy.opportunistic_copy"]),
            ("establish_base", &["flashcopy.establish_base", "snapshot.establish_base"]),
            ("omit_step", &["human.omit_step"]),
            ("human.volser_typo", &["human.volser_typo"]),
            ("workload[0].rate", &["workload.rate"]),
            ("backup[1].label_commit", &["label_commit"]),
            ("nvs", &["nvs"]),
            ("human", &["human"]),
            ("UOI", &["unique-online-id"]),
            ("BND", &["binding-exclusive", "refcount-exact"]),
            ("sb", &["safe-backup"]),
            ("nvm", &["no-volid-manual"]),
        ] {
            let found: Vec<String> = explain(asked, &library).into_iter().map(|page| page.name).collect();
            assert_eq!(found, named, "{asked}");
        }
        for name in
            ["wrong_item", "wrong_ipl_reply", "miss_status", "stress_error", "mapping_loss", "discover_wrong_id"]
        {
            let text: String = explain(name, &library).iter().map(|page| page.text(PAPER)).collect();
            assert!(text.contains("[human]") && text.contains("(default)") && text.contains("\nOrigin\n"), "{text}");
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
