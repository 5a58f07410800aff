//! The report of a campaign, from the files of its directory: which way loses, confuses or stops, how sure that is, at what
//! cost, which axis decides it, and what was never put to the test.
//!
//! Everything comes from `manifest.json`, `summary.json`, `runs.csv` and the first scenario. The rows are read one after the
//! other, and a few numbers of each are kept: a campaign of any length has a page of bounded size.

mod answer;
pub mod figures;
mod rows;
mod sensitivity;
mod tables;

use std::fs::File;
use std::io::{self, BufReader, Seek};
use std::path::Path;

use super::super::course::Told;
use super::super::digest::sha256_of;
use super::super::directory::is_plain;
use super::super::document::{Document, Part, SCHEMA, Section, Table, Tone};
use super::super::draw::{self, Named};
use super::super::provenance;
use super::super::run_report::{ReportError, file, sentence, told_in};
use super::super::text::{count, counted, duration};
use super::directory::SLOWEST;
use super::manifest::CampaignManifest;
use super::paper::percent;
use super::runs;
use super::summary::CampaignSummary;
use rows::Rows;

/// The files of a campaign that is merged, read.
#[derive(Clone, Debug)]
pub struct CampaignFiles {
    summary: CampaignSummary,
    rows: Rows,
    /// The course of the slowest run, where it was written.
    slowest: Option<Told>,
    /// The first point's scenario, as it was run.
    resolved: String,
}

impl CampaignFiles {
    /// Reads what the report of a campaign is made from.
    ///
    /// # Errors
    /// A file that is missing, or that no campaign of this program wrote.
    pub fn read(directory: &Path, manifest: &CampaignManifest) -> Result<CampaignFiles, ReportError> {
        let summary = directory.join("summary.json");
        if !summary.exists() {
            return Err(ReportError::Unmerged { path: directory.display().to_string() });
        }
        let summary: CampaignSummary = serde_json::from_slice(&file(directory, "summary.json")?)
            .map_err(|error| wrong(directory, "summary.json", error.to_string()))?;
        sound(&summary).map_err(|reason| wrong(directory, "summary.json", reason))?;
        let path = directory.join("runs.csv");
        let read = |source| ReportError::Read { path: path.display().to_string(), source };
        let mut runs = File::open(&path).map_err(read)?;
        let digest = sha256_of(&mut runs).and_then(|digest| runs.rewind().map(|()| digest)).map_err(read)?;
        if summary.runs_sha256.as_ref().is_some_and(|known| *known != digest) {
            let reason = "it is not as it was written beside summary.json; merge the campaign again".to_owned();
            return Err(wrong(directory, "runs.csv", reason));
        }
        let rows = rows_of(&summary, BufReader::new(runs)).map_err(|reason| wrong(directory, "runs.csv", reason))?;
        let scenario = manifest.points.first().map(|point| &point.scenario[..]);
        let resolved = match scenario.filter(|name| is_plain(Path::new(name))) {
            Some(name) => String::from_utf8_lossy(&file(directory, name)?).into_owned(),
            None => String::new(),
        };
        let slowest = told_in(&directory.join(SLOWEST))?;
        Ok(CampaignFiles { summary, rows, slowest, resolved })
    }

    pub fn document(&self, manifest: &CampaignManifest) -> Document {
        let it = &self.summary;
        Document {
            schema: SCHEMA,
            kind: "campaign",
            title: it.title.clone(),
            subtitle: format!(
                "campaign {}, seed {}, {} with {} each, model version {}",
                it.campaign,
                it.seed,
                counted(it.points.len() as u64, "point"),
                counted(it.replications.used, "replication"),
                it.model_version
            ),
            verdict: match violates(it) && it.verdict == "PASS" {
                true => format!("{}, but for what is allowed", it.verdict),
                false => it.verdict.to_string(),
            },
            tone: match &*it.verdict {
                "PASS" if !violates(it) => Tone::Good,
                "PASS" | "INCONCLUSIVE" => Tone::Mixed,
                _ => Tone::Bad,
            },
            answer: answer::answer(it),
            sentences: answer::sentences(it),
            sections: self.sections(manifest),
        }
    }

    /// When requests were slow in the slowest of all runs.
    fn slowest_run(&self) -> Vec<Part> {
        let Some((it, told)) = self.summary.slowest.as_ref().zip(self.slowest.as_ref()) else { return Vec::new() };
        let levels = usize::try_from(it.point).ok().and_then(|point| self.summary.points.get(point));
        let levels = levels.map_or_else(String::new, |point| point.levels.join(", "));
        let at = if levels.is_empty() { String::new() } else { format!("{levels}, ") };
        let named = Named { run: format!("{at}replication {}", it.replication), end_ns: it.end_time_ns };
        let note = format!(
            "The run whose requests were slowest, {} at the 99th percentile. It can be made again in the directory of the \
             campaign:",
            duration(it.p99_ns)
        );
        vec![
            Part::Text(note),
            Part::Command(it.repro.clone()),
            Part::Figure(draw::density(&named, told, "The slowest run: latency of host requests over time")),
        ]
    }

    fn sections(&self, manifest: &CampaignManifest) -> Vec<Section> {
        let it = &self.summary;
        let section = |id, heading, parts: Vec<Part>| Section { id, heading, parts };
        let figures = |figures: Vec<_>| figures.into_iter().map(Part::Figure);
        let mut sections = vec![section("verdict", "Verdict", tables::verdict(it))];
        let mut losses: Vec<Part> = figures(figures::losses(it)).collect();
        losses.extend(tables::losses(it));
        sections.push(section("losses", "What was lost, confused or stopped", losses));
        let mut costs: Vec<Part> = figures(figures::methods(it, &self.rows)).collect();
        costs.extend(tables::costs(it));
        sections.push(section("costs", "At what cost", costs));
        if !it.comparisons.is_empty() {
            sections.push(section("differences", "Which differences may be claimed", tables::differences(it)));
        }
        sections.extend(tables::availability(it));
        sections.extend(tables::recovery(it));
        if let Some(figure) = figures::latency(it, &self.rows) {
            let note = "A row of a campaign keeps percentiles of its run and not its requests, so a line is made of runs: of \
                        each the latency that one request in a hundred exceeded.";
            let mut parts = vec![Part::Figure(figure), Part::Text(note.into())];
            parts.extend(self.slowest_run());
            sections.push(section("latency", "Latency", parts));
        }
        if let Some((figure, note)) = figures::exposure(it) {
            let parts = vec![Part::Figure(figure), Part::Text(note)];
            sections.push(section("exposure", "For how long a crash would be dangerous", parts));
        }
        let effects = sensitivity::effects(it, &self.rows);
        if !effects.is_empty() {
            let mut parts: Vec<Part> = figures(figures::tornados(it, &effects)).collect();
            parts.push(Part::Text(sensitivity::NOTE.into()));
            sections.push(section("sensitivity", "Which axis decides", parts));
        }
        sections.push(section("goals", "What the campaign put to the test", tables::goals(it)));
        sections.push(provenance::of_campaign(manifest, &self.resolved));
        sections
    }
}

/// Reads the rows and makes sure that they are those which the summary tells of.
fn rows_of(summary: &CampaignSummary, runs: impl io::Read) -> Result<Rows, String> {
    let mut rows = Rows::new(summary);
    runs::read(runs, summary.axes.len(), summary.points.len(), |row| rows.add(&row))?;
    match rows.runs == summary.runs {
        true => Ok(rows),
        false => Err(format!(
            "it has {} and summary.json tells of {}; merge the campaign again",
            counted(rows.runs, "run"),
            count(summary.runs)
        )),
    }
}

fn wrong(directory: &Path, name: &str, reason: String) -> ReportError {
    ReportError::Summary { path: directory.join(name).display().to_string(), reason }
}

/// Whether everything in a summary that names something else in it names what is there.
fn sound(summary: &CampaignSummary) -> Result<(), String> {
    let Some(first) = summary.points.first() else { return Err("it has no points".to_owned()) };
    if !(0.5..1.0).contains(&summary.level) {
        return Err(format!("{} is no level of an interval", summary.level));
    }
    for point in &summary.points {
        let known = |(axis, level): (&super::summary::AxisSummary, &String)| axis.levels.contains(level);
        if point.levels.len() != summary.axes.len() || !summary.axes.iter().zip(&point.levels).all(known) {
            return Err(format!("point {} has levels that no axis has", point.number));
        }
        let alike = point.invariants.len() == first.invariants.len()
            && point.estimates.len() == first.estimates.len()
            && point.goals.len() == first.goals.len();
        if !alike {
            return Err(format!("point {} does not tell of the same as the first", point.number));
        }
    }
    let pairs = summary.comparisons.first().map_or(0, |family| family.pairs.len());
    for family in &summary.comparisons {
        let known = |point: u64| point < summary.points.len() as u64;
        let all = family.pairs.iter().all(|pair| known(pair.first_point) && known(pair.second_point));
        if family.pairs.len() != pairs || !all {
            return Err(format!("the comparisons of {} are of other points", family.measure));
        }
    }
    Ok(())
}

/// Whether any run violates anything, allowed or not.
fn violates(summary: &CampaignSummary) -> bool {
    summary.points.iter().any(|point| point.invariants.iter().any(|it| it.violated > 0))
}

/// As in `95 %`.
fn level(summary: &CampaignSummary) -> String {
    format!("{} %", percent(summary.level))
}

/// A table of which too many rows are left out, and said so.
fn shortened(table: Table) -> Table {
    table.shortened("summary.json")
}

fn texts(sentences: &[String]) -> impl Iterator<Item = Part> {
    sentences.iter().map(|text| Part::Text(sentence(text)))
}

#[cfg(test)]
mod tests;
