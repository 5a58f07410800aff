//! No text makes the loader do anything but answer: with a plan, or with problems that have places inside the text.

use proptest::prelude::*;
use tiersim::scenario::examples::{ALL, FILES};
use tiersim::scenario::{Diagnostics, Overrides, Paint, Source, load};

fn source(text: &str) -> Source {
    Source::Embedded { name: "case.toml".into(), text: text.to_owned(), files: FILES }
}

/// Loads, renders what is wrong in all forms, and checks that each place lies in its source.
fn answered(text: &str, overrides: &Overrides) {
    let problems = match load(&source(text), overrides) {
        Ok(loaded) => {
            let again = load(&source(&loaded.resolved), &Overrides::default());
            let again =
                again.unwrap_or_else(|found| panic!("the resolved form of\n{text}\n{}", found.render(Paint::Plain)));
            assert_eq!(again.resolved, loaded.resolved);
            loaded.warnings
        }
        Err(problems) => {
            assert!(problems.has_errors());
            problems
        }
    };
    check_places(&problems);
    let _ = (problems.render(Paint::Plain), problems.render(Paint::Coloured), problems.to_json());
}

fn check_places(problems: &Diagnostics) {
    for problem in &problems.list {
        assert!(!problem.message.is_empty());
        for place in problem.place.iter().chain(problem.related.iter().map(|(place, _)| place)) {
            let text = &problems.sources[place.source].text;
            assert!(text.get(place.from..place.to).is_some(), "{} points outside its text", problem.code.name());
        }
    }
}

#[test]
fn a_scenario_cut_anywhere_is_answered() {
    for example in ALL {
        for cut in (0..example.text.len()).step_by(7).filter(|&cut| example.text.is_char_boundary(cut)) {
            answered(&example.text[..cut], &Overrides::default());
        }
    }
}

/// The lines of a scenario with one value replaced.
fn with_value(text: &str, line: usize, value: &str) -> String {
    let lines = text.lines().enumerate().map(|(number, content)| match content.split_once(" = ") {
        Some((key, _)) if number == line => format!("{key} = {value}\n"),
        _ => format!("{content}\n"),
    });
    lines.collect()
}

#[test]
fn every_value_may_be_any_value() {
    let values = [
        "0",
        "-1",
        "1",
        "18446744073709551616",
        "1e300",
        "true",
        "\"\"",
        "\"0 s\"",
        "\"50 %\"",
        "\"999999999999 d\"",
        "\"1 GB\"",
        "\"PROD01\"",
        "\"0A10\"",
        "[]",
        "[[]]",
        "{}",
        "[\"x\", 1]",
        "1979-05-27",
        "\"3390-54\"",
        "\"\u{1F4BE}\"",
        "\"never\"",
        "\"copy\"",
        "\"../..\"",
        "\"/dev/zero\"",
        "\"1000000 /s\"",
        "\"0.001\"",
    ];
    // The resolved form has every key there is.
    let full = load(&ALL[0].source(), &Overrides::default()).expect("the default is valid").resolved;
    for line in 0..full.lines().count() {
        for value in values {
            answered(&with_value(&full, line, value), &Overrides::default());
        }
    }
}

proptest! {
    #[test]
    fn any_option_is_answered(set in "[a-z_\\[\\]0-9.]{0,20}=?.{0,12}", fault in ".{0,30}", until in ".{0,8}") {
        let overrides = Overrides { set: vec![set], faults: vec![fault], until: Some(until), ..Overrides::default() };
        answered(ALL[0].text, &overrides);
    }

    #[test]
    fn any_text_is_answered(text in "(.|\\n){0,200}") {
        answered(&text, &Overrides::default());
    }

    #[test]
    fn any_fault_of_the_right_form_is_answered(
        kind in prop::sample::select(vec!["power-loss", "source-update", "tape-write-error", "controller-crash"]),
        parameter in prop::sample::select(vec!["", "(track=5)", "(block=first,permanent=true)", "(nvs=lost)", "(outage=1h)"]),
        anchor in prop::sample::select(vec!["12.5s", "event:9", "after:job-ended", "before:withdraw#2", "after:nothing"]),
    ) {
        let overrides = Overrides { faults: vec![format!("{kind}{parameter}@{anchor}")], ..Overrides::default() };
        answered(ALL[0].text, &overrides);
    }
}
