//! `tiersim completions` and `tiersim man`: what shells and manual readers want to know of the command line, made from it.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;
use serde_json::json;

use super::args::Arguments;
use super::exit::Exit;
use crate::scenario::diagnostic::suggestion;

const NAME: &str = "tiersim";

/// # Errors
/// Only what writing itself meets.
pub fn completions(shell: Shell, json: bool, output: &mut dyn Write) -> io::Result<Exit> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), NAME, &mut script);
    let document = || json!({ "schema": "tiersim/completions/1", "shell": shell.to_string(), "script": text(&script) });
    match json {
        true => writeln!(output, "{:#}", document())?,
        false => output.write_all(&script)?,
    }
    Ok(Exit::Held)
}

/// The page of the program, or that of a command of it, as in `campaign run`.
///
/// # Errors
/// Only what writing itself meets.
pub fn page(path: &[String], json: bool, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let mut command = Arguments::command();
    command.build();
    let mut title = NAME.to_owned();
    for word in path {
        let Some(next) = command.find_subcommand(word).cloned() else {
            let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
            writeln!(errors, "error: `{title}` has no command `{word}`: {}", suggestion(word, &names, "commands"))?;
            return Ok(Exit::Usage);
        };
        title = format!("{title}-{word}");
        command = next;
    }
    let version = env!("CARGO_PKG_VERSION");
    let mut page = Vec::new();
    Man::new(command).title(&title).manual("tiersim").source(format!("tiersim {version}")).render(&mut page)?;
    match json {
        true => writeln!(output, "{:#}", json!({ "schema": "tiersim/man/1", "title": title, "roff": text(&page) }))?,
        false => output.write_all(&page)?,
    }
    Ok(Exit::Held)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_learns_of_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            completions(shell, false, &mut script).expect("a vector takes it");
            let script = String::from_utf8(script).expect("a script is text");
            for command in Arguments::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }

    #[test]
    fn every_command_has_a_page() {
        let pages: Vec<Vec<String>> = Arguments::command()
            .get_subcommands()
            .map(|command| vec![command.get_name().to_owned()])
            .chain([vec![], vec!["campaign".to_owned(), "run".to_owned()]])
            .collect();
        for path in pages {
            let (mut output, mut errors) = (Vec::new(), Vec::new());
            let exit = page(&path, false, &mut output, &mut errors).expect("vectors take it");
            let text = String::from_utf8(output).expect("a page is text");
            assert_eq!((exit, errors.len()), (Exit::Held, 0), "{path:?}");
            let title = [&["tiersim".to_owned()], &path[..]].concat().join("\\-");
            assert!(text.contains(".TH ") && text.contains(&title), "{title}: {text}");
        }
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let exit = page(&["replai".to_owned()], false, &mut output, &mut errors).expect("vectors take it");
        let told = String::from_utf8(errors).expect("a message is text");
        assert!(exit == Exit::Usage && output.is_empty() && told.contains("replay"), "{told}");
    }
}
