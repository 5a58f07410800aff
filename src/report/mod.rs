//! Results as people and programs read them: one summary, rendered as text and as JSON, and the run directory.

pub mod campaign;
pub mod cells;
pub mod chart;
pub mod checkpoints;
#[cfg(feature = "parquet")]
pub mod columnar;
pub mod costs;
pub mod course;
pub mod digest;
pub mod directory;
pub mod document;
pub mod draw;
pub mod exploration;
pub mod exploration_report;
pub mod exploration_text;
pub mod exposure;
pub mod goals;
pub mod html;
pub mod index;
pub mod json;
pub mod latencies;
pub mod manifest;
pub mod markdown;
pub mod matrix;
pub mod matrix_text;
pub mod methods;
pub mod minimal;
pub mod mutants;
pub mod perfetto;
pub mod program;
pub mod provenance;
pub mod replay;
pub mod requests;
pub mod run_report;
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
