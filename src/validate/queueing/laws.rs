//! Laws that hold in every run whatever the distributions, to the nanosecond.

use super::super::series::{Experiment, Measure, Replication, Sample, WarmUp};
use super::super::{Balance, Tolerance};
use super::open::{Open, Shape, Sums, bounded, three_servers, two_classes};
use crate::campaign::Trial;
use crate::host::WorkloadFact;
use crate::kernel::Run;
use crate::scenario::examples::Example;
use crate::scenario::{Overrides, load};
use crate::vocab::Status;
use crate::world::Fact;

fn exactly(name: &'static str, unit: &'static str) -> Vec<Measure> {
    vec![Measure { name, unit, expected: 0.0, tolerance: Tolerance::Exact }]
}

fn experiment(name: &'static str, parameters: &str, run: fn(&Replication) -> Sample) -> Experiment {
    Experiment {
        name,
        parameters: parameters.to_owned(),
        measures: Vec::new(),
        replications: 1,
        length: 200_000,
        unit: "jobs, in each of three queues",
        warm_up: WarmUp::None,
        run: Box::new(run),
    }
}

/// Three servers, a queue with room for few, and one with two classes.
fn shapes() -> [Shape; 3] {
    [three_servers(), bounded(), two_classes()]
}

/// From empty to empty.
fn emptied(replication: &Replication, shape: Shape) -> Sums {
    let mut run = Open::begin(replication, shape);
    while run.step().is_some() {}
    let sums = Open::sums(&run);
    assert_eq!(sums.balance.in_flight, 0, "a run that nothing more arrives in ends empty");
    sums
}

/// What a law leaves over in each queue, without sign, and what became of all jobs.
fn left_over(replication: &Replication, law: impl Fn(&Sums) -> u64) -> Sample {
    let runs = shapes().map(|shape| emptied(replication, shape));
    let sum: u64 = runs.iter().map(law).sum();
    let balance = runs.iter().fold(Balance::default(), |all, sums| all.and(sums.balance));
    Sample { pairs: vec![(sum as f64, 1.0)], balance }
}

/// Little's law over a whole run: what the number in the system adds up to is what the jobs spent there.
pub fn little() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        left_over(replication, |sums| sums.area.abs_diff(sums.responses.ns()))
    }
    Experiment {
        measures: exactly("integral of number in system minus sum of responses", "ns"),
        ..experiment("little", "any run that starts and ends empty", run)
    }
}

/// Servers are busy exactly as long as the services take.
pub fn utilisation() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        left_over(replication, |sums| sums.busy.ns().abs_diff(sums.services.ns()))
    }
    Experiment {
        measures: exactly("busy time minus sum of service times, per server", "ns"),
        ..experiment("utilisation-law", "any run that starts and ends empty", run)
    }
}

/// No job comes from nowhere or gets lost, at any boundary between two events: in three queues, and in the whole system
/// with a controller that crashes.
pub fn conservation() -> Experiment {
    fn run(replication: &Replication) -> Sample {
        let mut sum = 0;
        let mut all = Balance::default();
        for shape in shapes() {
            let mut run = Open::begin(replication, shape);
            while run.step().is_some() {
                sum += missing(&run);
            }
            all = all.and(Open::sums(&run).balance);
        }
        for name in SCENARIOS {
            let (left_over, balance) = whole_system(name);
            sum += left_over;
            all = all.and(balance);
        }
        Sample { pairs: vec![(sum as f64, 1.0)], balance: all }
    }
    Experiment {
        measures: exactly("issued - completed - failed - in flight", "requests"),
        ..experiment("conservation", "any run, at any instant", run)
    }
}

/// Applications that ask in turn, and a disk controller that crashes under load.
const SCENARIOS: [&str; 2] = ["closed-loop", "controller-crash-nvs-kept"];

/// The host requests of a shipped scenario: what is missing or too much at any boundary, and what became of all.
fn whole_system(name: &str) -> (u64, Balance) {
    let source = Example::find(name).expect("the scenario is shipped").source();
    let loaded = load(&source, &Overrides::default()).expect("a shipped scenario is valid");
    let mut trial = Trial::new(&loaded.plan).expect("a checked scenario can be built");
    let (mut sum, mut balance) = (0, Balance::default());
    trial.finish(|trial, _| {
        let world = &trial.run.model;
        for fact in world.facts() {
            match fact {
                Fact::Workload(_, WorkloadFact::Issued { .. }) => balance.issued += 1,
                Fact::Workload(_, WorkloadFact::Done { status: Status::Good, .. }) => balance.completed += 1,
                Fact::Workload(_, WorkloadFact::Done { .. }) => balance.failed += 1,
                _ => {}
            }
        }
        balance.in_flight = world.workloads.iter().map(|workload| workload.outstanding()).sum();
        sum += balance.issued.abs_diff(balance.completed + balance.failed + balance.in_flight);
    });
    (sum, balance)
}

fn missing(run: &Run<Open>) -> u64 {
    let Balance { issued, completed, failed, in_flight } = Open::sums(run).balance;
    issued.abs_diff(completed + failed + in_flight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_law_is_broken_by_a_job_that_is_not_counted() {
        let replication = Replication { case: "laws", seed: 1, length: 1_000 };
        let sums = emptied(&replication, three_servers());
        assert_eq!((sums.area, sums.busy), (sums.responses.ns(), sums.services));
        let broken = left_over(&replication, |sums| (sums.area + 1).abs_diff(sums.responses.ns()));
        assert_eq!(broken.pairs, [(3.0, 1.0)], "a nanosecond in each of three queues");
        let mut run = Open::begin(&replication, two_classes());
        for _ in 0..100 {
            run.step();
        }
        assert_eq!(missing(&run), 0);
        assert!(Open::sums(&run).balance.in_flight > 0, "the law is looked at while jobs are under way");
    }
}
