//! HelmRepository, HelmChart and HelmRelease: where verification of charts differs.

mod chart;

pub(crate) use chart::follow_chart;

use crate::inquiry::{Inquiry, Stop};
use crate::oci_repository::{self, Course};
use crate::predict::silence;
use crate::rules;
use crate::source::{
    ChartVerification, HelmChart, HelmChartSpec, HelmRelease, HelmRepository, Metadata, Source,
    Status,
};

/// A HelmRepository of type `oci` is not reconciled; others are outside of what is predicted.
pub(crate) fn follow_repository(
    inquiry: &mut Inquiry<'_>,
    object: &HelmRepository,
    course: &mut Course,
) -> Result<(), Stop> {
    if object.spec.kind != "oci" {
        return Err(Stop::Undecided(
            "a HelmRepository with an index is not verified, and its index is not looked at here"
                .to_owned(),
        ));
    }
    inquiry.met(&rules::HELM_REPOSITORY);
    course.outcomes = vec![silence()];
    Ok(())
}

/// A HelmRelease through the source that it names, or the HelmChart that helm-controller makes.
pub(crate) fn follow_release<'a>(
    inquiry: &mut Inquiry<'a>,
    object: &'a HelmRelease,
    course: &mut Course,
) -> Result<(), Stop> {
    if let Some(named) = &object.spec.chart_ref {
        inquiry.met(&rules::HELM_RELEASE_CHART_REF);
        let namespace = or(&named.namespace, &object.metadata.namespace);
        let source = find(inquiry, &named.kind, namespace, &named.name).ok_or_else(|| {
            Stop::Undecided(format!("{} `{namespace}/{}` is not at hand", named.kind, named.name))
        })?;
        return match source {
            Source::OciRepository(source) => oci_repository::follow(inquiry, source, course),
            Source::HelmChart(source) => follow_chart(inquiry, source, course),
            _ => Err(Stop::Undecided(format!("a {} holds no chart", named.kind))),
        };
    }
    let Some(template) = &object.spec.chart else {
        return Err(Stop::Undecided("the HelmRelease names no chart".to_owned()));
    };
    if template.spec.verify.is_some() {
        inquiry.met(&rules::HELM_RELEASE_NO_IDENTITIES);
    }
    let source = &template.spec.source_ref;
    let namespace = or(&source.namespace, &object.metadata.namespace).to_owned();
    let chart = HelmChart {
        metadata: Metadata {
            name: format!("{}-{}", object.metadata.namespace, object.metadata.name),
            namespace,
            generation: 0,
        },
        spec: HelmChartSpec {
            chart: template.spec.chart.clone(),
            version: template.spec.version.clone(),
            source_ref: source.clone(),
            verify: template.spec.verify.as_ref().map(|verify| ChartVerification {
                provider: verify.provider.clone(),
                secret_ref: verify.secret_ref.clone(),
                match_oidc_identity: vec![],
            }),
            suspend: false,
        },
        status: Status::default(),
    };
    follow_chart(inquiry, &chart, course)
}

fn or<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

/// Another source of the situation.
fn find<'a>(inquiry: &Inquiry<'a>, kind: &str, namespace: &str, name: &str) -> Option<&'a Source> {
    inquiry.situation.others.iter().find(|source| {
        let metadata = source.metadata();
        source.kind() == kind && metadata.namespace == namespace && metadata.name == name
    })
}
