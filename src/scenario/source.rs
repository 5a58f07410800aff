//! Where a scenario comes from: a file with others beside it, or a text that the program carries.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A scenario to be loaded.
#[derive(Clone, Debug)]
pub enum Source {
    /// Files that it names lie relative to it.
    Path(PathBuf),
    /// A text with a name; `files` are what it may name.
    Embedded { name: String, text: String, files: &'static [(&'static str, &'static [u8])] },
}

/// The files beside a scenario.
pub trait Files {
    fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, String>;
}

/// A file that a scenario names and that decides about its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// The largest scenario file.
const MOST_TEXT: u64 = 16 << 20;

impl Source {
    /// How messages call it.
    pub fn name(&self) -> String {
        match self {
            Source::Path(path) => path.display().to_string(),
            Source::Embedded { name, .. } => name.clone(),
        }
    }

    /// The name without folders and without `.toml`: the default name of the scenario.
    pub fn stem(&self) -> String {
        let path = match self {
            Source::Path(path) => path.as_path(),
            Source::Embedded { name, .. } => Path::new(name),
        };
        path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        match self {
            Source::Path(path) => read_file(path, MOST_TEXT),
            Source::Embedded { text, .. } => Ok(text.clone().into_bytes()),
        }
    }
}

impl Files for Source {
    fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, String> {
        match self {
            Source::Path(path) => read_regular(&path.parent().unwrap_or(Path::new("")).join(name), most),
            Source::Embedded { files, .. } => {
                let found = files.iter().find(|(file, _)| *file == name);
                match found {
                    Some((_, bytes)) => Ok(bytes.to_vec()),
                    None => read_regular(Path::new(name), most),
                }
            }
        }
    }
}

/// The same of a file that is read again whenever the scenario is: not of a pipe, and not of a device.
fn read_regular(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if metadata.is_file() || metadata.is_dir() {
        read_file(path, most)
    } else {
        Err("it is no regular file".to_owned())
    }
}

/// The whole file, or in words why not.
fn read_file(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let metadata = fs::metadata(path).map_err(|error| reason(&error))?;
    if metadata.is_dir() {
        return Err("it is a directory".to_owned());
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| reason(&error))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > most {
        return Err(format!("it is larger than the limit of {most} bytes"));
    }
    Ok(bytes)
}

/// The same words on every system.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it does not exist".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        std::io::ErrorKind::NotADirectory => "a part of its path is not a directory".to_owned(),
        std::io::ErrorKind::InvalidInput => "its name is not a file name".to_owned(),
        _ => error.to_string(),
    }
}

impl InputFile {
    pub fn of(name: &str, bytes: &[u8]) -> InputFile {
        InputFile { name: name.to_owned(), bytes: bytes.len() as u64, sha256: hex(&Sha256::digest(bytes)) }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
