//! `checkpoints.csv`: the fingerprints along a run, by which a replay finds the first event that differs.

use crate::kernel::Checkpoints;

/// Its name in a run directory.
pub const NAME: &str = "checkpoints.csv";
const HEADER: &str = "event,fingerprint";

pub fn write(checkpoints: &Checkpoints) -> Vec<u8> {
    let lines = checkpoints.all().map(|(event, fingerprint)| format!("{event},{fingerprint:016x}\n"));
    (format!("{HEADER}\n") + &lines.collect::<String>()).into_bytes()
}

/// Why a file is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct CheckpointError {
    pub line: usize,
    pub reason: &'static str,
}

/// Numbers of events and fingerprints, ascending.
///
/// # Errors
/// The first line that is not as this program writes it.
pub fn read(text: &str) -> Result<Vec<(u64, u64)>, CheckpointError> {
    let mut lines = text.lines().zip(1..);
    let wrong = |line, reason| Err(CheckpointError { line, reason });
    if lines.next().is_none_or(|(line, _)| line != HEADER) {
        return wrong(1, "expected the heading `event,fingerprint`");
    }
    let mut checkpoints: Vec<(u64, u64)> = Vec::new();
    for (text, line) in lines {
        let parts = text.split_once(',').map(|(event, print)| (event.parse::<u64>(), u64::from_str_radix(print, 16)));
        let Some((Ok(event), Ok(fingerprint))) = parts else {
            return wrong(line, "expected the number of an event and a fingerprint of 16 hexadecimal digits");
        };
        if checkpoints.last().is_some_and(|(last, _)| *last >= event) || event == 0 {
            return wrong(line, "numbers of events ascend from 1");
        }
        if checkpoints.len() >= Checkpoints::MOST {
            return wrong(line, "more checkpoints than a run keeps");
        }
        checkpoints.push((event, fingerprint));
    }
    Ok(checkpoints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_is_spoiled_is_told() {
        let mut checkpoints = Checkpoints::default();
        (1..=3).for_each(|event| checkpoints.note(event, u64::MAX - event));
        let text = String::from_utf8(write(&checkpoints)).expect("it is text");
        assert_eq!(read(&text), Ok(checkpoints.all().collect()));
        for (spoiled, line) in [
            ("", 1),
            ("event\n", 1),
            ("event,fingerprint\n1;0\n", 2),
            ("event,fingerprint\n0,00\n", 2),
            ("event,fingerprint\n1,00\n1,00\n", 3),
            ("event,fingerprint\n1,xyz\n", 2),
        ] {
            assert_eq!(read(spoiled).map_err(|error| error.line), Err(line), "{spoiled}");
        }
        let many: String = (1..=Checkpoints::MOST + 1).map(|event| format!("{event},00\n")).collect();
        assert!(read(&format!("{HEADER}\n{many}")).is_err());
    }
}
