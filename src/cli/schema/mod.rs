//! `tiersim schema`: what a file may hold, as JSON Schema, for editors and for whoever reads results by program.
//!
//! Schemas of files that people write are told by their readers, and so they are never stale. Those of results are
//! derived from the structs that write them, when the tests run; `schemas/` holds all of them for editors.

mod file;

use clap::ValueEnum;
use serde_json::Value;

use super::console::Console;
use super::exit::Exit;

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// A scenario file
    Scenario,
    /// A campaign file
    Campaign,
    /// NAME.toml of a drive, for `tiersim validate disks --data`
    Drive,
    /// summary.json of a run
    Summary,
    /// summary.json of an exploration
    Exploration,
    /// manifest.json of a run or an exploration
    Manifest,
    /// summary.json of a campaign
    CampaignSummary,
    /// manifest.json of a campaign
    CampaignManifest,
    /// One line of a part file of a campaign
    Part,
}

impl Kind {
    /// The schema as a file holds it.
    pub fn text(self) -> String {
        match self {
            Kind::Scenario => written(&file::scenario()),
            Kind::Campaign => written(&file::campaign()),
            Kind::Drive => written(&file::drive()),
            Kind::Summary => include_str!("../../../schemas/summary.schema.json").to_owned(),
            Kind::Exploration => include_str!("../../../schemas/exploration.schema.json").to_owned(),
            Kind::Manifest => include_str!("../../../schemas/manifest.schema.json").to_owned(),
            Kind::CampaignSummary => include_str!("../../../schemas/campaign-summary.schema.json").to_owned(),
            Kind::CampaignManifest => include_str!("../../../schemas/campaign-manifest.schema.json").to_owned(),
            Kind::Part => include_str!("../../../schemas/part.schema.json").to_owned(),
        }
    }
}

/// Prints a schema. It is JSON in either form.
pub fn run(kind: Kind, console: &mut Console) -> Exit {
    console.result(kind.text().as_bytes());
    Exit::Held
}

fn written(schema: &Value) -> String {
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::campaign::{manifest as campaign_manifest, part, summary as campaign_summary};
    use crate::report::{exploration, manifest, summary};
    use schemars::{JsonSchema, generate::SchemaSettings};
    use serde_json::json;
    use std::fs;
    use std::path::Path;

    /// The schema of a document of ours, which says of itself what it is.
    fn of<T: JsonSchema>(title: &str, name: &str) -> Value {
        let mut schema = plain::<T>();
        schema["title"] = title.into();
        schema["properties"]["schema"] = json!({ "const": name, "description": "What this document is." });
        schema
    }

    fn plain<T: JsonSchema>() -> Value {
        let settings = SchemaSettings::draft07().for_serialize();
        settings.into_generator().into_root_schema_for::<T>().to_value()
    }

    /// Every line is the header, the row of a run, or the footer.
    fn line_of_a_part() -> Value {
        let [mut header, mut row, mut footer] = [
            of::<part::Header>("header", part::SCHEMA),
            plain::<crate::campaign::sweep::Row>(),
            plain::<part::Footer>(),
        ];
        // Definitions are referred to from the root of a document, which names its draft once.
        let definitions = row.as_object_mut().and_then(|row| row.remove("definitions"));
        for part in [&mut header, &mut row, &mut footer] {
            part.as_object_mut().and_then(|part| part.remove("$schema"));
        }
        json!({
            "$schema": file::DRAFT,
            "title": "a line of a part of a campaign",
            "description": "The first line is the header, the last the footer, each in between the row of a run.",
            "anyOf": [header, row, footer],
            "definitions": definitions,
        })
    }

    /// The schema that is right now.
    fn fresh(kind: Kind) -> String {
        match kind {
            Kind::Scenario | Kind::Campaign | Kind::Drive => kind.text(),
            Kind::Summary => written(&of::<summary::Summary>("summary.json of a run", summary::SCHEMA)),
            Kind::Exploration => {
                written(&of::<exploration::Summary>("summary.json of an exploration", exploration::SCHEMA))
            }
            Kind::Manifest => written(&of::<manifest::Manifest>("manifest.json of a run", manifest::SCHEMA)),
            Kind::CampaignSummary => written(&of::<campaign_summary::CampaignSummary>(
                "summary.json of a campaign",
                campaign_summary::SCHEMA,
            )),
            Kind::CampaignManifest => {
                let title = "manifest.json of a campaign";
                written(&of::<campaign_manifest::CampaignManifest>(title, campaign_manifest::SCHEMA))
            }
            Kind::Part => written(&line_of_a_part()),
        }
    }

    /// `TIERSIM_BLESS=1 cargo test --lib schemas` writes them anew.
    #[test]
    fn the_committed_schemas_are_those_of_the_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        for kind in Kind::value_variants() {
            let name = kind.to_possible_value().expect("no kind is hidden").get_name().to_owned();
            let (path, fresh) = (folder.join(format!("{name}.schema.json")), fresh(*kind));
            if std::env::var_os("TIERSIM_BLESS").is_some() {
                fs::write(&path, fresh).expect("the schemas can be written");
                continue;
            }
            let found = fs::read_to_string(&path).expect("the schemas are there");
            assert!(found == fresh, "{} is stale (TIERSIM_BLESS=1 refreshes it)", path.display());
            assert_eq!(kind.text(), found, "{name}: what is printed is what is committed");
        }
    }
}
