//! What came of each situation: `oracle.json`, and a table of what is not as predicted.

use serde::Serialize;
use serde_json::Value;

use super::compare::{condition, fitting, word};
use super::run::Observation;
use super::situation::Situation;
use crate::failure::Outcome;

/// A line of `oracle.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) situation: String,
    pub(super) controller: String,
    /// Why it is there.
    pub(super) because: String,
    /// The outcome that fits, else the likeliest.
    pub(super) predicted: Option<Said>,
    pub(super) observed: Option<Said>,
    /// Absent when it was not run, or rightly not foretold.
    pub(super) agree: Option<bool>,
    /// How many outcomes were predicted; more than one only where chance decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcomes: Option<usize>,
    /// What the predictor says when it cannot know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) undecided: Option<String>,
    /// Why more than one outcome is right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chance: Option<&'static str>,
    /// The rules that the prediction names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) rules: Vec<String>,
    /// The situation without the number of a copy.
    #[serde(skip)]
    pub(super) name: String,
    /// Whether it was not run because a program is missing here.
    #[serde(skip)]
    pub(super) missing: bool,
    /// What differs, or why it was not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
}

/// What is said of a source, in short.
#[derive(Debug, Default, Serialize)]
pub(super) struct Said {
    pub(super) ready: String,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Row {
    pub(super) fn not_run(situation: &Situation, controller: &str, why: &str) -> Row {
        Row {
            situation: situation.name.clone(),
            because: situation.because.clone(),
            controller: controller.to_owned(),
            predicted: None,
            observed: None,
            agree: None,
            outcomes: None,
            undecided: None,
            chance: None,
            rules: Vec::new(),
            missing: false,
            name: situation.name.clone(),
            why: Some(why.to_owned()),
        }
    }

    /// Not run because a program is not there.
    pub(super) fn missing(situation: &Situation, controller: &str, why: &str) -> Row {
        Row { missing: true, ..Row::not_run(situation, controller, why) }
    }

    /// Compares an observation with the `predicted` of a report.
    pub(super) fn of(observation: &Observation, controller: &str, report: Outcome<Value>) -> Row {
        let situation = &observation.situation;
        let object = &observation.object;
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let mut row = Row::not_run(situation, controller, "");
        // Of several copies each has its own line.
        name.clone_into(&mut row.situation);
        row.observed = Some(observed(object));
        row.agree = Some(false);
        row.chance = situation.chance;
        let report = match report {
            Ok(report) => report,
            Err(failure) => {
                row.why = Some(format!("no prediction: {failure}"));
                return row;
            }
        };
        let outcomes = report["outcomes"].as_array().cloned().unwrap_or_default();
        row.outcomes = Some(outcomes.len());
        row.predicted = outcomes.first().map(predicted);
        let because = report["because"].as_array().into_iter().flatten();
        row.rules = because.map(|rule| word(rule, "rule").to_owned()).collect();
        if let (Some(undecided), Some(why)) = (report["undecided"].as_str(), situation.unforetold) {
            row.agree = None;
            row.undecided = Some(undecided.to_owned());
            row.why = Some(why.to_owned());
            return row;
        }
        row.why = match fitting(&outcomes, object, situation.acts.is_empty()) {
            _ if !observation.settled => Some("the controller came to no end".to_owned()),
            Ok(_) if outcomes.len() > 1 && situation.chance.is_none() => Some(format!(
                "{} outcomes predicted where the controller has no choice",
                outcomes.len()
            )),
            Ok(_) if situation.unforetold.is_some() => {
                Some("it is foretold by now: take the mark `unforetold` away".to_owned())
            }
            Ok(fits) => {
                row.predicted = Some(predicted(fits));
                row.agree = Some(true);
                None
            }
            Err(why) => Some(match report["undecided"].as_str() {
                Some(undecided) => format!("{why} ({undecided})"),
                None => why,
            }),
        };
        row
    }
}

fn observed(object: &Value) -> Said {
    condition(object, "Ready").map(said).unwrap_or_default()
}

fn predicted(outcome: &Value) -> Said {
    let errors: Vec<&str> =
        outcome["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let conditions = outcome["conditions"].as_array().into_iter().flatten();
    let ready = conditions.into_iter().find(|condition| word(condition, "type") == "Ready");
    let mut said = ready.map(said).unwrap_or_default();
    said.message = said.message.replace("{errors}", &errors.join("\n"));
    said
}

fn said(condition: &Value) -> Said {
    Said {
        ready: word(condition, "status").to_owned(),
        reason: word(condition, "reason").to_owned(),
        message: word(condition, "message").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::situation::situation;
    use super::*;

    fn observation(chance: bool) -> Observation {
        let situation = situation("one", "a situation of a test");
        Observation {
            situation: if chance { situation.chance("chance", 2) } else { situation },
            object: json!({"metadata": {"name": "one"}, "status": {"conditions": [
                {"type": "Ready", "status": "False", "reason": "r", "message": "m"},
            ]}}),
            asked: Vec::new(),
            about: None,
            settled: true,
        }
    }

    fn report_of(messages: &[&str]) -> Value {
        let outcomes = messages.iter().map(|message| {
            json!({"ready": "False", "conditions": [
                {"type": "Ready", "status": "False", "reason": "r", "message": message},
            ]})
        });
        json!({"outcomes": outcomes.collect::<Vec<_>>()})
    }

    #[test]
    fn agreement_needs_a_settled_object_and_as_few_outcomes_as_there_are() {
        for (observation, messages, agree, reason) in [
            (observation(false), &["m"] as &[_], true, "the same"),
            (observation(false), &["n"], false, "another message"),
            (observation(false), &["m", "n"], false, "more outcomes than the controller has"),
            (observation(true), &["n", "m"], true, "one of several"),
            (observation(false), &[], false, "nothing predicted"),
            (Observation { settled: false, ..observation(false) }, &["m"], false, "not settled"),
        ] {
            let row = Row::of(&observation, "1.9.6", Ok(report_of(messages)));
            assert_eq!(row.agree, Some(agree), "{reason}");
            assert_eq!(row.why.is_none(), agree, "{reason}");
        }
    }

    #[test]
    fn undecided_is_right_only_where_it_is_expected() {
        let report = || Ok(json!({"outcomes": [], "undecided": "who knows"}));
        let expected = |observation: Observation| Observation {
            situation: observation.situation.unforetold("a test"),
            ..observation
        };
        assert_eq!(Row::of(&observation(false), "1.9.6", report()).agree, Some(false));
        assert_eq!(Row::of(&expected(observation(false)), "1.9.6", report()).agree, None);
        let decided = Row::of(&expected(observation(false)), "1.9.6", Ok(report_of(&["n"])));
        assert_eq!(decided.agree, Some(false), "what is decided all the same is compared");
        let right = Row::of(&expected(observation(false)), "1.9.6", Ok(report_of(&["m"])));
        assert_eq!(right.agree, Some(false), "a mark that is no longer true");
    }

    #[test]
    fn a_prediction_that_failed_is_a_disagreement() {
        let row = Row::of(&observation(false), "1.9.6", Err(crate::failure::Failure::new("x")));
        assert_eq!(row.agree, Some(false));
    }
}
