//! Campaigns on disk and on paper: the plan, parts, merged rows, estimates and comparisons.

pub mod comparison;
#[cfg(test)]
mod coverage;
pub mod differences;
pub mod directory;
pub mod estimate;
pub mod journal;
pub mod manifest;
pub mod page;
mod paper;
pub mod part;
mod points;
pub mod runs;
pub mod stopping;
pub mod summary;
pub mod text;

pub use directory::{CampaignDirectory, CampaignError, Collected, Existing};
pub use manifest::CampaignManifest;
pub use summary::CampaignSummary;
