//! What a code means, for `explain`.

use sealwright_policy::Code;
use sealwright_policy::codes::TABLE;

use crate::findings::word;

/// All there is to say about a code.
pub fn explain(code: Code) -> String {
    let entry = code.entry();
    format!(
        "{} ({}): {}\n\nCause:  {}\nRisk:   {}\nRemedy: {}\n",
        entry.id,
        word(entry.severity),
        entry.title,
        entry.cause,
        entry.risk,
        entry.fix
    )
}

/// Every code there is, one a line.
pub fn catalogue() -> String {
    TABLE
        .iter()
        .map(|entry| format!("{}  {:<7}  {}\n", entry.id, word(entry.severity), entry.title))
        .collect()
}
