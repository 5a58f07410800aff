//! The schemas in `schemas/`, held against every file that they speak of, by a validator that is not ours.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jsonschema::Validator;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn tiersim(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::cargo_bin("tiersim").expect("the program is built");
    command.args(arguments).output().expect("it runs").stdout
}

/// The schema that the program prints, which is the one that is committed.
fn schema(kind: &str) -> Validator {
    let printed = tiersim(&["schema", kind]);
    let committed = fs::read(root().join(format!("schemas/{kind}.schema.json"))).expect("the schema is there");
    assert!(printed == committed, "{kind}: what is printed is what is committed");
    let schema: Value = serde_json::from_slice(&printed).expect("a schema is JSON");
    jsonschema::draft7::meta::validate(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"));
    jsonschema::draft7::new(&schema).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

fn from_toml(text: &str) -> Value {
    toml::from_str(text).expect("valid TOML")
}

fn problems(schema: &Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_shipped_scenario_and_campaign_is_as_its_schema_says() {
    let (scenario, campaign) = (schema("scenario"), schema("campaign"));
    let mut files = scenarios(&root().join("scenarios"));
    files.extend(scenarios(&root().join("scenarios/campaigns")));
    assert!(files.len() > 150, "only {} files were found", files.len());
    for path in files {
        let document = from_toml(&fs::read_to_string(&path).expect("a scenario is text"));
        let is_campaign = document.get("scenario").is_some();
        let found = problems(if is_campaign { &campaign } else { &scenario }, &document);
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
    }
}

/// Every key with every default, as the program writes them.
#[test]
fn a_resolved_scenario_and_a_profile_are_as_the_schema_says() {
    let scenario = schema("scenario");
    for name in ["safe-backup", "lsa-healthy", "human-error", "trace-replay", "operator-commands", "two-images"] {
        let resolved = String::from_utf8(tiersim(&["check", "--print-resolved", name])).expect("text");
        let found = problems(&scenario, &from_toml(&resolved));
        assert!(found.is_empty() && resolved.contains("[disk]"), "{name}: {found:#?}");
    }
    for profile in ["ess-f20-3590", "rva-lsa-3590"] {
        let text = String::from_utf8(tiersim(&["profiles", "--toml", profile])).expect("text");
        assert_eq!(problems(&scenario, &from_toml(&text)), Vec::<String>::new(), "{profile}");
    }
}

/// What `check` refuses in one value or one key, the schema refuses too, and says where.
#[test]
fn wrong_keys_and_wrong_values_are_refused() {
    let scenario = schema("scenario");
    let plain = "[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\n";
    assert_eq!(problems(&scenario, &from_toml(plain)), Vec::<String>::new());
    for (wrong, place) in [
        ("sed = 1", ""),
        ("seed = \"1\"", "/seed"),
        ("seed = -1", "/seed"),
        ("until = 90", "/until"),
        ("until = \"90\"", "/until"),
        ("until = \"90 parsecs\"", "/until"),
        ("profile = \"ess\"", "/profile"),
        ("hazards = [\"H81\"]", "/hazards/0"),
        ("volume = [{ id = \"prod01\" }]", "/volume/0/id"),
        ("volume = [{ id = \"PROD01\" }]", "/volume/0"),
        ("volume = [{ device = \"A00\" }]", "/volume/0/device"),
        ("volume = [{ modle = \"3390-3\" }]", "/volume/0"),
        ("volume = [{ model = \"3390-4\" }]", "/volume/0/model"),
        ("volume = { id = \"PROD01\" }", "/volume"),
        ("volume = [{ online = \"yes\" }]", "/volume/0/online"),
        ("backup = [{ method = \"safe_backup\" }]", "/backup/0/method"),
        ("backup = [{ persistent = true }]", "/backup/0"),
        ("fault = [{ kind = \"fire\" }]", "/fault/0/kind"),
        ("fault = [{ when = { after = \"lunch\" } }]", "/fault/0/when/after"),
        ("disk = { rpm = 7 }", "/disk/rpm"),
        ("disk = { rpn = 7200 }", "/disk"),
        ("raid = { level = 7 }", "/raid/level"),
        ("rates = { power_loss = \"sometimes\" }", "/rates/power_loss"),
        ("workload = [{ read = 0.7 }]", "/workload/0/read"),
        ("workload = [{ rate = \"120\" }]", "/workload/0/rate"),
        ("expect = { violates = [\"unique-online-di\"] }", "/expect/violates/0"),
    ] {
        let found = problems(&scenario, &from_toml(wrong));
        assert!(found.iter().any(|problem| problem.starts_with(&format!("{place}: "))), "{wrong}: {found:?}");
    }
    let campaign = schema("campaign");
    for (wrong, place) in [
        ("replication = 3", ""),
        ("measures = [\"uptime\"]", "/measures/0"),
        ("replications = 3", ""),
        ("axis = [{ values = 4 }]", "/axis/0/values"),
        ("level = 95", "/level"),
    ] {
        let found = problems(&campaign, &from_toml(wrong));
        assert!(found.iter().any(|problem| problem.starts_with(&format!("{place}: "))), "{wrong}: {found:?}");
    }
}

#[test]
fn the_files_of_a_run_an_exploration_and_a_campaign_are_as_their_schemas_say() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let at = |name: &str| folder.path().join(name);
    let out = |name: &str| at(name).to_str().expect("a plain path").to_owned();
    tiersim(&["run", "trace-replay", "-q", "--no-report", "--out", &out("run")]);
    tiersim(&["run", "lsa-healthy", "-q", "--no-report", "--out", &out("array")]);
    tiersim(&["explore", "extent-backup", "-q", "--no-report", "--points", "step", "--out", &out("exploration")]);
    let text = "scenario = \"same-id-crash-before-offline\"\nreplications = 2\nset = [\"volume[0].cylinders=1\", \
                \"volume[1].cylinders=1\", \"volume[2].cylinders=1\"]\n[[axis]]\nkey = \"backup[0].method\"\n\
                values = [\"safe-backup\", \"same-id-offline\"]\n";
    fs::write(at("two.toml"), text).expect("it can be written");
    tiersim(&["campaign", "run", &out("two.toml"), "-q", "-o", &out("campaign")]);
    for (kind, file) in [
        ("summary", "run/summary.json"),
        ("manifest", "run/manifest.json"),
        ("summary", "array/summary.json"),
        ("manifest", "exploration/manifest.json"),
        ("exploration", "exploration/summary.json"),
        ("campaign-summary", "campaign/summary.json"),
        ("campaign-manifest", "campaign/manifest.json"),
    ] {
        let document = fs::read(at(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut document: Value = serde_json::from_slice(&document).expect("JSON");
        let schema = schema(kind);
        assert_eq!(problems(&schema, &document), Vec::<String>::new(), "{file}");
        document["schema"] = "tiersim/other/1".into();
        document["seed"] = "one".into();
        assert!(problems(&schema, &document).len() >= 2, "{file}: what is wrong is refused");
    }
    let line = schema("part");
    let parts = fs::read_dir(at("campaign/parts")).expect("there are parts").map(|entry| entry.expect("a part").path());
    let mut lines = 0;
    for path in parts {
        for text in fs::read_to_string(path).expect("a part is text").lines() {
            lines += 1;
            assert_eq!(problems(&line, &serde_json::from_str(text).expect("JSON")), Vec::<String>::new(), "{text}");
        }
    }
    assert!(lines >= 8, "header, six rows with those of the canary, footer: {lines}");
    assert!(!line.is_valid(&serde_json::json!({ "run": "first" })));
}

/// What a schema asks for is what the program asks for.
#[test]
fn required_keys_are_those_that_the_program_misses() {
    use tiersim::scenario::campaign::{Changes, load_campaign};
    use tiersim::scenario::{Code, Overrides, Source, load};
    let text = String::from_utf8(tiersim(&["schema", "scenario"])).expect("a schema is text");
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let embedded = |text: String| Source::Embedded { name: "case.toml".into(), text, files: &[] };
    let mut asked = 0;
    for (table, form) in schema["properties"].as_object().expect("a file is a table") {
        let Some(required) = form["items"]["required"].as_array() else { continue };
        let text = format!("[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\n[[{table}]]\n");
        let found = load(&embedded(text), &Overrides::default()).expect_err("a table is empty");
        for key in required {
            let path = format!("{table}[{}]", usize::from(table == "volume"));
            let name = format!("`{}`", key.as_str().expect("a name"));
            let told = |it: &tiersim::scenario::Diagnostic| {
                it.code == Code::MissingKey && it.path == path && it.message.ends_with(&name)
            };
            assert!(found.list.iter().any(told), "{path}, {name}: {:?}", found.list);
            asked += 1;
        }
    }
    assert!(asked > 10, "{asked}");
    let found = load_campaign(&embedded("[stop]\n".into()), &Changes::default()).expect_err("it is empty");
    for path in ["scenario", "stop.measure", "stop.relative_half_width", "stop.at_most"] {
        assert!(found.list.iter().any(|it| it.code == Code::MissingKey && it.path == path), "{path}: {:?}", found.list);
    }
}
