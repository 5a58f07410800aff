//! The end of a campaign: all rows read back from their parts, written as one table, judged and told.

use super::super::console::Console;
use super::super::exit::Exit;
use super::super::run::{devices_of, quoted};
use super::super::threads::threads;
use super::{Stop, told_shortly};
use crate::campaign::sweep::{Row, Sweep, pool};
use crate::report::campaign::directory::{CampaignDirectory, Collected, SLOWEST};
use crate::report::campaign::page::CampaignFiles;
use crate::report::campaign::stopping::{Look, look};
use crate::report::campaign::summary::{CampaignSummary, complete};
use crate::report::campaign::{runs, text};
use crate::report::course;
use crate::report::digest::sha256;
use crate::report::directory::REPORT;
use crate::report::{html, json};

/// Whether the page and its charts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Written,
    LeftOut,
}

impl Page {
    /// By the option `--no-report`.
    pub fn unless(no_report: bool) -> Page {
        if no_report { Page::LeftOut } else { Page::Written }
    }
}

/// Merges what the directory holds. What comes out is a function of its rows alone.
pub fn merged(directory: &CampaignDirectory, sweep: &Sweep, page: Page, console: &mut Console) -> Result<Exit, Stop> {
    let manifest = &directory.manifest;
    let Collected { rows, missing, versions } = directory.collect(0..manifest.blocks().count())?;
    let is_enough = missing.is_empty() || matches!(look(manifest, &rows, complete(manifest, &rows)), Look::Enough(_));
    if !is_enough {
        console.error(&format!(
            "error: blocks {} of {} are missing; run them with: tiersim campaign run {}",
            told_shortly(&missing),
            manifest.blocks().count(),
            quoted(&directory.path().to_string_lossy())
        ));
        return Ok(Exit::Unmet);
    }
    if !versions.is_empty() && !manifest.mixed_versions {
        return Err(Stop::Usage(format!(
            "there are parts of other versions ({}); say --allow-mixed-versions to take them too",
            versions.join("; ")
        )));
    }
    directory.tidy_up()?;
    let points = &sweep.plans[..manifest.points.len()];
    let exposures = sweep.undisturbed(points.len().min(MOST_EXPOSURES), &pool(threads(None)));
    let mut summary = CampaignSummary::new(manifest, points, &rows, &exposures, &versions);
    let used = summary.replications.used;
    let rows: Vec<_> = rows.into_iter().filter(|row| row.replication < used).collect();
    let csv = runs::csv(manifest, &rows);
    summary.runs_sha256 = Some(sha256(&csv));
    directory.write("runs.csv", &csv)?;
    #[cfg(feature = "parquet")]
    directory.write("runs.parquet", &runs::parquet(manifest, &rows))?;
    directory.write("summary.json", &json::document(&summary))?;
    // `tiersim report` may want it later.
    write_slowest(directory, sweep, &summary, &rows)?;
    if page == Page::Written {
        write_page(directory)?;
    }
    console.note(&format!("wrote {}", directory.path().display()));
    let again = format!("tiersim campaign merge {}", quoted(&directory.path().to_string_lossy()));
    match console.json() {
        true => console.result(&json::document(&summary)),
        false => console.result(
            text::render(&summary, &again, &quoted(&directory.path().to_string_lossy()), console.style()).as_bytes(),
        ),
    }
    Ok(match &*summary.verdict {
        "FAIL" => Exit::Violated,
        "INCONCLUSIVE" => Exit::Unmet,
        _ => Exit::Held,
    })
}

/// Points whose windows are told (A).
const MOST_EXPOSURES: usize = 64;

/// The course of the slowest run, which is made once more: rows keep no course.
fn write_slowest(
    directory: &CampaignDirectory,
    sweep: &Sweep,
    summary: &CampaignSummary,
    rows: &[Row],
) -> Result<(), Stop> {
    let Some(slowest) = &summary.slowest else { return Ok(()) };
    let mut files = Vec::new();
    let again = sweep.run(slowest.run, |made| {
        files = course::files(&made.outcome.measured.course, &devices_of(made.plan));
    });
    if rows.iter().any(|row| row.run == again.run && *row != again) {
        let blocks = directory.manifest.blocks();
        let block = again.run / blocks.block_runs;
        return Err(directory.diverged(&(block..block + 1), &[again])?.into());
    }
    for (name, bytes) in files {
        directory.write(&format!("{SLOWEST}/{name}"), &bytes)?;
    }
    Ok(())
}

/// The page and its charts, from the files that were just written: `tiersim report` makes the same of them.
fn write_page(directory: &CampaignDirectory) -> Result<(), Stop> {
    let files = CampaignFiles::read(directory.path(), &directory.manifest);
    let document = files.map_err(|error| Stop::Internal(error.to_string()))?.document(&directory.manifest);
    for figure in document.figures() {
        directory.write(&format!("charts/{}.svg", figure.name), figure.svg.as_bytes())?;
        directory.write(&format!("charts/{}.csv", figure.name), figure.csv.as_bytes())?;
    }
    Ok(directory.write(REPORT, html::page(&document).as_bytes())?)
}
