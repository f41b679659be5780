//! Whole configurations: what is read, and how mistakes are shown.

use jiff::civil::date;
use sealwright_policy::{Config, Issuers};

const PLATFORM: &str = include_str!("configs/platform.yaml");
const BROKEN: &str = include_str!("configs/broken.yaml");

#[test]
fn the_patterns_of_a_platform() {
    let config = Config::parse("sealwright.yaml", PLATFORM, date(2026, 11, 25)).unwrap();
    let pattern =
        |artifact| config.requirements(artifact, &Issuers::public()).unwrap().subject_pattern();
    insta::assert_snapshot!(pattern("manifests"));
    insta::assert_snapshot!(pattern("shop"));
}

#[test]
fn every_mistake_is_shown_at_its_place() {
    let errors = Config::parse("sealwright.yaml", BROKEN, date(2026, 11, 25)).unwrap_err();
    insta::assert_snapshot!(errors);
}
