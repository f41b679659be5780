//! The rules of Flux refer to situations by name; a name that is gone would prove nothing.

use std::collections::BTreeSet;

use super::{Complaints, Repository};
use crate::failure::Outcome;
use crate::oracle::{self, links};

/// Every situation named behind a rule exists.
pub(super) fn links(repository: &Repository) -> Outcome<Complaints> {
    Ok(strangers(&repository.text(links::PAGE)?, &oracle::names()))
}

fn strangers(page: &str, names: &BTreeSet<String>) -> Complaints {
    links::links(page)
        .into_iter()
        .filter(|(_, name)| !names.contains(*name))
        .map(|(rule, name)| {
            format!(
                "{}: rule {rule} refers to the situation {name}, which is none; run `cargo xtask oracle --link`",
                links::PAGE
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_situation_is_told() {
        let page = "- <a id=\"one\"></a>**one**: So. *Shown by:* `there`, `gone`.\n";
        let names = BTreeSet::from(["there".to_owned()]);
        let complaints = strangers(page, &names);
        assert_eq!(complaints.len(), 1);
        assert!(complaints[0].contains("gone"), "{complaints:?}");
    }
}
