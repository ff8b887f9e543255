//! What the checks came to.

use serde::Serialize;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "detail", rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds; with what was seen.
    Passed(String),
    /// It does not hold; with how that was seen.
    Failed(String),
    /// It could not be judged, because something else went wrong first.
    NotJudged(String),
}

/// One check and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Its name.
    pub check: &'static str,
    /// What it came to.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What the author can do, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'static str>,
}

/// Every check that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order of the catalogue.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// The names of the checks that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = |outcome: &&Outcome| matches!(outcome.verdict, Verdict::Failed(_));
        let failed = self.outcomes.iter().filter(failed);
        failed.map(|outcome| outcome.check).collect()
    }

    /// Whether every check was made and holds.
    pub fn is_good(&self) -> bool {
        let passed = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Passed(_));
        !self.outcomes.is_empty() && self.outcomes.iter().all(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[Verdict]) -> Report {
        let outcome = |verdict: &Verdict| Outcome {
            check: "abi",
            verdict: verdict.clone(),
            advice: None,
        };
        Report {
            outcomes: verdicts.iter().map(outcome).collect(),
        }
    }

    #[test]
    fn what_was_not_judged_is_not_good_and_no_failure_either() {
        let passed = Verdict::Passed(String::new());
        let open = Verdict::NotJudged(String::new());
        assert!(report(std::slice::from_ref(&passed)).is_good());
        assert!(!report(&[passed.clone(), open.clone()]).is_good());
        assert!(!report(&[]).is_good());
        assert!(report(&[passed.clone(), open]).failed().is_empty());
        let failed = Verdict::Failed(String::new());
        assert_eq!(report(&[passed, failed]).failed(), ["abi"]);
    }
}
