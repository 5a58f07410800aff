//! What theory expects: the textbook formulas of queueing theory, reliability and disk mechanics.

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
