//! Whether a job goes on after one that it needs has failed.

use super::deeds::{STATES, runs_only_after_failure, runs_whatever_happened};
use crate::expression::{Contexts, Expression, Value};

/// Whether a job with this condition runs although the job `need` failed and all others went well. What
/// asks for that one, and cannot be answered, is taken to hold.
pub(super) fn goes_on_after(condition: &str, need: &str) -> bool {
    let Some(expression) = Expression::parse(condition) else {
        return runs_whatever_happened(condition);
    };
    if runs_only_after_failure(condition) {
        return true;
    }
    if !STATES.iter().any(|name| expression.asks(name)) {
        return false;
    }
    let need = need.to_ascii_lowercase();
    let asks = expression.asks(&format!("needs.{need}.")) || expression.asks("needs.*");
    let truth = expression.supposing(true).value(&Failed { need: &need }).truth();
    truth == Some(true) || truth.is_none() && !asks
}

/// One needed job has failed.
struct Failed<'a> {
    need: &'a str,
}

impl Contexts for Failed<'_> {
    fn value(&self, path: &str) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let Some((need, "result")) = path.strip_prefix("needs.").and_then(|p| p.rsplit_once('.'))
        else {
            return Value::Unknown;
        };
        match need {
            // As `contains` is asked for one of them.
            "*" => text("failure success"),
            _ if need == self.need => text("failure"),
            _ => text("success"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_asks_for_a_job_or_it_does_not() {
        for (condition, goes_on, why) in [
            ("always()", true, "it asks for nothing"),
            ("!cancelled()", true, "nor this"),
            ("success() || failure()", true, "nor this"),
            ("failure()", true, "for failures alone"),
            ("success()", false, "the default"),
            ("github.ref == 'refs/heads/main'", false, "about something else: the default holds"),
            ("always() && needs.prove.result == 'success'", false, "asks"),
            ("always() && needs.Prove.result == 'success'", false, "asks, in any case"),
            ("always() && needs.lint.result == 'success'", true, "asks for another"),
            ("always() && needs.prove.result != 'failure'", false, "asks for the failure"),
            ("always() && needs.prove.result != 'cancelled'", true, "and for none"),
            ("always() && needs.prove.outputs.ok == 'true'", false, "asks for what it found out"),
            (
                "always() && needs.lint.outputs.ok == 'true'",
                true,
                "asks for what another found out",
            ),
            ("always() && !contains(needs.*.result, 'failure')", false, "asks for all"),
            ("!failure() && !cancelled()", false, "after what was skipped, and no failure"),
            ("always() && github.ref == 'refs/heads/main'", true, "asks for the ref alone"),
            ("always() && (needs.prove.result == 'success' || inputs.force)", false, "perhaps"),
        ] {
            assert_eq!(goes_on_after(condition, "prove"), goes_on, "{why}: {condition}");
        }
    }
}
