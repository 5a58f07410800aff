//! Random commands and faults: every command is answered once, nothing sticks, tapes hold what facts say they hold.

use super::*;
use crate::kernel::{Draws, Stream};

fn small() -> TapeParameters {
    let mut parameters = parameters(2);
    // Room for four blocks in the buffer and for about eighteen on a tape, so that everything runs full.
    parameters.drive.buffer = 250_000;
    parameters.drive.capacity = 1_050_000;
    parameters.drive.reserve_milli = 50;
    parameters
}

fn random_command(rig: &mut Rig, draws: &mut Draws, next: &mut u32) {
    let drive = Drive(draws.below(2) as u8);
    match draws.below(20) {
        0..=2 => _ = rig.mount((draws.below(2) == 0).then_some(drive), vocab::Cartridge(draws.below(3) as u16)),
        3..=9 => {
            let count = draws.below(8) as u32;
            *next += count;
            rig.write(drive, tracks(*next - count, count));
        }
        10..=11 => _ = rig.mark(drive, draws.below(2) == 0),
        12..=14 => {
            rig.locate(drive, Target::Record(draws.below(4)));
            rig.read(drive, draws.below(8) as u32);
        }
        15 => _ = rig.read(drive, 20),
        16 => _ = rig.locate(drive, Target::File(draws.below(3) as u32)),
        17 => _ = rig.locate(drive, Target::EndOfData),
        18 => _ = rig.send(|ticket| TapeCommand::Rewind { ticket, drive }),
        _ => _ = rig.unload(drive),
    }
}

/// True when commands that were sent may stay without an answer.
fn random_fault(rig: &mut Rig, draws: &mut Draws) -> bool {
    let drive = Drive(draws.below(2) as u8);
    let permanent = draws.below(2) == 0;
    let number = draws.below(12);
    match draws.below(24) {
        0 => rig.inject(|controller, outbox| controller.power_loss(outbox)),
        1 => rig.inject(|controller, outbox| controller.host_crash(outbox)),
        2..=4 => {
            rig.inject(|controller, outbox| controller.drive_crash(drive, Span::from_secs(number), outbox));
            return false;
        }
        5..=14 => {
            rig.inject(|controller, _| controller.inject_write_error(drive, permanent, number));
            return false;
        }
        _ => {
            let cartridge = vocab::Cartridge(draws.below(3) as u16);
            rig.inject(|controller, _| controller.inject_read_error(cartridge, number, permanent));
            return false;
        }
    }
    true
}

/// The tapes as the facts describe them: whatever is reported as hardened at an index cuts off what stood there.
fn replay(rig: &Rig) -> Vec<Vec<Option<Tag>>> {
    let mut tapes = vec![vec![None; 2]; 3];
    for (_, fact) in &rig.facts {
        let (cartridge, index, tag) = match *fact {
            TapeFact::BlockHardened { cartridge, index, tag, .. } => (cartridge, index, Some(tag)),
            TapeFact::LabelHardened { cartridge, index, .. } | TapeFact::MarkHardened { cartridge, index, .. } => {
                (cartridge, index, None)
            }
            _ => continue,
        };
        let tape = &mut tapes[usize::from(cartridge.0)];
        tape.truncate(usize::try_from(index).expect("a short tape"));
        assert_eq!(tape.len() as u64, index, "a block hardens at the end of what is hardened");
        tape.push(tag);
    }
    tapes
}

#[test]
fn whatever_is_asked_and_whatever_breaks_is_answered_and_accounted_for() {
    let mut goals = [0_u32; 6];
    for seed in 0..300 {
        let mut draws = Stream::new(seed, "tape", "test").draws(0);
        let mut rig = Rig::new(small(), 3);
        let mut next = 0;
        let mut excused = 0;
        for _ in 0..200 {
            match draws.below(40) {
                0 => {
                    if random_fault(&mut rig, &mut draws) {
                        excused = rig.issued;
                    }
                }
                1..=20 => random_command(&mut rig, &mut draws, &mut next),
                _ => (0..draws.below(20)).for_each(|_| _ = rig.step()),
            }
        }
        rig.run();
        // Mounts may still wait for a drive that another job has; giving the drives back serves them.
        while rig.controller.waiting_mounts() > 0 {
            rig.unload(DRIVE);
            rig.unload(OTHER);
            rig.run();
        }
        for number in excused..rig.issued {
            assert!(rig.result(number).is_some(), "seed {seed}: command {number} is answered");
        }
        let tags = |cartridge: &Cartridge| -> Vec<Option<Tag>> {
            cartridge.records().map(|record| program::block(record).map(|(_, _, tag)| tag)).collect()
        };
        let tapes: Vec<_> = rig.controller.durable().cartridges.iter().map(tags).collect();
        assert_eq!(tapes, replay(&rig), "seed {seed}");
        for drive in [DRIVE, OTHER] {
            let usage = rig.controller.drive_usage(drive);
            assert_eq!(usage.acknowledged, usage.hardened + usage.lost, "seed {seed}: nothing is left in a buffer");
        }
        for (_, reply) in &rig.replies {
            match reply.result {
                TapeResult::Mounted { .. } => goals[0] += 1,
                TapeResult::WriteError { .. } => goals[1] += 1,
                TapeResult::ReadError { .. } => goals[2] += 1,
                TapeResult::EndOfVolume { .. } => goals[3] += 1,
                TapeResult::Reset { .. } => goals[4] += 1,
                TapeResult::Records(ref records) if !records.is_empty() => goals[5] += 1,
                _ => {}
            }
        }
    }
    assert!(goals.iter().all(|&reached| reached > 20), "the walk reaches every kind of answer: {goals:?}");
}

/// A copy made at any boundary goes on as the original does.
#[test]
fn a_fork_repeats_the_straight_run() {
    let mut draws = Stream::new(7, "tape", "fork").draws(0);
    let mut rig = Rig::mounted(small(), 3);
    let mut next = 0;
    for chain in 0..3 {
        rig.write(DRIVE, tracks(chain * 4, 4));
    }
    rig.locate(DRIVE, Target::Record(5));
    rig.read(DRIVE, 7);
    (0..20).for_each(|_| random_command(&mut rig, &mut draws, &mut next));
    let mut straight = rig.clone();
    straight.run();
    while rig.step() {
        if rig.steps.is_multiple_of(7) {
            let mut fork = rig.clone();
            fork.run();
            assert_eq!(fork.facts, straight.facts);
            assert_eq!(fork.replies, straight.replies);
            assert_eq!(fork.controller.durable(), straight.controller.durable());
            assert_eq!(fork.controller.durable().digest(), straight.controller.durable().digest());
        }
    }
    assert!(straight.steps > 50, "{} events", straight.steps);
}
