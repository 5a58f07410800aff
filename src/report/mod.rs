//! Results as people and programs read them: one summary, rendered as text and as JSON, and the run directory.

pub mod campaign;
pub mod chart;
pub mod checkpoints;
pub mod costs;
pub mod csv;
pub mod digest;
pub mod directory;
pub mod exploration;
pub mod exploration_text;
pub mod exposure;
pub mod index;
pub mod json;
pub mod manifest;
pub mod matrix;
pub mod matrix_text;
pub mod methods;
pub mod minimal;
pub mod mutants;
pub mod program;
pub mod replay;
pub mod summarise;
pub mod summary;
pub mod table;
pub mod text;
pub mod validation;
pub mod validation_files;

pub use directory::{Claim, DirectoryError, Place, RunDirectory};
pub use manifest::{Environment, Manifest};
pub use summarise::Subject;
pub use summary::Summary;
