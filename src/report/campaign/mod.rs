//! Campaigns on disk and on paper: the plan, parts, merged rows, estimates and comparisons.

pub mod directory;
pub mod journal;
pub mod manifest;
pub mod part;

pub use directory::{CampaignDirectory, CampaignError, Collected, Existing};
pub use manifest::CampaignManifest;
