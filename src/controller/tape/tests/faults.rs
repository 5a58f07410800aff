//! Errors and crashes: what is reported, what is lost, and that nothing hardened ever changes.

use super::*;

fn results(rig: &Rig, numbers: &[u32]) -> Vec<Option<TapeResult>> {
    numbers.iter().map(|&number| rig.result(number).cloned()).collect()
}

#[test]
fn a_temporary_write_error_is_repaired_by_writing_again_from_the_failed_block() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.inject(|controller, _| controller.inject_write_error(DRIVE, false, 20));
    let numbers = [rig.write(DRIVE, tracks(0, 15)), rig.write(DRIVE, tracks(15, 15)), rig.mark(DRIVE, true)];
    rig.run();
    let error = TapeResult::WriteError { permanent: false, lost: 11, hardened_blocks: 20 };
    assert_eq!(results(&rig, &numbers), [Some(TapeResult::Done), Some(TapeResult::Done), Some(error)]);
    assert_eq!(rig.count(|fact| *fact == TapeFact::BlocksLost { drive: DRIVE, count: 11 }), 1);
    assert_eq!(rig.count(|fact| *fact == TapeFact::ErrorReported { drive: DRIVE, permanent: false }), 1);
    assert_eq!(rig.controller.position(DRIVE), 20);
    rig.write(DRIVE, tracks(20, 10));
    rig.mark(DRIVE, true);
    rig.run();
    let expected: Vec<Record> = (0..30).map(track).chain([Record::TapeMark]).collect();
    assert!(rig.tape().records().eq(expected.iter()));
}

#[test]
fn the_drives_own_retry_costs_a_backhitch_and_the_block() {
    let time = |fails: bool| {
        let mut rig = Rig::mounted(parameters(1), 1);
        if fails {
            rig.inject(|controller, _| controller.inject_write_error(DRIVE, false, 0));
        }
        rig.write(DRIVE, tracks(0, 1));
        let mark = rig.mark(DRIVE, true);
        let start = rig.now();
        rig.run_until(|rig| rig.result(mark).is_some());
        seconds(rig.now() - start)
    };
    let block = 56_680.0 / 14e6;
    check(time(true), 56_680.0 / 17e6 + 0.0002 + 1.5 + 2.0 * block, 0.001, "with an error at the only block");
    check(time(false), 56_680.0 / 17e6 + 0.0002 + block, 0.01, "without");
}

#[test]
fn a_permanent_write_error_comes_back_until_the_program_goes_elsewhere() {
    let mut rig = Rig::mounted(parameters(1), 2);
    rig.inject(|controller, _| controller.inject_write_error(DRIVE, true, 5));
    let error = |lost| Some(TapeResult::WriteError { permanent: true, lost, hardened_blocks: 5 });
    for first in [0, 5, 5] {
        rig.write(DRIVE, tracks(first, 15 - first));
        let mark = rig.mark(DRIVE, true);
        rig.run();
        assert_eq!(rig.result(mark).cloned(), error(11));
    }
    rig.locate(DRIVE, Target::Record(3));
    rig.write(DRIVE, tracks(3, 3));
    let mark = rig.mark(DRIVE, true);
    rig.run();
    assert_eq!(rig.result(mark).cloned(), error(2), "also when it comes from farther in front");
    let trailer = rig.write(DRIVE, Arc::new([Record::TapeMark, Record::Eov1 { block_count: 5 }, Record::Eov2]));
    let mark = rig.mark(DRIVE, true);
    rig.run();
    assert_eq!(results(&rig, &[trailer, mark]), [Some(TapeResult::Done), Some(TapeResult::Done)]);
    rig.unload(DRIVE);
    rig.mount(None, vocab::Cartridge(1));
    rig.write(DRIVE, tracks(5, 10));
    rig.run();
    rig.write(DRIVE, tracks(5, 10));
    let mark = rig.mark(DRIVE, true);
    rig.run();
    assert_eq!(rig.result(mark), Some(&TapeResult::Done), "another tape has no defect");
    assert_eq!(rig.controller.cartridge(vocab::Cartridge(1)).len(), 11);
    assert_eq!(rig.tape().len(), 9);
}

#[test]
fn an_error_that_finds_no_command_is_told_to_the_next() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.inject(|controller, _| controller.inject_write_error(DRIVE, false, 0));
    let chain = rig.write(DRIVE, tracks(0, 15));
    rig.run();
    assert_eq!(rig.result(chain), Some(&TapeResult::Done), "the blocks were in the buffer");
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::ErrorReported { .. })), 0);
    let next = rig.write(DRIVE, tracks(15, 15));
    rig.run();
    let error = TapeResult::WriteError { permanent: false, lost: 15, hardened_blocks: 0 };
    assert_eq!(rig.result(next), Some(&error));
    assert_eq!(rig.controller.unhardened(DRIVE), 0, "and that one was not executed");
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::ErrorReported { .. })), 1);
}

#[test]
fn a_read_error_hands_over_what_stands_in_front() {
    for permanent in [false, true] {
        let mut rig = Rig::mounted(parameters(1), 1);
        rig.write(DRIVE, tracks(0, 30));
        rig.locate(DRIVE, Target::Record(0));
        rig.run();
        assert!(rig.inject(|controller, _| controller.inject_read_error(TAPE, 20, permanent)));
        assert!(!rig.inject(|controller, _| controller.inject_read_error(TAPE, 30, permanent)));
        let numbers = [rig.read(DRIVE, 15), rig.read(DRIVE, 15), rig.read(DRIVE, 1)];
        rig.run();
        let error = TapeResult::ReadError { permanent, records: tracks(15, 5) };
        let not_executed = Some(TapeResult::NotExecuted);
        assert_eq!(results(&rig, &numbers), [Some(TapeResult::Records(tracks(0, 15))), Some(error), not_executed]);
        let again = rig.read(DRIVE, 10);
        rig.run();
        let nothing = TapeResult::ReadError { permanent, records: Arc::new([]) };
        let expected = if permanent { nothing } else { TapeResult::Records(tracks(20, 10)) };
        assert_eq!(rig.result(again), Some(&expected));
        rig.locate(DRIVE, Target::Record(21));
        let behind = rig.read(DRIVE, 9);
        rig.run();
        assert_eq!(rig.result(behind), Some(&TapeResult::Records(tracks(21, 9))));
    }
}

#[test]
fn an_error_met_while_reading_ahead_is_forgotten_when_the_host_goes_elsewhere() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.write(DRIVE, tracks(0, 30));
    rig.locate(DRIVE, Target::Record(0));
    rig.run();
    rig.inject(|controller, _| controller.inject_read_error(TAPE, 7, true));
    rig.read(DRIVE, 5);
    rig.run();
    rig.locate(DRIVE, Target::Record(20));
    let read = rig.read(DRIVE, 10);
    rig.run();
    assert_eq!(rig.result(read), Some(&TapeResult::Records(tracks(20, 10))));
    assert_eq!(rig.count(|fact| matches!(fact, TapeFact::ErrorReported { .. })), 0, "nobody asked for that record");
}

/// A command that fails while it stands in line leaves its place to the next one, which may not need it.
#[test]
fn a_place_in_line_for_the_path_that_nobody_needs_holds_up_nobody() {
    let mut parameters = parameters(2);
    // One record takes half a second, a chain of 15 holds the only path for longer than a retry lasts.
    parameters.channel.rate = 113_360;
    let mut rig = Rig::mounted(parameters, 2);
    rig.mount(Some(OTHER), vocab::Cartridge(1));
    rig.write(DRIVE, tracks(0, 1));
    rig.run();
    rig.inject(|controller, _| controller.inject_write_error(DRIVE, false, 0));
    rig.write(DRIVE, tracks(1, 1));
    rig.run_until(|rig| rig.controller.unit(DRIVE).flush);
    let long = rig.write(OTHER, tracks(0, 15));
    let failed = rig.write(DRIVE, tracks(2, 1));
    rig.run_until(|rig| rig.result(failed).is_some());
    assert!(matches!(rig.result(failed), Some(TapeResult::WriteError { .. })));
    assert_eq!(rig.result(long), None, "the path is still in use");
    let read = rig.read(DRIVE, 1);
    let behind = rig.write(OTHER, tracks(15, 1));
    rig.run();
    let nothing = TapeResult::RecordsUntil { records: Arc::new([]), end: ReadEnd::EndOfData };
    assert_eq!(results(&rig, &[long, read, behind]), [Some(TapeResult::Done), Some(nothing), Some(TapeResult::Done)]);
}

#[test]
fn a_power_loss_takes_the_buffer_and_leaves_the_tape_in_the_drive() {
    let mut rig = Rig::mounted(parameters(1), 2);
    (0..40).for_each(|chain| _ = rig.write(DRIVE, tracks(chain * 15, 15)));
    rig.run_until(|rig| rig.tape().len() == 100 && rig.tape().record(99) == Some(&track(99)));
    let lost = rig.controller.unhardened(DRIVE);
    assert!(lost > 270, "the buffer is full");
    rig.take_results();
    rig.inject(|controller, outbox| controller.power_loss(outbox));
    assert!(!rig.step(), "all timers are stale");
    assert_eq!(rig.count(|fact| *fact == TapeFact::BlocksLost { drive: DRIVE, count: lost }), 1);
    assert!(rig.take_results().is_empty(), "nobody is answered any more");
    assert!(rig.tape().records().eq(tracks(0, 100).iter()));
    assert_eq!((rig.controller.cartridge_in(DRIVE), rig.controller.is_reserved(DRIVE)), (Some(TAPE), false));
    let mut again = rig.clone();
    let mount = again.mount(None, TAPE);
    assert_eq!(again.run(), Span::from_secs(15), "the drive that holds the tape loads it again");
    assert!(matches!(again.result(mount), Some(TapeResult::Mounted { drive: DRIVE, .. })));
    let mount = rig.mount(None, vocab::Cartridge(1));
    assert_eq!(rig.run(), Span::from_secs(15 + 8 + 14 + 14 + 15), "or makes room for another");
    assert!(matches!(rig.result(mount), Some(TapeResult::Mounted { drive: DRIVE, .. })));
}

#[test]
fn after_a_host_crash_the_buffer_drains_and_the_next_mount_clears_the_drive() {
    let mut rig = Rig::mounted(parameters(1), 2);
    (0..10).for_each(|chain| _ = rig.write(DRIVE, tracks(chain * 15, 15)));
    let mark = rig.mark(DRIVE, true);
    rig.run_until(|rig| rig.controller.unhardened(DRIVE) == 20);
    rig.inject(|controller, outbox| controller.host_crash(outbox));
    rig.run();
    assert!(rig.tape().records().eq(tracks(0, 30).iter()), "the running chain is finished, those behind never begin");
    assert_eq!(rig.result(mark), None);
    assert_eq!(rig.controller.position(DRIVE), 30, "the drive stays where it is");
    let refused = rig.write(DRIVE, tracks(30, 1));
    assert_eq!(rig.result(refused), Some(&TapeResult::NotReady));
    let rewind = rig.controller.unit(DRIVE).drive.parameters().rewind(30 * 56_680);
    let mount = rig.mount(None, vocab::Cartridge(1));
    assert_eq!(rig.run(), rewind + Span::from_secs(8 + 14 + 14 + 15));
    assert!(matches!(rig.result(mount), Some(TapeResult::Mounted { drive: DRIVE, .. })));
}

#[test]
fn a_reset_drive_reports_lost_blocks_and_finds_its_tape_again() {
    for quiet in [false, true] {
        let mut rig = Rig::mounted(parameters(1), 1);
        let chain = rig.write(DRIVE, tracks(0, 15));
        rig.run_until(|rig| rig.result(chain).is_some());
        let running = if quiet { None } else { Some(rig.write(DRIVE, tracks(15, 15))) };
        let outage = Span::from_secs(60);
        assert!(rig.inject(|controller, outbox| controller.drive_crash(DRIVE, outage, outbox)));
        let told = running.unwrap_or_else(|| rig.write(DRIVE, tracks(15, 15)));
        let reset = TapeResult::Reset { lost: 15, hardened_blocks: 0 };
        assert_eq!(rig.result(told), Some(&reset));
        let refused = rig.write(DRIVE, tracks(0, 15));
        assert_eq!(rig.result(refused), Some(&TapeResult::NotReady), "the position is lost");
        let locate = rig.locate(DRIVE, Target::Record(0));
        assert_eq!(rig.run(), outage + Span::from_secs(15) + Span::from_ms(5_670));
        assert_eq!(rig.result(locate), Some(&TapeResult::Done));
        rig.write(DRIVE, tracks(0, 30));
        let mark = rig.mark(DRIVE, true);
        rig.run();
        assert_eq!(rig.result(mark), Some(&TapeResult::Done));
        assert_eq!(rig.tape().len(), 31);
    }
}

#[test]
fn a_reset_drive_without_a_tape_does_not_notice() {
    let mut rig = Rig::new(parameters(1), 1);
    rig.mount(None, TAPE);
    rig.step();
    assert!(
        rig.inject(|controller, outbox| controller.drive_crash(DRIVE, Span::ZERO, outbox)),
        "while loading it does"
    );
    rig.run();
    assert!(matches!(rig.take_results()[..], [TapeResult::Mounted { .. }]), "and loads again");
    rig.unload(DRIVE);
    rig.run();
    assert!(!rig.inject(|controller, outbox| controller.drive_crash(DRIVE, Span::ZERO, outbox)));
}

#[test]
fn a_tape_that_ends_early_gives_its_warning_early() {
    let mut rig = Rig::mounted(parameters(1), 1);
    rig.inject(|controller, _| controller.inject_early_end_of_volume(TAPE, 1_000_000));
    let chain = rig.write(DRIVE, tracks(0, 30));
    rig.run();
    let fit = 1_000_000 / 56_680;
    assert_eq!(rig.result(chain), Some(&TapeResult::EndOfVolume { accepted: fit }));
    let mut late = Rig::mounted(parameters(1), 1);
    let chain = late.write(DRIVE, tracks(0, 30));
    late.run_until(|rig| rig.result(chain).is_some());
    late.inject(|controller, _| controller.inject_early_end_of_volume(TAPE, 1_000_000));
    late.run();
    let mark = late.mark(DRIVE, true);
    let (lost, hardened_blocks) = (30 - u64::from(fit), fit.into());
    let error = TapeResult::WriteError { permanent: true, lost, hardened_blocks };
    assert_eq!(late.result(mark).cloned(), Some(error), "what was acknowledged before does not fit any more");
}

/// At every boundary of a small dump: the tape holds a beginning of what was sent, and whatever was answered by a
/// synchronising mark is on it; the rig recovers.
#[test]
fn a_crash_at_any_boundary_leaves_a_beginning_of_what_was_sent() {
    let sent: Vec<Record> = [Record::Vol1 { volser: TapeVolser::numbered(0) }, Record::TapeMark]
        .into_iter()
        .chain((0..8).map(track))
        .chain([Record::TapeMark, Record::Eof1 { block_count: 8 }, Record::Eof2, Record::TapeMark, Record::TapeMark])
        .collect();
    let mut rig = Rig::new(parameters(1), 1);
    rig.mount(None, TAPE);
    rig.run();
    rig.write(DRIVE, sent[..1].into());
    rig.mark(DRIVE, true);
    rig.write(DRIVE, sent[2..6].into());
    rig.write(DRIVE, sent[6..14].into());
    let last = rig.mark(DRIVE, true);
    let mut boundaries = 0;
    loop {
        for crash in 0..3 {
            let mut fork = rig.clone();
            fork.inject(|controller, outbox| match crash {
                0 => controller.power_loss(outbox),
                1 => controller.host_crash(outbox),
                _ => _ = controller.drive_crash(DRIVE, Span::from_secs(1), outbox),
            });
            fork.run();
            let initial = [Record::Vol1 { volser: TapeVolser::numbered(0) }, Record::TapeMark];
            let kept: Vec<&Record> = fork.tape().records().collect();
            assert!(
                kept.iter().copied().eq(sent.iter().take(kept.len())) || kept.iter().copied().eq(initial.iter()),
                "boundary {boundaries}, crash {crash}: {kept:?}"
            );
            if fork.result(last) == Some(&TapeResult::Done) {
                assert_eq!(kept.len(), sent.len());
            }
            if crash == 2 {
                fork.unload(DRIVE);
                fork.run();
                fork.unload(DRIVE);
                fork.run();
            }
            let mount = fork.mount(None, TAPE);
            fork.run();
            assert!(matches!(fork.result(mount), Some(TapeResult::Mounted { drive: DRIVE, .. })), "{crash}");
            fork.write(DRIVE, tracks(100, 2));
            let mark = fork.mark(DRIVE, true);
            fork.run();
            assert_eq!(fork.result(mark), Some(&TapeResult::Done));
            assert_eq!(fork.tape().len(), 3);
        }
        if !rig.step() {
            break;
        }
        boundaries += 1;
    }
    assert!(rig.tape().records().eq(sent.iter()));
    assert!(boundaries >= 2 * sent.len(), "every record that arrives and every one that hardens is a boundary");
}

#[test]
fn whatever_the_reserve_is_the_labels_that_close_a_cartridge_find_room() {
    // From a cartridge that ends with a block to one that would leave a little less than the labels need.
    for slack in [0, 100, 351, 352, 353, 56_679] {
        let mut parameters = parameters(1);
        parameters.drive.reserve_milli = 0;
        parameters.drive.capacity = 10 * 56_680 + slack;
        let mut rig = Rig::mounted(parameters, 1);
        let chain = rig.write(DRIVE, tracks(0, 15));
        rig.run();
        let Some(&TapeResult::EndOfVolume { accepted }) = rig.result(chain) else { panic!("the tape ends") };
        assert_eq!(accepted, if slack < 352 { 9 } else { 10 }, "slack {slack}");
        let block_count = accepted;
        let close = [Record::TapeMark, Record::Eov1 { block_count }, Record::Eov2, Record::TapeMark];
        let labels = rig.write(DRIVE, Arc::new(close));
        let mark = rig.mark(DRIVE, true);
        rig.run();
        assert_eq!([labels, mark].map(|number| rig.result(number)), [Some(&TapeResult::Done); 2], "slack {slack}");
    }
}

#[test]
fn an_early_end_is_announced_behind_what_the_drive_has_taken() {
    let mut rig = Rig::mounted(parameters(1), 1);
    let chain = rig.write(DRIVE, tracks(0, 10));
    rig.run_until(|rig| rig.result(chain).is_some());
    let room = rig.controller.bytes_spoken_for(TAPE);
    rig.inject(|controller, _| controller.inject_early_end_of_volume(TAPE, room));
    let beyond = rig.write(DRIVE, tracks(10, 1));
    rig.run();
    assert_eq!(rig.result(beyond), Some(&TapeResult::EndOfVolume { accepted: 0 }));
    let labels = rig.write(DRIVE, Arc::new([Record::TapeMark, Record::Eov1 { block_count: 10 }, Record::Eov2]));
    let mark = rig.mark(DRIVE, true);
    rig.run();
    assert_eq!([labels, mark].map(|number| rig.result(number)), [Some(&TapeResult::Done); 2]);
}

#[test]
fn a_mount_that_fails_is_told_and_the_next_goes_to_another_drive() {
    let mut rig = Rig::new(parameters(2), 1);
    rig.inject(|controller, _| controller.inject_mount_failures(1));
    let first = rig.mount(None, TAPE);
    rig.run();
    assert_eq!(rig.result(first), Some(&TapeResult::MountFailed));
    assert!(!rig.controller.is_reserved(DRIVE), "the drive belongs to nobody");
    let second = rig.mount(None, TAPE);
    rig.run();
    assert!(matches!(rig.result(second), Some(TapeResult::Mounted { drive: OTHER, .. })));
}

#[test]
fn an_offline_drive_is_given_to_no_mount_until_it_returns() {
    let hour = Span::from_secs(3_600);
    let mut rig = Rig::new(parameters(2), 2);
    rig.inject(|controller, outbox| controller.drive_offline(DRIVE, hour, outbox));
    let [first, second] = [TAPE, vocab::Cartridge(1)].map(|cartridge| rig.mount(None, cartridge));
    rig.run();
    assert!(matches!(rig.result(first), Some(TapeResult::Mounted { drive: OTHER, .. })));
    assert!(matches!(rig.result(second), Some(TapeResult::Mounted { drive: DRIVE, .. })), "it waited");
    assert!(rig.now() >= Time::ZERO + hour);
}

#[test]
fn a_drive_that_goes_offline_loses_its_buffer_and_goes_on_with_its_tape_afterwards() {
    let mut rig = Rig::mounted(parameters(1), 1);
    let chain = rig.write(DRIVE, tracks(0, 10));
    rig.run_until(|rig| rig.result(chain).is_some());
    let at = rig.now();
    rig.inject(|controller, outbox| controller.drive_offline(DRIVE, Span::from_secs(600), outbox));
    let told = rig.mark(DRIVE, true);
    let found = rig.locate(DRIVE, Target::Record(0));
    rig.run();
    assert_eq!(rig.result(told), Some(&TapeResult::Reset { lost: 10, hardened_blocks: 0 }));
    assert_eq!(rig.result(found), Some(&TapeResult::Done));
    assert!(rig.now() - at >= Span::from_secs(600));
}

#[test]
fn a_stopped_accessor_takes_up_its_work_where_it_stood() {
    let time = |stopped: bool| {
        let mut rig = Rig::new(parameters(1), 1);
        if stopped {
            rig.inject(|controller, outbox| controller.stop_accessors(Span::from_secs(600), outbox));
        }
        rig.mount(None, TAPE);
        seconds(rig.run())
    };
    check(time(true) - time(false), 600.0, 1e-9, "the standstill");
}

#[test]
fn a_cartridge_is_found_by_its_name_wherever_it_lies() {
    let mut rig = Rig::new(parameters(1), 2);
    let other = vocab::Cartridge(1);
    let name = TapeVolser::numbered;
    assert!(rig.inject(|controller, _| controller.inject_cartridge_swap(TAPE, other)));
    let is_found = |rig: &Rig, cartridge, number| {
        rig.controller.cartridge_named(cartridge, name(number)).map(|found| found.volser())
    };
    assert_eq!(is_found(&rig, TAPE, 0), Some(Some(name(0))), "in the other's cell");
    assert!(rig.inject(|controller, _| controller.inject_cartridge_removal(other)));
    assert_eq!(is_found(&rig, TAPE, 0), None, "it was what lay there");
    assert_eq!(is_found(&rig, other, 1), Some(Some(name(1))));
}
