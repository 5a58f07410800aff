//! `tiersim validate disks` as a user and a script see it, on a small drive of our own.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

/// Two tracks of ten sectors, ten turns a second, no overheads.
const DRIVE: &str = "[disk]\nname = \"Small & <slow>\"\nsurfaces = 1\ncylinders = 2\n\n[mechanics]\nseek_type = \"constant\"\n\
    constant_seek_time = 1.0\nrotation_speed_in_rpms = 600\n\n[[zone]]\nfirst_cylinder_number = 0\n\
    last_cylinder_number = 1\nblocks_per_track = 10\n";
/// The model takes 10 ms for each.
const TRACE: &str = "R Hit 0 1 10100.0 0\nR Hit 1 1 9900.0 0\n";

fn folder(results: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("the system has room for temporary files");
    let heading = "disk,real_mean_ms,disksim_mean_ms,disksim_demerit_ms_64bit\n";
    for (name, text) in
        [("small.toml", DRIVE), ("small.trace", TRACE), ("disksim_results.csv", &format!("{heading}{results}"))]
    {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    }
    folder
}

fn call(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    command.env_remove("COLUMNS").current_dir(folder).args(["validate", "disks"]).args(arguments);
    let output = command.output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

#[test]
fn a_drive_that_passes_ends_with_0_its_table_and_its_files() {
    let folder = folder("small,10,10,0.1\n");
    let (code, stdout, stderr) = call(folder.path(), &["--data", ".", "--out", "out"]);
    assert_eq!((code, &stderr[..]), (0, "wrote out\n"), "{stdout}");
    for words in
        ["disks small: Small & <slow>", "demerit", "grade: strict", "issued 2 = completed 2", "DiskSim: 0.1 ms"]
    {
        assert!(stdout.contains(words), "{words}\n{stdout}");
    }
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).expect(name);
    assert_eq!(
        read("requests-small.csv"),
        "request,op,first_sector,sectors,measured_ns,simulated_ns\n0,read,0,1,10100000,10000000\n1,read,1,1,9900000,10000000\n"
    );
    assert!(read("charts/validation-small.svg").contains("Small &amp; &lt;slow&gt;"));
    let numbers = read("charts/validation-small.csv");
    assert!(numbers.starts_with("share,measured_ms,simulated_ms\n0.0010,9.900000,10.000000\n"), "{numbers}");
    assert_eq!(numbers.lines().count(), 1_001);

    let (code, _, stderr) = call(folder.path(), &["--data", ".", "--out", "out"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("replace the run in it with --force"), "{stderr}");
    let (code, _, stderr) = call(folder.path(), &["--data", ".", "--out", "out", "--force", "--quiet"]);
    assert_eq!((code, &stderr[..]), (0, ""));
}

#[test]
fn a_drive_that_misses_ends_with_3() {
    let folder = folder("small,10,10,0.05\n");
    let (code, stdout, _) = call(folder.path(), &["--data", ".", "--json"]);
    assert_eq!(code, 3);
    let json: serde_json::Value = serde_json::from_str(&stdout).expect("it is one JSON document");
    assert_eq!((&json["verdict"], &json["suites"][0]["suite"]), (&"outside".into(), &"disks".into()));
    let demerit = &json["suites"][0]["cases"][0]["findings"][2];
    assert_eq!((&demerit["measure"], &demerit["verdict"]), (&"demerit".into(), &"outside".into()));
    assert!((demerit["attempts"][0]["simulated"].as_f64().expect("a figure") - 0.1).abs() < 0.03);
    assert!(folder.path().join("out/validate-disks/validation.json").exists(), "without --out it has its own place");
}

#[test]
fn data_that_cannot_be_used_ends_with_2_and_all_that_is_wrong() {
    let folder = folder("");
    let broken = DRIVE.replace("surfaces", "surface").replace("seek_type = \"constant\"", "seek_type = \"constnat\"");
    fs::write(folder.path().join("small.toml"), broken).expect("a file can be written");
    let (code, stdout, stderr) = call(folder.path(), &["--data", "."]);
    assert_eq!((code, &stdout[..]), (2, ""));
    for words in [
        "error[S0107]: unknown key `surface` in `disk`",
        "small.toml:3:1",
        "did you mean `surfaces`?",
        "did you mean `constant`?",
        "`disk.surfaces` is missing",
        "3 errors",
    ] {
        assert!(stderr.contains(words), "{words}\n{stderr}");
    }
    let (code, _, stderr) = call(folder.path(), &[]);
    assert_eq!(code, 2);
    assert!(stderr.contains("say with --data in which folder"), "{stderr}");
}
