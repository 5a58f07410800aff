//! Rates: the derived figures D3, D6, D23 and D24 of the model, and how several drives share a path.

use super::*;
use crate::device::drive::DriveState;

fn chains(count: u32, length: u32) -> impl Iterator<Item = Arc<[Record]>> {
    (0..count.div_ceil(length)).map(move |chain| tracks(chain * length, length.min(count - chain * length)))
}

const TRACKS_3390_3: u32 = 50_085;

/// D3: a 3390-3 fed by a channel that is fast enough, from the first to the last hardened block.
#[test]
fn a_volume_streams_at_the_rate_of_the_drive() {
    for (native, channel, expected) in [(9, 17, 315.3), (14, 17, 202.7), (17, 40, 166.9), (42, 100, 67.6)] {
        let mut parameters = parameters(1);
        parameters.drive.native_rate = native * 1_000_000;
        parameters.channel.rate = channel * 1_000_000;
        let mut rig = Rig::mounted(parameters, 1);
        rig.feed(DRIVE, chains(TRACKS_3390_3, 15), 4);
        let mark = rig.mark(DRIVE, true);
        rig.run();
        assert_eq!(rig.result(mark), Some(&TapeResult::Done));
        let hardened = rig.hardened_at();
        assert_eq!(hardened.len(), TRACKS_3390_3 as usize);
        let time = hardened[hardened.len() - 1] - hardened[0];
        check(seconds(time), expected, 0.005, &format!("D3 at {native} MB/s"));
        assert_eq!(rig.controller.drive_usage(DRIVE).stops, 0, "a drive that is fed never stops");
        let streaming = rig.controller.drive_usage(DRIVE).spent(DriveState::Streaming, rig.now());
        check(seconds(streaming), expected, 0.005, "busy streaming");
    }
}

/// D6: 14 MB/s with compression 3 could take 42 MB/s, one ESCON path brings 17.
#[test]
fn one_slow_path_is_the_bottleneck_of_a_compressing_drive() {
    let mut parameters = parameters(1);
    parameters.drive.compression_milli = 3_000;
    let mut rig = Rig::mounted(parameters, 1);
    let start = rig.now();
    rig.feed(DRIVE, chains(TRACKS_3390_3, 15), 4);
    rig.mark(DRIVE, true);
    rig.run();
    let hardened = rig.hardened_at();
    check(seconds(hardened[hardened.len() - 1] - start), 166.9, 0.01, "D6");
    assert!(rig.controller.drive_usage(DRIVE).stops > 30, "the drive outruns its host");
}

/// Rate of a steady stream in MB/s and backhitches per hour, over whole cycles of stop and start.
fn stop_start(rig: &Rig, is_moved: impl Fn(&TapeFact) -> bool) -> (f64, f64) {
    let stops: Vec<(usize, Time)> = rig
        .facts
        .iter()
        .enumerate()
        .filter(|(_, (_, fact))| matches!(fact, TapeFact::StopStart { .. }))
        .map(|(place, (at, _))| (place, *at))
        .collect();
    let [first, last] = [stops[1], stops[stops.len() - 2]];
    let moved = rig.facts[first.0..last.0].iter().filter(|(_, fact)| is_moved(fact)).count();
    let time = seconds(last.1 - first.1);
    (moved as f64 * 56_680.0 / 1e6 / time, (stops.len() - 3) as f64 * 3_600.0 / time)
}

fn slow_host(rate: u64) -> TapeParameters {
    let mut parameters = parameters(1);
    parameters.channel = ChannelParameters { rate, paths: 1, overhead: Span::ZERO };
    parameters
}

/// D23 and D24: the effective rate of a drive that is faster than its host.
#[test]
fn stop_start_costs_rate_when_the_buffer_fills_within_a_backhitch() {
    for (rate, expected, stops) in [
        (10_000_000, 10.0, Some(643.0)),
        (12_000_000, 16.0 * 14.0 / (1.5 * 2.0 + 16.0), None),
        (13_000_000, 16.0 * 14.0 / (1.5 * 1.0 + 16.0), None),
    ] {
        let mut rig = Rig::mounted(slow_host(rate), 1);
        rig.feed(DRIVE, chains(30_000, 15), 4);
        let (measured, per_hour) = stop_start(&rig, |fact| matches!(fact, TapeFact::BlockHardened { .. }));
        check(measured, expected, 0.01, &format!("writing for a host of {rate} B/s"));
        if let Some(stops) = stops {
            check(per_hour, stops, 0.01, "D23 stops per hour");
        }
    }
}

/// Reading is the mirror image: the host empties a buffer that the drive fills.
#[test]
fn a_slow_reader_makes_the_drive_stop_and_start_as_well() {
    for (rate, expected) in [(10_000_000, 10.0), (12_000_000, 224.0 / 19.0), (13_000_000, 224.0 / 17.5)] {
        let mut rig = Rig::mounted(slow_host(rate), 1);
        rig.feed(DRIVE, chains(30_000, 15), 4);
        rig.send(|ticket| TapeCommand::Rewind { ticket, drive: DRIVE });
        rig.run();
        (0..30_000 / 15).for_each(|_| _ = rig.read(DRIVE, 15));
        let mut stops = Vec::new();
        rig.facts.clear();
        while rig.step() {
            if rig.facts.drain(..).any(|(_, fact)| matches!(fact, TapeFact::StopStart { .. })) {
                stops.push((rig.now(), rig.controller.drive_usage(DRIVE).delivered));
            }
        }
        let [first, last] = [stops[0], stops[stops.len() - 1]];
        let measured = (last.1 - first.1) as f64 * 56_680.0 / 1e6 / seconds(last.0 - first.0);
        check(measured, expected, 0.01, &format!("reading for a host of {rate} B/s"));
        let cycle = if rate == 10_000_000 { 1.6 + 4.0 } else { 1.5 + 16e6 / (14e6 - rate as f64) };
        check(seconds(last.0 - first.0) / (stops.len() - 1) as f64, cycle, 0.01, "time from stop to stop");
    }
}

#[test]
fn a_fast_reader_is_held_up_by_the_tape_alone() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.feed(DRIVE, chains(3_000, 15), 4);
    rig.send(|ticket| TapeCommand::Rewind { ticket, drive: DRIVE });
    rig.run();
    rig.take_results();
    let numbers: Vec<u32> = (0..200).map(|_| rig.read(DRIVE, 15)).collect();
    let start = rig.now();
    rig.run_until(|rig| rig.replies.len() == 200);
    check(seconds(rig.now() - start), 3_000.0 * 56_680.0 / 14e6, 0.005, "reading 3,000 tracks");
    let got: Vec<Record> = numbers
        .iter()
        .flat_map(|&number| match rig.result(number) {
            Some(TapeResult::Records(records)) => records.to_vec(),
            other => panic!("a chain of reads ended with {other:?}"),
        })
        .collect();
    assert!(got.into_iter().eq((0..3_000).map(track)), "what was written comes back in order");
    assert_eq!(rig.controller.drive_usage(DRIVE).stops, 0);
}

/// Two drives on one path of 17 MB/s get half of it each; on two paths each streams at its own rate.
#[test]
fn drives_share_the_paths() {
    for (paths, expected) in [(1, 2.0 * 170.04 / 17.0), (2, 170.04 / 14.0)] {
        let mut parameters = parameters(2);
        parameters.channel.paths = paths;
        // A host at half the rate of a path must not be slowed down by stops.
        parameters.drive.backhitch = Span::ZERO;
        let mut rig = Rig::mounted(parameters, 2);
        rig.mount(Some(OTHER), vocab::Cartridge(1));
        rig.run();
        let start = rig.now();
        for chain in chains(3_000, 15) {
            rig.write(DRIVE, Arc::clone(&chain));
            rig.write(OTHER, chain);
        }
        rig.mark(DRIVE, true);
        let last = rig.mark(OTHER, true);
        rig.run_until(|rig| rig.result(last).is_some());
        check(seconds(rig.now() - start), expected, 0.1, &format!("{paths} paths"));
        assert_eq!(rig.tape().len(), 3_001);
        assert_eq!(rig.controller.cartridge(vocab::Cartridge(1)).len(), 3_001);
    }
}
