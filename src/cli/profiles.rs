//! `tiersim profiles`: the built-in parameter sets, each number with its origin.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Exit;
use crate::device::profiles::{self, Entry, Profile};
use crate::scenario::diagnostic::suggestion;
use crate::scenario::hardware::profile_as_toml;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Without a name all profiles are listed.
    pub name: Option<String>,
    /// A piece of a scenario file instead of a table.
    pub toml: bool,
    pub json: bool,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let Some(name) = &request.name else {
        return list(request.json, output);
    };
    let Some(profile) = Profile::find(name) else {
        let known: Vec<&str> = profiles::ALL.iter().map(|profile| profile.name).collect();
        writeln!(errors, "error: `{name}` is not a profile\n  = help: {}", suggestion(name, &known, "profiles"))?;
        return Ok(Exit::Usage);
    };
    match (request.json, request.toml) {
        (true, _) => writeln!(output, "{:#}", to_json(profile))?,
        (false, true) => write!(output, "{}", profile_as_toml(profile))?,
        (false, false) => table(profile, output)?,
    }
    Ok(Exit::Held)
}

fn list(json: bool, output: &mut dyn Write) -> io::Result<Exit> {
    if json {
        let profiles: Vec<Value> =
            profiles::ALL.iter().map(|profile| json!({ "name": profile.name, "about": profile.about })).collect();
        writeln!(output, "{:#}", json!({ "schema": "tiersim/profiles/1", "profiles": profiles }))?;
        return Ok(Exit::Held);
    }
    for profile in profiles::ALL {
        writeln!(output, "{}  {}", profile.name, profile.about)?;
    }
    Ok(Exit::Held)
}

fn to_json(profile: &'static Profile) -> Value {
    let entry =
        |entry: &Entry| json!({ "key": entry.key, "value": entry.value, "origin": entry.origin, "about": entry.about });
    let parameters: Vec<Value> = profile.entries().map(entry).collect();
    json!({ "schema": "tiersim/profile/1", "name": profile.name, "about": profile.about, "parameters": parameters })
}

/// Key, value, origin and what it is, in columns.
fn table(profile: &'static Profile, output: &mut dyn Write) -> io::Result<()> {
    let width = |column: fn(&Entry) -> &str, heading: &str| {
        profile.entries().map(|entry| column(entry).len()).chain([heading.len()]).max().unwrap_or(0)
    };
    let key = width(|entry| entry.key, "key");
    let value = width(|entry| entry.value, "value");
    let origin = width(|entry| entry.origin, "origin");
    writeln!(output, "{:<key$}  {:<value$}  {:<origin$}  about", "key", "value", "origin")?;
    for entry in profile.entries() {
        writeln!(output, "{:<key$}  {:<value$}  {:<origin$}  {}", entry.key, entry.value, entry.origin, entry.about)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(request: &Request) -> (u8, String, String) {
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let code = run(request, &mut output, &mut errors).expect("memory takes it");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (code.code(), text(output), text(errors))
    }

    #[test]
    fn a_profile_shows_value_and_origin_of_every_parameter() {
        let request = Request { name: Some("ess-f20-3590".into()), ..Request::default() };
        let (code, output, _) = told(&request);
        let line = output.lines().find(|line| line.starts_with("tape.native_rate ")).expect("the parameter is there");
        let fields: Vec<&str> = line.split("  ").map(str::trim).filter(|field| !field.is_empty()).collect();
        assert_eq!((code, &fields[..3]), (0, &["tape.native_rate", "14 MB/s", "S-56, S-57"][..]));
        let json: Value = serde_json::from_str(&told(&Request { json: true, ..request }).1).expect("one document");
        let listed = json["parameters"].as_array().expect("a list").len();
        assert_eq!(output.lines().count(), 1 + listed, "the text shows what the document holds");
    }

    #[test]
    fn an_unknown_profile_is_told_with_the_nearest() {
        let (code, output, errors) = told(&Request { name: Some("ess-f20-3490".into()), ..Request::default() });
        assert_eq!((code, output.as_str()), (2, ""));
        assert!(errors.contains("did you mean `ess-f20-3590`?"), "{errors}");
    }
}
