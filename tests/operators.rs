//! What operators have to do under each method, and that a person's slip is one of his own.

mod support;

use support::{execute, set};
use tiersim::campaign::{EndReason, Happening, Trial};
use tiersim::manager::{Job, ManagerFact};
use tiersim::scenario::{Paint, Plan, Source, load};
use tiersim::vocab::{Slip, StepName};
use tiersim::world::Fact;

const SCENARIO: &str = r#"
title = "A backup and a restore that an operator asks for"
[[volume]]
id = "PROD01"
device = "0A00"
cylinders = 2
[[volume]]
id = "SPARE1"
device = "0A10"
cylinders = 2
[[volume]]
id = "SPARE2"
device = "0A20"
cylinders = 2
[[workload]]
volume = "PROD01"
rate = "1 /s"
[[backup]]
at = "1 s"
by = "operator"
method = "safe-backup"
source = "PROD01"
target = "0A10"
[[restore]]
volume = "PROD01"
to = "0A20"
by = "operator"
"#;

fn plan(text: &str, changes: &[&str]) -> Plan {
    let source = Source::Embedded { name: "operators.toml".into(), text: text.into(), files: &[] };
    match load(&source, &set(changes)) {
        Ok(loaded) => loaded.plan,
        Err(problems) => panic!("{}", problems.render(Paint::Plain)),
    }
}

/// Every step of an operator: its job, its name, how it went wrong.
fn steps(plan: &Plan) -> Vec<(Job, StepName, Option<Slip>)> {
    let mut trial = Trial::new(plan).expect("the plan is a system");
    let mut steps = Vec::new();
    trial.finish(|trial, happening| {
        let facts = if happening == Happening::Event { trial.run.model.facts() } else { &[] };
        steps.extend(facts.iter().filter_map(|fact| match *fact {
            Fact::Manager(_, ManagerFact::OperatorStep { job, step, slip, .. }) => Some((job, step, slip)),
            _ => None,
        }));
    });
    steps
}

fn counts(changes: &[&str]) -> (usize, usize) {
    let steps = steps(&plan(SCENARIO, changes));
    let backups = steps.iter().filter(|(job, ..)| matches!(job, Job::Backup(_))).count();
    (backups, steps.len() - backups)
}

/// HAZARDS 7.
#[test]
fn each_method_asks_as_much_of_its_operators_as_its_procedure_says() {
    assert_eq!(counts(&["backup[0].method=direct-dump"]), (1, 2));
    assert_eq!(counts(&["backup[0].method=same-id-offline", "backup[0].auto_vary=false"]), (2, 3));
    assert_eq!(counts(&["backup[0].method=same-id-offline"]), (1, 3));
    assert_eq!(counts(&["backup[0].method=no-volid-manual"]), (3, 4));
    assert_eq!(counts(&["backup[0].method=safe-backup"]), (1, 2));
}

#[test]
fn nobody_is_asked_where_the_manager_does_it_all() {
    assert_eq!(counts(&["backup[0].by=internal", "restore[0].by=internal"]), (0, 0));
}

/// One probability moves no draw of another, and none of them a time.
#[test]
fn a_slip_is_a_draw_of_its_own() {
    let manual = ["backup[0].method=no-volid-manual"];
    let human = |lines: &str| plan(&format!("{SCENARIO}[human]\n{lines}"), &manual);
    let none = "omit_step = \"0 %\"\nwrong_item = \"0 %\"\nvolser_typo = \"0 %\"\nmapping_loss = \"0 %\"\n";
    let right = execute(&human(none)).fingerprint;
    assert_eq!(right, execute(&plan(SCENARIO, &manual)).fingerprint, "the table alone changes nothing");
    let typo = none.replace("volser_typo = \"0 %\"", "volser_typo = \"100 %\"");
    let slips: Vec<_> = steps(&human(&typo)).into_iter().filter_map(|(_, step, slip)| Some((step, slip?))).collect();
    assert!(!slips.is_empty() && slips.iter().all(|slip| *slip == (StepName::RelabelRestored, Slip::Argument)));
}

/// The old device keeps its name, so that the restored volume cannot come online. Somebody asks for it again and again; the
/// operator looks at it a number of times and then leaves it.
#[test]
fn an_operator_leaves_a_volume_that_cannot_be_brought_online() {
    let changes =
        ["backup[0].method=no-volid-manual", "restore[0].old_device=keep", "restore[0].restore_if_online=force"];
    let plan = plan(SCENARIO, &changes);
    let mut trial = Trial::new(&plan).expect("the plan is a system");
    let (mut refused, mut given_up) = (0, 0);
    let end = trial.finish(|trial, happening| {
        let facts = if happening == Happening::Event { trial.run.model.facts() } else { &[] };
        for fact in facts {
            refused += u64::from(matches!(fact, Fact::Manager(_, ManagerFact::VaryOnlineRefused { .. })));
            given_up += u64::from(matches!(fact, Fact::Manager(_, ManagerFact::RestoreGivenUp { .. })));
        }
    });
    assert_eq!((end, refused, given_up), (EndReason::Quiescent, 11, 1));
}
