//! Rows of runs that have ended and whose part is not yet whole: one line each, written as soon as the run has ended.
//!
//! A process that is killed loses the runs that it was making and no other. Whoever goes on reads the journals of processes
//! that are gone, takes over every line that is whole, and removes them when the parts they belong to are written. A lock
//! tells a journal that is being written from one that was left.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::super::digest::sha256;
use crate::campaign::sweep::Row;

/// Hexadecimal digits of the checksum in front of each line.
const DIGITS: usize = 16;

/// The journal of one process.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<(File, Option<io::Error>)>,
}

impl Journal {
    /// Begins a journal; `writer` names the process among all that may write into the directory.
    pub fn begin(folder: &Path, campaign: &str, writer: &str) -> io::Result<Journal> {
        // A process of the same number may have left one on a host of the same name.
        let free = |number: &u32| !folder.join(name(writer, *number)).exists();
        let number = (0..).find(free).expect("some number is free");
        let path = folder.join(name(writer, number));
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        // A file system without locks: then nothing is taken from a journal of this process while it runs, because rows of
        // a part that is written already are not looked for.
        let _ = file.try_lock();
        file.write_all(format!("{campaign}\n").as_bytes())?;
        Ok(Journal { path, file: Mutex::new((file, None)) })
    }

    /// Adds a row. The first error is kept for [`Journal::failure`].
    pub fn add(&self, row: &Row) {
        let json = serde_json::to_string(row).expect("a row has text keys and whole numbers");
        let line = format!("{} {json}\n", &sha256(json.as_bytes())[..DIGITS]);
        let mut guard = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (file, failure) = &mut *guard;
        if failure.is_none() {
            *failure = file.write_all(line.as_bytes()).err();
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kept it from taking a row.
    pub fn failure(&self) -> Option<io::Error> {
        self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1.take()
    }
}

fn name(writer: &str, number: u32) -> String {
    format!("running-{writer}-{number}.jsonl")
}

/// The journals of processes that are gone. One without its first line has just been begun.
pub fn left(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("running-") && name.ends_with(".jsonl") && !is_written(&entry.path()) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_written(path: &Path) -> bool {
    // What is no file of ours is nobody's to take from; a pipe would not even open.
    if !fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
        return true;
    }
    let Ok(file) = File::open(path) else { return true };
    let is_empty = file.metadata().is_ok_and(|metadata| metadata.len() == 0);
    is_empty || matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The whole rows of a journal of this campaign; a line that is torn or was changed is as if its run had never been made.
pub fn rows(path: &Path, campaign: &str) -> io::Result<Vec<Row>> {
    let bytes = fs::read(path)?;
    let mut lines = bytes.split(|&byte| byte == b'\n');
    if lines.next() != Some(campaign.as_bytes()) {
        return Ok(Vec::new());
    }
    let row = |line: &[u8]| -> Option<Row> {
        let (digits, json) = line.split_at_checked(DIGITS)?;
        let json = json.strip_prefix(b" ")?;
        (sha256(json).as_bytes()[..DIGITS] == *digits).then(|| serde_json::from_slice(json).ok())?
    };
    Ok(lines.filter_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::super::part::tests::row;
    use super::*;

    #[test]
    fn whole_rows_survive_and_a_torn_one_is_left_out() {
        let here = tempfile::tempdir().expect("the system has room for temporary files");
        let journal = Journal::begin(here.path(), "abc", "host-7").expect("it can be written");
        (0..3).for_each(|run| journal.add(&row(run)));
        assert!(journal.failure().is_none());
        assert_eq!(left(here.path()).expect("it is there"), Vec::<PathBuf>::new(), "it is being written");
        let path = journal.path().to_owned();
        drop(journal);
        assert_eq!(left(here.path()).expect("it is there"), std::slice::from_ref(&path));
        let whole = fs::read(&path).expect("it is there");
        for cut in (0..whole.len()).step_by(7) {
            fs::write(&path, &whole[..cut]).expect("it can be written");
            let found = rows(&path, "abc").expect("it is there");
            assert!(found.iter().zip(0..).all(|(found, run)| *found == row(run)), "cut at {cut}");
        }
        let mut changed = whole.clone();
        let place = changed.len() - 10;
        changed[place] ^= 1;
        fs::write(&path, &changed).expect("it can be written");
        assert_eq!(rows(&path, "abc").expect("it is there"), [row(0), row(1)]);
        assert_eq!(rows(&path, "def").expect("it is there"), [], "a journal of another campaign");
    }

    #[test]
    fn two_processes_of_one_name_write_two_journals() {
        let here = tempfile::tempdir().expect("the system has room for temporary files");
        let one = Journal::begin(here.path(), "abc", "host-7").expect("it can be written");
        let other = Journal::begin(here.path(), "abc", "host-7").expect("it can be written");
        assert_ne!(one.path(), other.path());
    }
}
