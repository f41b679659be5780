//! The JSON Schemas of the two formats that are a promise to strangers, as they are committed.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::config::Config;
use crate::report::Report;

/// The schema of `sealwright.yaml`, which editors use to help and to complain.
pub fn config() -> String {
    text(of::<Config>())
}

/// The schema of a report in JSON.
pub fn report() -> String {
    text(of::<Report>())
}

fn of<T: JsonSchema>() -> Schema {
    settings_for_reading().into_generator().into_root_schema_for::<T>()
}

/// Draft 7: the newest that the YAML language servers of the common editors know well.
fn settings_for_reading() -> SchemaSettings {
    SchemaSettings::draft07()
}

fn text(schema: Schema) -> String {
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}
