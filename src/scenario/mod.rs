//! Scenarios: from text to a plan.
//!
//! The way is one direction: `source` gives the text, `document` its keys and values, `overrides` what the command line
//! changes, `raw` typed values, `check` the plan. On the way every problem is collected; `diagnostic` tells them all at
//! once. `resolved` writes the plan back as a scenario with every default filled in.

pub mod answers;
pub mod campaign;
pub mod catalogue;
pub mod check;
pub mod diagnostic;
pub mod document;
pub mod drive;
pub mod edit;
pub mod examples;
pub mod form;
pub mod hardware;
pub mod hazards;
pub mod keys;
pub mod library;
pub mod names;
pub mod overrides;
pub mod plan;
pub mod raw;
pub mod resolved;
pub mod settings;
pub mod shape;
pub mod source;
pub mod trace;
pub mod units;

use sha2::{Digest, Sha256};

pub use answers::Answer;
pub use catalogue::Code;
pub use diagnostic::{Diagnostic, Diagnostics, Paint};
pub use overrides::Overrides;
pub use plan::Plan;
pub use settings::settings;
pub use source::{InputFile, Source};

use diagnostic::SourceText;

pub use crate::MODEL_VERSION;

/// A scenario that was found valid.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub plan: Plan,
    /// The scenario with every default filled in and every change applied; running it gives the same plan.
    pub resolved: String,
    /// What the scenario says it is about.
    pub hazards: Vec<String>,
    /// The methods and architectures for which it says what comes out.
    pub answers: Vec<Answer>,
    /// The file as given.
    pub text: Vec<u8>,
    /// Other files that decide about the result.
    pub inputs: Vec<InputFile>,
    pub warnings: Diagnostics,
}

/// Reads, changes and checks a scenario. All problems come back at once.
pub fn load(source: &Source, overrides: &Overrides) -> Result<Loaded, Diagnostics> {
    let mut sources = vec![SourceText { name: source.name(), text: String::new() }];
    let bytes = match source.bytes() {
        Ok(bytes) => bytes,
        Err(reason) => return Err(unreadable(sources, &reason)),
    };
    let Ok(text) = String::from_utf8(bytes.clone()) else {
        return Err(unreadable(sources, "it is not UTF-8 text"));
    };
    sources[0].text.clone_from(&text);
    let mut document = match document::parse(&text, 0) {
        Ok(document) => document,
        Err(problems) => return Err(Diagnostics::new(sources, problems)),
    };
    let mut problems = Vec::new();
    overrides::apply(&mut document, overrides, &mut sources, &mut problems);
    let raw = raw::read(&document, &mut problems);
    let checked = check::check(&raw, &source.stem(), source, &mut problems);
    let found = Diagnostics::new(sources, problems);
    if found.has_errors() {
        return Err(found);
    }
    let resolved = resolved::write(&checked);
    let answers = answers::answers(&raw, checked.notes.architecture, &checked.plan.backups);
    Ok(Loaded {
        plan: checked.plan,
        resolved,
        hazards: checked.notes.hazards,
        answers,
        text: bytes,
        inputs: checked.inputs,
        warnings: found,
    })
}

fn unreadable(sources: Vec<SourceText>, reason: &str) -> Diagnostics {
    let problem = Diagnostic::error(Code::Unreadable, format!("`{}` cannot be read: {reason}", sources[0].name)).help(
        match diagnostic::nearest(&sources[0].name, &examples::ALL.iter().map(|it| it.name).collect::<Vec<_>>()) {
            Some(name) => format!("did you mean the built-in `{name}`? else give the path of a scenario file"),
            None => "give the path of a scenario file; `tiersim examples --list` names the built-in ones".to_owned(),
        },
    );
    Diagnostics::new(sources, vec![problem])
}

/// The identity of a run: the same scenario, seed and model give the same run everywhere.
pub fn run_id(loaded: &Loaded) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"tiersim/run-id/1");
    digest.update((loaded.resolved.len() as u64).to_le_bytes());
    digest.update(loaded.resolved.as_bytes());
    digest.update(loaded.plan.seed.to_le_bytes());
    digest.update(MODEL_VERSION.to_le_bytes());
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table and every kind of value that needs no other file.
    const FULL: &str = r#"
title = "a \"quoted\" title"
seed = 18446744073709551615
hazards = ["H1", "H26d"]
tail = "90 s"
[[dasd]]
name = "ess1"
architecture = "home-area"
[[volume]]
id = "PROD01"
device = "0a00"
cylinders = 20
dasd = "ess1"
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 20
online_at_ipl = false
[[volume]]
id = "PROD01"
device = "0A20"
cylinders = 20
online = false
[[volume]]
id = "BIG"
device = "0A30"
[[workload]]
volume = "PROD01"
rate = "7.5 /min"
limit = 100
[[workload]]
volumes = ["PROD01", "BIG"]
kind = "closed"
clients = 3
[[backup]]
at = "10 s"
method = "safe-backup"
source = "PROD01"
target = "0A10"
mode = "copy"
label_commit = "after-establish"
hidden_format = "bare"
[[restore]]
volume = "PROD01"
to = "0A20"
at = "1 h"
[[fault]]
kind = "source-update"
track = 7
when = { before = "tape-block-hardened", nth = 3, volume = "PROD01", track = 7 }
[[fault]]
kind = "tape-write-error"
block = 12
permanent = true
when = { after = "dump-with-reintroduction", delay = "1.5 s" }
[[fault]]
kind = "controller-crash"
nvs = "lost"
when = { event = 100 }
[[fault]]
kind = "host-crash"
when = { at = "0.1 s" }
[rates]
host_outage = "100 h"
[human]
[tape]
compression = "2.5"
[[cartridge]]
id = "T1"
[[cartridge]]
id = "T2"
[limits]
rto = "2 h"
[expect]
violates = ["unique-ipl-id"]
goals = ["cow-during-dump"]
requires = ["cow-order"]
optional = ["restore-fidelity"]
verdict = "FAIL"
[[expect.when]]
method = "same-id-offline"
violates = ["unique-online-id"]
"#;

    fn embedded(text: &str) -> Source {
        Source::Embedded { name: "nightly.toml".into(), text: text.into(), files: &[] }
    }

    #[track_caller]
    fn loaded(text: &str, overrides: &Overrides) -> Loaded {
        load(&embedded(text), overrides).unwrap_or_else(|found| panic!("{}", found.render(Paint::Plain)))
    }

    #[test]
    fn the_resolved_scenario_is_a_scenario_with_the_same_plan() {
        let first = loaded(FULL, &Overrides::default());
        let second = loaded(&first.resolved, &Overrides::default());
        assert_eq!(first.resolved, second.resolved);
        assert_eq!(format!("{:?}", first.plan), format!("{:?}", second.plan));
        assert_eq!(run_id(&first), run_id(&second));
    }

    #[test]
    fn options_become_part_of_the_resolved_scenario() {
        let set = ["backup[0].method=same-id-offline", "seed=5", "volume[3].model=3390-9"].map(str::to_owned).to_vec();
        let faults = vec!["power-loss(duration=80h)@after:point-in-time-set#1".to_owned()];
        let overrides = Overrides { set, faults, until: Some("2h".into()), shuffle_ties: Some(9), seed: None };
        let changed = loaded(FULL, &overrides);
        assert_eq!((changed.plan.seed, changed.plan.shuffle_ties, changed.plan.faults.len()), (5, Some(9), 5));
        assert_eq!(changed.plan.ending, plan::Ending::At(crate::kernel::Time::from_ns(7_200_000_000_000)));
        assert_eq!(changed.plan.expect.violates, [crate::vocab::Invariant::UniqueOnlineId], "the entry of that method");
        assert_eq!(changed.plan.dasd.volumes[3].tracks, 150_255);
        let again = loaded(&changed.resolved, &Overrides::default());
        assert_eq!(again.resolved, changed.resolved);
        assert_eq!(format!("{:?}", again.plan), format!("{:?}", changed.plan));
        assert_ne!(run_id(&changed), run_id(&loaded(FULL, &Overrides::default())));
    }

    #[test]
    fn a_wrong_option_is_shown_in_the_option() {
        let overrides = Overrides { set: vec!["volume[0].modle=3390-9".into()], ..Overrides::default() };
        let found = load(&embedded(FULL), &overrides).expect_err("no such key");
        let text = found.render(Paint::Plain);
        assert!(text.contains(" --> --set:1:11\n") && text.contains("did you mean `model`?"), "{text}");
    }

    /// A volume whose size is wrong fits together with nothing, and nothing is said of that.
    #[test]
    fn a_wrong_size_is_one_problem() {
        let shipped = examples::Example::find("safe-backup").expect("it is shipped").source();
        for (set, code) in [
            ("volume[0].cylinders=-1", Code::OutOfRange),
            ("volume[0].cylinders=0", Code::OutOfRange),
            ("volume[0].cylinders=many", Code::WrongType),
        ] {
            let found = load(&shipped, &Overrides { set: vec![set.into()], ..Overrides::default() });
            let codes: Vec<Code> = found.expect_err(set).list.iter().map(|problem| problem.code).collect();
            assert_eq!(codes, [code], "{set}");
        }
    }

    #[test]
    fn the_expectation_that_says_more_exactly_for_what_it_holds_is_the_one() {
        use crate::vocab::Invariant::{NoOrphan, UniqueIplId, UniqueOnlineId};
        let entry = |keys: &str, violates: &str| format!("[[expect.when]]\n{keys}\nviolates = [\"{violates}\"]\n");
        let (method, architecture) = ("method = \"same-id-offline\"", "architecture = \"home-area\"");
        let (one, other) = (entry(method, "unique-online-id"), entry(architecture, "no-orphan"));
        let both = entry(&format!("{method}\n{architecture}"), "unique-ipl-id");
        let base = FULL.split("[[expect.when]]").next().expect("a split has a first part");
        let of = |text: &str, method: &str| {
            let set = vec![format!("backup[0].method={method}")];
            let overrides = Overrides { set, ..Overrides::default() };
            load(&embedded(&format!("{base}{text}")), &overrides).map(|loaded| loaded.plan.expect.violates)
        };
        let exact = format!("{one}{other}{both}");
        assert_eq!(of(&exact, "same-id-offline"), Ok(vec![UniqueIplId]));
        assert_eq!(of(&exact, "safe-backup"), Ok(vec![NoOrphan]), "the architecture alone");
        assert_eq!(of(&one, "same-id-offline"), Ok(vec![UniqueOnlineId]));
        let found = of(&format!("{one}{other}"), "same-id-offline").expect_err("both name one thing");
        assert_eq!(found.list.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::SameClaim]);
        let found = of("[[expect.when]]\nviolates = []\n", "safe-backup").expect_err("for what?");
        assert_eq!(found.list[0].code, Code::MissingKey);
    }

    #[test]
    fn hazards_are_those_of_the_catalogue() {
        let of = |id: &str| {
            let text = format!("hazards = [\"{id}\"]\n[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n");
            load(&embedded(&text), &Overrides::default()).map(|loaded| loaded.hazards).map_err(|found| found.list)
        };
        for id in ["H1", "H26", "H26g", "H80"] {
            assert_eq!(of(id), Ok(vec![id.to_owned()]));
        }
        for id in ["H0", "H26h", "H27a", "H81", "H01", "27", ""] {
            let found = of(id).expect_err("no such hazard");
            assert_eq!((found.len(), found[0].code, &found[0].path[..]), (1, Code::UnknownName, "hazards[0]"), "{id}");
        }
        let help = of("h27").expect_err("small letters")[0].help.clone().unwrap_or_default();
        assert!(help.contains("did you mean `H27`?"), "{help}");
    }

    #[test]
    fn what_a_pass_needs_follows_from_the_contents() {
        let names = |loaded: &Loaded| loaded.plan.expect.required.iter().map(|i| i.name()).collect::<Vec<_>>();
        let minimal = "[[volume]]\nid = \"A\"\ndevice = \"0A00\"\ncylinders = 1\n";
        let alone = loaded(minimal, &Overrides::default());
        assert_eq!(names(&alone), ["cached-id-coherent", "binding-exclusive", "progress"]);
        let full = loaded(FULL, &Overrides::default());
        assert!(names(&full).contains(&"cow-order"), "required by `requires`");
        assert!(!names(&full).contains(&"restore-fidelity"), "dropped by `optional`");
        assert!(names(&full).contains(&"hidden-id-sound"), "a safe backup hides an ID");
    }
}
