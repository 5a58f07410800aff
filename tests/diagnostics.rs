//! The exact text of every diagnostic: one scenario, or one campaign, per code in `tests/diagnostics`, its rendering beside it.
//!
//! `UPDATE_GOLDEN=1 cargo test --test diagnostics` writes the renderings anew. A line `# option: --set KEY=VALUE` (or
//! `--fault`, `--until`) in a case is applied to it.

use std::fs;
use std::path::{Path, PathBuf};

use tiersim::scenario::campaign::{Changes, load_campaign};
use tiersim::scenario::{Code, Overrides, Paint, Source, load};

/// Files that the cases name.
const FILES: &[(&str, &[u8])] = &[
    ("small.vscsi", include_bytes!("../scenarios/traces/small.vscsi")),
    ("requests.spc", b"0,8,4096,R,0.1\n0,8,4096,R\n0,16,4096,W,0.2\n"),
    ("text.vscsi", b"this is a letter, not a trace; it goes on for a while so that two records would fit into it"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn overrides(text: &str) -> Overrides {
    let mut overrides = Overrides::default();
    for option in text.lines().filter_map(|line| line.strip_prefix("# option: ")) {
        let (name, value) = option.split_once(' ').expect("an option has a value");
        match name {
            "--set" => overrides.set.push(value.to_owned()),
            "--fault" => overrides.faults.push(value.to_owned()),
            "--until" => overrides.until = Some(value.to_owned()),
            other => panic!("the case names an option that the test does not know: {other}"),
        }
    }
    overrides
}

/// What `load` says about a case.
fn rendered(code: Code) -> String {
    let path = folder().join(format!("{}.toml", code.name()));
    let source = match fs::read_to_string(&path) {
        Ok(text) => Source::Embedded { name: "case.toml".into(), text, files: FILES },
        Err(_) if [Code::Unreadable, Code::CampaignUnreadable].contains(&code) => {
            Source::Path("no-such-folder/case.toml".into())
        }
        Err(error) => panic!("{}: {error}: every code has a case", path.display()),
    };
    if code.name().starts_with('C') {
        let found = load_campaign(&source, &Changes::default()).err();
        return found.map_or_else(String::new, |problems| problems.render(Paint::Plain));
    }
    let text = source.bytes().map(|bytes| String::from_utf8(bytes).expect("cases are text")).unwrap_or_default();
    match load(&source, &overrides(&text)) {
        Ok(loaded) => loaded.warnings.render(Paint::Plain),
        Err(problems) => problems.render(Paint::Plain),
    }
}

#[test]
fn every_code_has_a_case_with_its_exact_text() {
    let mut wrong = Vec::new();
    for &code in Code::ALL {
        let text = rendered(code);
        assert!(text.contains(&format!("[{}]", code.name())), "the case of {} shows it:\n{text}", code.name());
        let path = folder().join(format!("{}.txt", code.name()));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &text).expect("the folder can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if expected != text {
            wrong.push(format!("{}: expected\n{expected}\nfound\n{text}", code.name()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_speaks_of_the_program_s_own_types() {
    for &code in Code::ALL {
        let text = rendered(code);
        let words: Vec<&str> = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        for word in
            ["u64", "u32", "i64", "i128", "String", "Vec", "Option", "Some", "None", "struct", "enum", "variant"]
        {
            assert!(!words.contains(&word), "{} says `{word}`:\n{text}", code.name());
        }
    }
}
