//! SHA-256 digests: of files, of runs, of whole results.

use std::io;

use sha2::{Digest, Sha256};

/// A running digest.
#[derive(Clone, Debug, Default)]
pub struct Running(Sha256);

impl Running {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 hexadecimal digits.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    let mut running = Running::default();
    running.update(bytes);
    running.finish()
}

/// The digest of everything that is still to be read.
pub fn sha256_of(mut source: impl io::Read) -> io::Result<String> {
    let mut running = Running::default();
    let mut part = vec![0; 1 << 16];
    loop {
        match source.read(&mut part)? {
            0 => return Ok(running.finish()),
            read => running.update(&part[..read]),
        }
    }
}

/// The digest of a set of files: over their names and digests, sorted by name.
pub fn result_digest<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_unstable();
    let mut running = Running::default();
    for (name, sha256) in files {
        running.update(format!("{sha256}  {name}\n").as_bytes());
    }
    running.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn the_order_of_files_does_not_matter_and_their_names_do() {
        let [a, b] = [("a.csv", "00"), ("hist/b", "11")];
        assert_eq!(result_digest([a, b]), result_digest([b, a]));
        assert_ne!(result_digest([a, b]), result_digest([("a.csv", "11"), ("hist/b", "00")]));
        assert_ne!(result_digest([a]), result_digest([a, b]));
    }
}
