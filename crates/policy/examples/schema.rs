//! Prints a JSON Schema: of the configuration, or with the argument `report` of the report.
//! `cargo xtask schema` writes both to `crates/policy`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    let schema = match std::env::args().nth(1).as_deref() {
        None | Some("config") => sealwright_policy::schema::config(),
        Some("report") => sealwright_policy::schema::report(),
        Some(other) => {
            let message = format!("no schema {other:?}: say `config` or `report`");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, message));
        }
    };
    std::io::stdout().write_all(schema.as_bytes())
}
