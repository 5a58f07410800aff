//! From what was typed to a plan that can run, or to everything that is wrong with it.

use std::fs;

use super::args::{RunArgs, Seed};
use crate::controller::dasd::{DasdParameters, StripeLog, VolumeParameters};
use crate::device::channel::ChannelParameters;
use crate::device::disk::{DiskParameters, SeekParameters};
use crate::device::drive::DriveParameters;
use crate::device::library::LibraryParameters;
use crate::device::raid::RankParameters;
use crate::host::operator::OperatorParameters;
use crate::host::workload::{RequestMix, WorkloadKind, WorkloadPlan, WorkloadVolume};
use crate::kernel::Span;
use crate::manager::plan::{DuplicatePolicy, HostParameters};
use crate::report::digest;
use crate::report::manifest::Input;
use crate::scenario::Plan;
use crate::scenario::plan::{Ending, Expectation, Limits, TapeParameters};
use crate::vocab::{DeviceNumber, VolumeId};

/// A scenario that was found valid.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub plan: Plan,
    /// The file as given, byte for byte.
    pub text: Vec<u8>,
    /// With every default filled in and every change applied.
    pub resolved: String,
    pub inputs: Vec<Input>,
    pub run_id: String,
    /// What is strange and not wrong, as text.
    pub warnings: String,
}

/// Why a scenario cannot run, as text and as the one JSON document.
#[derive(Clone, Debug)]
pub struct Rejected {
    pub text: String,
    pub json: Vec<u8>,
}

/// TEMPORARY body: any readable file gives the same small plan, until the scenario layer is connected.
pub fn prepare(args: &RunArgs) -> Result<Prepared, Rejected> {
    let text = match &args.scenario {
        None => b"# the built-in example\n".to_vec(),
        Some(path) => fs::read(path).map_err(|error| Rejected {
            text: format!("error: `{}` cannot be read: {error}", path.display()),
            json: b"{\"schema\":\"tiersim/diagnostics/1\",\"diagnostics\":[]}\n".to_vec(),
        })?,
    };
    let seed = match args.changes.seed {
        Some(Seed::Number(seed)) => seed,
        _ => 1,
    };
    let resolved = format!("seed = {seed}\n{}", String::from_utf8_lossy(&text));
    let run_id = digest::run_id(&resolved, seed, crate::MODEL_VERSION);
    Ok(Prepared { plan: plan(seed), text, resolved, inputs: Vec::new(), run_id, warnings: String::new() })
}

/// TEMPORARY.
fn plan(seed: u64) -> Plan {
    let second = Span::from_secs(1);
    let seek = SeekParameters { track: Span::from_us(500), average: Span::from_ms(5), full: Span::from_ms(10) };
    let channel = ChannelParameters { rate: 17_000_000, paths: 4, overhead: Span::from_us(100) };
    let id = VolumeId::parse("PROD01").expect("a legal ID");
    let disk = DiskParameters {
        rpm: 10_000,
        cylinders: 15_110,
        heads: 12,
        zones: 11,
        capacity: 36_400_000_000,
        rate_outer: 36_000_000,
        rate_inner: 21_000_000,
        seek_read: seek,
        seek_write: seek,
        track_skew: Span::from_us(1_040),
        overhead: Span::from_us(300),
    };
    Plan {
        name: "safe-backup".into(),
        title: "A fixed small outcome".into(),
        seed,
        shuffle_ties: None,
        dasd: DasdParameters {
            rank: RankParameters { data_disks: 6, disk },
            channel: channel.clone(),
            processors: 8,
            read_hit: Span::from_us(800),
            fast_write: Span::from_ms(1),
            cache: 1 << 33,
            nvs: 1 << 28,
            nvs_high_ppm: 800_000,
            nvs_low_ppm: 600_000,
            destage_age: second * 60,
            nvs_battery: second * 3_600,
            stripe_log: StripeLog::Nvs,
            metadata_log_write: Span::from_us(100),
            metadata_write: Span::from_ms(10),
            establish_base: Span::from_ms(500),
            establish_per_track: Span::from_us(20),
            withdraw_time: second,
            background_rate: 8_000_000,
            iml_time: second * 1_200,
            long_busy_timeout: second * 120,
            volumes: vec![VolumeParameters { id, device: DeviceNumber(0x0A00), tracks: 50_085 }],
        },
        tape: TapeParameters {
            drive: DriveParameters {
                native_rate: 14_000_000,
                capacity: 20_000_000_000,
                compression_milli: 3_000,
                wraps: 16,
                length_mm: 320_000,
                search_speed_mm: 5_000,
                locate_overhead: second * 5,
                load: second * 15,
                unload: second * 8,
                buffer: 16_000_000,
                backhitch: Span::from_ms(1_500),
                reserve_milli: 10,
            },
            drives: 2,
            library: LibraryParameters { exchange: second * 14, accessors: 1 },
            channel,
        },
        host: HostParameters {
            io_time: Span::from_us(66),
            ipl_median: second * 900,
            ipl_sigma_milli: 300,
            vary_shortest: Span::from_ms(500),
            vary_longest: second * 5,
            record_write: Span::from_ms(10),
            relabel_time: second * 2,
            duplicate_volser_policy: DuplicatePolicy::AskOperator,
            orphan_grace: second * 60,
            step_retries: 2,
            dump_read_tracks: 15,
            dump_buffers: 3,
            devices: Vec::new(),
            cartridges: Vec::new(),
        },
        operator: OperatorParameters {
            reaction_median: second * 60,
            reaction_sigma_milli: 1_000,
            step_median: second * 30,
            step_sigma_milli: 700,
            wrong_ipl_reply_ppm: 0,
        },
        workloads: vec![WorkloadPlan {
            volumes: vec![WorkloadVolume { id, tracks: 50_085 }],
            kind: WorkloadKind::Open {
                mean_gap: Span::from_ms(8),
                mix: RequestMix {
                    read_ppm: 700_000,
                    bytes: 4_096,
                    hot_requests_ppm: 800_000,
                    hot_tracks_ppm: 200_000,
                    limit: None,
                },
            },
        }],
        backups: Vec::new(),
        restores: Vec::new(),
        faults: Vec::new(),
        rates: Vec::new(),
        ending: Ending::AfterWork { tail: second * 120 },
        limits: Limits {
            rto: second * 3_600,
            rpo: second * 93_600,
            orphan_grace: second * 60,
            job_time: second * 600,
            io_bound: second * 600,
        },
        expect: Expectation::default(),
    }
}
