//! A document that goes to a file or to stdout. Whether the file can be written is known before the work for it begins.
//!
//! A file is replaced only when it holds an earlier document of the same kind; what is no file (a device, a pipe) is
//! written to and stays what it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::Exit;

/// Where a document goes.
#[derive(Clone, Debug)]
pub enum Destination {
    Stdout,
    File(PathBuf),
    /// A device or a pipe.
    Stream(PathBuf),
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

impl Destination {
    /// Stdout without a path, or with `-`. `beginning` is what every document of this kind begins with.
    ///
    /// # Errors
    /// When no file could be made there, or one stands there that is no such document.
    pub fn of(path: Option<&Path>, beginning: impl AsRef<[u8]>) -> Result<Destination, Unwritable> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Destination::Stdout) };
        let unwritable = |source| Unwritable { path: path.to_owned(), source };
        if path.is_dir() || path.file_name().is_none() {
            return Err(unwritable(io::Error::other("it is a directory")));
        }
        // A link stays, and what it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.exists() && !path.is_file() {
            return Ok(Destination::Stream(path));
        }
        if path.is_file() && !is_replaceable(&path, beginning.as_ref()).map_err(unwritable)? {
            return Err(unwritable(io::Error::other("it holds something else; name another file, or remove it first")));
        }
        let aside = aside(&path);
        fs::write(&aside, b"").and_then(|()| fs::remove_file(&aside)).map_err(unwritable)?;
        Ok(Destination::File(path))
    }

    /// Writes the document.
    ///
    /// A file stands under its name when it is whole. That it was written is said unless `quiet`.
    ///
    /// # Errors
    /// What the streams meet; that of the file is told.
    pub fn put(
        &self,
        document: &[u8],
        quiet: bool,
        output: &mut dyn Write,
        errors: &mut dyn Write,
    ) -> io::Result<Exit> {
        let (path, written) = match self {
            Destination::Stdout => return output.write_all(document).map(|()| Exit::Held),
            Destination::Stream(path) => {
                (path, OpenOptions::new().write(true).open(path).and_then(|mut stream| stream.write_all(document)))
            }
            Destination::File(path) => {
                let aside = aside(path);
                (path, fs::write(&aside, document).and_then(|()| fs::rename(&aside, path)))
            }
        };
        match written {
            Ok(()) if quiet => {}
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

/// Whether nothing is lost with it: it is empty, or an earlier document of the same kind.
fn is_replaceable(path: &Path, beginning: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(beginning.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == beginning)
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
        let refused = |path: &Path| Destination::of(Some(path), "# A").expect_err("it cannot be written").to_string();
        assert!(refused(&here.path().join("nowhere/x.md")).contains("nowhere/x.md: "));
        assert!(refused(here.path()).ends_with("it is a directory"));
        let path = here.path().join("x.md");
        fs::write(&path, "# A before").expect("it can be written");
        let destination = Destination::of(Some(&path), "# A").expect("it can be written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "# A before", "nothing has happened yet");
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        assert_eq!(
            destination.put(b"# A after", false, &mut output, &mut errors).expect("vectors take it"),
            Exit::Held
        );
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "# A after");
        assert_eq!(fs::read_dir(here.path()).expect("it is there").count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_holds_something_else_is_not_replaced() {
        let here = tempfile::tempdir().expect("the system has room for temporary files");
        let path = here.path().join("thesis.md");
        fs::write(&path, "# My thesis").expect("it can be written");
        let refused = Destination::of(Some(&path), "# A").expect_err("it is not ours").to_string();
        assert!(refused.contains("thesis.md: it holds something else"), "{refused}");
        fs::write(&path, "").expect("it can be written");
        Destination::of(Some(&path), "# A").expect("an empty file holds nothing");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_stays_a_device() {
        use std::os::unix::fs::FileTypeExt;
        let null = Path::new("/dev/null");
        let destination = Destination::of(Some(null), "# A").expect("everybody may write there");
        assert!(matches!(destination, Destination::Stream(_)));
        destination.put(b"# A", false, &mut Vec::new(), &mut Vec::new()).expect("vectors take it");
        assert!(fs::metadata(null).expect("it is there").file_type().is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_still_leads_to_the_document() {
        let here = tempfile::tempdir().expect("the system has room for temporary files");
        let (path, link) = (here.path().join("x.md"), here.path().join("link.md"));
        fs::write(&path, "# A").expect("it can be written");
        std::os::unix::fs::symlink(&path, &link).expect("it can be made");
        let destination = Destination::of(Some(&link), "# A").expect("it can be written");
        destination.put(b"# A new", false, &mut Vec::new(), &mut Vec::new()).expect("vectors take it");
        assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "# A new");
    }
}
