//! How fast is a disk alone? A recorded day replayed on one disk, beside the bare loop over its requests.
//!
//! `cargo bench --bench disk [-- --quick]`; the record is `../shared/traces/cloudPhysicsIO.vscsi`, which is no part of this
//! repository.

mod support;

use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;

use support::{Bound, Done, Figure, Group, Options, Report};
use tiersim::device::disk::{Disk, DiskModel, DiskParameters, SECTOR_BYTES, SeekParameters};
use tiersim::host::trace::{self, RecordOp};
use tiersim::kernel::{Span, Time};
use tiersim::scenario::{Source, drive};
use tiersim::vocab::Op;

const BARE: &str = "a constant time each, bare loop";
/// Requests a second of one core that a disk must reach.
const WANTED: f64 = 1_000_000.0;

fn main() -> ExitCode {
    let options = match Options::from(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::from(2);
        }
    };
    let mut report = Report::new("one disk", &options);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let record = shared.join("traces/cloudPhysicsIO.vscsi");
    if !record.is_file() {
        println!("\nLEFT OUT: there is no {}", record.display());
        return report.finish();
    }
    let mut disks =
        vec![("36 GB disk of a data sheet".to_owned(), DiskModel::new(&data_sheet()).expect("it is possible"))];
    for name in ["atlas10k", "hp_c2247a"] {
        let file = shared.join(format!("validation/disks/{name}.toml"));
        match drive::load(&Source::Path(file.clone())) {
            Ok(drive) => disks.push((format!("{}, with its cache", drive.name), drive.model)),
            Err(_) => println!("\nLEFT OUT: {} cannot be read", file.display()),
        }
    }
    replay(&requests(&record), &disks, &options, &mut report);
    report.finish()
}

/// A request of the record.
#[derive(Clone, Copy)]
struct Request {
    at: Time,
    first: u64,
    sectors: u32,
    op: Op,
}

fn requests(record: &Path) -> Vec<Request> {
    let trace = trace::read(record, trace::ReadOptions::default()).expect("the record is sound");
    let one = |record: &trace::RawRecord| {
        let op = match record.op {
            RecordOp::Read => Op::Read,
            RecordOp::Write => Op::Write,
            _ => return None,
        };
        let sectors = u32::try_from(record.bytes.div_ceil(SECTOR_BYTES)).expect("requests are small");
        Some(Request { at: Time::ZERO + record.at, first: record.offset / SECTOR_BYTES, sectors: sectors.max(1), op })
    };
    trace.records.iter().filter_map(one).collect()
}

/// The disk of profile `ess-f20-3590` (MODEL 5.1).
fn data_sheet() -> DiskParameters {
    let seek = |track, average, full| SeekParameters {
        track: Span::from_us(track),
        average: Span::from_us(average),
        full: Span::from_us(full),
    };
    DiskParameters {
        rpm: 10_000,
        cylinders: 15_110,
        heads: 12,
        zones: 11,
        capacity: 36_400_000_000,
        rate_outer: 36_000_000,
        rate_inner: 21_000_000,
        seek_read: seek(500, 4_900, 10_500),
        seek_write: seek(600, 5_400, 11_500),
        track_skew: Span::from_us(1_040),
        overhead: Span::from_us(300),
    }
}

fn replay(requests: &[Request], disks: &[(String, DiskModel)], options: &Options, report: &mut Report) {
    let passes = options.amount(40);
    let title =
        format!("{} requests, {passes} times, each issued at its time or when the disk is free", requests.len());
    let mut group = Group::new(title, "request", "ms/request");
    group.add(BARE, 5.0, move || bare(requests, passes));
    for (name, model) in disks {
        let fitted: Vec<Request> = requests.iter().map(|request| fit(request, model)).collect();
        let expected = on_disk(&fitted, model, 1).check;
        group.add(name.as_str(), expected, move || on_disk(&fitted, model, passes));
    }
    let figures = group.run(options.rounds(), report);
    println!();
    for (name, _) in disks {
        let per_second = 1e9 / figures.median(name);
        println!("  {name}: {:.2} million requests a second", per_second / 1e6);
        let share = per_second / WANTED;
        let exact = Figure { median: share, least: share, most: share };
        report.ratio(&format!("{name} / a million requests a second"), exact, Bound::AtLeast(1.0));
        report.ratio(&format!("{name}, share of the bare loop"), figures.share(name, BARE), Bound::None);
    }
}

/// The request at an address that the disk has.
fn fit(request: &Request, model: &DiskModel) -> Request {
    let room = model.sectors() - u64::from(request.sectors);
    Request { first: request.first % (room + 1), ..*request }
}

/// One request after the other on a disk that was never used.
fn on_disk(requests: &[Request], model: &DiskModel, passes: u64) -> Done {
    let mut total = Span::ZERO;
    for _ in 0..passes {
        let mut disk = Disk::new(model, 0);
        let mut free = Time::ZERO;
        for request in requests {
            let now = free.max(request.at);
            let service = disk.service(model, now, request.first, request.sectors, request.op);
            total += service;
            free = now + service;
        }
        black_box(&disk);
    }
    done(total, requests, passes)
}

/// The same loop with a time that needs no disk.
fn bare(requests: &[Request], passes: u64) -> Done {
    let mut total = Span::ZERO;
    for _ in 0..passes {
        let mut free = Time::ZERO;
        for request in requests {
            let now = free.max(request.at);
            let service = black_box(Span::from_ms(5));
            total += service;
            free = now + service;
        }
        black_box(free);
    }
    done(total, requests, passes)
}

fn done(total: Span, requests: &[Request], passes: u64) -> Done {
    let operations = requests.len() as u64 * passes;
    Done { operations, check: total.ns() as f64 / operations as f64 / 1e6 }
}
