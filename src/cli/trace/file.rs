//! A file of the program's own: whole or not there, and never in the place of somebody else's.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::Failure;

/// A file that is being written beside its place.
#[derive(Debug)]
pub(super) struct OwnFile {
    /// `None` when it is in its place.
    writer: Option<BufWriter<File>>,
    temporary: PathBuf,
    path: PathBuf,
}

impl OwnFile {
    /// `mark` is how every file of this kind begins: with `force` one of them may be replaced, and nothing else.
    pub fn create(path: &Path, mark: &str, force: bool) -> Result<OwnFile, Failure> {
        let shown = path.display();
        let Some(name) = path.file_name() else {
            let message = format!("`{shown}` is not the name of a file");
            return Err(Failure::Usage(message, "name a file that is to be written".into()));
        };
        if fs::symlink_metadata(path).is_ok() {
            if !is_own(path, mark) {
                let message = format!("`{shown}` exists and was not written by this command, so it is not replaced");
                return Err(Failure::Usage(message, "name another file".into()));
            }
            if !force {
                let message = format!("`{shown}` exists");
                return Err(Failure::Usage(message, "name another file, or replace it with `--force`".into()));
            }
        }
        let mut aside = std::ffi::OsString::from(".");
        aside.push(name);
        aside.push(".tmp");
        let temporary = path.with_file_name(aside);
        let file = File::create(&temporary).map_err(|error| Failure::Write(path.to_owned(), error))?;
        Ok(OwnFile { writer: Some(BufWriter::with_capacity(1 << 16, file)), temporary, path: path.to_owned() })
    }

    /// Gives it its name.
    pub fn keep(mut self) -> io::Result<()> {
        let writer = self.writer.as_mut().expect("it is not in its place yet");
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.writer = None;
        Ok(())
    }
}

impl Write for OwnFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.as_mut().expect("it is not in its place yet").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().expect("it is not in its place yet").flush()
    }
}

impl Drop for OwnFile {
    fn drop(&mut self) {
        if self.writer.take().is_some() {
            // What cannot be removed is a file with a name of its own; there is nobody to tell.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Whether the file at `path` begins as every file of its kind.
pub(super) fn is_own(path: &Path, mark: &str) -> bool {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(mark.len() as u64).read_to_end(&mut start));
    read.is_ok() && start == mark.as_bytes()
}
