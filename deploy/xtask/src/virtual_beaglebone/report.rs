//! The results as a table for people and as JUnit XML for machines.

use std::fmt::Write as _;
use std::time::Duration;

/// How one test ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Its name, a sentence in snake case.
    pub(crate) name: &'static str,
    /// The host's time.
    pub(crate) took: Duration,
    /// Why it failed; without it: it passed.
    pub(crate) failure: Option<String>,
    /// What it found worth telling.
    pub(crate) note: String,
}

/// One test's line of the table.
pub(crate) fn line(outcome: &Outcome) -> String {
    const WIDEST: usize = 64;
    let verdict = if outcome.failure.is_some() {
        "FAILED"
    } else {
        "passed"
    };
    let seconds = outcome.took.as_secs_f64();
    let line = format!(
        "{verdict}  {seconds:6.1} s  {:WIDEST$}  {}",
        outcome.name, outcome.note
    );
    format!("{}\n", line.trim_end())
}

/// A line for each test, and one for all.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut table = String::new();
    for outcome in outcomes {
        table.push_str(&line(outcome));
    }
    let failed = failures(outcomes);
    let _ = writeln!(
        table,
        "\n{} passed, {failed} failed",
        outcomes.len() - failed
    );
    table
}

pub(crate) fn failures(outcomes: &[Outcome]) -> usize {
    outcomes
        .iter()
        .filter(|outcome| outcome.failure.is_some())
        .count()
}

/// The same as a JUnit file.
pub(crate) fn junit(outcomes: &[Outcome]) -> String {
    let total: f64 = outcomes
        .iter()
        .map(|outcome| outcome.took.as_secs_f64())
        .sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuite name=\"virtual-beaglebone\" tests=\"{}\" failures=\"{}\" time=\"{total:.1}\">",
        outcomes.len(),
        failures(outcomes)
    );
    for outcome in outcomes {
        let _ = write!(
            xml,
            "  <testcase classname=\"virtual-beaglebone\" name=\"{}\" time=\"{:.1}\"",
            escaped(outcome.name),
            outcome.took.as_secs_f64()
        );
        match &outcome.failure {
            None => xml.push_str("/>\n"),
            Some(why) => {
                let first = escaped(why.lines().next().unwrap_or_default());
                let _ = writeln!(
                    xml,
                    ">\n    <failure message=\"{first}\">{}</failure>\n  </testcase>",
                    escaped(why)
                );
            }
        }
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            // XML has no way to say the others.
            other if other.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes() -> Vec<Outcome> {
        vec![
            Outcome {
                name: "it_boots",
                took: Duration::from_millis(1_240),
                failure: None,
                note: "6.12".into(),
            },
            Outcome {
                name: "it_counts",
                took: Duration::from_secs(2),
                failure: Some("3 < 4 & \"so\"\nthe rest\u{1b}[0m".into()),
                note: String::new(),
            },
        ]
    }

    #[test]
    fn the_table_says_each_verdict_and_the_sum() {
        let table = table(&outcomes());
        let lines: Vec<&str> = table.lines().collect();
        assert!(
            lines[0].starts_with("passed     1.2 s  it_boots  "),
            "{table}"
        );
        assert!(lines[0].ends_with("  6.12"), "{table}");
        assert_eq!(lines[1], "FAILED     2.0 s  it_counts");
        assert_eq!(lines[3], "1 passed, 1 failed");
    }

    #[test]
    fn what_a_failure_says_is_escaped() {
        let xml = junit(&outcomes());
        assert!(
            xml.contains("tests=\"2\" failures=\"1\" time=\"3.2\""),
            "{xml}"
        );
        assert!(xml.contains("name=\"it_boots\" time=\"1.2\"/>"), "{xml}");
        assert!(
            xml.contains("message=\"3 &lt; 4 &amp; &quot;so&quot;\""),
            "{xml}"
        );
        assert!(xml.contains("the rest\u{fffd}[0m</failure>"), "{xml}");
    }
}
