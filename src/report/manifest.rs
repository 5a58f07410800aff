//! `manifest.json`: what a run directory holds, made from what, by what; written last.
//!
//! Everything outside `environment` is a function of the scenario, the seed and the program. `environment` alone tells
//! where, when and how fast it ran, and no digest covers it.

use serde::{Deserialize, Serialize};

use super::digest::result_digest;

pub const SCHEMA: &str = "tiersim/manifest/1";
pub const TOOL: &str = "tiersim";
/// The generator behind every random draw of the model.
pub const GENERATOR: &str = "rand_chacha/0.10 ChaCha8";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Manifest {
    pub schema: String,
    pub tool: String,
    pub tool_version: String,
    pub model_version: u32,
    pub git_commit: String,
    /// Nothing when the commit is unknown.
    pub git_dirty: Option<bool>,
    pub command: String,
    pub scenario: String,
    pub run_id: String,
    pub scenario_sha256: String,
    pub resolved_sha256: String,
    pub seed: u64,
    pub rng: String,
    /// What `--set` changed, as given.
    pub set: Vec<String>,
    /// Files that the scenario reads.
    pub inputs: Vec<Input>,
    pub exit_code: u8,
    pub verdict: String,
    pub fingerprint: String,
    /// SHA-256 over the digest and name of every output, sorted by name.
    pub result_digest: String,
    pub outputs: Vec<Output>,
    pub environment: Environment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Input {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Output {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
    pub schema: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Environment {
    pub target: String,
    pub rustc: String,
    pub features: Vec<String>,
    pub build_profile: String,
    pub command_line: Vec<String>,
    pub cwd: Option<String>,
    pub host: Option<String>,
    pub os: String,
    pub cpus: Option<u64>,
    pub jobs: u64,
    pub started_utc: String,
    pub ended_utc: String,
    pub elapsed_ms: u64,
    pub peak_rss_bytes: Option<u64>,
}

/// What a manifest of ours must say to be recognised, whatever version wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Recognised {
    pub schema: String,
    pub tool: String,
    pub model_version: u32,
    #[serde(default)]
    pub run_id: String,
    pub fingerprint: String,
    pub outputs: Vec<Named>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Named {
    pub name: String,
}

impl Recognised {
    /// Reads a manifest; nothing when this program did not write it.
    pub fn read(bytes: &[u8]) -> Option<Recognised> {
        let manifest: Recognised = serde_json::from_slice(bytes).ok()?;
        (manifest.tool == TOOL && manifest.schema.starts_with("tiersim/manifest/")).then_some(manifest)
    }
}

/// The digest of these outputs.
pub fn digest_of(outputs: &[Output]) -> String {
    result_digest(outputs.iter().map(|output| (&output.name[..], &output.sha256[..])))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::digest::sha256;

    pub fn manifest(run_id: &str, fingerprint: &str, outputs: &[(&str, &[u8])]) -> Manifest {
        let outputs: Vec<Output> = outputs
            .iter()
            .map(|(name, bytes)| Output {
                name: (*name).to_owned(),
                bytes: bytes.len() as u64,
                sha256: sha256(bytes),
                schema: None,
            })
            .collect();
        Manifest {
            schema: SCHEMA.into(),
            tool: TOOL.into(),
            tool_version: "0.1.0".into(),
            model_version: crate::MODEL_VERSION,
            git_commit: "unknown".into(),
            git_dirty: None,
            command: "run".into(),
            scenario: "safe-backup".into(),
            run_id: run_id.into(),
            scenario_sha256: sha256(b""),
            resolved_sha256: sha256(b""),
            seed: 1,
            rng: GENERATOR.into(),
            set: vec![],
            inputs: vec![],
            exit_code: 0,
            verdict: "PASS".into(),
            fingerprint: fingerprint.into(),
            result_digest: digest_of(&outputs),
            outputs,
            environment: Environment::default(),
        }
    }

    #[test]
    fn the_digest_covers_the_outputs_and_nothing_else() {
        let one = manifest("r", "f", &[("summary.json", b"{}"), ("requests.csv", b"id")]);
        let mut other = manifest("r", "f", &[("requests.csv", b"id"), ("summary.json", b"{}")]);
        other.environment.host = Some("elsewhere".into());
        other.environment.elapsed_ms = 9;
        assert_eq!(one.result_digest, other.result_digest);
        let changed = manifest("r", "f", &[("requests.csv", b"id"), ("summary.json", b"{ }")]);
        assert_ne!(one.result_digest, changed.result_digest);
    }

    #[test]
    fn only_manifests_of_this_program_are_recognised() {
        let ours = serde_json::to_vec(&manifest("r", "f", &[("a", b"")])).expect("a manifest is JSON");
        let recognised = Recognised::read(&ours).expect("it is ours");
        assert_eq!((&recognised.run_id[..], &recognised.outputs[0].name[..]), ("r", "a"));
        for foreign in ["", "{}", "[1]", r#"{"schema":"tiersim/manifest/1","tool":"other","outputs":[]}"#] {
            assert_eq!(Recognised::read(foreign.as_bytes()), None, "{foreign}");
        }
        let other = String::from_utf8(ours).expect("JSON is text").replace("\"tiersim\"", "\"tarsim\"");
        assert_eq!(Recognised::read(other.as_bytes()), None);
    }
}
