//! What is to be said of admission: absent, not answering, or easily passed by.

use std::collections::BTreeMap;

use sealwright_policy::{Code, Finding, Place};

use super::selector::{is_open, selects};
use super::webhook::Webhook;
use super::{Engine, Policy, Seen};
use crate::kubernetes::object_name;

/// Names that a finding repeats.
const TOLD_COUNT_MAX: usize = 5;

/// Namespaces of Kubernetes itself: who verifies there may lock a cluster up, and leaving them out is
/// what both engines ship with.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// Everything that keeps declared verification from happening.
pub(super) fn judge(policies: &[Policy], seen: &Seen) -> Vec<Finding> {
    let engines = [Engine::Kyverno, Engine::PolicyController];
    let of = |engine| policies.iter().filter(move |policy| policy.engine == engine);
    engines
        .into_iter()
        .filter(|engine| of(*engine).next().is_some())
        .flat_map(|engine| of_engine(engine, &of(engine).collect::<Vec<_>>(), seen))
        .collect()
}

fn of_engine(engine: Engine, policies: &[&Policy], seen: &Seen) -> Vec<Finding> {
    // That they may not be read is told already.
    let Some(webhooks) = &seen.webhooks else { return vec![] };
    let about_pods = policies.iter().any(|policy| policy.about_pods);
    let asks = |webhook: &&Webhook| {
        webhook.engine == engine
            && (webhook.asks_about_pods || !about_pods)
            // Kyverno verifies where it may write down the digest as well.
            && (webhook.validates || engine == Engine::Kyverno)
    };
    let asked: Vec<&Webhook> = webhooks.iter().filter(asks).collect();
    if asked.is_empty() {
        return vec![nobody_asks(engine, policies, about_pods)];
    }
    let (mut findings, mut working) = (Vec::new(), Vec::new());
    for webhook in asked {
        match silent(webhook, &seen.ready) {
            Some(finding) => findings.push(finding),
            None => working.push(webhook),
        }
    }
    if !working.is_empty() {
        findings.extend(past(&working, seen.namespaces.as_ref()));
    }
    findings
}

fn nobody_asks(engine: Engine, policies: &[&Policy], about_pods: bool) -> Finding {
    let names = told(policies.iter().map(|policy| policy.name.as_str()));
    let matter = if about_pods { "about new pods" } else { "about anything" };
    let message = format!("{names}: no admission webhook asks {} {matter}", engine.name());
    let place = Place::object(policies[0].name.clone());
    Finding::new(Code::EnforcementAbsent, message)
        .with_place(place)
        .with_mismatch("a ValidatingWebhookConfiguration with such a rule", "none")
        .with_hint(format!(
            "see whether {} runs: it makes its webhooks when it starts; until then whatever is pulled is let in",
            engine.name()
        ))
}

/// Why nobody answers a webhook.
fn silent(webhook: &Webhook, ready: &BTreeMap<String, Option<usize>>) -> Option<Finding> {
    let place = Place::object(webhook.configuration.clone());
    let name = &webhook.name;
    let then = match webhook.ignores_failure {
        true => "everything is let in (failurePolicy Ignore)",
        false => "nothing that it is asked about can be created (failurePolicy Fail)",
    };
    let absent = |message: String, expected: &str, found: &str| {
        let finding = Finding::new(Code::EnforcementAbsent, message).with_place(place.clone());
        Some(finding.with_mismatch(expected, found))
    };
    let Some((namespace, service)) = &webhook.service else {
        let message = format!(
            "webhook {name} is asked outside of the cluster: whether anybody answers was not tried"
        );
        return Some(Finding::new(Code::EnforcementUnseen, message).with_place(place));
    };
    if !webhook.has_authority {
        let message = format!("webhook {name} has no caBundle, so it cannot be asked: {then}");
        return absent(message, "the authority of the webhook's certificate", "nothing");
    }
    let service = object_name(namespace, service);
    match ready.get(&service) {
        Some(Some(0)) => absent(
            format!("nobody answers webhook {name}: {then}"),
            &format!("a ready endpoint of Service {service}"),
            "none",
        ),
        _ => None,
    }
}

/// What a webhook that works is not asked about, or does not hold up.
fn past(
    working: &[&Webhook],
    namespaces: Option<&BTreeMap<String, BTreeMap<String, String>>>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = working[0];
    let bypassed = |message: String| {
        let place = Place::object(first.configuration.clone());
        Finding::new(Code::AdmissionBypassed, message).with_place(place)
    };
    if working.iter().all(|webhook| webhook.ignores_failure) {
        let message = format!(
            "whatever webhook {} does not answer about in time is let in (failurePolicy Ignore)",
            first.name
        );
        findings.push(bypassed(message).with_mismatch("failurePolicy: Fail", "Ignore"));
    }
    if working.iter().all(|webhook| !is_open(&webhook.objects)) {
        let message = format!(
            "webhook {} is asked only about objects with certain labels, which whoever makes them sets",
            first.name
        );
        findings
            .push(bypassed(message).with_mismatch("no objectSelector", first.objects.to_string()));
    }
    let Some(namespaces) = namespaces else { return findings };
    let own: Vec<&str> = working
        .iter()
        .filter_map(|webhook| webhook.service.as_ref().map(|(namespace, _)| namespace.as_str()))
        .collect();
    let matters = |name: &str| !SYSTEM.contains(&name) && !own.contains(&name);
    let is_asked = |labels| working.iter().any(|webhook| selects(&webhook.namespaces, labels));
    let all = namespaces.iter().filter(|(name, _)| matters(name));
    let (inside, outside): (Vec<_>, Vec<_>) = all.partition(|(_, labels)| is_asked(labels));
    if outside.is_empty() {
        return findings;
    }
    let names = told(outside.iter().map(|(name, _)| name.as_str()));
    let selector = first.namespaces.to_string();
    findings.push(match inside.is_empty() {
        true => Finding::new(
            Code::EnforcementAbsent,
            format!("webhook {} is asked about no namespace: {names}", first.name),
        )
        .with_place(Place::object(first.configuration.clone()))
        .with_mismatch("a namespaceSelector that selects them", selector),
        false => bypassed(format!("webhook {} is not asked about namespaces: {names}", first.name))
            .with_mismatch("a namespaceSelector that selects them", selector),
    });
    findings
}

fn told<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let first: Vec<&str> = names.take(TOLD_COUNT_MAX).collect();
    let more = count.saturating_sub(TOLD_COUNT_MAX);
    match more {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
