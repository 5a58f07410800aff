//! What the library's policies and geometry change, and what a drive of several speeds does.

use super::*;
use crate::device::drive::DriveParameters;
use crate::device::library::{Demount, DriveChoice, Geometry, MountOrder};

/// So many drives under these rules.
fn library(drives: u8, change: impl Fn(&mut LibraryParameters)) -> Rig {
    let mut parameters = parameters(drives);
    change(&mut parameters.library);
    Rig::new(parameters, 4)
}

/// Mounts a cartridge anywhere, and says where it is and how long that took.
fn mounted_at(rig: &mut Rig, cartridge: u16) -> (Drive, f64) {
    let number = rig.mount(None, vocab::Cartridge(cartridge));
    let took = rig.run();
    match rig.result(number) {
        Some(TapeResult::Mounted { drive, .. }) => (*drive, seconds(took)),
        other => panic!("it is mounted, and not {other:?}"),
    }
}

fn unloaded(rig: &mut Rig, drive: Drive) -> f64 {
    let number = rig.unload(drive);
    let took = rig.run();
    assert_eq!(rig.result(number), Some(&TapeResult::Done));
    seconds(took)
}

#[test]
fn a_cartridge_may_stay_until_its_drive_is_needed() {
    let mut rig = library(1, |library| library.demount = Demount::WhenNeeded);
    assert_eq!(mounted_at(&mut rig, 0), (DRIVE, 29.0));
    assert_eq!(unloaded(&mut rig, DRIVE), 0.0);
    assert_eq!(mounted_at(&mut rig, 0), (DRIVE, 0.0), "it is still there");
    assert_eq!(unloaded(&mut rig, DRIVE), 0.0);
    // Unload 8 s, back 14 s, fetch 14 s, load 15 s.
    assert_eq!(mounted_at(&mut rig, 1), (DRIVE, 51.0));
    let mut rig = library(1, |_| {});
    assert_eq!((mounted_at(&mut rig, 0).1, unloaded(&mut rig, DRIVE)), (29.0, 22.0), "else it goes back at once");
}

#[test]
fn a_mount_whose_cartridge_is_there_may_come_before_those_that_would_send_it_away() {
    for (order, first) in [(MountOrder::Arrival, 1), (MountOrder::MountedFirst, 0)] {
        let mut rig = library(1, |library| {
            library.demount = Demount::WhenNeeded;
            library.order = order;
        });
        mounted_at(&mut rig, 0);
        // Both wait for the only drive, whose cartridge is 0.
        let numbers = [1, 0].map(|cartridge| rig.mount(None, vocab::Cartridge(cartridge)));
        rig.take_results();
        rig.unload(DRIVE);
        rig.run_until(|rig| numbers.iter().any(|&number| rig.result(number).is_some()));
        assert_eq!(rig.controller.cartridge_in(DRIVE), Some(vocab::Cartridge(first)), "{order:?}");
    }
}

#[test]
fn drives_are_taken_as_the_library_prefers() {
    // Cartridge 1 and drives 1 and 3 are on the second of two levels.
    for (choice, first, again) in
        [(DriveChoice::Lowest, 0, 0), (DriveChoice::LeastUsed, 0, 1), (DriveChoice::Nearest, 1, 1)]
    {
        let mut rig = library(4, |library| {
            library.choice = choice;
            library.geometry = Geometry::Even { levels: 2 };
            library.pass_through = Span::from_secs(9);
        });
        let (drive, took) = mounted_at(&mut rig, 1);
        let way = if drive.0.is_multiple_of(2) { 9.0 } else { 0.0 };
        assert_eq!((drive, took), (Drive(first), 29.0 + way), "{choice:?}");
        assert_eq!(unloaded(&mut rig, drive), 22.0 + way);
        assert_eq!(mounted_at(&mut rig, 1).0, Drive(again), "{choice:?}");
    }
}

#[test]
fn levels_exchange_at_the_same_time() {
    for (levels, expected) in [(1, 43.0), (2, 29.0)] {
        let mut rig = library(2, |library| library.geometry = Geometry::Even { levels });
        for number in 0..2 {
            rig.mount(Some(Drive(number)), vocab::Cartridge(number.into()));
        }
        assert_eq!(seconds(rig.run()), expected, "{levels} levels");
    }
}

/// A host of 8 MB/s before a drive of 14 MB/s that can run at half of that or less.
#[test]
fn a_drive_with_slower_speeds_follows_the_host_without_stopping() {
    let stops = |speed_steps, slowest_milli, host_rate| {
        let mut parameters = parameters(1);
        parameters.drive = DriveParameters { speed_steps, slowest_milli, ..parameters.drive };
        parameters.channel = ChannelParameters { rate: host_rate, paths: 1, overhead: Span::ZERO };
        let mut rig = Rig::mounted(parameters, 1);
        let began = rig.now();
        // 20,000 blocks, 1.13 GB.
        rig.feed(DRIVE, (0..1_333).map(|chain| tracks(chain * 15, 15)), 2);
        let rate = 1_333.0 * 15.0 * 56_680.0 / seconds(rig.now() - began);
        check(rate, host_rate as f64, 0.01, "the host is never held up");
        rig.count(|fact| matches!(fact, TapeFact::StopStart { .. }))
    };
    // One speed: a stop for each B/r + B/(R - r) of 4.7 s.
    assert!((28..=31).contains(&stops(1, 1_000, 8_000_000)), "one speed");
    assert_eq!(stops(4, 500, 8_000_000), 0, "four speeds from 7 MB/s");
    assert!((18..=21).contains(&stops(4, 500, 5_000_000)), "at 7 MB/s: one for each 11.2 s");
}
