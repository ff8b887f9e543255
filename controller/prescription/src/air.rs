//! `[air]` of the device file: how much air may pass the sensor.

use pump_core::quantity::Nanoseconds;

use crate::code::Code;
use crate::device::whole_ns;
use crate::diagnostic::{Diagnostic, Located};
use crate::exact::Exact;
use crate::measure::{TIME, VOLUME, Wanted};
use crate::notation::show;
use crate::report::Report;
use crate::section::Section;
use crate::unit::Dimension;

const MINUTE: u128 = 60_000_000_000;
/// No bubble that may pass is larger \[nL\]: 10 mL.
const MOST: u128 = 10_000_000;

/// How much air may pass the sensor before the pump stops (requirement W04).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirLimits {
    /// In one bubble \[nL\]; 0.001 nL to 10 mL.
    pub max_bubble: Located<Exact>,
    /// In all bubbles of any `within` \[nL\]; at least a bubble, at most 10 mL.
    pub max_total: Located<Exact>,
    /// 1 min to 24 h.
    pub within: Nanoseconds,
}

/// Reads `[air]`. `None` where it could not be read whole; `Some(None)` where there is none,
/// and any air stops at once.
pub(crate) fn read(root: &mut Section<'_>, report: &mut Report) -> Option<Option<AirLimits>> {
    let before = report.error_count();
    let Some(mut section) = root.optional_section("air", report) else {
        return (report.error_count() == before).then_some(None);
    };
    let mut volume = |key, example| {
        let wanted = Wanted { example, ..VOLUME };
        let range = Exact::new(1, 1_000)?..=Exact::whole(MOST);
        section.ranged(key, wanted, range, report)
    };
    let max_bubble = volume("max_bubble", "200 uL");
    let max_total = volume("max_total", "1 mL");
    let wanted = Wanted {
        example: "1 h",
        ..TIME
    };
    let range = Exact::whole(MINUTE)..=Exact::whole(24 * 60 * MINUTE);
    let within = section.ranged("within", wanted, range, report);
    section.finish(report);
    let (max_bubble, max_total) = (max_bubble?, max_total?);
    if max_total.value < max_bubble.value {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                max_total.place,
                "`max_total` is below `max_bubble`",
            )
            .label("no bubble could ever be as large as it may")
            .related(max_bubble.place, "one bubble alone may have this")
            .allowed(format!(
                "at least {}",
                show(max_bubble.value, Dimension::Volume)
            )),
        );
        return None;
    }
    Some(Some(AirLimits {
        max_bubble,
        max_total,
        within: whole_ns(within?.value),
    }))
}
