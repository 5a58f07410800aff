//! How long a full volume takes to tape, phase by phase.

use rayon::prelude::*;

use super::super::{Case, Finding, Tolerance};
use crate::campaign::Trial;
use crate::controller::tape::TapeFact;
use crate::device::channel::ChannelKind;
use crate::device::drive::{DriveParameters, Pace};
use crate::kernel::{Span, Time};
use crate::scenario::{Overrides, Source, load};
use crate::vocab::TRACK_BYTES;
use crate::world::Fact;

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

/// Rates of drives, in MB/s: 3590-B, 3590-E, an ESCON path, 3590-E with data that compress 3:1 (D3).
const RATES: [u64; 4] = [9, 14, 17, 42];

/// Of a drive of 14 MB/s with such data.
const DATA_RATE: u64 = 42_000_000;

/// A safe backup of an idle 3390-3, with this table `[tape]`; hosts reach their disks by a path that is fast enough.
fn scenario(tape: &str) -> Source {
    let volume =
        |id: &str, device: &str| format!("[[volume]]\nid = \"{id}\"\ndevice = \"{device}\"\nmodel = \"3390-3\"\n");
    let text = format!(
        "[channel]\nrate = \"200 MB/s\"\noverhead = \"0 us\"\n[tape]\n{tape}{}{}[[backup]]\nat = \"0 s\"\n\
         method = \"safe-backup\"\nsource = \"PROD01\"\ntarget = \"0A10\"\n",
        volume("PROD01", "0A00"),
        volume("SPARE1", "0A10")
    );
    Source::Embedded { name: "dump.toml".into(), text, files: &[] }
}

/// Where the blocks of tracks are counted: on tape, or in the buffer of the drive where the path is clearly the slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    OnTape,
    InTheBuffer,
}

/// From the first block of a track to the last, in the whole system.
fn transfer(tape: &str, counted: Counted) -> Span {
    let loaded = load(&scenario(tape), &Overrides::default()).expect("the scenario is valid");
    let mut trial = Trial::new(&loaded.plan).expect("a checked scenario can be built");
    let (mut first, mut last, mut count) = (Time::ZERO, Time::ZERO, 0);
    trial.finish(|trial, _| {
        for fact in trial.run.model.facts() {
            let at = match fact {
                Fact::Tape(TapeFact::BlockHardened { track: Some(_), .. }) => Counted::OnTape,
                Fact::Tape(TapeFact::BlockAcknowledged { track: Some(_), .. }) => Counted::InTheBuffer,
                _ => continue,
            };
            if at == counted {
                last = trial.run.now();
                first = if count == 0 { last } else { first };
                count += 1;
            }
        }
    });
    assert_eq!(count, TRACKS, "every track is dumped once");
    last - first
}

/// How long the tracks of a full volume take to tape in the whole system: the slower of drive and path decides.
pub fn of_the_system() -> Case {
    let mut settings = Vec::new();
    for rate in RATES {
        let tape = format!(
            "native_rate = \"{rate} MB/s\"\ncompression = \"1\"\nchannel_rate = \"200 MB/s\"\nchannel_overhead = \"0 us\"\n"
        );
        settings.push((format!("drive of {rate} MB/s, faster path"), tape, rate * 1_000_000, Counted::OnTape, 0.005));
    }
    for kind in ChannelKind::ALL {
        let (rate, overhead) = (kind.rate(), kind.overhead().ns());
        let tape = format!(
            "native_rate = \"14 MB/s\"\ncompression = \"3\"\nchannel_rate = \"{rate} B/s\"\n\
             channel_overhead = \"{overhead} ns\"\nchannel_paths = 1\n"
        );
        let measure = format!("drive of 42 MB/s, one path {kind} of {} MB/s", rate / 1_000_000);
        // Where both are about as fast, each waits for the other now and then; what is on tape is what counts.
        let counted = if rate * 10 < DATA_RATE * 9 { Counted::InTheBuffer } else { Counted::OnTape };
        settings.push((measure, tape, rate.min(DATA_RATE), counted, 0.01));
    }
    let findings = settings.par_iter().map(|(measure, tape, rate, counted, share)| {
        let expected = BYTES as f64 / *rate as f64;
        let found = transfer(tape, *counted).ns() as f64 / 1e9;
        Finding::new(measure, "s", expected, Tolerance::Share(*share))
            .found(found, "from the first block to the last, on tape or, where the path is slower, in the buffer")
    });
    Case {
        name: "tape-dump-of-the-system".to_owned(),
        parameters: format!("safe-backup of a full 3390-3, {TRACKS} tracks of {TRACK_BYTES} B, nobody else at work"),
        findings: findings.collect(),
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
