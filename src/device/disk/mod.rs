//! Disks: how long one operation takes, and where it leaves the arm and the cache.
//!
//! One model serves all: a disk of which everything is known ([`Specification`], read from a file) and one of which a data
//! sheet tells ([`DiskParameters`]: the disks of the profiles), which is put into the same terms without a cache. For the
//! latter an operation is command overhead, seek, rotational wait and media transfer, in this order and without overlap
//! (MODEL 5.1), and the track skew covers head switches within a cylinder.

mod buffer;
mod bus;
mod clock;
mod divisor;
mod drive;
pub mod geometry;
mod mechanics;
mod model;
pub mod parameters;
pub mod queue;
mod reads;
pub mod seek;
pub mod specification;
mod verify;
mod writes;

pub(super) use divisor::Divisor;
pub use drive::Disk;
pub use geometry::{Geometry, Position, SECTOR_BYTES};
pub use mechanics::{Arm, Head, Mechanics};
pub use model::DiskModel;
pub use parameters::{DiskError, DiskParameters, SeekParameters};
pub use queue::{DiskQueue, Scheduler, Waiting};
pub use seek::{SeekCurve, SeekError};
pub use specification::Specification;

#[cfg(test)]
mod tests {
    use super::clock::MINUTE as TURN;
    use super::parameters::examples::{disk_20_tb, disk_36_gb};
    use super::*;
    use crate::kernel::{Span, Stream, Time};
    use crate::vocab::Op;

    /// Sectors of a track slot (MODEL 2.1).
    const SLOT: u32 = 112;

    fn assert_within(value: f64, expected: f64, share: f64, what: &str) {
        let error = value / expected - 1.0;
        assert!(error.abs() <= share, "{what}: {value} is {:.3} % from {expected}", error * 100.0);
    }

    /// D8: half a turn, over random instants and sectors, with the arm already there.
    #[test]
    fn the_mean_rotational_wait_is_half_a_turn() {
        const OPERATIONS: u64 = 400_000;
        for (parameters, expected_ms) in [(disk_36_gb(), 3.0), (disk_20_tb(), 4.167)] {
            let model = DiskModel::new(&parameters).unwrap();
            let mut disk = Disk::new(&model, 0);
            let mut draws = Stream::new(1, "disk", "instants").draws(0);
            let mut now = Time::ZERO;
            let mut waited = 0;
            for _ in 0..OPERATIONS {
                let sector = draws.below(u64::from(model.geometry().locate(0).sectors_per_track) * 12);
                now += Span::from_ns(draws.below(100_000_000));
                let position = model.geometry().locate(sector);
                let transfer = Span::from_ns(60_000_000_000 / u64::from(parameters.rpm * position.sectors_per_track));
                waited += (disk.service(&model, now, sector, 1, Op::Read) - parameters.overhead - transfer).ns();
            }
            assert_within(waited as f64 / OPERATIONS as f64 / 1e6, expected_ms, 0.005, "mean wait");
        }
    }

    /// D9: sequential reads of whole cylinders of each zone, and the mean over all tracks.
    #[test]
    fn sustained_rates_are_those_of_the_data_sheet() {
        for (parameters, [outer, inner, mean]) in
            [(disk_36_gb(), [36e6, 21e6, 28.5e6]), (disk_20_tb(), [285e6, 130e6, 207.5e6])]
        {
            let model = DiskModel::new(&parameters).unwrap();
            let rates: Vec<f64> = (0..parameters.zones)
                .map(|zone| {
                    // Zones begin at fractions of the cylinders, rounded down: 20 further in is inside each.
                    rate_from_cylinder(&model, &parameters, zone * (parameters.cylinders / parameters.zones) + 20)
                })
                .collect();
            assert_within(rates[0], outer, 0.002, "outer rate");
            assert_within(*rates.last().unwrap(), inner, 0.002, "inner rate");
            // Zones have equally many tracks but for one cylinder.
            assert_within(rates.iter().sum::<f64>() / rates.len() as f64, mean, 0.002, "mean over tracks");
        }
    }

    /// Bytes per second between the reading of two and of twelve cylinders from the first sector of `cylinder` on.
    fn rate_from_cylinder(model: &DiskModel, parameters: &DiskParameters, cylinder: u32) -> f64 {
        let first = first_sector_of(model, cylinder);
        let cylinder_sectors = model.geometry().locate(first).sectors_per_track * parameters.heads;
        let time = |cylinders: u32| {
            Disk::new(model, 0).service(model, Time::ZERO, first, cylinders * cylinder_sectors, Op::Read).ns()
        };
        let bytes = 10 * u64::from(cylinder_sectors) * SECTOR_BYTES;
        bytes as f64 * 1e9 / (time(12) - time(2)) as f64
    }

    fn first_sector_of(model: &DiskModel, cylinder: u32) -> u64 {
        let (mut low, mut high) = (0, model.sectors());
        while low < high {
            let middle = low.midpoint(high);
            if model.geometry().locate(middle).cylinder < cylinder { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// D10: one slot anywhere on an idle disk; the data sheet's figures added up.
    #[test]
    fn a_random_read_of_one_slot_takes_what_the_data_sheet_adds_up_to() {
        const OPERATIONS: u64 = 200_000;
        for (parameters, expected_ms) in [(disk_36_gb(), 10.21), (disk_20_tb(), 12.04)] {
            let model = DiskModel::new(&parameters).unwrap();
            let mut disk = Disk::new(&model, TURN / 3);
            let mut draws = Stream::new(2, "disk", "reads").draws(0);
            let mut now = Time::ZERO;
            let mut total = Span::ZERO;
            for _ in 0..OPERATIONS {
                let first = draws.below(model.sectors() - u64::from(SLOT) + 1);
                let service = disk.service(&model, now, first, SLOT, Op::Read);
                total += service;
                now += service + Span::from_ns(draws.below(50_000_000));
            }
            assert_within(total.ns() as f64 / OPERATIONS as f64 / 1e6, expected_ms, 0.02, "mean random read");
        }
    }

    /// The place where tracks begin and the cost of a crossing are two computations; a transfer cut in two at any
    /// track end must take as long as in one piece.
    #[test]
    fn a_transfer_in_two_pieces_without_overhead_takes_as_long_as_in_one() {
        let parameters = DiskParameters { overhead: Span::ZERO, ..disk_36_gb() };
        let mut late = disk_20_tb();
        late.overhead = Span::ZERO;
        for parameters in [parameters, late] {
            let model = DiskModel::new(&parameters).unwrap();
            let zone_end = first_sector_of(&model, parameters.cylinders / parameters.zones);
            let track = u64::from(model.geometry().locate(0).sectors_per_track);
            let cylinder_end = track * u64::from(parameters.heads);
            for boundary in [track, 3 * track, cylinder_end, 5 * cylinder_end, zone_end] {
                for op in [Op::Read, Op::Write] {
                    let mut whole = Disk::new(&model, 5);
                    let mut pieces = whole.clone();
                    let (first, now) = (boundary - 40, Time::from_ns(123_456_789));
                    let one = whole.service(&model, now, first, SLOT, op);
                    let two = pieces.service(&model, now, first, 40, op);
                    let three = pieces.service(&model, now + two, boundary, SLOT - 40, op);
                    assert!(
                        one.ns().abs_diff((two + three).ns()) <= 1,
                        "{op:?} over {boundary}: {one}, {two}, {three}"
                    );
                    assert_eq!(whole.arm(), pieces.arm());
                }
            }
        }
    }

    #[test]
    fn an_operation_takes_its_four_parts_and_moves_the_arm() {
        let parameters = disk_36_gb();
        let model = DiskModel::new(&parameters).unwrap();
        let mut disk = Disk::new(&model, 0);
        // Sector 0 passes at multiples of 6 ms; after 0.3 ms of overhead it is 5.7 ms away.
        let sector = Span::from_ns(6_000_000 / 495);
        assert_eq!(disk.service(&model, Time::ZERO, 0, 1, Op::Read), Span::from_ms(6) + sector);
        // 5.7 ms into a turn, the overhead ends when the sector arrives.
        let now = Time::from_ns(5_700_000);
        assert_eq!(disk.service(&model, now, 0, 1, Op::Write), parameters.overhead + sector);
        // A full track from its start is one turn; the skew is paid only when the next track is entered.
        assert_eq!(disk.service(&model, now, 0, 495, Op::Read), parameters.overhead + Span::from_ms(6));
        let over_the_edge = parameters.overhead + Span::from_ms(6) + parameters.track_skew + sector;
        assert_eq!(disk.service(&model, now, 0, 496, Op::Read), over_the_edge);
        assert_eq!(disk.arm(), Arm { cylinder: 0, head: 1 });
        // Back from the last cylinder at 0.5 ms: a read arrives at 11.3 ms and meets the sector at 12 ms, a write
        // arrives at 12.3 ms and waits until 18 ms.
        let start = Time::from_ns(500_000);
        for (op, end) in [(Op::Read, Time::from_ns(12_000_000)), (Op::Write, Time::from_ns(18_000_000))] {
            disk.service(&model, now, model.sectors() - 1, 1, op);
            assert_eq!(disk.arm().cylinder, 15_109);
            assert_eq!(start + disk.service(&model, start, 0, 1, op), end + sector, "{op:?}");
        }
    }

    #[test]
    fn a_disk_starts_in_its_own_phase() {
        let model = DiskModel::new(&disk_36_gb()).unwrap();
        let read = |phase| Disk::new(&model, phase).service(&model, Time::ZERO, 0, 1, Op::Read);
        // A quarter of a turn ahead, the first sector comes 1.5 ms earlier.
        assert_eq!(read(0) - read(TURN / 4), Span::from_us(1_500));
    }

    #[test]
    fn impossible_parameters_are_refused() {
        let disk = disk_36_gb;
        let mut slow_reads = disk_36_gb();
        slow_reads.seek_read.average = Span::from_ms(20);
        let mut slow_writes = disk_36_gb();
        slow_writes.seek_write.track = Span::from_ms(20);
        let cases = [
            (DiskParameters { rpm: 0, ..disk() }, "100 to 100000 times a minute, not 0 times"),
            (DiskParameters { cylinders: 3, ..disk() }, "4 to 4000000 cylinders, not 3"),
            (DiskParameters { cylinders: 4_000_001, ..disk() }, "not 4000001"),
            (DiskParameters { heads: 0, ..disk() }, "1 to 256 heads, not 0"),
            (DiskParameters { zones: 0, ..disk() }, "not 0 on 15110 cylinders"),
            (DiskParameters { cylinders: 10, ..disk() }, "not 11 on 10 cylinders"),
            (DiskParameters { rate_inner: 37_000_000, ..disk() }, "at least as fast"),
            (DiskParameters { zones: 1, ..disk() }, "single rate"),
            (DiskParameters { rate_inner: 9, ..disk() }, "zone 10 give it 0"),
            (DiskParameters { rate_outer: u64::MAX, ..disk() }, "zone 0 give it"),
            (DiskParameters { capacity: 37_000_000_000, ..disk() }, "more than 1 % less"),
            (DiskParameters { capacity: 511, ..disk() }, "less than one sector"),
            (DiskParameters { track_skew: Span::from_ms(6), ..disk() }, "shorter than a turn"),
            (DiskParameters { track_skew: Span::from_ns(u64::MAX), ..disk() }, "shorter than a turn"),
            (DiskParameters { overhead: Span::from_secs(61), ..disk() }, "longer than 60 s"),
            (slow_reads, "seek for reads: with these"),
            (slow_writes, "seek for writes: the full stroke"),
        ];
        for (parameters, expected) in cases {
            let text = DiskModel::new(&parameters).unwrap_err().to_string();
            assert!(text.contains(expected), "`{text}` does not say `{expected}`");
        }
    }

    #[test]
    #[should_panic(expected = "ends on its disk")]
    fn an_operation_beyond_the_end_breaks_a_rule() {
        let model = DiskModel::new(&disk_36_gb()).unwrap();
        Disk::new(&model, 0).service(&model, Time::ZERO, model.sectors() - 1, 2, Op::Read);
    }
}
