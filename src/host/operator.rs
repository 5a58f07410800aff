//! The operator: delays and slips.

use crate::kernel::Span;

#[derive(Clone, Debug)]
pub struct OperatorParameters {
    /// Reaction to a prompt, lognormal: median, and the deviation of the logarithm in thousandths.
    pub reaction_median: Span,
    pub reaction_sigma_milli: u32,
    pub step_median: Span,
    pub step_sigma_milli: u32,
    /// Probability of keeping the wrong device at an IPL prompt, in parts per million.
    pub wrong_ipl_reply_ppm: u32,
}
