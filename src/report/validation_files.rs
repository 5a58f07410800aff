//! The files of a validation: charts, their numbers, each request, and the whole result; and where they may be written.
//!
//! A directory that is new or empty is taken. One that holds an earlier validation is taken again when the user says so;
//! then only files that this program wrote, and that nobody has changed since, are replaced or removed. A file appears
//! under its name when it is whole, and the list of files comes last.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::chart::{Curve, Distributions};
use super::digest::sha256;
use super::directory::{DirectoryError, is_plain};
use super::json;
use super::text::count;
use super::validation::Validation;
use crate::validate::Outcome;
use crate::validate::disks::Comparison;
use crate::vocab::Op;

pub const SCHEMA: &str = "tiersim/validation-files/1";
const LIST: &str = "files.json";
/// Heights at which the distributions are drawn.
const HEIGHTS: u32 = 1_000;

/// A file to be written: its name in the directory, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct List {
    schema: String,
    tool_version: String,
    files: Vec<Listed>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    name: String,
    sha256: String,
}

/// Everything that outcomes have to show beyond their table.
pub fn contents(outcomes: &[Outcome]) -> Vec<Content> {
    let mut contents: Vec<Content> = outcomes.iter().flat_map(|outcome| &outcome.drives).flat_map(of_drive).collect();
    let document = json::document(&Validation::new(outcomes));
    contents.push(Content { name: "validation.json".to_owned(), bytes: document });
    contents
}

fn of_drive(drive: &Comparison) -> [Content; 3] {
    let heights: Vec<f64> = (1..=HEIGHTS).map(|height| f64::from(height) / f64::from(HEIGHTS)).collect();
    let values = |sample: &crate::validate::disks::Sample| -> Vec<f64> {
        heights.iter().map(|&height| sample.quantile(height)).collect()
    };
    let (measured, simulated) = (values(&drive.real), values(&drive.simulated));
    let subtitle = format!(
        "{} requests; mean {:.3} ms measured, {:.3} ms simulated; demerit (rms) {:.3} ms",
        count(drive.requests.len() as u64),
        drive.real.mean(),
        drive.simulated.mean(),
        drive.demerit()
    );
    let chart = Distributions {
        title: &format!("{}: service times, measured and simulated", drive.title),
        subtitle: &subtitle,
        axis: "service time, ms",
        heights: &heights,
        measured: Curve { name: "measured", values: &measured },
        simulated: Curve { name: "simulated", values: &simulated },
    };
    let name = &drive.name;
    [
        Content { name: format!("charts/validation-{name}.svg"), bytes: chart.svg().into_bytes() },
        Content { name: format!("charts/validation-{name}.csv"), bytes: chart.csv().into_bytes() },
        Content { name: format!("requests-{name}.csv"), bytes: requests(drive).into_bytes() },
    ]
}

fn requests(drive: &Comparison) -> String {
    let mut text = "request,op,first_sector,sectors,measured_ns,simulated_ns\n".to_owned();
    for (number, (request, time)) in drive.requests.iter().zip(&drive.times).enumerate() {
        let op = match request.op {
            Op::Read => "read",
            Op::Write => "write",
        };
        let (first, sectors, measured) = (request.first, request.sectors, request.service.ns());
        text += &format!("{number},{op},{first},{sectors},{measured},{}\n", time.ns());
    }
    text
}

/// Says before the work whether the files could be written into `path`.
///
/// # Errors
/// As [`write()`], as far as it is known without the files.
pub fn check(path: &Path, force: bool) -> Result<(), DirectoryError> {
    claim(path, force).map(|_| ())
}

/// Writes the files into `path`; `force` allows to replace those of an earlier validation.
///
/// # Errors
/// A directory that is somebody else's, in which case nothing was written; or what the system says.
pub fn write(path: &Path, force: bool, contents: &[Content]) -> Result<(), DirectoryError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DirectoryError::Write { path, source }
    };
    let earlier = claim(path, force)?;
    // What is in the way and not ours is found before anything is touched.
    for content in contents {
        let target = path.join(&content.name);
        if fs::symlink_metadata(&target).is_ok() && !is_ours(path, &earlier, &content.name) {
            return Err(DirectoryError::Foreign { path: target });
        }
        let folder = target.parent().unwrap_or(path);
        let is_link = |folder: &Path| fs::symlink_metadata(folder).is_ok_and(|it| !it.is_dir());
        if folder != path && is_link(folder) {
            return Err(DirectoryError::Foreign { path: folder.to_owned() });
        }
    }
    let kept = |name: &str| contents.iter().any(|content| content.name == name);
    for listed in earlier.iter().filter(|listed| !kept(&listed.name) && is_ours(path, &earlier, &listed.name)) {
        let target = path.join(&listed.name);
        fs::remove_file(&target).map_err(failed(&target))?;
    }
    for content in contents {
        let target = path.join(&content.name);
        put(&target, &content.bytes).map_err(failed(&target))?;
    }
    let listed = |content: &Content| Listed { name: content.name.clone(), sha256: sha256(&content.bytes) };
    let list = List {
        schema: SCHEMA.to_owned(),
        tool_version: super::program::THIS.version.to_owned(),
        files: contents.iter().map(listed).collect(),
    };
    let target = path.join(LIST);
    put(&target, &json::document(&list)).map_err(failed(&target))
}

/// The files of an earlier validation in a directory that may be written into.
fn claim(path: &Path, force: bool) -> Result<Vec<Listed>, DirectoryError> {
    let failed = |source| DirectoryError::Write { path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.is_dir() => return Err(DirectoryError::NotADirectory { path: path.to_owned() }),
        Ok(_) => {}
    }
    if fs::read_dir(path).map_err(failed)?.next().is_none() {
        return Ok(Vec::new());
    }
    if !force {
        return Err(DirectoryError::NotEmpty { path: path.to_owned() });
    }
    let list = fs::read(path.join(LIST)).ok().and_then(|bytes| serde_json::from_slice::<List>(&bytes).ok());
    match list.filter(|list| list.schema == SCHEMA) {
        Some(list) => Ok(list.files),
        None => Err(DirectoryError::Foreign { path: path.to_owned() }),
    }
}

/// Whether a file is as an earlier validation wrote it.
fn is_ours(path: &Path, earlier: &[Listed], name: &str) -> bool {
    let listed = earlier.iter().find(|listed| listed.name == name).filter(|_| is_plain(Path::new(name)));
    let target = path.join(name);
    let is_file = fs::symlink_metadata(&target).is_ok_and(|it| it.is_file());
    is_file && listed.is_some_and(|listed| fs::read(&target).is_ok_and(|bytes| sha256(&bytes) == listed.sha256))
}

/// Writes a file under another name, makes it durable, and gives it its own.
fn put(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = target.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let temporary: PathBuf = folder.join(format!(".{name}.tmp"));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<Content> {
        names.iter().map(|name| Content { name: (*name).to_owned(), bytes: name.as_bytes().to_vec() }).collect()
    }

    fn listing(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(path)
            .expect("the directory is there")
            .map(|entry| entry.expect("it is there").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_earlier_validation_is_replaced_only_by_force() {
        let root = tempfile::tempdir().expect("the system has room for temporary files");
        let path = &root.path().join("out");
        write(path, false, &files(&["a.csv", "charts/b.svg"])).expect("it is new");
        assert_eq!(listing(path), ["a.csv", "charts", LIST]);
        let error = write(path, false, &files(&["a.csv"])).expect_err("it is not empty");
        assert!(matches!(error, DirectoryError::NotEmpty { .. }), "{error}");
        fs::write(path.join("notes.txt"), "mine").expect("a file can be added");
        write(path, true, &files(&["c.csv"])).expect("it is ours");
        assert_eq!(listing(path), ["c.csv", "charts", LIST, "notes.txt"]);
        assert!(listing(&path.join("charts")).is_empty());
    }

    #[test]
    fn nothing_of_somebody_else_s_is_touched() {
        let root = tempfile::tempdir().expect("the system has room for temporary files");
        let path = &root.path().join("out");
        fs::create_dir(path).expect("a directory can be made");
        fs::write(path.join("a.csv"), "years").expect("a file can be written");
        let error = write(path, true, &files(&["b.csv"])).expect_err("it is not ours");
        assert!(matches!(error, DirectoryError::Foreign { .. }), "{error}");

        let path = &root.path().join("changed");
        write(path, false, &files(&["a.csv"])).expect("it is new");
        fs::write(path.join("a.csv"), "by hand").expect("a file can be written");
        for names in [["a.csv"], ["b.csv"]] {
            let result = write(path, true, &files(&names));
            assert_eq!(result.is_err(), names == ["a.csv"]);
            assert_eq!(fs::read(path.join("a.csv")).expect("it is there"), b"by hand");
        }
    }

    #[test]
    fn a_list_cannot_make_us_delete_elsewhere() {
        let root = tempfile::tempdir().expect("the system has room for temporary files");
        let (path, outside) = (&root.path().join("out"), root.path().join("outside.txt"));
        fs::write(&outside, "keep").expect("a file can be written");
        fs::create_dir(path).expect("a directory can be made");
        let listed = Listed { name: "../outside.txt".to_owned(), sha256: sha256(b"keep") };
        let list = List { schema: SCHEMA.to_owned(), tool_version: String::new(), files: vec![listed] };
        fs::write(path.join(LIST), json::document(&list)).expect("a file can be written");
        write(path, true, &files(&["a.csv"])).expect("it looks like ours");
        assert!(outside.exists());
    }
}
