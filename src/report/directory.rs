//! The run directory: who may write into it, what may be removed from it, and files that are whole or not there.
//!
//! A file is written under `.<name>.tmp`, flushed to disk and renamed, then its directory is flushed: a reader never
//! sees half of it. `scenario.resolved.toml` comes first and `manifest.json` last, so that a directory without manifest
//! is an unfinished run, and its scenario says whose.
//!
//! One run at a time writes into a directory: it holds a lock on it, which the system takes away with the process. (On
//! systems on which a directory cannot be locked nobody does.)
//!
//! Nothing that stands in a directory is touched before the new run has succeeded: a run that is interrupted, or that
//! turns out to differ from the one recorded, leaves the old results as they were.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::checkpoints;
use super::course::{LATENCY, SERIES, TIMELINE};
use super::digest::Running;
use super::json;
use super::manifest::{Manifest, Output, Recognised};

pub const MANIFEST: &str = "manifest.json";
pub const RESOLVED: &str = "scenario.resolved.toml";
pub const REQUESTS: &str = "requests.csv";
/// The same table as a Parquet file, from a program that was built with the feature `parquet`.
pub const REQUESTS_PARQUET: &str = "requests.parquet";
pub const TRACE: &str = "trace.perfetto.json";
pub const REPORT: &str = "report.html";
/// The names that a run can write beside its folders: all that may go when an unfinished run is replaced.
const NAMES: [&str; 14] = [
    "scenario.toml",
    RESOLVED,
    "summary.json",
    REQUESTS,
    REQUESTS_PARQUET,
    SERIES,
    LATENCY,
    TIMELINE,
    checkpoints::NAME,
    TRACE,
    REPORT,
    "forks.csv",
    "map.txt",
    MANIFEST,
];
/// Folders of a run, with the ends of the names that it writes into them.
const FOLDERS: [(&str, &[&str]); 3] = [("hist", &[".hgrm"]), ("charts", &[".svg", ".csv", ".png"]), (FIRST, &[".csv"])];
/// The course of the first violation of an exploration.
pub const FIRST: &str = "first";

/// What is written while a run goes on.
const STREAMED: [&str; 3] = [REQUESTS, REQUESTS_PARQUET, TRACE];

/// Where a run is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// The user named it; `force` allows to replace an earlier run there.
    Named { path: &'a Path, force: bool },
    /// The directory that belongs to this run id.
    Default { path: &'a Path },
}

/// Which run wants the directory.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub run_id: &'a str,
    pub model_version: u32,
    pub resolved: &'a str,
}

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("{path} exists and is not a directory; name another with --out")]
    NotADirectory { path: PathBuf },
    #[error("another run is writing into {path}; wait for its end, or name another directory with --out")]
    Busy { path: PathBuf },
    #[error("{path} is not empty; name another directory with --out, or replace the run in it with --force")]
    NotEmpty { path: PathBuf },
    #[error(
        "{path} is not empty and holds no run of this program, so nothing in it may be replaced; name another \
         directory with --out"
    )]
    Foreign { path: PathBuf },
    #[error(
        "{path} holds the same run with the fingerprint {found}, this time it was {made}: the simulator is not \
         deterministic; nothing was replaced"
    )]
    Diverged { path: PathBuf, found: String, made: String },
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
}

/// What is in the directory that the run is to replace.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Previous {
    Nothing,
    /// A run that was never finished.
    Unfinished,
    Finished(Recognised),
}

/// A directory that a run may write into.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    run_id: String,
    model_version: u32,
    resolved: String,
    previous: Previous,
    /// What of the new run is being written beside the old results.
    streaming: Vec<&'static str>,
    outputs: Vec<Output>,
    /// Held as long as the run writes.
    _lock: Option<File>,
}

/// A file that is being written while the run goes on.
#[derive(Debug)]
pub struct Streamed {
    writer: BufWriter<Counted>,
    temporary: PathBuf,
    name: String,
}

/// A file with the digest of what went into it.
#[derive(Debug)]
struct Counted {
    file: File,
    digest: Running,
    bytes: u64,
}

impl RunDirectory {
    /// Makes sure that the run may be written there; creates the directory when it is not there.
    pub fn claim(place: Place, claim: Claim) -> Result<RunDirectory, DirectoryError> {
        let (path, force) = match place {
            Place::Named { path, force } => (path, force),
            Place::Default { path } => (path, true),
        };
        let failed = |source| DirectoryError::Write { path: path.to_owned(), source };
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir()) {
            return Err(DirectoryError::NotADirectory { path: path.to_owned() });
        }
        fs::create_dir_all(path).map_err(failed)?;
        let lock = lock(path)?;
        let previous = match is_empty(path).map_err(failed)? {
            true => Previous::Nothing,
            false if !force => return Err(DirectoryError::NotEmpty { path: path.to_owned() }),
            false => match recognise(path, claim.resolved) {
                Previous::Nothing => return Err(DirectoryError::Foreign { path: path.to_owned() }),
                // The default directory belongs to one run; what else is in there is somebody's own.
                Previous::Finished(found) if matches!(place, Place::Default { .. }) && found.run_id != claim.run_id => {
                    return Err(DirectoryError::NotEmpty { path: path.to_owned() });
                }
                previous => previous,
            },
        };
        let mut directory = RunDirectory {
            path: path.to_owned(),
            run_id: claim.run_id.to_owned(),
            model_version: claim.model_version,
            resolved: claim.resolved.to_owned(),
            previous,
            streaming: Vec::new(),
            outputs: Vec::new(),
            _lock: lock,
        };
        if directory.previous == Previous::Nothing {
            directory.write_resolved()?;
        }
        Ok(directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether earlier results stand there, which [`RunDirectory::settle`] will remove.
    pub fn replaces(&self) -> bool {
        self.previous != Previous::Nothing
    }

    /// Begins a file that is written while the run goes on. It gets its name at [`RunDirectory::keep`].
    pub fn stream(&mut self, name: &str) -> Result<Streamed, DirectoryError> {
        self.streaming.extend(STREAMED.into_iter().filter(|streamed| *streamed == name));
        let temporary = temporary(&self.path.join(name));
        let file = File::create(&temporary);
        let file = file.map_err(|source| DirectoryError::Write { path: temporary.clone(), source })?;
        let counted = Counted { file, digest: Running::default(), bytes: 0 };
        let writer = BufWriter::with_capacity(1 << 16, counted);
        Ok(Streamed { writer, temporary, name: name.to_owned() })
    }

    /// The run has succeeded and has this fingerprint: removes the results it replaces. Gives back the names of what
    /// was left in the directory because no manifest of ours lists it.
    pub fn settle(&mut self, fingerprint: &str) -> Result<Vec<String>, DirectoryError> {
        let mut names = match &self.previous {
            Previous::Nothing => return Ok(Vec::new()),
            Previous::Unfinished => names_of_a_run(&self.path),
            Previous::Finished(found) => {
                let same_run = found.run_id == self.run_id && found.model_version == self.model_version;
                if same_run && found.fingerprint != fingerprint {
                    return Err(DirectoryError::Diverged {
                        path: self.path.clone(),
                        found: found.fingerprint.clone(),
                        made: fingerprint.to_owned(),
                    });
                }
                // The manifest goes first: without it the directory is unfinished, whatever happens next.
                let mut names = vec![MANIFEST.to_owned()];
                names.extend(found.outputs.iter().map(|output| output.name.clone()));
                names
            }
        };
        let half = |name: &&'static str| temporary(Path::new(name)).to_string_lossy().into_owned();
        let halves: Vec<String> = self.streaming.iter().map(half).collect();
        names.extend(STREAMED.iter().map(half).filter(|name| !halves.contains(name)));
        for name in &names {
            self.remove(name)?;
        }
        self.write_resolved()?;
        let present = entries(&self.path).map_err(|source| self.failed(&self.path, source))?;
        Ok(present.into_iter().filter(|name| name != RESOLVED && !halves.contains(name)).collect())
    }

    /// Writes a whole file. `schema` is what its JSON carries.
    pub fn write(&mut self, name: &str, schema: Option<&str>, bytes: &[u8]) -> Result<(), DirectoryError> {
        self.write_with(name, schema, |sink| sink.write_all(bytes))
    }

    /// Writes what `fill` gives. When that fails, nothing of the file is left.
    pub fn write_with(
        &mut self,
        name: &str,
        schema: Option<&str>,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), DirectoryError> {
        if let Some(parent) = Path::new(name).parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let parent = self.path.join(parent);
            fs::create_dir_all(&parent).map_err(|source| self.failed(&parent, source))?;
        }
        let mut streamed = self.stream(name)?;
        if let Err(source) = fill(&mut streamed.writer) {
            let path = self.path.join(name);
            streamed.abandon();
            return Err(DirectoryError::Write { path, source });
        }
        self.keep(streamed, schema)
    }

    /// Flushes a streamed file and gives it its name.
    pub fn keep(&mut self, streamed: Streamed, schema: Option<&str>) -> Result<(), DirectoryError> {
        let Streamed { writer, temporary, name } = streamed;
        let path = self.path.join(&name);
        let whole = writer.into_inner().map_err(io::IntoInnerError::into_error).and_then(|counted| {
            counted.file.sync_all()?;
            fs::rename(&temporary, &path)?;
            flush_directory(path.parent().expect("a file of ours lies in a directory"))?;
            Ok(counted)
        });
        match whole {
            Ok(Counted { digest, bytes, .. }) => {
                let schema = schema.map(str::to_owned);
                self.outputs.push(Output { name, bytes, sha256: digest.finish(), schema });
                Ok(())
            }
            Err(source) => {
                // Whether or not this works, the first error is the one to tell.
                let _ = fs::remove_file(&temporary);
                Err(DirectoryError::Write { path, source })
            }
        }
    }

    /// What was written so far, sorted by name.
    pub fn outputs(&self) -> Vec<Output> {
        let mut outputs = self.outputs.clone();
        outputs.sort_by(|a, b| a.name.cmp(&b.name));
        outputs
    }

    /// Writes the manifest, which finishes the directory.
    pub fn finish(mut self, manifest: &Manifest) -> Result<PathBuf, DirectoryError> {
        self.write(MANIFEST, None, &json::document(manifest))?;
        Ok(self.path)
    }

    fn write_resolved(&mut self) -> Result<(), DirectoryError> {
        let resolved = std::mem::take(&mut self.resolved);
        self.write(RESOLVED, None, resolved.as_bytes())
    }

    /// Removes one file of an earlier run. A name that leads out of the directory is left alone: a manifest is input.
    fn remove(&self, name: &str) -> Result<(), DirectoryError> {
        if !is_plain(Path::new(name)) {
            return Ok(());
        }
        let path = self.path.join(name);
        let parent = path.parent().expect("a file of ours lies in a directory").to_owned();
        let real = fs::symlink_metadata(&parent).is_ok_and(|metadata| metadata.is_dir());
        if !real && parent != self.path {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.failed(&path, error)),
            _ => {}
        }
        if parent != self.path {
            // It goes when it is empty, and stays when somebody put something there.
            let _ = fs::remove_dir(&parent);
        }
        Ok(())
    }

    fn failed(&self, path: &Path, source: io::Error) -> DirectoryError {
        DirectoryError::Write { path: path.to_owned(), source }
    }
}

impl Streamed {
    pub fn abandon(self) {
        let Streamed { writer, temporary, .. } = self;
        drop(writer.into_parts());
        // A file that cannot be removed has a name that marks it as unfinished.
        let _ = fs::remove_file(temporary);
    }
}

impl Write for Streamed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// `dir/.name.tmp` for `dir/name`.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().expect("a file of ours has a name").to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}

/// Whether a name stays inside the directory it is joined to.
pub(super) fn is_plain(name: &Path) -> bool {
    name.components().all(|part| matches!(part, Component::Normal(_))) && name.file_name().is_some()
}

fn recognise(path: &Path, resolved: &str) -> Previous {
    match fs::read(path.join(MANIFEST)) {
        Ok(bytes) => Recognised::read(&bytes).map_or(Previous::Nothing, Previous::Finished),
        Err(_) if fs::read(path.join(RESOLVED)).is_ok_and(|found| found == resolved.as_bytes()) => Previous::Unfinished,
        Err(_) => Previous::Nothing,
    }
}

/// The files that an unfinished run may have left, under their names and as halves.
fn names_of_a_run(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in NAMES {
        names.push(name.to_owned());
        // Half of what is streamed may belong to the run that asks.
        if !STREAMED.contains(&name) {
            names.push(temporary(Path::new(name)).to_string_lossy().into_owned());
        }
    }
    for (folder, endings) in FOLDERS {
        let found = entries(&path.join(folder)).unwrap_or_default();
        let ours = |name: &String| {
            let whole = name.strip_suffix(".tmp").unwrap_or(name);
            endings.iter().any(|ending| whole.ends_with(ending))
        };
        names.extend(found.into_iter().filter(ours).map(|name| format!("{folder}/{name}")));
    }
    names
}

/// Nobody else writes there now, and nobody will until the lock is dropped.
fn lock(path: &Path) -> Result<Option<File>, DirectoryError> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let directory = File::open(path).map_err(|source| DirectoryError::Write { path: path.to_owned(), source })?;
    match directory.try_lock() {
        Ok(()) => Ok(Some(directory)),
        Err(TryLockError::WouldBlock) => Err(DirectoryError::Busy { path: path.to_owned() }),
        // A file system without locks.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

fn entries(path: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<String>>>()?;
    names.sort_unstable();
    Ok(names)
}

fn is_empty(path: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(path)?.next().is_none())
}

/// Makes a rename durable; other systems than Unix do it by themselves or not at all.
fn flush_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::manifest;
    use super::*;

    const RESOLVED_TEXT: &str = "seed = 1\n";

    fn claim(run_id: &str) -> Claim<'_> {
        Claim { run_id, model_version: crate::MODEL_VERSION, resolved: RESOLVED_TEXT }
    }

    /// Writes a whole run; gives back what was left.
    fn run(place: Place, run_id: &str, fingerprint: &str, names: &[&str]) -> Result<Vec<String>, DirectoryError> {
        let mut directory = RunDirectory::claim(place, claim(run_id))?;
        let left = directory.settle(fingerprint)?;
        for name in names {
            directory.write(name, None, fingerprint.as_bytes())?;
        }
        let mut manifest = manifest(run_id, fingerprint, &[]);
        manifest.outputs = directory.outputs();
        directory.finish(&manifest)?;
        Ok(left)
    }

    fn listing(path: &Path) -> String {
        entries(path).expect("the directory is there").join(" ")
    }

    fn root() -> tempfile::TempDir {
        tempfile::tempdir().expect("the system has room for temporary files")
    }

    #[test]
    fn a_second_run_replaces_the_first_in_the_default_directory() {
        let root = root();
        let path = &root.path().join("out").join("safe-backup-9f2c41d0");
        let place = Place::Default { path };
        run(place, "r", "f", &["summary.json", "hist/a.hgrm"]).expect("a new directory takes a run");
        assert_eq!(listing(path), "hist manifest.json scenario.resolved.toml summary.json");
        fs::write(path.join("notes.txt"), "mine").expect("a file can be added");
        let left = run(place, "r", "f", &["summary.json"]).expect("the directory belongs to the run");
        assert_eq!(left, ["notes.txt"]);
        assert_eq!(listing(path), "manifest.json notes.txt scenario.resolved.toml summary.json");
        let error = run(place, "other", "f", &[]).expect_err("eight digits can meet");
        assert!(matches!(error, DirectoryError::NotEmpty { .. }), "{error}");
    }

    #[test]
    fn a_different_fingerprint_replaces_nothing() {
        let root = root();
        let path = &root.path().join("run");
        let place = Place::Default { path };
        run(place, "r", "f", &["summary.json"]).expect("a new directory takes a run");
        let error = run(place, "r", "g", &["summary.json"]).expect_err("the same run came out differently");
        assert!(matches!(error, DirectoryError::Diverged { .. }), "{error}");
        assert_eq!(fs::read(path.join("summary.json")).expect("it stays"), b"f");
        assert!(path.join(MANIFEST).exists());
    }

    #[test]
    fn a_named_directory_is_replaced_only_by_force() {
        let root = root();
        let path = &root.path().join("run");
        run(Place::Named { path, force: false }, "r", "f", &["summary.json"]).expect("it is new");
        let error = run(Place::Named { path, force: false }, "r", "f", &[]).expect_err("it is not empty");
        assert!(matches!(error, DirectoryError::NotEmpty { .. }), "{error}");
        run(Place::Named { path, force: true }, "another", "g", &[]).expect("force replaces any run of ours");
        assert_eq!(listing(path), "manifest.json scenario.resolved.toml");
    }

    #[test]
    fn force_does_not_touch_what_is_not_ours() {
        let root = root();
        let path = &root.path().join("home");
        fs::create_dir(path).expect("a directory can be made");
        for manifest in [None, Some("{}"), Some(r#"{"name":"something else"}"#)] {
            fs::write(path.join("thesis.txt"), "years").expect("a file can be written");
            if let Some(text) = manifest {
                fs::write(path.join(MANIFEST), text).expect("a file can be written");
            }
            let error = run(Place::Named { path, force: true }, "r", "f", &[]).expect_err("it is not ours");
            assert!(matches!(error, DirectoryError::Foreign { .. }), "{error}");
            assert!(path.join("thesis.txt").exists());
        }
    }

    #[test]
    fn a_manifest_cannot_make_us_delete_elsewhere() {
        let root = root();
        let path = &root.path().join("run");
        let outside = root.path().join("outside.txt");
        fs::write(&outside, "keep").expect("a file can be written");
        fs::create_dir(path).expect("a directory can be made");
        let absolute = outside.to_str().expect("a test path is text");
        let evil = manifest("r", "f", &[("../outside.txt", b""), (absolute, b""), ("", b""), ("..", b"")]);
        fs::write(path.join(MANIFEST), json::document(&evil)).expect("a file can be written");
        run(Place::Named { path, force: true }, "r2", "f", &[]).expect("it looks like ours");
        assert!(outside.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_deleted_through_a_link() {
        let root = root();
        let (path, elsewhere) = (&root.path().join("run"), root.path().join("elsewhere"));
        fs::create_dir(path).expect("a directory can be made");
        fs::create_dir(&elsewhere).expect("a directory can be made");
        fs::write(elsewhere.join("a.hgrm"), "keep").expect("a file can be written");
        std::os::unix::fs::symlink(&elsewhere, path.join("hist")).expect("a link can be made");
        fs::write(path.join(MANIFEST), json::document(&manifest("r", "f", &[("hist/a.hgrm", b"")])))
            .expect("a file can be written");
        run(Place::Named { path, force: true }, "r2", "f", &[]).expect("it looks like ours");
        assert!(elsewhere.join("a.hgrm").exists());
    }

    #[test]
    fn an_unfinished_run_is_known_by_its_scenario() {
        let root = root();
        let path = &root.path().join("run");
        let place = Place::Default { path };
        let mut directory = RunDirectory::claim(place, claim("r")).expect("it is new");
        assert_eq!(listing(path), RESOLVED, "the scenario comes first");
        directory.write("hist/a.hgrm", None, b"1").expect("there is room");
        fs::write(path.join(".summary.json.tmp"), "half").expect("a file can be written");
        fs::write(path.join(".requests.csv.tmp"), "half").expect("a file can be written");
        drop(directory);
        run(place, "r", "f", &["summary.json"]).expect("it is our own unfinished run");
        assert_eq!(listing(path), "manifest.json scenario.resolved.toml summary.json");

        fs::remove_file(path.join(MANIFEST)).expect("it is there");
        fs::write(path.join(RESOLVED), "seed = 2\n").expect("a file can be written");
        let error = run(place, "r", "f", &[]).expect_err("it is another's");
        assert!(matches!(error, DirectoryError::Foreign { .. }), "{error}");
    }

    #[test]
    fn a_write_that_fails_leaves_no_half_file() {
        let root = root();
        let path = &root.path().join("run");
        let mut directory = RunDirectory::claim(Place::Default { path }, claim("r")).expect("it is new");
        let full = |sink: &mut dyn Write| {
            sink.write_all(&[0; 1 << 17])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let error = directory.write_with("summary.json", None, full).expect_err("the disk is full");
        assert!(matches!(error, DirectoryError::Write { .. }), "{error}");
        assert_eq!(listing(path), RESOLVED, "finished files stay");
        let streamed = directory.stream(REQUESTS).expect("there is room");
        assert_eq!(listing(path), ".requests.csv.tmp scenario.resolved.toml");
        streamed.abandon();
        assert_eq!(listing(path), RESOLVED);
    }

    #[test]
    fn a_streamed_file_survives_the_removal_of_the_old_run() {
        let root = root();
        let path = &root.path().join("run");
        let place = Place::Default { path };
        run(place, "r", "f", &[REQUESTS]).expect("it is new");
        let mut directory = RunDirectory::claim(place, claim("r")).expect("it is ours");
        let mut streamed = directory.stream(REQUESTS).expect("there is room");
        streamed.write_all(b"new").expect("there is room");
        assert_eq!(fs::read(path.join(REQUESTS)).expect("the old one is still there"), b"f");
        assert!(directory.settle("f").expect("it is the same run").is_empty());
        directory.keep(streamed, None).expect("there is room");
        assert_eq!(fs::read(path.join(REQUESTS)).expect("it is there"), b"new");
        let outputs = directory.outputs();
        let names: Vec<&str> = outputs.iter().map(|output| &output.name[..]).collect();
        assert_eq!(names, [REQUESTS, RESOLVED]);
        assert_eq!((outputs[0].bytes, &outputs[0].sha256), (3, &crate::report::digest::sha256(b"new")));
    }

    #[cfg(unix)]
    #[test]
    fn one_run_at_a_time_writes() {
        let root = root();
        let path = &root.path().join("run");
        let first = RunDirectory::claim(Place::Default { path }, claim("r")).expect("it is new");
        for place in [Place::Default { path }, Place::Named { path, force: true }] {
            let error = RunDirectory::claim(place, claim("r")).expect_err("somebody writes there");
            assert!(matches!(error, DirectoryError::Busy { .. }), "{error}");
        }
        drop(first);
        run(Place::Default { path }, "r", "f", &["summary.json"]).expect("nobody writes there any more");
    }

    #[test]
    fn a_file_is_no_directory() {
        let root = root();
        let path = &root.path().join("file");
        fs::write(path, "").expect("a file can be written");
        let error = run(Place::Named { path, force: true }, "r", "f", &[]).expect_err("it is a file");
        assert!(matches!(error, DirectoryError::NotADirectory { .. }), "{error}");
    }
}
