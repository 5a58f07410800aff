//! Mounts, marks, positions, the end of the tape: what each command does when nothing breaks.

use super::*;
use crate::device::cartridge::{FileName, MarkPlace, Trailer};
use crate::device::drive::DriveState;

fn labels(section: u16) -> Arc<[Record]> {
    let first_volser = TapeVolser::numbered(0);
    let file = FileName::of_dump(volume("PROD01"), Backup(0));
    let hdr1 = Record::Hdr1 { file, first_volser, section, sequence: 1 };
    Arc::new([Record::Vol1 { volser: TapeVolser::numbered(section - 1) }, hdr1, Record::Hdr2, Record::TapeMark])
}

fn trailer(block_count: u32) -> Arc<[Record]> {
    Arc::new([Record::TapeMark, Record::Eof1 { block_count }, Record::Eof2, Record::TapeMark])
}

/// Accessor 14 s, load 15 s; back: rewind, unload 8 s, accessor 14 s.
#[test]
fn a_mount_takes_exchange_and_load() {
    let mut rig = Rig::new(parameters(1), 1);
    let mount = rig.mount(None, TAPE);
    assert_eq!(rig.run(), Span::from_secs(29));
    let volser = Some(TapeVolser::numbered(0));
    assert_eq!(rig.result(mount), Some(&TapeResult::Mounted { drive: DRIVE, volser }));
    assert_eq!(rig.controller.cartridge_in(DRIVE), Some(TAPE));
    let unload = rig.unload(DRIVE);
    assert_eq!(rig.run(), Span::from_secs(22));
    assert_eq!(rig.result(unload), Some(&TapeResult::Done));
    assert_eq!((rig.controller.cartridge_in(DRIVE), rig.controller.is_reserved(DRIVE)), (None, false));
    let names: Vec<TapeFact> = rig.facts.iter().map(|(_, fact)| *fact).collect();
    let (drive, cartridge) = (DRIVE, TAPE);
    assert_eq!(
        names,
        [
            TapeFact::Loaded { drive, cartridge },
            TapeFact::Mounted { drive, cartridge },
            TapeFact::Unloaded { drive, cartridge },
            TapeFact::Stored { drive, cartridge },
        ]
    );
    let usage = rig.controller.drive_usage(DRIVE);
    let spent = DriveState::ALL.map(|state| usage.spent(state, rig.now()).ns() / 1_000_000_000);
    assert_eq!(spent, [28, 15, 0, 0, 0, 8], "empty while the accessor works, loading, unloading");
    let accessors = rig.controller.accessor_usage(rig.now());
    assert_eq!((accessors.busy, accessors.served), (Span::from_secs(28), 2));
}

#[test]
fn mounts_wait_for_the_accessor_and_for_a_drive() {
    let mut rig = Rig::new(parameters(2), 3);
    let mounts = [0, 1, 2].map(|number| rig.mount(None, vocab::Cartridge(number)));
    rig.run();
    let at = |rig: &Rig, number: u32| {
        rig.replies.iter().find(|(_, reply)| reply.ticket.number == number).map(|(at, _)| at.ns() / 1_000_000_000)
    };
    assert_eq!(mounts.map(|mount| at(&rig, mount)), [Some(29), Some(43), None]);
    assert_eq!(rig.controller.waiting_mounts(), 1);
    rig.unload(OTHER);
    rig.run();
    assert_eq!(at(&rig, mounts[2]), Some(43 + 8 + 14 + 14 + 15), "unload, exchange, exchange, load");
    assert_eq!(rig.controller.cartridge_in(OTHER), Some(vocab::Cartridge(2)));
}

#[test]
fn a_cartridge_goes_to_one_drive_at_a_time() {
    let mut rig = Rig::new(parameters(2), 1);
    let mounts = [rig.mount(None, TAPE), rig.mount(None, TAPE)];
    rig.run();
    assert!(matches!(rig.result(mounts[0]), Some(TapeResult::Mounted { drive: DRIVE, .. })));
    assert_eq!(rig.result(mounts[1]), None, "the second waits until the cartridge is back");
    rig.unload(DRIVE);
    rig.run();
    assert!(matches!(rig.result(mounts[1]), Some(TapeResult::Mounted { .. })));
}

#[test]
fn a_command_without_a_mount_is_refused() {
    let mut rig = Rig::new(parameters(1), 1);
    let numbers = [rig.read(DRIVE, 1), rig.mark(Drive(7), true), rig.mount(Some(Drive(7)), TAPE)];
    assert_eq!(numbers.map(|number| rig.result(number).cloned()), [const { Some(TapeResult::NotReady) }; 3]);
    let missing = rig.mount(None, vocab::Cartridge(9));
    assert_eq!(rig.result(missing), Some(&TapeResult::CartridgeMissing));
}

#[test]
fn a_write_is_done_when_it_is_buffered_and_a_synchronising_mark_when_it_is_on_tape() {
    let mut rig = Rig::mounted(parameters(1), 1);
    let chain = rig.write(DRIVE, tracks(0, 15));
    rig.run_until(|rig| rig.result(chain).is_some());
    assert_eq!((rig.controller.unhardened(DRIVE), rig.tape().len()), (15, 2), "nothing but the buffer has changed");
    let buffered = rig.mark(DRIVE, false);
    rig.run_until(|rig| rig.result(buffered).is_some());
    assert_eq!(rig.controller.unhardened(DRIVE), 16);
    let synchronised = rig.mark(DRIVE, true);
    rig.run_until(|rig| rig.result(synchronised).is_some());
    assert_eq!((rig.controller.unhardened(DRIVE), rig.tape().len()), (0, 17));
    let places: Vec<MarkPlace> = rig
        .facts
        .iter()
        .filter_map(|(_, fact)| match fact {
            TapeFact::MarkHardened { place, .. } => Some(*place),
            _ => None,
        })
        .collect();
    assert_eq!(places, [MarkPlace::BehindData, MarkPlace::Elsewhere]);
    assert_eq!(rig.controller.drive_usage(DRIVE).stops, 0, "a stop that was asked for is no stop-start");
}

#[test]
fn a_drive_writes_what_it_has_when_the_host_stays_quiet() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, tracks(0, 15));
    rig.run();
    assert_eq!((rig.controller.unhardened(DRIVE), rig.tape().len()), (0, 15));
    assert!(rig.tape().records().eq(tracks(0, 15).iter()), "no mark follows");
}

#[test]
fn a_slow_host_is_not_a_quiet_one() {
    let mut parameters = parameters(1);
    // A record takes half a second: a chain lasts longer than the drive would wait for a quiet host.
    parameters.channel.rate = 113_360;
    let mut rig = Rig::mounted(parameters, 1);
    rig.feed(DRIVE, [tracks(0, 15), tracks(15, 15), tracks(30, 15)], 1);
    assert_eq!((rig.controller.unhardened(DRIVE), rig.tape().len()), (45, 2), "the drive waits for a full buffer");
    assert_eq!(rig.run(), Span::from_ms(1_500) * 2 + Span::of_transfer(45 * 56_680, 14_000_000), "wait, write, stop");
}

#[test]
fn a_labelled_dump_tells_when_its_trailer_is_on_tape() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, labels(1));
    rig.write(DRIVE, Arc::new([Record::Header { volume: volume("PROD01"), backup: Backup(0) }]));
    rig.feed(DRIVE, [tracks(0, 15), tracks(15, 15)], 2);
    rig.write(DRIVE, trailer(31));
    let mark = rig.mark(DRIVE, true);
    rig.run_until(|rig| rig.result(mark).is_some());
    let closing = MarkPlace::Closing(Trailer::EndOfFile);
    let (_, last) = rig.facts.last().expect("facts were reported");
    assert_eq!(*last, TapeFact::MarkHardened { drive: DRIVE, cartridge: TAPE, place: closing, index: 39 });
    assert_eq!(rig.tape().volser(), Some(TapeVolser::numbered(0)));
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::BlockHardened { .. })), 31);
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::BlockAcknowledged { track: None, .. })), 1);
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::LabelHardened { label: LabelKind::Vol1, .. })), 1);
}

#[test]
fn reads_end_at_marks_and_at_the_end_of_data() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, labels(1));
    rig.write(DRIVE, tracks(0, 10));
    rig.mark(DRIVE, true);
    rig.locate(DRIVE, Target::File(1));
    rig.run();
    rig.take_results();
    let numbers = [4, 15, 1].map(|count| rig.read(DRIVE, count));
    rig.run();
    assert_eq!(rig.result(numbers[0]), Some(&TapeResult::Records(tracks(0, 4))));
    let mut rest = tracks(4, 6).to_vec();
    rest.push(Record::TapeMark);
    let until_mark = TapeResult::RecordsUntil { records: rest.into(), end: ReadEnd::TapeMark };
    assert_eq!(rig.result(numbers[1]), Some(&until_mark));
    assert_eq!(rig.result(numbers[2]), Some(&TapeResult::NotExecuted), "a chain behind an unusual end");
    let beyond = rig.read(DRIVE, 1);
    rig.run();
    let nothing = TapeResult::RecordsUntil { records: Arc::new([]), end: ReadEnd::EndOfData };
    assert_eq!(rig.result(beyond), Some(&nothing));
}

#[test]
fn a_chain_of_reads_stops_at_a_mark_that_has_data_behind_it() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, labels(1));
    rig.write(DRIVE, tracks(0, 10));
    rig.locate(DRIVE, Target::Record(0));
    rig.read(DRIVE, 1);
    rig.run();
    assert_eq!(rig.controller.unit(DRIVE).drive.buffered(), 13, "everything else is read ahead");
    let read = rig.read(DRIVE, 8);
    rig.run();
    let until_mark = TapeResult::RecordsUntil { records: labels(1)[1..].into(), end: ReadEnd::TapeMark };
    assert_eq!(rig.result(read), Some(&until_mark));
    let read = rig.read(DRIVE, 8);
    rig.run();
    assert_eq!(rig.result(read), Some(&TapeResult::Records(tracks(0, 8))), "what was read ahead is not lost");
}

#[test]
fn locates_lead_to_records_files_and_the_end() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, labels(1));
    rig.write(DRIVE, tracks(0, 10));
    rig.mark(DRIVE, false);
    for (target, position) in [
        (Target::Record(7), Some(7)),
        (Target::File(0), Some(0)),
        (Target::File(1), Some(4)),
        (Target::File(2), Some(15)),
        (Target::EndOfData, Some(15)),
        (Target::File(3), None),
        (Target::Record(16), None),
    ] {
        let before = rig.controller.position(DRIVE);
        let locate = rig.locate(DRIVE, target);
        rig.run();
        let expected = if position.is_some() { TapeResult::Done } else { TapeResult::NoSuchPlace };
        assert_eq!(rig.result(locate), Some(&expected), "{target:?}");
        assert_eq!(rig.controller.position(DRIVE), position.unwrap_or(before), "{target:?}");
    }
}

#[test]
fn a_write_behind_a_read_goes_to_where_the_host_has_read() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, tracks(0, 100));
    rig.locate(DRIVE, Target::Record(0));
    rig.read(DRIVE, 7);
    rig.run();
    assert_eq!((rig.controller.position(DRIVE), rig.tape().len()), (7, 100), "the rest was read ahead");
    rig.write(DRIVE, tracks(900, 1));
    rig.mark(DRIVE, true);
    rig.run();
    let mut expected = tracks(0, 7).to_vec();
    expected.extend([track(900), Record::TapeMark]);
    assert!(rig.tape().records().eq(expected.iter()), "and everything behind is gone");
}

#[test]
fn the_end_of_the_tape_is_announced_in_front_of_a_reserve_for_the_trailer() {
    let mut parameters = parameters(1);
    // 400 tracks and a reserve of 2 of them.
    parameters.drive.capacity = 400 * 56_680;
    let mut rig = Rig::mounted(parameters, 1);
    let numbers: Vec<u32> = (0..30).map(|chain| rig.write(DRIVE, tracks(chain * 15, 15))).collect();
    rig.run();
    let ended = numbers.iter().position(|&number| rig.result(number) != Some(&TapeResult::Done));
    assert_eq!(ended, Some(26), "the warning stands behind 398 of 26 x 15 = 390 tracks");
    assert_eq!(rig.result(numbers[26]), Some(&TapeResult::EndOfVolume { accepted: 9 }));
    assert_eq!(rig.result(numbers[27]), Some(&TapeResult::NotExecuted));
    let close = rig.write(DRIVE, Arc::new([Record::TapeMark, Record::Eov1 { block_count: 399 }, Record::Eov2]));
    rig.mark(DRIVE, false);
    let closed = rig.mark(DRIVE, true);
    rig.run();
    assert_eq!([close, closed].map(|number| rig.result(number)), [Some(&TapeResult::Done); 2]);
    assert_eq!(rig.tape().len(), 399 + 5);
    let closing = MarkPlace::Closing(Trailer::EndOfVolume);
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::MarkHardened { place, .. } if *place == closing)), 1);
    let beyond = rig.write(DRIVE, tracks(0, 2));
    rig.run();
    assert_eq!(rig.result(beyond), Some(&TapeResult::EndOfVolume { accepted: 0 }), "the tape is full");
}

#[test]
fn a_mount_of_a_cartridge_that_lies_in_another_drive_clears_that_drive() {
    let mut rig = Rig::mounted(parameters(2), 2);
    rig.write(DRIVE, tracks(0, 15));
    rig.run();
    rig.inject(|controller, outbox| controller.host_crash(outbox));
    let mount = rig.mount(Some(OTHER), TAPE);
    rig.run();
    assert!(matches!(rig.result(mount), Some(TapeResult::Mounted { drive: OTHER, volser: None })), "data in front");
    assert_eq!((rig.controller.cartridge_in(DRIVE), rig.controller.cartridge_in(OTHER)), (None, Some(TAPE)));
}

#[test]
fn a_swapped_cartridge_shows_in_its_label() {
    let mut rig = Rig::new(parameters(1), 2);
    assert!(rig.inject(|controller, _| controller.inject_cartridge_swap(TAPE, vocab::Cartridge(1))));
    let mount = rig.mount(None, TAPE);
    rig.run();
    let volser = Some(TapeVolser::numbered(1));
    assert_eq!(rig.result(mount), Some(&TapeResult::Mounted { drive: DRIVE, volser }));
    rig.unload(DRIVE);
    rig.run();
    assert!(rig.inject(|controller, _| controller.inject_cartridge_removal(TAPE)));
    let mount = rig.mount(None, TAPE);
    rig.run();
    assert_eq!(rig.result(mount), Some(&TapeResult::CartridgeMissing));
    assert!(!rig.controller.is_reserved(DRIVE));
}
