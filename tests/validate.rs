//! `tiersim validate` as a user and a script see it.

use assert_cmd::Command;

fn call(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    let output = command.env_remove("COLUMNS").arg("validate").args(arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

#[test]
fn a_suite_that_is_within_ends_with_0_and_its_table() {
    let (code, stdout, stderr) = call(&["tape"]);
    assert_eq!((code, &stderr[..]), (0, ""));
    assert!(stdout.contains("tape tape-dump: 2838016440 B") && stdout.contains("202.7155"), "{stdout}");
}

#[test]
fn the_machine_form_is_one_document() {
    let (code, stdout, _) = call(&["tape", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    assert_eq!((code, &json["schema"]), (0, &"tiersim/validation/1".into()));
    assert_eq!((&json["verdict"], &json["suites"][0]["suite"]), (&"within".into(), &"tape".into()));
}

#[test]
fn an_unknown_suite_is_a_usage_error() {
    let (code, stdout, stderr) = call(&["tapes"]);
    assert_eq!((code, &stdout[..]), (2, ""));
    assert!(stderr.contains("the suites are queueing, tape"), "{stderr}");
}
