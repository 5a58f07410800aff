//! Campaigns: every point of a campaign with every seed, on all cores, as one row for each run.
//!
//! A run is a function of its point and its replication alone. Replication `r` has one seed, the same for all points, and
//! every stream of random numbers is keyed by that seed, an entity and a purpose: points share what can be shared, and a
//! difference between two of them is one between pairs of runs. The number of a run names it and keys nothing.
//!
//! Runs are numbered with the replication outermost, so that more replications come behind those that were made.

pub mod blocks;
pub mod figures;
pub mod row;
mod steady;
mod undisturbed;

use std::sync::Arc;

use rayon::prelude::*;

use super::judge::{Judgement, judge};
use super::one;
use super::outcome::{Flow, RunOutcome, Watch};
use crate::device::disk::DiskModel;
use crate::kernel::Span;
use crate::kernel::rng::replication_seed;
use crate::measure::Sample;
use crate::scenario::Plan;

pub use blocks::{Blocks, Shard};
pub use figures::{Kind, kind, value};
use steady::Steady;

pub use row::{End, Row, RowVerdict, VolumeRow};
pub use steady::LEVEL as STEADY_LEVEL;
pub use undisturbed::Undisturbed;

/// Everything that is needed to make any run of a campaign.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The points, and behind them the canary.
    pub plans: Vec<Plan>,
    pub seed: u64,
    pub replications: u64,
    /// A run with more events is cut.
    pub events_per_run: u64,
    /// Where steady-state estimates are wanted: how much of a run's beginning they leave out.
    pub warm_up: Option<Span>,
}

/// A run that was just made.
#[derive(Debug)]
pub struct Made<'a> {
    pub row: &'a Row,
    pub plan: &'a Plan,
    pub outcome: &'a RunOutcome,
    pub judgement: &'a Judgement,
}

/// The same plan with the tables of its disks built once for all of its runs: they take longer than a short run.
fn with_tables(mut plan: Plan) -> Plan {
    // A plan that is no system says so when it is built.
    plan.dasd.disks = DiskModel::new(&plan.dasd.rank.disk).ok().map(Arc::new);
    plan
}

impl Sweep {
    /// `plans` are the points, and behind them the canary.
    pub fn new(plans: Vec<Plan>, seed: u64, replications: u64) -> Sweep {
        let plans = plans.into_iter().map(with_tables).collect();
        Sweep { plans, seed, replications, events_per_run: u64::MAX, warm_up: None }
    }

    pub fn total(&self) -> u64 {
        self.replications * self.plans.len() as u64
    }

    /// The replication and the point of run `run`.
    pub fn place(&self, run: u64) -> (u64, usize) {
        let points = self.plans.len() as u64;
        (run / points, usize::try_from(run % points).expect("a point is the place of a plan"))
    }

    /// The plan of run `run`.
    pub fn plan(&self, run: u64) -> Plan {
        let (replication, point) = self.place(run);
        Plan { seed: replication_seed(self.seed, replication), ..self.plans[point].clone() }
    }

    /// Makes one run.
    pub fn run(&self, run: u64, made: impl FnOnce(&Made)) -> Row {
        let (replication, point) = self.place(run);
        let plan = self.plan(run);
        let mut progress = |_| Flow::Continue;
        let mut steady = self.warm_up.map(Steady::new);
        let mut take = steady.as_mut().map(|steady| |sample: &Sample| steady.take(sample));
        let samples = take.as_mut().map(|take| take as &mut dyn FnMut(&Sample) -> Flow);
        let outcome =
            one::execute(&plan, Watch { samples, most_events: self.events_per_run, ..Watch::new(&mut progress) })
                .expect("a checked scenario is a system that can be built");
        let judgement = judge(&outcome, &plan.faults, &plan.expect);
        let mut row = Row::new((run, replication, point), &plan, &outcome, &judgement);
        steady.iter().for_each(|steady| steady.fill(&mut row.figures));
        made(&Made { row: &row, plan: &plan, outcome: &outcome, judgement: &judgement });
        row
    }

    /// Makes these runs on the threads of `pool`; `made` is told of each that has ended, from any of them. Once `stop`
    /// says so no run is begun, and those that were not made are missing from the rows, which keep the order of `runs`.
    pub fn run_all(
        &self,
        runs: &[u64],
        pool: &rayon::ThreadPool,
        stop: &(dyn Fn() -> bool + Sync),
        made: &(dyn Fn(&Made) + Sync),
    ) -> Vec<Row> {
        let one = |&run: &u64| (!stop()).then(|| self.run(run, made));
        // Runs differ in length: single ones are handed out, and nobody waits for a neighbour's share.
        pool.install(|| runs.par_iter().with_max_len(1).filter_map(one).collect())
    }
}

/// So many threads.
pub fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build().expect("the system gives threads")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::examples::Example;
    use crate::scenario::{Overrides, Source, load};
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn plan(set: &str) -> Plan {
        let text = "[[volume]]\nid = \"PROD01\"\ndevice = \"0A00\"\ncylinders = 1\n\
                    [[workload]]\nvolume = \"PROD01\"\nrate = \"20 /s\"\nlimit = 40\n";
        let source = Source::Embedded { name: "small.toml".into(), text: text.into(), files: &[] };
        let overrides = Overrides { set: vec![set.to_owned()], ..Overrides::default() };
        load(&source, &overrides).expect("it is valid").plan
    }

    fn sweep() -> Sweep {
        let plans = vec![plan("host.mips=200"), plan("host.mips=400"), plan("host.mips=800")];
        Sweep::new(plans, 7, 4)
    }

    #[test]
    fn rows_are_the_same_on_any_number_of_threads() {
        let sweep = sweep();
        let all: Vec<u64> = (0..sweep.total()).collect();
        let rows = |threads| sweep.run_all(&all, &pool(threads), &|| false, &|_| ());
        let alone = rows(1);
        assert_eq!(rows(3), alone);
        assert_eq!(alone.iter().map(|row| row.run).collect::<Vec<_>>(), all);
        assert_eq!((alone[5].replication, alone[5].point), (1, 2));
        let seeds: Vec<u64> = alone.iter().map(|row| row.seed).collect();
        assert!(seeds[..3].iter().all(|&seed| seed == seeds[0]) && seeds[3] != seeds[0], "common to all points");
    }

    /// The points differ in the host's speed alone: with common streams the same requests come at the same times.
    #[test]
    fn points_of_a_replication_meet_the_same_requests() {
        let sweep = sweep();
        let rows: Vec<Row> = (0..3).map(|run| sweep.run(run, |_| ())).collect();
        let [slow, _, fast] = &rows[..] else { panic!("three points") };
        assert_eq!(slow.figures.requests_issued, fast.figures.requests_issued);
        assert!(slow.figures.all_mean_ns > fast.figures.all_mean_ns, "{rows:?}");
    }

    #[test]
    fn a_run_in_a_campaign_is_the_run_of_its_plan() {
        let sweep = sweep();
        let row = sweep.run(7, |_| ());
        let mut plan = plan("host.mips=400");
        plan.seed = row.seed;
        let mut progress = |_| Flow::Continue;
        let alone = one::execute(&plan, Watch::new(&mut progress)).expect("it can be built");
        assert_eq!(row.fingerprint, format!("{:016x}", alone.fingerprint));
        assert!(sweep.plans[1].dasd.disks.is_some() && plan.dasd.disks.is_none(), "shared tables change nothing");
    }

    #[test]
    fn nothing_begins_once_it_was_stopped() {
        let sweep = sweep();
        let all: Vec<u64> = (0..sweep.total()).collect();
        let begun = AtomicUsize::new(0);
        let stop = || begun.load(Ordering::SeqCst) >= 2;
        let count = |_: &Made| {
            begun.fetch_add(1, Ordering::SeqCst);
        };
        assert_eq!(sweep.run_all(&all, &pool(1), &stop, &count).len(), 2);
    }

    /// The method that carries the source's ID opens a window by itself, and faults do not change what is told of it.
    #[test]
    fn the_windows_of_a_method_know_no_faults() {
        let set = |method: &str, fault: &str| {
            let method = format!("backup[0].method={method}");
            let faults = if fault.is_empty() { Vec::new() } else { vec![fault.to_owned()] };
            let overrides = Overrides { set: vec![method], faults, ..Overrides::default() };
            load(&Example::find("safe-backup").expect("it is shipped").source(), &overrides).expect("it is valid").plan
        };
        let plans = vec![
            set("safe-backup", ""),
            set("same-id-offline", ""),
            set("same-id-offline", "host-crash@after:relationship-committed"),
        ];
        let found = Sweep::new(plans, 3, 1).undisturbed(3, &pool(2));
        let [safe, same, struck] = &found[..] else { panic!("three points") };
        let safe = safe.expect("it has a backup");
        assert_eq!(
            (safe.backups, safe.duplicate, safe.ipl_duplicate, safe.doubt),
            (1, Span::ZERO, Span::ZERO, Span::ZERO)
        );
        let same = same.expect("it has a backup");
        assert!(same.duplicate > Span::from_ms(100) && same.duplicate < Span::from_secs(60), "{same:?}");
        assert!(same.ipl_duplicate >= same.duplicate, "{same:?}");
        assert_eq!(*struck, Some(same));
        let short = Sweep { events_per_run: 9, ..Sweep::new(vec![set("same-id-offline", "")], 3, 1) };
        assert_eq!(short.undisturbed(1, &pool(1)), [None], "a run that was cut says nothing");
    }

    #[test]
    fn a_run_beyond_its_budget_is_cut_and_listed() {
        let sweep = Sweep { events_per_run: 1, ..sweep() };
        let row = sweep.run(0, |_| ());
        assert_eq!((row.end, row.verdict, row.figures.events), (End::Budget, RowVerdict::Inconclusive, Some(2)));
        let whole = self::sweep().run(0, |_| ());
        let events = whole.figures.events.expect("it is counted");
        let row = Sweep { events_per_run: events, ..sweep }.run(0, |_| ());
        assert_eq!(row, whole, "as many as it may have are not too many");
    }
}
