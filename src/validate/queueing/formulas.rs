//! What theory expects: the textbook formulas of queueing theory, reliability and disk mechanics (G), in seconds and hours
//! as their callers say.

/// A line before one server with Poisson arrivals, by Pollaczek and Khinchine: the mean wait. `second_moment` is that of
/// the service time.
pub fn wait_mg1(arrivals: f64, mean: f64, second_moment: f64) -> f64 {
    arrivals * second_moment / (2.0 * (1.0 - arrivals * mean))
}

/// The share of arrivals that exponential servers without a line turn away, at this load in erlang.
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, k| load * blocked / (f64::from(k) + load * blocked))
}

/// The share of arrivals that wait before exponential servers.
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocked = erlang_b(servers, load);
    blocked / (1.0 - load / f64::from(servers) * (1.0 - blocked))
}

/// Exponential server with room for few: the share turned away, and the mean number in the system.
pub fn bounded(load: f64, room: u32) -> (f64, f64) {
    let weights: Vec<f64> = (0..=room).scan(1.0, |weight, _| Some(std::mem::replace(weight, *weight * load))).collect();
    let sum: f64 = weights.iter().sum();
    let number = weights.iter().zip(0..).map(|(weight, n)| f64::from(n) * weight).sum::<f64>() / sum;
    (weights[room as usize] / sum, number)
}

/// Two classes before one exponential server, the first served first, nobody interrupted: their mean waits.
pub fn wait_priority(arrivals: [f64; 2], mean: f64) -> [f64; 2] {
    let loads = arrivals.map(|rate| rate * mean);
    // The rest of the service that an arrival finds under way.
    let rest = (arrivals[0] + arrivals[1]) * mean * mean;
    let high = rest / (1.0 - loads[0]);
    [high, high / (1.0 - loads[0] - loads[1])]
}

/// Jobs of two tasks before two exponential servers with lines of their own, done with the later task (Nelson and
/// Tantawi 1988): the mean response.
pub fn fork_join_two(arrivals: f64, mean: f64) -> f64 {
    (12.0 - arrivals * mean) / 8.0 * mean / (1.0 - arrivals * mean)
}

/// A closed network by mean value analysis (Reiser and Lavenberg 1980): exact for exponential first-come first-served
/// stations of one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// Rounds per second.
    pub throughput: f64,
    /// Of one round, thinking not counted, in seconds.
    pub response: f64,
    pub utilisation: Vec<f64>,
    /// At each station, in service and waiting.
    pub number: Vec<f64>,
}

/// `demands` are seconds of service that a round needs from each station; `think` is spent elsewhere, without a line.
pub fn mean_value_analysis(demands: &[f64], clients: u32, think: f64) -> Closed {
    let mut number = vec![0.0; demands.len()];
    let (mut throughput, mut response) = (0.0, 0.0);
    for population in 1..=clients {
        // Who arrives sees the network as it is with one client fewer.
        let at: Vec<f64> = demands.iter().zip(&number).map(|(demand, number)| demand * (1.0 + number)).collect();
        response = at.iter().sum();
        throughput = f64::from(population) / (think + response);
        number = at.iter().map(|response| throughput * response).collect();
    }
    let utilisation = demands.iter().map(|demand| throughput * demand).collect();
    Closed { throughput, response, utilisation, number }
}

/// Accesses that a small request on RAID-5 costs on average: a read is one, a write two reads and two writes.
pub fn raid5_accesses(writes: f64) -> f64 {
    (1.0 - writes) + 4.0 * writes
}

/// The share of time that something is up which fails and is repaired.
pub fn availability(up: f64, down: f64) -> f64 {
    up / (up + down)
}

/// The mean time until two of the same, each with a crew of its own, are down together for the first time.
pub fn first_outage_of_two(up: f64, down: f64) -> f64 {
    let (failure, repair) = (1.0 / up, 1.0 / down);
    (3.0 * failure + repair) / (2.0 * failure * failure)
}

/// The share of time that two of the same, which share one crew, are both down.
pub fn unavailability_one_crew(up: f64, down: f64) -> f64 {
    let ratio = down / up;
    let weights = [1.0, 2.0 * ratio, 2.0 * ratio * ratio];
    weights[2] / weights.iter().sum::<f64>()
}

/// Mean time to data loss of a rank that survives one failed disk.
pub fn loss_of_raid5(disks: f64, fails: f64, rebuild: f64) -> f64 {
    let (failure, repair) = (1.0 / fails, 1.0 / rebuild);
    ((2.0 * disks - 1.0) * failure + repair) / (disks * (disks - 1.0) * failure * failure)
}

/// Mean time to data loss of a rank that survives two failed disks, one rebuild at a time: the first passages from no
/// failed disk to one, to two, to three.
pub fn loss_of_raid6(disks: f64, fails: f64, rebuild: f64) -> f64 {
    let repair = 1.0 / rebuild;
    let rate = |failed: f64| (disks - failed) / fails;
    let first = 1.0 / rate(0.0);
    let second = 1.0 / rate(1.0) + repair / rate(1.0) * first;
    let third = 1.0 / rate(2.0) + repair / rate(2.0) * second;
    first + second + third
}

/// Cylinders between two independent places: the mean, the share that are none, and the mean of the others.
pub fn seek_distances(cylinders: f64) -> [f64; 3] {
    [(cylinders * cylinders - 1.0) / (3.0 * cylinders), 1.0 / cylinders, (cylinders + 1.0) / 3.0]
}

/// The mean over all pairs of independent places of what `time` says of their distance.
pub fn mean_seek(cylinders: u32, time: impl Fn(u32) -> f64) -> f64 {
    let all = f64::from(cylinders);
    (1..cylinders).map(|distance| 2.0 * (all - f64::from(distance)) / (all * all) * time(distance)).sum()
}

/// Bytes per second of one cylinder after the other: tracks and skews are in sectors.
pub fn media_rate(surfaces: f64, sectors: f64, skews: [f64; 2], turn_seconds: f64) -> f64 {
    let [track, cylinder] = skews;
    let turns = surfaces + ((surfaces - 1.0) * track + cylinder) / sectors;
    surfaces * sectors * 512.0 / (turns * turn_seconds)
}
