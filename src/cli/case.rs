//! What `shrink` and `replay` are given: a scenario with its changes, or the directory of a run.

use std::fs;
use std::path::{Path, PathBuf};

use super::args::{Changes, Seed};
use super::prepare::{Rejected, overrides_of, source_of};
use crate::report::directory::{MANIFEST, RESOLVED};
use crate::report::manifest::Manifest;
use crate::scenario::diagnostic::SourceText;
use crate::scenario::examples::DEFAULT;
use crate::scenario::{Code, Diagnostic, Diagnostics, Loaded, Overrides, Paint, Source, load};

/// A scenario that was found valid, and the run that it was recorded in, if it was named by that.
#[derive(Clone, Debug)]
pub struct Case {
    pub loaded: Loaded,
    pub run: Option<RecordedRun>,
}

/// A finished run directory.
#[derive(Clone, Debug)]
pub struct RecordedRun {
    pub path: PathBuf,
    pub manifest: Manifest,
}

/// Opens a scenario file, a shipped scenario or a run directory; without a path the shipped default. The seed of a run is
/// that of its manifest.
///
/// # Errors
/// What is wrong with the scenario or the directory.
pub fn open(path: Option<&Path>, changes: &Changes, paint: Paint) -> Result<Case, Rejected> {
    if changes.seed == Some(Seed::Random) {
        let problem = Diagnostic::error(Code::BadOverride, "`--seed random` would be another run each time")
            .help("give the seed of the run that is meant; `tiersim run --seed random` prints the one it draws");
        return Err(Rejected::of(&Diagnostics::new(Vec::new(), vec![problem]), paint));
    }
    let mut overrides = overrides_of(changes);
    let directory = path.filter(|path| path.is_dir());
    let run = directory.map(|path| recorded(path).map_err(|problems| Rejected::of(&problems, paint))).transpose()?;
    let source = match (&run, path) {
        (Some(run), _) => Source::Path(run.path.join(RESOLVED)),
        (None, Some(path)) => source_of(path),
        (None, None) => DEFAULT.source(),
    };
    if let (Some(run), None) = (&run, changes.seed) {
        overrides.seed = Some(run.manifest.seed);
    }
    let loaded = load(&source, &overrides).map_err(|problems| Rejected::of(&problems, paint))?;
    Ok(Case { loaded, run })
}

impl Case {
    /// The changes to a scenario, as they are typed again; those of a run stand in its directory.
    pub fn options(changes: &Changes) -> String {
        let Overrides { set, until, faults, .. } = overrides_of(changes);
        let quoted = super::run::quoted;
        let mut text = String::new();
        text.extend(set.iter().map(|set| format!(" --set {}", quoted(set))));
        if let Some(Seed::Number(seed)) = changes.seed {
            text += &format!(" --seed {seed}");
        }
        text.extend(until.iter().map(|until| format!(" --until {}", quoted(until))));
        text.extend(faults.iter().map(|fault| format!(" --fault {}", quoted(fault))));
        text.extend(changes.shuffle_ties.iter().map(|seed| format!(" --shuffle-ties {seed}")));
        text
    }
}

fn recorded(path: &Path) -> Result<RecordedRun, Diagnostics> {
    let refuse = |reason: &str| {
        let name = path.display().to_string();
        let problem = Diagnostic::error(Code::Unreadable, format!("`{name}` is not the directory of a run: {reason}"))
            .help("give the directory that `tiersim run` wrote, or a scenario file");
        Diagnostics::new(vec![SourceText { name, text: String::new() }], vec![problem])
    };
    let bytes = fs::read(path.join(MANIFEST)).map_err(|_| refuse("it has no manifest.json, or an unfinished run"))?;
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|_| refuse("its manifest.json is none of this program"))?;
    if !path.join(RESOLVED).is_file() {
        return Err(refuse("it has no scenario.resolved.toml"));
    }
    Ok(RecordedRun { path: path.to_owned(), manifest })
}
