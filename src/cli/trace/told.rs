//! What is said of a trace: figures, evidence for its unit, warnings, and what was rejected.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::COARSE;
use crate::host::trace::{
    Compression, Evidence, Grouped, Header, Rejects, Timing, TraceFile, TraceFormat, TraceStatistics, UNITS,
};
use crate::kernel::Span;
use crate::report::json::document;

/// Rejected records that are shown where there is no report of them.
const SHOWN: usize = 5;
/// Devices that are shown one by one.
const SHOWN_DEVICES: usize = 16;

/// All that was found in a trace.
pub(super) struct Findings {
    pub format: TraceFormat,
    pub header: Header,
    pub compressions: Vec<Compression>,
    pub files: Vec<TraceFile>,
    pub devices: Vec<String>,
    pub statistics: TraceStatistics,
    pub skipped: u64,
    pub wrapped: u64,
    pub backward: (u64, Span),
    /// Nothing was rejected, or that was allowed.
    pub complete: bool,
    /// Where the imported trace is.
    pub written: Option<PathBuf>,
}

/// Says on stderr how many records were rejected, why, and where to read more.
pub(super) fn rejects(rejects: &Rejects, report: Option<&Path>, errors: &mut dyn Write) -> io::Result<()> {
    for (reason, count) in &rejects.by_reason {
        writeln!(errors, "rejected {}: {reason}: {}", Grouped(*count), reason.about())?;
    }
    match report {
        _ if rejects.total() == 0 => Ok(()),
        Some(path) => writeln!(errors, "each rejected record with its text: {}", path.display()),
        None => {
            rejects.kept.iter().take(SHOWN).try_for_each(|reject| {
                writeln!(errors, "  {}: {}: {}", Grouped(reject.line), reject.message, reject.text)
            })
        }
    }
}

impl Findings {
    fn warnings(&self) -> Vec<String> {
        let statistics = &self.statistics;
        let mut warnings = Vec::new();
        if let Some(unit) = statistics.likelier_unit() {
            warnings.push(format!(
                "addresses in blocks of {unit} bytes explain at least four times as many sequential requests as blocks of \
                 {}: if the trace counts so, say `--sector-bytes {unit}`",
                self.header.unit
            ));
        }
        if statistics.may_be_wrapped() {
            warnings.push(
                "addresses reach the last 1 % of what 32 bits can count: a larger device may have been wrapped"
                    .to_owned(),
            );
        }
        match self.header.timing {
            Timing::None => warnings.push("the format tells no times: a replay is closed loop".to_owned()),
            Timing::Recorded if self.header.clock > COARSE => warnings.push(format!(
                "times are whole steps of {}: an open-loop replay is refused unless `--allow-coarse-time` is given at \
                 import, or `allow_coarse_time = true` in the scenario",
                self.header.clock
            )),
            Timing::Recorded | Timing::CoarseAllowed => {}
        }
        if statistics.pages_at_least {
            warnings
                .push("too many separate pages are touched to count them: the footprint is a lower bound".to_owned());
        }
        if !self.complete {
            warnings.push("bad records make the result worthless unless `--skip-bad-lines` is given".to_owned());
        }
        warnings
    }

    pub fn warn(&self, errors: &mut dyn Write) -> io::Result<()> {
        self.warnings().iter().try_for_each(|warning| writeln!(errors, "warning: {warning}"))
    }

    pub fn text(&self, rejects: &Rejects) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| writeln!(text, "{name:<20}{value}").expect("a string takes it");
        for (file, compression) in self.files.iter().zip(&self.compressions) {
            let packed = match compression {
                Compression::None => String::new(),
                other => format!(", {other}"),
            };
            line("file", format!("{}, {} B{packed}, SHA-256 {}", file.name, Grouped(file.bytes), file.sha256_hex()));
        }
        let source =
            if self.header.source == self.format { String::new() } else { format!(" of {}", self.header.source) };
        line("format", format!("{}{source}", self.format));
        let statistics = &self.statistics;
        line("requests", Grouped(statistics.requests()).to_string());
        line("reads", format!("{} ({} %)", Grouped(statistics.reads), decimal(statistics.read_ppm(), 10_000, 2)));
        line("writes", Grouped(statistics.writes).to_string());
        line("others", Grouped(statistics.others).to_string());
        line("rejected", Grouped(rejects.total()).to_string());
        line("skipped", Grouped(self.skipped).to_string());
        if self.wrapped > 0 {
            line("wrapped", Grouped(self.wrapped).to_string());
        }
        line("duration", format!("{} s", decimal(statistics.duration.ns(), 1_000_000_000, 6)));
        line("mean size", format!("{} B", Grouped(statistics.mean_bytes())));
        let more = if statistics.pages_at_least { "at least " } else { "" };
        let mebibytes = decimal(statistics.pages, 256, 1);
        line("footprint", format!("{more}{mebibytes} MiB in {} pages of 4,096 B", Grouped(statistics.pages)));
        line("mean response", statistics.mean_response().map_or("not recorded".into(), |mean| mean.to_string()));
        line("clock step", self.clock());
        line("steps back in time", format!("{}, the largest {}", Grouped(self.backward.0), self.backward.1));
        line("devices", Grouped(statistics.devices.len() as u64).to_string());
        for (device, count) in statistics.devices.iter().take(SHOWN_DEVICES) {
            let name = self.devices.get(*device as usize).map_or("", String::as_str);
            line(&format!("  {name}"), format!("{} requests", Grouped(*count)));
        }
        line("address unit", format!("{} B", self.header.unit));
        let Evidence { exact, cut } = statistics.evidence;
        if self.header.unit == 1 {
            // Bytes need no evidence.
            return self.where_written(text);
        }
        for ((unit, exact), cut) in UNITS.iter().zip(exact).zip(cut) {
            let evidence = format!("{} sequential ({} with lengths cut to whole units)", Grouped(exact), Grouped(cut));
            line(&format!("  if {} B", Grouped(*unit)), evidence);
        }
        self.where_written(text)
    }

    fn where_written(&self, mut text: String) -> String {
        if let Some(path) = &self.written {
            writeln!(text, "{:<20}{}", "written", path.display()).expect("a string takes it");
        }
        text
    }

    fn clock(&self) -> String {
        match self.header.timing {
            Timing::Recorded => self.header.clock.to_string(),
            Timing::CoarseAllowed => format!("{}, allowed for a replay", self.header.clock),
            Timing::None => "no clock; times follow from responses and delays".to_owned(),
        }
    }

    pub fn document(&self, rejects: &Rejects) -> Vec<u8> {
        let statistics = &self.statistics;
        let file = |(file, compression): (&TraceFile, &Compression)| {
            json!({
                "name": file.name, "bytes": file.bytes, "sha256": file.sha256_hex(), "compression": compression.name(),
            })
        };
        let units = || UNITS.iter().zip(statistics.evidence.exact).zip(statistics.evidence.cut);
        let evidence =
            |((unit, exact), cut): ((&u64, u64), u64)| json!({ "unit": unit, "sequential": exact, "cut": cut });
        let devices =
            |(device, count): (&u32, &u64)| json!({ "name": self.devices.get(*device as usize), "requests": count });
        let reasons =
            rejects.by_reason.iter().map(|(reason, count)| (reason.name().to_owned(), json!(count))).collect();
        document(&json!({
            "schema": "tiersim/trace/1",
            "files": self.files.iter().zip(&self.compressions).map(file).collect::<Vec<_>>(),
            "format": self.format.name(),
            "source": self.header.source.name(),
            "timing": self.header.timing.name(),
            "clock_ns": self.header.clock.ns(),
            "unit": self.header.unit,
            "requests": statistics.requests(),
            "reads": statistics.reads,
            "writes": statistics.writes,
            "others": statistics.others,
            "rejected": rejects.total(),
            "rejected_by_reason": Value::Object(reasons),
            "skipped": self.skipped,
            "wrapped": self.wrapped,
            "duration_ns": statistics.duration.ns(),
            "bytes": statistics.bytes,
            "mean_bytes": statistics.mean_bytes(),
            "footprint_pages": statistics.pages,
            "footprint_is_lower_bound": statistics.pages_at_least,
            "responses": statistics.responses.0,
            "mean_response_ns": statistics.mean_response().map(Span::ns),
            "backward_steps": self.backward.0,
            "largest_backward_ns": self.backward.1.ns(),
            "devices": statistics.devices.iter().map(devices).collect::<Vec<_>>(),
            "unit_evidence": units().map(evidence).collect::<Vec<_>>(),
            "warnings": self.warnings(),
            "complete": self.complete,
            "written": self.written.as_ref().map(|path| path.display().to_string()),
        }))
    }
}

/// `value / unit` with so many decimals, rounded, and commas in the whole part.
fn decimal(value: u64, unit: u64, decimals: u32) -> String {
    let scale = 10_u128.pow(decimals);
    let scaled = (u128::from(value) * scale + u128::from(unit) / 2) / u128::from(unit);
    let whole = u64::try_from(scaled / scale).unwrap_or(u64::MAX);
    format!("{}.{:0width$}", Grouped(whole), scaled % scale, width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded() {
        assert_eq!(decimal(7_200_089_885_000, 1_000_000_000, 2), "7,200.09");
        assert_eq!(decimal(999_999, 10_000, 2), "100.00");
        assert_eq!(decimal(0, 256, 1), "0.0");
    }
}
