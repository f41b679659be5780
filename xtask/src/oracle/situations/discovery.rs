//! How evidence is found: referrers API, fallback tag, pages, faults.

use serde_json::{Value, json};

use crate::oracle::evidence::{Run, Way, bundle, notation_signature, signature};
use crate::oracle::situation::{Shelf, Situation, situation};

use super::by_cd;

pub(super) fn situations() -> Vec<Situation> {
    [places(), answers(), pages(), faults()]
        .concat()
        .into_iter()
        .map(|situation| situation.verify(by_cd()))
        .collect()
}

fn places() -> Vec<Situation> {
    let fallback = || bundle().way(Way::FallbackTag);
    let mut situations = Vec::new();
    for (name, shelf) in
        [("tag", Shelf::Tag), ("distribution", Shelf::Distribution), ("crane", Shelf::Crane)]
    {
        situations.extend([
            situation(format!("on-{name}-bundle"), "the fallback tag is read without an API")
                .on(shelf)
                .with(bundle()),
            situation(format!("on-{name}-signature"), "the signature's tag needs no API")
                .on(shelf)
                .with(signature()),
            situation(format!("on-{name}-nothing"), "nothing is signed").on(shelf),
            situation(format!("on-{name}-two"), "two in one fallback tag")
                .on(shelf)
                .with(bundle().run(Run::Evil))
                .with(bundle()),
        ]);
    }
    situations.extend([
        situation("api-hides-fallback", "with an API the fallback tag is not read")
            .with(fallback()),
        situation("api-hides-fallback-beside-signature", "and the signature counts")
            .with(fallback())
            .with(signature()),
        situation("api-and-fallback", "the API's answer is the whole")
            .with(bundle().run(Run::Evil))
            .with(fallback()),
        situation("notation-beside-nothing", "a referrer of another kind")
            .with(notation_signature()),
        situation("notation-beside-signature", "a referrer of another kind rules nothing out")
            .with(notation_signature())
            .with(signature()),
        situation("notation-beside-bundle", "a referrer of another kind does not hinder")
            .with(notation_signature())
            .with(bundle()),
    ]);
    situations
}

fn header(value: &str) -> Value {
    json!({"setHeader": {"name": "content-type", "value": value}})
}

fn answers() -> Vec<Situation> {
    let charset = || header("application/vnd.oci.image.index.v1+json; charset=utf-8");
    vec![
        situation("charset", "an answer with a charset does not count")
            .with(bundle())
            .fault("referrers", charset()),
        situation("charset-fallback", "so the fallback tag is read")
            .with(bundle().way(Way::FallbackTag))
            .fault("referrers", charset()),
        situation(
            "charset-signature",
            "so a signature of the older form counts beside a bad bundle",
        )
        .with(bundle().matter("tampered-payload"))
        .with(signature())
        .fault("referrers", charset()),
        situation("json-type", "an answer of plain JSON does not count")
            .with(bundle())
            .fault("referrers", header("application/json")),
    ]
}

fn pages() -> Vec<Situation> {
    // Referrers are listed in the order of their digests, so which is first is not ours to say:
    // the stranger's bundle stands on both pages.
    vec![
        situation("pages-one", "one referrer on one page").with(bundle()),
        situation("pages-first-only", "of two referrers only the first is seen")
            .with(bundle())
            .with(bundle().run(Run::Evil)),
        situation("pages-of-others", "what is seen may be no bundle at all")
            .with(notation_signature())
            .with(bundle()),
        situation("pages-and-signature", "and then a signature counts")
            .with(notation_signature())
            .with(bundle())
            .with(signature()),
    ]
    .into_iter()
    .map(|situation| situation.fault("referrers", json!({"referrersPage": {"size": 1}})))
    .collect()
}

fn faults() -> Vec<Situation> {
    let status = |code: u16| json!({"status": {"code": code}});
    let mut situations = Vec::new();
    for code in [400, 401, 403, 404, 406, 500] {
        situations.push(
            situation(format!("referrers-{code}"), format!("{code} for the referrers"))
                .with(bundle())
                .with(signature())
                .fault("referrers", status(code)),
        );
        situations.push(
            situation(
                format!("referrers-{code}-unsigned"),
                format!("{code} for the referrers, and no older signature"),
            )
            .with(bundle())
            .fault("referrers", status(code)),
        );
    }
    situations.extend([
        situation("bundle-behind-500", "a bundle that cannot be fetched is skipped")
            .with(bundle())
            .fault_at("{bundle}", status(500)),
        situation("bundle-behind-500-signature", "and the older signature counts")
            .with(bundle().run(Run::Evil))
            .with(signature())
            .fault_at("{bundle}", status(500)),
        situation("one-behind-500", "the other one is read")
            .with(bundle().run(Run::Evil))
            .with(bundle())
            .fault_at("{bundle}", status(500)),
        situation("signature-behind-500", "the signature's tag cannot be read")
            .with(signature())
            .fault_at(".sig", status(500)),
        situation("signature-behind-403", "the signature's tag may not be read")
            .with(signature())
            .fault_at(".sig", status(403)),
    ]);
    situations
}
