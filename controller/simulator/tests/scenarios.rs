//! What is wrong with a scenario is told all at once, with its place and how to put it right.

use pump_core::order::RegimenId;
use pump_core::quantity::{Nanoseconds, Volume};
use pump_simulator::presses::SplitMix64;
use pump_simulator::{Action, Scenario};

fn regimens() -> [String; 2] {
    ["background".into(), "patient".into()]
}

fn read(text: &str) -> Result<Scenario, String> {
    let mut scenario = Scenario::new();
    let read = scenario.add_toml("s.toml", text, &regimens());
    read.map(|()| scenario)
        .map_err(|findings| findings.to_string())
}

fn line(text: &str) -> Result<Scenario, String> {
    let mut scenario = Scenario::new();
    let read = scenario.add_line(text, &regimens());
    read.map(|()| scenario)
        .map_err(|findings| findings.to_string())
}

#[test]
fn every_action_is_read_from_a_file_and_from_a_line_alike() {
    let min = Nanoseconds::from_mins;
    let nl = Volume::from_nl;
    let occlude = |seconds| Action::Occlude {
        span: Some(min(10)),
        seen_after: Nanoseconds::from_secs(seconds),
    };
    for (values, expected) in [
        ("press", Action::Press),
        (
            "clinician-bolus volume=50uL over=2min",
            Action::ClinicianBolus {
                volume: nl(50_000),
                over: min(2),
            },
        ),
        ("pause", Action::Pause),
        ("resume", Action::Resume),
        ("stop", Action::Stop),
        ("arm", Action::Arm),
        ("start", Action::Start),
        ("occlude for=10min", occlude(0)),
        ("occlude for=10min seen_after=2s", occlude(2)),
        ("air", Action::Air(None)),
        ("air for=1m", Action::Air(Some(min(1)))),
        ("stall for=1m", Action::Stall(Some(min(1)))),
        ("door", Action::Door(None)),
        ("refill volume=20mL", Action::Refill(nl(20_000_000))),
        (
            "lose-strategy regimen=patient for=10min",
            Action::LoseStrategy {
                regimen: RegimenId(1),
                span: min(10),
            },
        ),
        (
            "wall-clock-jump by=-1h",
            Action::WallClockJump { by_ms: -3_600_000 },
        ),
        (
            "wall-clock-jump by=+1h",
            Action::WallClockJump { by_ms: 3_600_000 },
        ),
        ("restart off_for=5min", Action::Restart { off_for: min(5) }),
    ] {
        let from_line = line(&format!("2h03m {values}")).expect(values);
        assert_eq!(from_line.events(), [(min(123), expected)], "{values}");

        let mut words = values.split(' ');
        let mut toml = format!(
            "[[event]]\nat = \"2h03m\"\ndo = \"{}\"\n",
            words.next().unwrap_or("")
        );
        for word in words {
            let (key, value) = word.split_once('=').expect("key=value");
            toml.push_str(&format!("{key} = \"{value}\"\n"));
        }
        assert_eq!(read(&toml).expect(values), from_line, "{values}");
    }
}

#[test]
fn the_order_of_the_file_is_kept_within_an_instant() {
    let scenario = read(
        "format = 1\n\
         [[event]]\nat = \"2h\"\ndo = \"press\"\n\
         [[event]]\nat = \"1h\"\ndo = \"pause\"\n\
         [[event]]\nat = \"60min\"\ndo = \"resume\"\n",
    )
    .expect("a good scenario");
    let actions: Vec<Action> = scenario
        .events()
        .iter()
        .map(|(_, action)| *action)
        .collect();
    assert_eq!(actions, [Action::Pause, Action::Resume, Action::Press]);
}

#[test]
fn all_errors_are_told_at_once_each_with_its_place_and_a_fix() {
    let error = read(
        "[[event]]\n\
         at = 7200\n\
         do = \"pres\"\n\
         [[event]]\n\
         when = \"1h\"\n\
         do = \"clinician-bolus\"\n\
         volume = \"1 mg\"\n\
         regimen = \"patient\"\n\
         [[event]]\n\
         at = \"3 hours\"\n\
         do = \"lose-strategy\"\n\
         regimen = \"nurse\"\n\
         for = \"soon\"\n\
         [event2]\n",
    )
    .expect_err("a bad scenario");
    for part in [
        "s.toml:2:6",
        "`at` is a bare number",
        "s.toml:3:6",
        "did you mean `press`?",
        "s.toml:5:1",
        "there is no key `when` here",
        "this event has no `at`",
        "`clinician-bolus` needs `over`",
        "`clinician-bolus` does not take `regimen`",
        "this is a mass, not a volume",
        "s.toml:10:",
        "write `3h`",
        "the prescription has no regimen \"nurse\"",
        "its regimens are `background`, `patient`",
        "this does not begin with a number",
        "did you mean `event`?",
    ] {
        assert!(error.contains(part), "{part:?} is not in\n{error}");
    }
}

#[test]
fn what_is_no_scenario_at_all_is_refused() {
    for (text, part) in [
        ("event = 1", "`event` is a list of tables"),
        ("event = [1]", "an event is a table"),
        ("[event]\nat = \"1h\"", "two brackets"),
        ("format = 2", "write `1`"),
        ("[[event]\n", "not TOML"),
        ("[[event]]\nat = 1h\n", "in quotes"),
        ("a.a.a.a = 1", "there is no key `a` here"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(part), "{part:?} is not in\n{error}");
    }
    assert!(read(&"[".repeat(1_000_000)).is_err());
    assert!(read(&format!("{}a = 1", "a.".repeat(1_000_000))).is_err());
    assert!(read(&"#".repeat(5 << 20)).is_err());
    assert_eq!(read("").map(|scenario| scenario.events().len()), Ok(0));
}

#[test]
fn a_line_is_refused_with_the_offending_word_underlined() {
    for (text, part) in [
        ("", "there is no event here"),
        ("press", "this does not begin with a number"),
        ("2h", "there is no action after the time"),
        ("2h presss", "did you mean `press`?"),
        ("2h press now", "a value is written `key=value`"),
        ("2h press for=1h", "`press` does not take `for`"),
        (
            "2h clinician-bolus volume=50uL",
            "`clinician-bolus` needs `over`",
        ),
        ("2h clinician-bolus volume=50 over=2min", "this has no unit"),
        ("2h clinician-bolus volume=0uL over=2min", "this is nothing"),
        (
            "2h refill volume=1mL volume=2mL",
            "`volume` is written twice",
        ),
        (
            "2h wall-clock-jump by=yesterday",
            "this does not begin with a number",
        ),
        ("2h occlude", "add `for` with a value such as `10min`"),
        ("2h occlude fr=1h", "did you mean `for`?"),
    ] {
        let error = line(text).expect_err(text);
        assert!(error.contains(part), "{part:?} is not in\n{error}");
    }
    let error = line("2h occlude for=1o").expect_err("no unit");
    assert!(
        error.contains("1 | 2h occlude for=1o\n  |                 ^"),
        "{error}"
    );
}

#[test]
fn no_text_breaks_the_readers() {
    let good = "[[event]]\nat = \"2h03m\"\ndo = \"clinician-bolus\"\nvolume = \"50 µL\"\n\
                over = '''2 min'''\n# 😀\n[[event]]\nat = \"\\u0031h\"\ndo = \"air\"\n";
    let pieces = [
        "[", "]]", "\"", "'''", "=", ".", "\n", "\u{0}", "é", "{", "}", "-", "9", "h", "\\u",
    ];
    let mut random = SplitMix64::new(2_026);
    for case in 0..4_000 {
        let mut text: Vec<char> = good.chars().collect();
        for _ in 0..=random.below(6) {
            let at = random.below(text.len() as u64) as usize;
            if random.below(2) == 0 {
                text.remove(at);
            } else {
                let piece = pieces[random.below(pieces.len() as u64) as usize];
                text.splice(at..at, piece.chars());
            }
        }
        let text: String = text.into_iter().collect();
        // What is wrong is also told without breaking.
        for told in [read(&text), line(&text.replace('\n', " "))] {
            assert!(
                told.map_or_else(|told| !told.is_empty(), |_| true),
                "case {case}: {text:?}"
            );
        }
    }
}
