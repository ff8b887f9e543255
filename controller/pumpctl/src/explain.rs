//! `pumpctl explain`: what a name means that the program or the daemon has told.

use pump_core::alarm::{ALARMS, Row};
use pump_core::reason::Reason;
use pump_prescription::{Code, nearest};
use serde::Serialize;

use crate::check::explain as code;
use crate::cli::ExplainArgs;
use crate::failure::Failure;
use crate::output;
use crate::story::Story;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Alarm(&'static Row),
    Reason(Reason),
    Code(Code),
}

/// A row of the table of alarms, as a document.
#[derive(Debug, Serialize)]
pub(crate) struct AlarmDocument {
    name: &'static str,
    priority: &'static str,
    action: &'static str,
    clears: &'static str,
    text: &'static str,
    cause: &'static str,
    remedy: &'static str,
}

impl From<&Row> for AlarmDocument {
    fn from(row: &Row) -> Self {
        Self {
            name: row.name,
            priority: row.priority.name(),
            action: row.action.name(),
            clears: row.clears.name(),
            text: row.text,
            cause: row.cause,
            remedy: row.remedy,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Document {
    Alarm(AlarmDocument),
    Reason {
        name: &'static str,
        text: &'static str,
    },
    Code {
        name: &'static str,
        severity: &'static str,
        text: &'static str,
    },
}

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let meaning = Meaning::of(&args.name).ok_or_else(|| unknown(&args.name))?;
    if args.json {
        let text = serde_json::to_string_pretty(&meaning.document()).map_err(Failure::input)?;
        return output::print(&(text + "\n"));
    }
    output::print(&meaning.text())
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = names().collect();
    let help = match nearest(name, &names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`pumpctl alarms --all` shows the alarms, `pumpctl check --explain list` the \
                 codes"
            .to_owned(),
    };
    let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    Failure::Usage(format!(
        "`{name}` is no alarm, reason or code\nhelp: {help}"
    ))
}

fn names() -> impl Iterator<Item = &'static str> {
    let alarms = ALARMS.iter().map(|row| row.name);
    let reasons = Reason::ALL.iter().map(|reason| reason.name());
    let codes = Code::ALL.iter().map(|code| code.id());
    alarms.chain(reasons).chain(codes)
}

impl Meaning {
    fn of(name: &str) -> Option<Self> {
        let name = name.trim().to_lowercase();
        let reason = |reason: &&Reason| reason.name() == name;
        let alarm = Row::named(&name).map(Self::Alarm);
        alarm
            .or_else(|| Reason::ALL.iter().find(reason).copied().map(Self::Reason))
            .or_else(|| Code::from_id(&name.to_uppercase()).map(Self::Code))
    }

    fn text(self) -> String {
        match self {
            Self::Alarm(row) => alarm(row),
            Self::Reason(reason) => format!(
                "{}: {}\n\nA reason for which a dose or a command is refused, narrowed or cut.\n",
                reason.name(),
                reason.text()
            ),
            Self::Code(code) => code::explanation(code),
        }
    }

    fn document(self) -> Document {
        match self {
            Self::Alarm(row) => Document::Alarm(row.into()),
            Self::Reason(reason) => Document::Reason {
                name: reason.name(),
                text: reason.text(),
            },
            Self::Code(code) => Document::Code {
                name: code.id(),
                severity: code.severity().name(),
                text: code.about(),
            },
        }
    }
}

fn alarm(row: &Row) -> String {
    let mut story = Story::default();
    story.text = format!("{}: {}\n\n", row.name, row.text);
    let does = format!("{}: {}", row.action.name(), row.action.text());
    for (heading, line) in [
        ("priority", row.priority.name()),
        ("does", &does),
        ("clears", row.clears.text()),
        ("cause", row.cause),
        ("remedy", row.remedy),
    ] {
        story.line(heading, line);
    }
    story.text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_means_one_thing() {
        let all: Vec<&str> = names().collect();
        let different: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(different.len(), all.len());
        for name in all {
            let meaning = Meaning::of(name).expect("it has a meaning");
            assert!(meaning.text().contains(name), "{name}");
        }
    }

    #[test]
    fn an_alarm_is_explained_whole() {
        for row in ALARMS {
            let text = Meaning::Alarm(row).text();
            for part in [row.text, row.cause, row.remedy, row.priority.name()] {
                assert!(text.contains(part), "{part} is not in {text}");
            }
        }
    }

    /// What a remedy tells to type is there.
    #[test]
    fn a_remedy_names_commands_that_there_are() {
        use clap::CommandFactory as _;
        let program = crate::cli::Cli::command();
        let mut tried = 0;
        for row in ALARMS {
            let texts = [row.cause, row.remedy, row.text, row.clears.text()];
            for quoted in texts
                .iter()
                .flat_map(|text| text.split('`').skip(1).step_by(2))
            {
                if quoted.ends_with(".toml") || quoted.starts_with("systemctl ") {
                    continue;
                }
                let mut command = &program;
                for word in quoted.split_whitespace() {
                    command = match word.strip_prefix("--") {
                        Some(option) => {
                            let known = |arg: &clap::Arg| arg.get_long() == Some(option);
                            let given = command.get_arguments().any(known);
                            assert!(given, "{}: `{quoted}`", row.name);
                            continue;
                        }
                        None => match command.find_subcommand(word) {
                            Some(inner) => inner,
                            // The value of an option, or a word of a prescription.
                            None => continue,
                        },
                    };
                    tried += 1;
                }
            }
        }
        assert!(tried > ALARMS.len());
    }
}
