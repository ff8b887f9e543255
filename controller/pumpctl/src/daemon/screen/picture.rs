//! How the pump looks on a screen.

use std::collections::VecDeque;
use std::time::Duration;

use pump_control::{Alarm, Status};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Sparkline};

use super::deed::Deed;
use crate::daemon::status::{next_demand, since, urgent_first};
use crate::story::printable;
use crate::units::{time, volume, whole_seconds};

/// More alarms than this are counted.
const MOST_ALARMS: usize = 4;
/// Lines that the events keep, whatever else there is to say.
const LEAST_EVENTS: u16 = 4;
/// The least lines of the strip chart, its frame included.
const LEAST_CHART: u16 = 5;
/// How long a flash of an urgent alarm takes, from dark to dark: 2 Hz, of the 1.4 to 2.8 Hz
/// that W09 asks for.
const HIGH: Duration = Duration::from_millis(500);
/// Of a medium one: 0.6 Hz, of 0.4 to 0.8 Hz.
const MEDIUM: Duration = Duration::from_millis(1_666);

/// Everything that is on the screen.
pub(super) struct Picture<'a> {
    pub(super) status: &'a Status,
    pub(super) events: &'a VecDeque<String>,
    pub(super) missed: u64,
    /// In nanolitres, the newest last.
    pub(super) flow: &'a VecDeque<u64>,
    pub(super) bucket_ns: u64,
    /// The time that alarms flash by.
    pub(super) flash: Duration,
    pub(super) footer: Footer<'a>,
    /// Somebody can type.
    pub(super) keys: bool,
}

/// The last line.
pub(super) enum Footer<'a> {
    /// What may be done.
    Keys,
    /// Whether it is meant.
    Confirm(&'a Deed),
    /// It was asked of the daemon.
    Doing(&'a Deed),
    /// What came of it.
    Told(Result<&'a str, &'a str>),
}

impl Picture<'_> {
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let now = self.now();
        let alarms = self.alarms();
        let area = frame.area();
        let alarm_lines = u16::try_from(alarms.len()).unwrap_or(u16::MAX);
        // Two lines of frame.
        let windows = u16::try_from(self.status.windows.len()).unwrap_or(0) + 2;
        let wanted = u16::try_from(now.len()).unwrap_or(u16::MAX);
        let wanted = wanted.saturating_add(2).max(windows + LEAST_CHART);
        let room = area.height.saturating_sub(2 + LEAST_EVENTS);
        let body = wanted.min(room.saturating_sub(alarm_lines));
        let [head, alarmed, body, events, foot] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(alarm_lines),
            Constraint::Length(body),
            Constraint::Min(1),
            Constraint::Length(1),
        ])
        .areas(area);
        let [left, right] =
            Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)])
                .areas(body);
        let [windowed, chart] =
            Layout::vertical([Constraint::Length(windows), Constraint::Min(1)]).areas(right);
        frame.render_widget(self.headline(), head);
        frame.render_widget(Paragraph::new(alarms), alarmed);
        frame.render_widget(
            Paragraph::new(now).block(Block::bordered().title("now")),
            left,
        );
        self.windows(frame, windowed);
        self.chart(frame, chart);
        self.events(frame, events);
        frame.render_widget(self.foot(), foot);
    }

    fn headline(&self) -> Line<'static> {
        let status = self.status;
        let state = printable(&status.state).to_uppercase();
        let mut line = vec![Span::styled(
            format!(" {state} "),
            Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        )];
        if let Some(prescription) = &status.prescription {
            line.push(format!("  {}", printable(&prescription.id)).into());
        }
        if let Some(ns) = status.therapy_ns {
            line.push(format!("  {} since the start", time(whole_seconds(ns))).into());
        }
        if status.simulated {
            line.push(Span::styled("  simulated", dim()));
        }
        Line::from(line)
    }

    /// The most urgent first, and how many more there are: a lower one hides no higher (W09).
    fn alarms(&self) -> Vec<Line<'static>> {
        let alarms = urgent_first(&self.status.alarms);
        let more = alarms.len().saturating_sub(MOST_ALARMS);
        let mut lines: Vec<_> = alarms
            .iter()
            .take(MOST_ALARMS)
            .map(|alarm| self.alarm(alarm))
            .collect();
        if more > 0 {
            lines.push(Line::from(format!(
                "  and {more} more: `pumpctl status` lists them"
            )));
        }
        if let Some(seconds) = self.status.silenced_for_s {
            let line = format!("  alarms are silenced for another {seconds} s");
            lines.push(Line::styled(line, dim()));
        }
        lines
    }

    fn alarm(&self, alarm: &Alarm) -> Line<'static> {
        let (priority, name) = (printable(&alarm.priority), printable(&alarm.name));
        let style = alarm_style(&alarm.priority, self.flash);
        let said = format!(" {} ({})", printable(&alarm.text), since(alarm));
        Line::from(vec![
            Span::styled(format!("! {priority:<6} {name}:"), style),
            said.into(),
        ])
    }

    /// What the pump does.
    fn now(&self) -> Vec<Line<'static>> {
        let status = self.status;
        let mut lines = Vec::new();
        let mut said = |text: String| lines.push(Line::from(text));
        if let Some(ledger) = &status.ledger {
            said(format!("given      {}", volume(ledger.delivered_nl)));
            for (nl, what) in [
                (ledger.missed_nl, "missed"),
                (ledger.uncertain_nl, "uncertain"),
            ] {
                if nl > 0 {
                    said(format!("           {} {what}", volume(nl)));
                }
            }
        }
        for one in &status.regimens {
            let (name, basal) = (printable(&one.name), printable(&one.basal));
            let mut line = format!("{name:<10} {basal}");
            if let Some(reason) = &one.narrowed_by {
                line.push_str(&format!(", narrowed: {}", printable(reason)));
            }
            said(line);
            if one.link != "live" {
                said(format!("  its strategy: {}", printable(&one.link)));
            }
            if let Some(next) = &one.next_demand {
                said(format!("  {}", next_demand(next)));
            }
        }
        if let Some(bolus) = &status.bolus {
            let (kind, outcome) = (printable(&bolus.kind), printable(&bolus.outcome));
            said(format!("bolus      {kind}, {outcome}"));
            let (given, whole) = (bolus.delivered_nl, bolus.volume_nl);
            let figures = format!("{} of {}", volume(given), volume(whole));
            said(format!("           {} {figures}", bar(given, whole, 8)));
        }
        let demands = &status.demands;
        if demands.attempted > 0 {
            let (pressed, given) = (demands.attempted, demands.given);
            said(format!("button     {pressed} pressed, {given} given"));
        }
        if let Some(reservoir) = status.reservoir {
            let left = volume(reservoir.content_nl);
            said(format!("reservoir  {left} left"));
            if let Some(ns) = reservoir.lasts_ns {
                said(format!(
                    "           {} at this basal",
                    time(whole_seconds(ns))
                ));
            }
        }
        if !status.health.alive {
            lines.push(Line::styled("the loop is not alive", red()));
        }
        let trouble = status.journal.as_ref().and_then(|it| it.trouble.as_ref());
        if let Some(trouble) = trouble {
            lines.push(Line::styled(
                format!("journal    {}", printable(trouble)),
                red(),
            ));
        }
        lines
    }

    /// What each window holds of its cap.
    fn windows(&self, frame: &mut Frame<'_>, area: Rect) {
        let lines: Vec<Line<'_>> = self
            .status
            .windows
            .iter()
            .map(|window| {
                let (name, given) = (printable(&window.name), window.given_nl);
                match window.cap_nl {
                    Some(cap) => Line::from(format!(
                        "{name:<4}{} {} of {}",
                        bar(given, cap, 14),
                        volume(given),
                        volume(cap)
                    )),
                    None => Line::from(format!("{name:<4}{}, no cap", volume(given))),
                }
            })
            .collect();
        let block = Block::bordered().title("windows, of their caps");
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }

    /// What was given, a column for each stretch of time.
    fn chart(&self, frame: &mut Frame<'_>, area: Rect) {
        let inside = usize::from(area.width.saturating_sub(2));
        let skipped = self.flow.len().saturating_sub(inside);
        let shown: Vec<u64> = self.flow.iter().skip(skipped).copied().collect();
        let most = shown.iter().max().copied().unwrap_or(0);
        let stretch = time(self.bucket_ns);
        let title = format!("given in each {stretch}, at most {}", volume(most));
        let chart = Sparkline::default()
            .data(shown)
            .max(most.max(1))
            .style(Style::new().fg(Color::Cyan))
            .block(Block::bordered().title(title));
        frame.render_widget(chart, area);
    }

    /// The last ones that fit.
    fn events(&self, frame: &mut Frame<'_>, area: Rect) {
        let mut title = "events".to_owned();
        if self.missed > 0 {
            title.push_str(&format!(", {} were not shown", self.missed));
        }
        let inside = usize::from(area.height.saturating_sub(1));
        let skipped = self.events.len().saturating_sub(inside);
        let shown = self.events.iter().skip(skipped);
        let lines: Vec<Line<'_>> = shown.map(|line| Line::from(line.as_str())).collect();
        let block = Block::new()
            .borders(ratatui::widgets::Borders::TOP)
            .title(title);
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }

    fn foot(&self) -> Line<'static> {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match &self.footer {
            Footer::Confirm(deed) => Line::styled(
                format!("{}  y: yes   any other key: no", deed.question()),
                bold,
            ),
            Footer::Doing(deed) => Line::from(format!("{} …", deed.word())),
            Footer::Told(Ok(state)) => Line::from(format!("done; {state}")),
            Footer::Told(Err(why)) => {
                // The reason stands in the first line, the remedy in the next.
                let line: Vec<String> = why.lines().map(|line| printable(line.trim())).collect();
                Line::styled(line.join("  "), red())
            }
            Footer::Keys if !self.keys => Line::styled("Ctrl-C ends watching, not the pump", dim()),
            Footer::Keys => {
                let mut spans = Vec::new();
                for deed in Deed::allowed(self.status) {
                    spans.push(Span::styled(deed.key().to_string(), bold));
                    spans.push(format!(" {}   ", deed.word()).into());
                }
                spans.push(Span::styled("q", bold));
                spans.push(" end watching".into());
                Line::from(spans)
            }
        }
    }
}

const fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

const fn red() -> Style {
    Style::new().fg(Color::Red)
}

/// Full only where nothing is left, empty only where there is nothing.
fn bar(part: u64, of: u64, width: u64) -> String {
    let wide = u128::from(part) * u128::from(width);
    let full = wide.checked_div(u128::from(of)).unwrap_or(0);
    let full = usize::try_from(full).unwrap_or(usize::MAX);
    let width = usize::try_from(width).unwrap_or(0);
    let full = full.min(width).max(usize::from(part > 0));
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

/// The half of their flash in which urgent and medium alarms are.
pub(super) const fn lit(flash: Duration) -> (bool, bool) {
    const fn half(at: Duration, period: Duration) -> bool {
        at.as_millis() % period.as_millis() < period.as_millis() / 2
    }
    (half(flash, HIGH), half(flash, MEDIUM))
}

/// An alarm's colours: red, yellow, or blue-green as IEC 60601-1-8 has it.
fn alarm_style(priority: &str, flash: Duration) -> Style {
    let (high, medium) = lit(flash);
    let style = Style::new().add_modifier(Modifier::BOLD);
    match priority {
        "high" if high => style.fg(Color::White).bg(Color::Red),
        "high" => style.fg(Color::Red),
        "medium" if medium => style.fg(Color::Black).bg(Color::Yellow),
        "medium" => style.fg(Color::Yellow),
        _ => style.fg(Color::Cyan),
    }
}

#[cfg(test)]
mod tests;
