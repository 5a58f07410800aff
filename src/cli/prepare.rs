//! From what was typed to a plan that can run, or to everything that is wrong with it.

use std::path::Path;

use super::args::{Changes, RunArgs, Seed};
use super::console::Console;
use super::exit::Exit;
use crate::report::json;
use crate::report::manifest::Input;
use crate::scenario::examples::{DEFAULT, Example};
use crate::scenario::source::hex;
use crate::scenario::{Diagnostics, Loaded, Overrides, Paint, Plan, Source, load, run_id};

/// A scenario that was found valid.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub plan: Plan,
    /// The file as given, byte for byte.
    pub text: Vec<u8>,
    /// With every default filled in and every change applied.
    pub resolved: String,
    pub inputs: Vec<Input>,
    pub run_id: String,
    /// What is strange and not wrong, as text.
    pub warnings: String,
}

/// Why a scenario cannot run, as text and as the one JSON document.
#[derive(Clone, Debug)]
pub struct Rejected {
    pub text: String,
    pub json: Vec<u8>,
}

impl Rejected {
    pub fn of(problems: &Diagnostics, paint: Paint) -> Rejected {
        Rejected { text: problems.render(paint), json: json::document(&problems.to_json()) }
    }

    /// Says what is wrong, in the form that was asked for.
    pub fn tell(&self, console: &mut Console) -> Exit {
        match console.json() {
            true => console.result(&self.json),
            false => console.error(&self.text),
        }
        Exit::Usage
    }
}

/// Reads and checks the scenario of a run, the shipped default without one.
pub fn prepare(args: &RunArgs, paint: Paint) -> Result<Prepared, Rejected> {
    let source = args.scenario.as_deref().map_or_else(|| DEFAULT.source(), source_of);
    let loaded = load(&source, &overrides_of(&args.changes)).map_err(|problems| Rejected::of(&problems, paint))?;
    Ok(prepared(loaded, paint))
}

/// What a run needs of a scenario that was found valid.
pub fn prepared(loaded: Loaded, paint: Paint) -> Prepared {
    let inputs = loaded.inputs.iter().map(|input| Input {
        name: input.name.clone(),
        bytes: input.bytes,
        sha256: input.sha256.clone(),
    });
    Prepared {
        run_id: hex(&run_id(&loaded)),
        inputs: inputs.collect(),
        warnings: if loaded.warnings.is_empty() { String::new() } else { loaded.warnings.render(paint) },
        plan: loaded.plan,
        text: loaded.text,
        resolved: loaded.resolved,
    }
}

/// What a name on the command line means: a file, or where there is none a shipped scenario of that name.
pub fn source_of(path: &Path) -> Source {
    let shipped = path.to_str().and_then(Example::find).filter(|_| !path.exists());
    shipped.map_or_else(|| Source::Path(path.to_owned()), Example::source)
}

/// The options that change a scenario.
pub fn overrides_of(changes: &Changes) -> Overrides {
    Overrides {
        set: changes.set.clone(),
        seed: match changes.seed {
            Some(Seed::Number(seed)) => Some(seed),
            Some(Seed::Random) | None => None,
        },
        until: changes.until.clone(),
        faults: changes.fault.clone(),
        shuffle_ties: changes.shuffle_ties,
    }
}
