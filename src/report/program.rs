//! Which program made a result: version, commit, compiler.

use serde::Serialize;

pub const SCHEMA: &str = "tiersim/version/1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Program {
    pub schema: &'static str,
    pub version: &'static str,
    pub model_version: u32,
    /// `unknown` when it was not built in its own repository.
    pub git_commit: &'static str,
    pub git_dirty: Option<bool>,
    pub target: &'static str,
    pub rustc: &'static str,
    pub build_profile: &'static str,
    pub features: &'static [&'static str],
}

/// This program.
pub const THIS: Program = Program {
    schema: SCHEMA,
    version: env!("CARGO_PKG_VERSION"),
    model_version: crate::MODEL_VERSION,
    git_commit: env!("TIERSIM_GIT_COMMIT"),
    git_dirty: match env!("TIERSIM_GIT_DIRTY").as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    },
    target: env!("TIERSIM_TARGET"),
    rustc: env!("TIERSIM_RUSTC"),
    build_profile: env!("TIERSIM_PROFILE"),
    features: &[],
};

impl Program {
    /// One line for a person.
    pub fn line(&self) -> String {
        let dirty = if self.git_dirty == Some(true) { ", changed" } else { "" };
        format!(
            "tiersim {} (model {}, commit {}{dirty}, {}, {})",
            self.version,
            self.model_version,
            self.git_commit.get(..12).unwrap_or(self.git_commit),
            self.rustc,
            self.target
        )
    }
}
