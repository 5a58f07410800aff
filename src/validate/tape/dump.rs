//! How long a full volume takes to tape, phase by phase.

use super::super::{Case, Finding, Tolerance};
use crate::device::drive::{DriveParameters, Pace};
use crate::kernel::Span;
use crate::vocab::TRACK_BYTES;

/// Tracks of a full 3390-3.
const TRACKS: u64 = 3_339 * 15;
const BYTES: u64 = TRACKS * TRACK_BYTES;

/// A drive whose locate takes 30 s from the load point to the load point, and whose rewind takes 25 s from the end of the
/// volume: that is the middle of the only pass, 125 m of tape at 5 m/s.
fn drive() -> DriveParameters {
    DriveParameters {
        native_rate: 14_000_000,
        capacity: 2 * BYTES,
        compression_milli: 1_000,
        wraps: 1,
        length_mm: 250_000,
        search_speed_mm: 5_000,
        locate_overhead: Span::from_secs(30),
        load: Span::from_secs(20),
        unload: Span::from_secs(15),
        buffer: 16_000_000,
        backhitch: Span::from_ms(1_500),
        speed_steps: 1,
        slowest_milli: 1_000,
        reserve_milli: 5,
    }
}

/// Every phase by the drive's own arithmetic, the transfer block by block.
pub fn added_up() -> Case {
    let drive = drive();
    let mut pace = Pace::new(drive.native_rate);
    let transfer: Span = (0..TRACKS).map(|_| pace.take(TRACK_BYTES)).sum();
    let to_the_end = drive.load + drive.locate(0, 0) + transfer;
    let whole = to_the_end + drive.rewind(BYTES) + drive.unload;
    let expected = BYTES as f64 / 14e6;
    let finding = |measure: &str, expected: f64, additions: f64, found: Span| {
        let method = "the drive's own times, the transfer track by track";
        let tolerance = Tolerance::Absolute(additions * 1e-9);
        Finding::new(measure, "s", expected, tolerance).found(found.ns() as f64 / 1e9, method)
    };
    Case {
        name: "tape-dump".to_owned(),
        parameters: format!(
            "{BYTES} B, streaming at 14000000 B/s without stops, load 20.0 s, locate 30.0 s, rewind 25.0 s, unload 15.0 s \
             (device times: assumption)"
        ),
        findings: vec![
            finding("data transfer", expected, 1.0, transfer),
            finding("load + locate + transfer", 50.0 + expected, 2.0, to_the_end),
            finding("load + locate + transfer + rewind + unload", 90.0 + expected, 4.0, whole),
        ],
    }
}
