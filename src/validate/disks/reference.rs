//! What DiskSim 4.0 reached on the same records: `disksim_results.csv` beside them.

use std::fs;
use std::io;
use std::path::Path;

use crate::validate::BadData;

/// DiskSim's figures for one drive, in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    pub disk: String,
    pub real_mean: f64,
    pub mean: f64,
    /// Of the build with 64 bits; that with 32 differs in the fourth decimal.
    pub demerit: f64,
}

impl Reference {
    pub fn mean_error(&self) -> f64 {
        self.mean - self.real_mean
    }
}

/// All drives of the file; none when it is not there.
///
/// # Errors
/// A file that cannot be read, or without the columns of a line's figures.
pub fn read(path: &Path) -> Result<Vec<Reference>, BadData> {
    match fs::read_to_string(path) {
        Ok(text) => parse(&text, &path.display().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => {
            Err(BadData { place: path.display().to_string(), problem: format!("it cannot be read: {error}") })
        }
    }
}

fn parse(text: &str, place: &str) -> Result<Vec<Reference>, BadData> {
    let bad = |line: usize, problem: String| BadData { place: format!("{place}:{line}"), problem };
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let heading: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').map(str::trim).collect());
    let column = |name: &str| {
        heading.iter().position(|&title| title == name).ok_or_else(|| bad(1, format!("there is no column `{name}`")))
    };
    let columns =
        [column("disk")?, column("real_mean_ms")?, column("disksim_mean_ms")?, column("disksim_demerit_ms_64bit")?];
    let mut references = Vec::new();
    for (index, line) in lines {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let field = |column: usize| {
            let missing = || bad(index + 1, format!("there is no value for `{}`", heading[column]));
            fields.get(column).copied().ok_or_else(missing)
        };
        let number = |column: usize| {
            let text = field(column)?;
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
            value.ok_or_else(|| bad(index + 1, format!("`{text}` is no time in milliseconds")))
        };
        references.push(Reference {
            disk: field(columns[0])?.to_owned(),
            real_mean: number(columns[1])?,
            mean: number(columns[2])?,
            demerit: number(columns[3])?,
        });
    }
    Ok(references)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_titles() {
        let text = "disksim_mean_ms,disk,real_mean_ms,disksim_demerit_ms_64bit\n15.3,a,15.2,0.0893\n\n";
        let found = parse(text, "x").expect("one drive");
        assert_eq!(found, [Reference { disk: "a".into(), real_mean: 15.2, mean: 15.3, demerit: 0.0893 }]);
        assert!((found[0].mean_error() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_bad_file_is_told_with_its_place() {
        for (text, problem) in [
            ("", "x:1: there is no column `disk`"),
            ("disk,real_mean_ms,disksim_mean_ms\n", "x:1: there is no column `disksim_demerit_ms_64bit`"),
            ("disk,real_mean_ms,disksim_mean_ms,disksim_demerit_ms_64bit\na,1,2\n", "x:2: there is no value for"),
            ("disk,real_mean_ms,disksim_mean_ms,disksim_demerit_ms_64bit\na,1,2,nan\n", "x:2: `nan` is no time"),
        ] {
            let error = parse(text, "x").expect_err(text).to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
