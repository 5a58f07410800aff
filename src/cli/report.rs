//! `tiersim report`: a directory of results as one page, a text or a JSON document.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{ChartForm, ReportForm};
use super::document::Destination;
use crate::report::campaign::manifest::{CampaignManifest, SCHEMA as CAMPAIGN};
use crate::report::campaign::page::CampaignFiles;
use crate::report::document::{self, Document};
use crate::report::exploration_report::ExplorationFiles;
use crate::report::manifest::Manifest;
use crate::report::run_report::{self, RunFiles};
use crate::report::summary::REPLAY;
use crate::report::text::counted;
use crate::report::{DirectoryError, RunDirectory, directory, html, json, markdown};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub directories: Vec<PathBuf>,
    pub form: ReportForm,
    /// The forms in which the charts are written beside the document.
    pub charts: Vec<ChartForm>,
    pub file: Option<PathBuf>,
    pub quiet: bool,
}

/// # Errors
/// Only what writing itself meets.
pub fn run(request: &Request, output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
    let document = match read(&request.directories) {
        Ok(document) => document,
        Err(problem) => {
            writeln!(errors, "error: {problem}")?;
            return Ok(Exit::Usage);
        }
    };
    let (bytes, beginning, name) = rendered(&document, request.form);
    let path = match (&request.file, &request.directories[..]) {
        (Some(file), _) => file.clone(),
        (None, [directory]) => directory.join(name),
        (None, _) => {
            writeln!(errors, "error: a comparison belongs to no directory; name its file with -o")?;
            return Ok(Exit::Usage);
        }
    };
    let mut files = vec![(path.clone(), beginning.into_bytes(), bytes)];
    if request.charts.contains(&ChartForm::Png) && cfg!(not(feature = "png")) {
        writeln!(errors, "error: this program was built without PNG; build it with `--features png`, or ask for svg")?;
        return Ok(Exit::Usage);
    }
    if !request.charts.is_empty() {
        let folder = path.parent().unwrap_or(Path::new("")).join("charts");
        files.extend(charts_in(&folder, &document, &request.charts));
        if let Err(error) = fs::create_dir_all(&folder) {
            writeln!(errors, "error: cannot make {}: {error}", folder.display())?;
            return Ok(Exit::Usage);
        }
    }
    // Whether each can be written is known before the first is.
    let mut ready = Vec::new();
    for (path, beginning, bytes) in files {
        match Destination::of(Some(&path), &beginning) {
            Ok(destination) => ready.push((destination, bytes)),
            Err(unwritable) => {
                writeln!(errors, "error: {unwritable}")?;
                return Ok(Exit::Usage);
            }
        }
    }
    let (mut exit, charts) = (Exit::Held, ready.len() - 1);
    for (place, (destination, bytes)) in ready.into_iter().enumerate() {
        exit = exit.and(destination.put(&bytes, request.quiet || place > 0, output, errors)?);
    }
    if charts > 0 && exit == Exit::Held && !request.quiet {
        let folder = path.parent().unwrap_or(Path::new("")).join("charts");
        writeln!(errors, "wrote {} in {}", counted(charts as u64, "file"), folder.display())?;
    }
    Ok(exit)
}

/// The files of the charts of a document, each with what its kind begins with.
fn charts_in(folder: &Path, document: &Document, forms: &[ChartForm]) -> Vec<(PathBuf, Vec<u8>, Vec<u8>)> {
    let mut files = Vec::new();
    for figure in document.figures() {
        let named = |ending: &str| folder.join(format!("{}.{ending}", figure.name));
        if forms.contains(&ChartForm::Svg) {
            let header = figure.csv.lines().next().unwrap_or("").into();
            files.push((named("svg"), b"<svg width=\"".to_vec(), figure.svg.clone().into()));
            files.push((named("csv"), header, figure.csv.clone().into()));
        }
        #[cfg(feature = "png")]
        if forms.contains(&ChartForm::Png) {
            files.push((named("png"), b"\x89PNG\r\n".to_vec(), crate::report::chart::png(&figure.svg)));
        }
    }
    files
}

/// The document, what each of its kind begins with, and its name in a directory.
fn rendered(document: &Document, form: ReportForm) -> (Vec<u8>, String, &'static str) {
    match form {
        ReportForm::Html => (html::page(document).into_bytes(), html::BEGINNING.to_owned(), directory::REPORT),
        ReportForm::Md => (markdown::text(document, "charts").into_bytes(), "# ".to_owned(), "report.md"),
        ReportForm::Json => (json::document(document), json::beginning(document::SCHEMA), "report.json"),
    }
}

/// The report of one directory, or of several runs beside each other.
fn read(directories: &[PathBuf]) -> Result<Document, String> {
    let told = |error: run_report::ReportError| error.to_string();
    let planned: Vec<Planned> = directories.iter().map(|path| manifest(path)).collect::<Result<_, String>>()?;
    if let ([path], [planned]) = (directories, &planned[..]) {
        return match planned {
            Planned::Campaign(manifest) => {
                CampaignFiles::read(path, manifest).map(|files| files.document(manifest)).map_err(told)
            }
            Planned::Run(manifest) => match &manifest.command[..] {
                "run" => RunFiles::read(path).map(|files| files.document(manifest, REPLAY)).map_err(told),
                "explore" => ExplorationFiles::read(path).map(|files| files.document(manifest)).map_err(told),
                other => Err(format!(
                    "{} holds the results of `{other}`; reports are made of runs, explorations and campaigns",
                    path.display()
                )),
            },
        };
    }
    let first = planned.iter().zip(directories).map(|(planned, path)| match planned {
        Planned::Run(manifest) if manifest.command == "run" => Ok(&**manifest),
        Planned::Campaign(_) => Err(format!(
            "{} holds a campaign; its points are compared in its report, and campaigns by `tiersim compare`",
            path.display()
        )),
        Planned::Run(_) => Err(format!("{} holds no run; only runs are compared with each other", path.display())),
    });
    let manifests = first.collect::<Result<Vec<&Manifest>, String>>()?;
    let runs =
        directories.iter().map(|path| RunFiles::read(path)).collect::<Result<Vec<RunFiles>, _>>().map_err(told)?;
    Ok(run_report::comparison(&runs, manifests[0]))
}

/// What a directory was planned as.
enum Planned {
    /// Or an exploration.
    Run(Box<Manifest>),
    Campaign(Box<CampaignManifest>),
}

fn manifest(path: &Path) -> Result<Planned, String> {
    let file = path.join(directory::MANIFEST);
    let bytes = fs::read(&file).map_err(|error| {
        format!(
            "cannot read {}: {error}; name a directory that a run, an exploration or a campaign has written",
            file.display()
        )
    })?;
    let wrong = |error: serde_json::Error| format!("{} is no manifest of this program: {error}", file.display());
    let document: serde_json::Value = serde_json::from_slice(&bytes).map_err(wrong)?;
    match document["schema"] == CAMPAIGN {
        true => serde_json::from_value(document).map(Box::new).map(Planned::Campaign).map_err(wrong),
        false => serde_json::from_value(document).map(Box::new).map(Planned::Run).map_err(wrong),
    }
}

/// Writes the charts of a document and its page into a directory that is being written.
///
/// # Errors
/// What the system says.
pub fn into_directory(directory: &mut RunDirectory, document: &Document) -> Result<(), DirectoryError> {
    for figure in document.figures() {
        directory.write(&format!("charts/{}.svg", figure.name), None, figure.svg.as_bytes())?;
        directory.write(&format!("charts/{}.csv", figure.name), None, figure.csv.as_bytes())?;
    }
    directory.write(directory::REPORT, None, html::page(document).as_bytes())
}

/// As an error of the directory: the files that were just written cannot be read.
pub fn unreadable(path: &Path, error: &run_report::ReportError) -> DirectoryError {
    DirectoryError::Write { path: path.join(directory::REPORT), source: io::Error::other(error.to_string()) }
}
