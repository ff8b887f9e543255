use proptest::prelude::*;
use pump_control::{
    Bolus, Demands, Health, Ledger, NextDemand, Prescribed, Regimen, Reservoir, Window,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

fn alarm(name: &str, priority: &str, text: &str) -> Alarm {
    Alarm {
        name: name.into(),
        priority: priority.into(),
        text: text.into(),
        age_ns: 61_500_000_000,
        ..Alarm::default()
    }
}

fn infusing() -> Status {
    let regimen = |name: &str, basal: &str, next_demand| Regimen {
        name: name.into(),
        basal: basal.into(),
        link: "live".into(),
        next_demand,
        ..Regimen::default()
    };
    let next = NextDemand {
        in_ns: Some(1_140_500_000_000),
        reason: Some("lockout".into()),
    };
    let window = |name: &str, given_nl, cap_nl| Window {
        name: name.into(),
        given_nl,
        cap_nl,
    };
    Status {
        state: "infusing".into(),
        simulated: true,
        therapy_ns: Some(7_380_500_000_000),
        prescription: Some(Prescribed {
            id: "rig 3, water with dye".into(),
            sha256: "ab".repeat(32),
        }),
        alarms: vec![
            alarm("reservoir-low", "medium", "the reservoir is low"),
            alarm("credit-spent", "high", "the pump is at rest"),
        ],
        ledger: Some(Ledger {
            delivered_nl: 1_350_000,
            missed_nl: 50,
            ..Ledger::default()
        }),
        reservoir: Some(Reservoir {
            content_nl: 1_900_000,
            lasts_ns: Some(7_380_000_000_000),
            ..Reservoir::default()
        }),
        windows: vec![
            window("1h", 200_000, Some(400_000)),
            window("4h", 1_300_000, Some(1_300_000)),
            window("24h", 1_350_000, None),
        ],
        regimens: vec![
            regimen("background", "0.04167 mL/h", None),
            regimen("patient", "0 mL/h", Some(next)),
        ],
        bolus: Some(Bolus {
            kind: "demand".into(),
            volume_nl: 50_000,
            delivered_nl: 600,
            outcome: "running".into(),
            ..Bolus::default()
        }),
        demands: Demands {
            attempted: 3,
            given: 1,
            ..Demands::default()
        },
        health: Health {
            alive: true,
            ..Health::default()
        },
        ..Status::default()
    }
}

fn picture<'a>(
    status: &'a Status,
    events: &'a VecDeque<String>,
    flow: &'a VecDeque<u64>,
    footer: Footer<'a>,
) -> Picture<'a> {
    Picture {
        status,
        events,
        missed: 2,
        flow,
        bucket_ns: 10_000_000_000,
        flash: Duration::ZERO,
        footer,
        keys: true,
    }
}

fn drawn(picture: &Picture<'_>, columns: u16, rows: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a terminal");
    terminal.draw(|frame| picture.draw(frame)).expect("drawn");
    terminal.backend().to_string()
}

fn events() -> VecDeque<String> {
    (1..=9).map(|n| format!("02:02:0{n}  press {n}")).collect()
}

/// What somebody sees over the thinnest of lines: 80 columns and 24 rows.
#[test]
fn everything_that_matters_is_on_a_small_screen() {
    let (status, events, flow) = (infusing(), events(), (0..60).map(|n| n * 50).collect());
    let shown = drawn(&picture(&status, &events, &flow, Footer::Keys), 80, 24);
    for part in [
        " INFUSING   rig 3, water with dye  2h03m since the start  simulated",
        "! high   credit-spent: the pump is at rest (1m01s)",
        "! medium reservoir-low: the reservoir is low (1m01s)",
        "given      1.35 mL",
        "50 nL missed",
        "background 0.04167 mL/h",
        "patient    0 mL/h",
        "next demand in 19m01s (lockout)",
        "bolus      demand, running",
        "█░░░░░░░ 600 nL of 50 µL",
        "button     3 pressed, 1 given",
        "reservoir  1.9 mL left",
        "2h03m at this basal",
        "1h  ███████░░░░░░░ 0.2 mL of 0.4 mL",
        "4h  ██████████████ 1.3 mL of 1.3 mL",
        "24h 1.35 mL, no cap",
        "given in each 10s, at most 2.95 µL",
        "events, 2 were not shown",
        "02:02:09  press 9",
        "p pause   x stop   b press   a acknowledge   m silence   q end watching",
    ] {
        assert!(shown.contains(part), "no {part:?} in\n{shown}");
    }
    let at = |text: &str| shown.find(text).expect("it is there");
    assert!(at("credit-spent") < at("reservoir-low"), "{shown}");
    assert!(!shown.contains("press 1\n"), "the oldest go first");
}

#[test]
fn the_last_line_asks_before_it_does_and_says_what_came_of_it() {
    let (status, events, flow) = (infusing(), events(), VecDeque::new());
    let line = |footer| {
        let shown = drawn(&picture(&status, &events, &flow, footer), 80, 24);
        let last = shown.lines().last().expect("a line");
        last.trim_matches(['"', ' ']).to_owned()
    };
    assert_eq!(
        line(Footer::Confirm(&Deed::Stop)),
        "End delivery?  y: yes   any other key: no"
    );
    assert_eq!(line(Footer::Doing(&Deed::Stop)), "stop …");
    assert_eq!(line(Footer::Told(Ok("stopped"))), "done; stopped");
    assert_eq!(
        line(Footer::Told(Err("you may not\n  join `pump`"))),
        "you may not  join `pump`"
    );
}

#[test]
fn alarms_flash_as_often_as_their_priority_asks() {
    // Changes in 100 s, two to a flash.
    let flashes = |priority: &str| {
        let at = |ms: u64| alarm_style(priority, Duration::from_millis(ms));
        let changes = (1..100_000_u64).filter(|ms| at(*ms) != at(ms - 1)).count();
        changes as f64 / 2.0 / 100.0
    };
    assert!((1.4..=2.8).contains(&flashes("high")));
    assert!((0.4..=0.8).contains(&flashes("medium")));
    assert!(flashes("low") == 0.0);
}

#[test]
fn a_bar_is_empty_for_nothing_and_full_for_all() {
    assert_eq!(bar(0, 10, 4), "░░░░");
    assert_eq!(bar(1, 1_000, 4), "█░░░");
    assert_eq!(bar(10, 10, 4), "████");
    assert_eq!(bar(u64::MAX, 1, 4), "████");
    assert_eq!(bar(1, 0, 4), "█░░░");
    assert_eq!(bar(0, 0, 4), "░░░░");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// A terminal may be of any size, and the daemon of another version.
    #[test]
    fn every_size_can_be_drawn_and_shows_the_state_first(
        columns in 1..220_u16,
        rows in 1..70_u16,
        alarms in 0..9_usize,
        regimens in 0..5_usize,
        text in "\\PC{0,40}",
        figures in prop::array::uniform4(any::<u64>()),
    ) {
        let mut status = infusing();
        status.alarms = vec![alarm(&text, &text, &text); alarms];
        status.regimens.truncate(regimens);
        status.windows[0].given_nl = figures[0];
        status.windows[0].cap_nl = Some(figures[1]);
        let flow = VecDeque::from(figures);
        let events = VecDeque::from([text.clone()]);
        let shown = drawn(&picture(&status, &events, &flow, Footer::Keys), columns, rows);
        if columns > 12 && rows > 2 {
            prop_assert!(shown.lines().next().is_some_and(|line| line.contains(" INFUSING ")));
        }
    }
}
