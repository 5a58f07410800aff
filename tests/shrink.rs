//! Shrinking: the patent's stories from 64 tracks under 60 writes to at most one write and two tracks, on any number of
//! threads alike, and every scenario that comes out is a test of itself.

mod support;

use support::{execute, loaded, plan_of, set};
use tiersim::campaign::shrink::{Order, ShrinkError, Shrunk, Size, shrink};
use tiersim::campaign::{Flow, Verdict, judge};
use tiersim::scenario::{Overrides, Source};
use tiersim::vocab::Invariant;

/// A volume of 64 tracks, 60 writes all over it, one backup, one restore.
fn story(method: &str, more: &str) -> Source {
    let volume = |id: &str, device: &str| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\ntracks = 64\n");
    let text = format!(
        "{}{}{}[controller]\ndestage_age = \"500 ms\"\n\
         [[workload]]\nvolume = \"PROD01\"\nrate = \"4 /s\"\nread = \"0 %\"\nlimit = 60\n\
         [[backup]]\nat = \"2 s\"\nmethod = \"{method}\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n{more}\
         [[restore]]\nvolume = \"PROD01\"\nto = \"0A20\"\n",
        volume("PROD01", "0A00"),
        volume("SPARE1", "0A10"),
        volume("SPARE2", "0A20")
    );
    Source::Embedded { name: "story.toml".into(), text, files: &[] }
}

fn order(invariant: Option<Invariant>, threads: usize) -> Order {
    Order { invariant, budget: 4_000, threads }
}

#[track_caller]
fn shrunk(source: &Source, overrides: &Overrides, order: &Order) -> Shrunk {
    shrink(&loaded(source, overrides), order, &|_| Flow::Continue).unwrap_or_else(|problem| panic!("{problem}"))
}

/// Run by itself, the text gives what it says.
#[track_caller]
fn is_a_test_of_itself(shrunk: &Shrunk) {
    let plan = plan_of(&shrunk.text);
    let outcome = execute(&plan);
    let judgement = judge(&outcome, &plan.faults, &plan.expect);
    assert!(judgement.held, "{:?}\n{}", judgement.reasons, shrunk.text);
    assert!(plan.expect.violates.contains(&shrunk.invariant), "{}", shrunk.text);
    assert_eq!(outcome.fingerprint, shrunk.fingerprint);
}

#[track_caller]
fn ends_small(source: &Source, invariant: Invariant, least_operations: u64) {
    let small = shrunk(source, &Overrides::default(), &order(Some(invariant), 2));
    let Size { operations, tracks, .. } = small.to;
    assert!((least_operations..=1).contains(&operations) && tracks <= 2, "{:?}\n{}", small.to, small.text);
    assert_eq!((small.from.operations, small.drawn.len(), small.exhausted), (60, 0, false), "{}", small.text);
    assert!(small.from.tracks >= 64, "{:?}", small.from);
    is_a_test_of_itself(&small);
}

#[test]
fn a_crash_before_the_target_is_offline_leaves_two_volumes_of_one_id() {
    let crash = "[[fault]]\nkind = \"host-crash\"\nwhen = { event = 300 }\n";
    ends_small(&story("same-id-offline", crash), Invariant::UniqueIplId, 0);
}

#[test]
fn the_wrong_one_of_two_volumes_loses_an_update() {
    let wrong = "[[fault]]\nkind = \"power-loss\"\nwhen = { after = \"tape-block-hardened\", nth = 40 }\n\
                 [[fault]]\nkind = \"operator-slip\"\nslip = \"wrong-reply\"\nwhen = { at = \"1 s\" }\n";
    ends_small(&story("same-id-offline", wrong), Invariant::NoLostAckedWrite, 1);
}

#[test]
fn a_tape_of_a_backup_by_hand_bears_the_wrong_id() {
    ends_small(&story("no-volid-manual", ""), Invariant::BackupId, 0);
}

#[test]
fn a_safe_backup_whose_label_comes_late_shows_the_id_of_its_source() {
    let late = "label_commit = \"after-establish\"\n\
                [[fault]]\nkind = \"controller-crash\"\nwhen = { after = \"relationship-committed\" }\n";
    ends_small(&story("safe-backup", late), Invariant::UniqueIplId, 0);
}

#[test]
fn a_safe_backup_without_copy_on_write_needs_one_write_to_go_wrong() {
    let skipped = story("safe-backup", "[mutant]\nname = \"skip-cow\"\n");
    ends_small(&skipped, Invariant::PointInTimeFidelity, 1);
}

/// What decides is what was found, never who was first.
#[test]
fn threads_change_nothing() {
    let wrong = "[[fault]]\nkind = \"power-loss\"\nwhen = { after = \"tape-block-hardened\", nth = 40 }\n\
                 [[fault]]\nkind = \"operator-slip\"\nslip = \"wrong-reply\"\nwhen = { at = \"1 s\" }\n";
    let of = |threads| {
        let small = shrunk(
            &story("same-id-offline", wrong),
            &Overrides::default(),
            &order(Some(Invariant::NoLostAckedWrite), threads),
        );
        (small.text, small.runs, small.form)
    };
    assert_eq!(of(1), of(5));
}

#[test]
fn what_is_not_violated_cannot_be_made_smaller() {
    let small = |method, invariant| {
        shrink(&loaded(&story(method, ""), &Overrides::default()), &order(invariant, 1), &|_| Flow::Continue)
    };
    assert_eq!(small("safe-backup", None).expect_err("it is sound"), ShrinkError::NothingViolated);
    let refused = small("same-id-offline", Some(Invariant::CowOrder)).expect_err("that one holds");
    assert!(
        matches!(&refused, ShrinkError::NotViolated { wanted: Invariant::CowOrder, found } if found.contains("unique-ipl-id"))
    );
}

#[test]
fn a_budget_that_is_used_up_is_told_and_what_there_is_by_then_is_a_test() {
    let skipped = story("safe-backup", "[mutant]\nname = \"skip-cow\"\n");
    for budget in [0, 1, 20] {
        let few = Order { budget, ..order(Some(Invariant::PointInTimeFidelity), 2) };
        let small = shrunk(&skipped, &Overrides::default(), &few);
        assert!(small.exhausted && small.runs <= budget, "{} runs of {budget}", small.runs);
        is_a_test_of_itself(&small);
    }
}

#[test]
fn whoever_watches_may_end_it() {
    let skipped = story("safe-backup", "[mutant]\nname = \"skip-cow\"\n");
    let given = loaded(&skipped, &Overrides::default());
    let small = shrink(&given, &order(None, 2), &|_| Flow::Stop).expect("what there is by then is kept");
    assert!(small.interrupted && small.runs <= 8, "{}", small.runs);
    is_a_test_of_itself(&small);
}

/// Faults by rates, slips by their probabilities and closed clients end as what happened in the run.
#[test]
fn what_was_drawn_becomes_literal() {
    let chance = "[rates]\nhost_outage = \"60 s\"\ncontroller_loss = \"never\"\n[human]\nwrong_ipl_reply = \"100 %\"\n";
    let closed = ["workload[0].kind=closed", "workload[0].clients=3"];
    let mut overrides = set(&closed);
    overrides.seed = Some(5);
    overrides.until = Some("15 min".into());
    let mut text = story("same-id-offline", "").bytes().expect("it is a text");
    text.extend(chance.bytes());
    let text = String::from_utf8(text).expect("it is a text").replace("rate = \"4 /s\"\n", "think = \"200 ms\"\n");
    let source = Source::Embedded { name: "chance.toml".into(), text, files: &[] };
    let small = shrunk(&source, &overrides, &order(Some(Invariant::NoLostAckedWrite), 2));
    assert_eq!(small.drawn, [""; 0], "{}", small.text);
    assert!(!small.text.contains("[rates]") && !small.text.contains("[human]"), "{}", small.text);
    assert!(small.text.contains("host-crash") && small.text.contains("wrong-reply"), "{}", small.text);
    assert!(small.to.operations <= 1 && small.to.tracks <= 2, "{:?}\n{}", small.to, small.text);
    is_a_test_of_itself(&small);
}

/// A trace goes into the scenario as far as it is needed.
#[test]
fn a_trace_becomes_literal() {
    let changes = ["backup[0].method=same-id-offline", "volume[0].cylinders=20"];
    let small = shrunk(&support::shipped("trace-replay"), &set(&changes), &order(Some(Invariant::UniqueOnlineId), 2));
    assert!(!small.text.contains("small.vscsi"), "{}", small.text);
    is_a_test_of_itself(&small);
}

#[test]
fn a_volume_may_be_smaller_than_a_cylinder() {
    for tracks in [1, 2, 3, 14, 16, 31] {
        for architecture in ["home-area", "log-structured"] {
            let text = format!("[[dasd]]\narchitecture = \"{architecture}\"\n");
            let mut source = story("safe-backup", "").bytes().expect("it is a text");
            source.extend(text.bytes());
            let text =
                String::from_utf8(source).expect("it is a text").replace("tracks = 64", &format!("tracks = {tracks}"));
            let outcome = execute(&plan_of(&text));
            let bad: Vec<_> = outcome.checks.iter().filter(|check| check.verdict == Verdict::Fail).collect();
            assert!(bad.is_empty(), "{tracks} tracks, {architecture}: {bad:?}");
        }
    }
}
