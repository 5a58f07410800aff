//! The mechanics of a disk: how far the arm goes on average, and how long the platters are waited for.

use super::super::series::{Experiment, Measure, Replication, Sample, WarmUp, measure};
use super::super::{Balance, Tolerance};
use super::formulas::seek_distances;
use crate::device::disk::{Disk, DiskModel, DiskParameters, SECTOR_BYTES, SeekParameters};
use crate::kernel::{Span, Time};
use crate::statistics::Moments;
use crate::vocab::Op;

const CYLINDERS: u32 = 3_339;
const HEADS: u32 = 15;
const RPM: u32 = 10_025;
const SECTORS_PER_TRACK: u64 = 112;

/// A disk of one zone, so that a uniform sector is a uniform cylinder, whose commands cost nothing.
pub fn parameters() -> DiskParameters {
    let rate = SECTORS_PER_TRACK * SECTOR_BYTES * u64::from(RPM) / 60;
    let seek = SeekParameters { track: Span::from_us(500), average: Span::from_us(4_900), full: Span::from_us(10_500) };
    DiskParameters {
        rpm: RPM,
        cylinders: CYLINDERS,
        heads: HEADS,
        zones: 1,
        capacity: u64::from(CYLINDERS * HEADS) * SECTORS_PER_TRACK * SECTOR_BYTES,
        rate_outer: rate,
        rate_inner: rate,
        seek_read: seek,
        seek_write: seek,
        track_skew: Span::ZERO,
        overhead: Span::ZERO,
    }
}

fn model() -> DiskModel {
    DiskModel::new(&parameters()).expect("a disk of one zone is legal")
}

/// Where successive targets lie that are independent and uniform over the sectors.
pub fn seeks() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let model = model();
        let mut draws = replication.stream("targets").draws(0);
        let mut cylinder = || model.geometry().locate(draws.below(model.sectors())).cylinder;
        let (mut sum, mut none) = (0, 0_u64);
        let mut arm = cylinder();
        for _ in 0..replication.length {
            let next = cylinder();
            let distance = arm.abs_diff(next);
            sum += u64::from(distance);
            none += u64::from(distance == 0);
            arm = next;
        }
        let (all, sum) = (replication.length as f64, sum as f64);
        let balance = Balance { issued: replication.length, completed: replication.length, ..Balance::default() };
        Sample { pairs: vec![(sum, all), (none as f64, all), (sum, all - none as f64)], balance }
    }
    let [mean, none, others] = seek_distances(CYLINDERS.into());
    Experiment {
        name: "seek-distance",
        parameters: format!("{CYLINDERS} cylinders, successive targets independent and uniform"),
        measures: vec![
            measure("mean distance (C^2-1)/(3C)", "cylinders", mean),
            measure("probability of distance 0", "1", none),
            measure("mean distance given it is not 0: (C+1)/3", "cylinders", others),
        ],
        replications: 32,
        length: 10_000_000,
        unit: "seeks",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}

/// Reads of one sector of the track under the arm at any time, and of the same sector over and over.
pub fn rotation() -> Experiment {
    /// Turns after which the period must still be right.
    const TURNS: u64 = 100_000;
    fn run(replication: &Replication) -> Sample {
        let model = model();
        let mut draws = replication.stream("instants").draws(0);
        let mut disk = Disk::new(&model, draws.below(model.turn()));
        let mut now = Time::ZERO;
        // From the end of one read to the end of the next of the same sector is one turn.
        now += disk.service(&model, now, 0, 1, Op::Read);
        let began = now;
        for _ in 0..TURNS {
            now += disk.service(&model, now, 0, 1, Op::Read);
        }
        let turn = (now - began).ns() as f64 / 1e6 / TURNS as f64;
        // A read at the instant at which its sector arrives is all transfer.
        let transfer = (0..2)
            .map(|_| {
                now += disk.service(&model, now, 0, 1, Op::Read);
                disk.service(&model, now, 1, 1, Op::Read)
            })
            .min()
            .expect("there are two");
        let mut waits = Moments::default();
        for _ in 0..replication.length {
            now += Span::from_ns(draws.below(100_000_000));
            let sector = draws.below(SECTORS_PER_TRACK);
            let service = disk.service(&model, now, sector, 1, Op::Read);
            waits.add((service - transfer).ns() as f64 / 1e6);
            now += service;
        }
        let issued = replication.length + TURNS + 5;
        let balance = Balance { issued, completed: issued, ..Balance::default() };
        Sample { pairs: vec![(turn, 1.0), (waits.mean(), 1.0), (waits.deviation(), 1.0)], balance }
    }
    let turn = 60_000.0 / f64::from(RPM);
    let period = Tolerance::Absolute(1e-6);
    Experiment {
        name: "rotational-latency",
        parameters: format!("{RPM} rpm, arrival phase uniform"),
        measures: vec![
            Measure { name: "revolution T", unit: "ms", expected: turn, tolerance: period },
            measure("mean latency T/2", "ms", turn / 2.0),
            measure("standard deviation T/sqrt(12)", "ms", turn / libm::sqrt(12.0)),
        ],
        replications: 32,
        length: 125_000,
        unit: "reads",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}
