//! `pumpctl new`: a prescription from a few answers.
//!
//! Each answer is judged by the checks of the prescription that it would make, with defaults
//! for what has not been asked yet. So nothing here knows what is allowed: it proposes, and
//! `check` disposes.

mod defaults;
mod draft;
mod schema;

use std::fs::Permissions;
use std::io::{self, BufRead as _, ErrorKind, IsTerminal as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pump_prescription::{Bench, Code, Diagnostic, Input, Route, Severity};

use crate::cli::NewArgs;
use crate::failure::Failure;
use crate::fmt;
use crate::output;
use crate::places::{Installed, Places, eprint_report};
use crate::story::printable;
use draft::Draft;

/// What is asked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Route,
    Drug,
    Concentration,
    Daily,
    Bolus,
    Lockout,
}

const QUESTIONS: [Question; 6] = [
    Question::Route,
    Question::Drug,
    Question::Concentration,
    Question::Daily,
    Question::Bolus,
    Question::Lockout,
];

impl Question {
    const fn flag(self) -> &'static str {
        match self {
            Self::Route => "--route",
            Self::Drug => "--drug",
            Self::Concentration => "--concentration",
            Self::Daily => "--daily",
            Self::Bolus => "--bolus",
            Self::Lockout => "--lockout",
        }
    }

    /// What is asked, and the answer that an empty line stands for.
    fn text(self, draft: &Draft, bench: &Bench) -> (String, String) {
        let (what, default) = match self {
            Self::Route => {
                let routes = defaults::routes(bench).join(", ");
                (format!("Route ({routes})"), draft.route().name())
            }
            Self::Drug => {
                let drugs = defaults::drugs(bench, draft.route()).join(", ");
                (format!("Drug ({drugs})"), draft.drug())
            }
            Self::Concentration => ("Its concentration".to_owned(), draft.concentration()),
            Self::Daily => (
                "Basal for a day, in mass or volume, or none".to_owned(),
                draft.daily(),
            ),
            Self::Bolus => (
                "Bolus for a press of the patient's button, or none".to_owned(),
                draft.bolus.as_str(),
            ),
            Self::Lockout => ("Lockout: no other bolus for".to_owned(), draft.lockout()),
        };
        (what, default.to_owned())
    }

    fn said(self, args: &NewArgs) -> Option<&str> {
        match self {
            Self::Route => args.route.as_deref(),
            Self::Drug => args.drug.as_deref(),
            Self::Concentration => args.concentration.as_deref(),
            Self::Daily => args.daily.as_deref(),
            Self::Bolus => args.bolus.as_deref(),
            Self::Lockout => args.lockout.as_deref(),
        }
    }
}

pub(crate) fn run(args: &NewArgs) -> Result<(), Failure> {
    let asks = !args.yes && io::stdin().is_terminal() && io::stdout().is_terminal();
    // Without a button there is no lockout to say.
    let no_button = args.bolus.as_deref() == Some(draft::NONE);
    let missing = QUESTIONS
        .iter()
        .filter(|it| it.said(args).is_none() && !(no_button && **it == Question::Lockout));
    let missing: Vec<&str> = missing.map(|question| question.flag()).collect();
    if !asks && !args.yes && !missing.is_empty() {
        return Err(Failure::Usage(format!(
            "there is no terminal to ask on, and not all is said: {}; --yes answers them by their \
             defaults",
            missing.join(", ")
        )));
    }
    if args.file.symlink_metadata().is_ok() {
        return Err(there(&args.file));
    }
    let places = Places::find(&args.places)?;
    let bench = Bench::open(&places.device, places.drug_library.as_deref());
    let bench = bench.map_err(|report| {
        eprint_report(&report.to_string());
        Failure::Told
    })?;
    let routes = Route::ALL.into_iter();
    let first = routes.filter_map(|route| Draft::of_route(route, &bench));
    let first = first.into_iter().next();
    let mut draft = first.ok_or_else(|| Failure::Input("the drug library lists no drug".into()))?;
    for question in QUESTIONS {
        if question == Question::Lockout && draft.bolus == draft::NONE {
            continue;
        }
        match question.said(args) {
            Some(answer) => {
                draft = judged(&draft, question, answer, &bench, &places)
                    .map_err(|why| Failure::Input(format!("{}: {why}", question.flag())))?;
            }
            None if asks => draft = asked(&draft, question, &bench, &places)?,
            None => {}
        }
    }
    // With nothing but defaults nothing has been judged yet.
    let text = checked(&draft, &bench, &places).map_err(Failure::Input)?;
    let schema = schema::line(&args.file, &places.device).unwrap_or_default();
    let text = fmt::formatted(&format!("{schema}{text}"))
        .map_err(|wrong| Failure::Input(wrong.join("; ")))?;
    write(&args.file, &text)?;
    let shown = args.file.display();
    output::print(&format!(
        "{shown}: written; read it, then `pumpctl check {shown}`\n"
    ))
}

/// Asks until there is an answer that can be given.
fn asked(
    draft: &Draft,
    question: Question,
    bench: &Bench,
    places: &Places,
) -> Result<Draft, Failure> {
    let (what, default) = question.text(draft, bench);
    loop {
        let asking = format!("{} [{}]: ", printable(&what), printable(&default));
        let answer = prompt(&asking)?
            .ok_or_else(|| Failure::Input("nothing is written: the answers ended".into()))?;
        let answer = match answer.is_empty() {
            true => default.as_str(),
            false => answer.as_str(),
        };
        match judged(draft, question, answer, bench, places) {
            Ok(next) => return Ok(next),
            Err(why) => output::print(&format!("  {}\n", printable(&why)))?,
        }
    }
}

/// A line from the terminal; `None`: there are no more.
fn prompt(question: &str) -> Result<Option<String>, Failure> {
    output::print(question)?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::Input(format!("the terminal can't be read: {error}")))?;
    if answer.is_empty() {
        // The next line begins anew.
        output::print("\n")?;
        return Ok(None);
    }
    Ok(Some(answer.trim().to_owned()))
}

/// The draft with this answer, where the checks accept it; else why not.
fn judged(
    draft: &Draft,
    question: Question,
    answer: &str,
    bench: &Bench,
    places: &Places,
) -> Result<Draft, String> {
    let mut next = draft.clone();
    match question {
        Question::Route => {
            let route = Route::ALL.into_iter().find(|route| route.name() == answer);
            let found = route.and_then(|route| Draft::of_route(route, bench));
            next = found.ok_or_else(|| {
                let routes = defaults::routes(bench).join(", ");
                format!("the drug library has drugs for {routes}")
            })?;
        }
        Question::Drug => {
            let drug = bench.library.find(answer, draft.route());
            let drug = drug.ok_or_else(|| {
                let drugs = defaults::drugs(bench, draft.route()).join(", ");
                format!("the drug library lists {drugs} for this route")
            })?;
            next = Draft::of_drug(drug, bench)?;
        }
        Question::Concentration => next.answer_concentration(answer, bench)?,
        Question::Daily => {
            next.answer_daily(answer)?;
            if answer == draft::NONE {
                // What is given then is asked next.
                return Ok(next);
            }
        }
        Question::Bolus => next.answer_bolus(answer)?,
        Question::Lockout => next.answer_lockout(answer)?,
    }
    checked(&next, bench, places)?;
    Ok(next)
}

/// The text, where the checks accept it without a warning; else the first that is wrong.
fn checked(draft: &Draft, bench: &Bench, places: &Places) -> Result<String, String> {
    let text = draft.text(bench)?;
    let outcome = bench.check(
        &Input::new("the prescription", text.as_bytes()),
        &Installed(&places.strategies),
    );
    let findings = outcome.report.diagnostics().iter();
    let worst = findings.max_by_key(|found| (stops(found), found.severity()));
    match worst {
        Some(found) if stops(found) => {
            let more = [("allowed: ", &found.allowed), ("", &found.help)];
            let more = more
                .iter()
                .filter_map(|(before, more)| more.as_ref().map(|more| format!("; {before}{more}")));
            Err(format!("{}{}", found.message, more.collect::<String>()))
        }
        _ => Ok(text),
    }
}

/// A warning, or a bolus that would not be given.
fn stops(found: &Diagnostic) -> bool {
    found.severity() > Severity::Note
        || matches!(found.code, Code::NeverGranted | Code::RoomOnlyAtFirst)
}

fn there(path: &Path) -> Failure {
    Failure::Input(format!(
        "{}: it is there already; nothing was changed. Name another file, or remove it",
        path.display()
    ))
}

/// Whole or not at all, and never over another file.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::Input(format!("{}: can't be written: {error}", path.display()));
    let mut file = tempfile::Builder::new()
        .prefix(&output::unfinished_prefix(std::process::id()))
        // As any program would make a file: the umask takes from it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(output::folder_of(path))
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(there(path)),
        Err(error) => Err(failed(error.error)),
    }
}
