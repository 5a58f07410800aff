//! A document that goes to a file or to stdout. Whether the file can be written is known before the work for it begins.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Exit;

/// Where a document goes.
#[derive(Clone, Debug)]
pub enum Destination {
    Stdout,
    File(PathBuf),
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

impl Destination {
    /// Stdout without a path, or with `-`.
    ///
    /// # Errors
    /// When no file could be made there.
    pub fn of(path: Option<&Path>) -> Result<Destination, Unwritable> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Destination::Stdout) };
        let unwritable = |source| Unwritable { path: path.to_owned(), source };
        if path.is_dir() || path.file_name().is_none() {
            return Err(unwritable(io::Error::other("it is a directory")));
        }
        let aside = aside(path);
        fs::write(&aside, b"").and_then(|()| fs::remove_file(&aside)).map_err(unwritable)?;
        Ok(Destination::File(path.to_owned()))
    }

    /// A file stands under its name when it is whole.
    ///
    /// # Errors
    /// What the streams meet; that of the file is told.
    pub fn write(&self, document: &[u8], output: &mut dyn Write, errors: &mut dyn Write) -> io::Result<Exit> {
        let Destination::File(path) = self else { return output.write_all(document).map(|()| Exit::Held) };
        let aside = aside(path);
        match fs::write(&aside, document).and_then(|()| fs::rename(&aside, path)) {
            Ok(()) => writeln!(errors, "wrote {}", path.display())?,
            Err(source) => {
                let unwritable = Unwritable { path: path.clone(), source };
                writeln!(errors, "error: {unwritable}")?;
                return Ok(Exit::Internal);
            }
        }
        Ok(Exit::Held)
    }
}

/// A name beside it, of this process alone.
fn aside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_known_before_and_by_its_name() {
        let here = tempfile::tempdir().expect("the system has room for temporary files");
        let refused = |path: &Path| Destination::of(Some(path)).expect_err("it cannot be written").to_string();
        assert!(refused(&here.path().join("nowhere/x.md")).contains("nowhere/x.md: "));
        assert!(refused(here.path()).ends_with("it is a directory"));
        let path = here.path().join("x.md");
        fs::write(&path, "before").expect("it can be written");
        let destination = Destination::of(Some(&path)).expect("it can be written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "before", "nothing has happened yet");
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        assert_eq!(destination.write(b"after", &mut output, &mut errors).expect("vectors take it"), Exit::Held);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "after");
        assert_eq!(fs::read_dir(here.path()).expect("it is there").count(), 1, "nothing is left beside it");
    }
}
