//! The volume to be infused, and the reservoir it is to come from.

use crate::ceiling::LimitKind;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::dose::{Doses, volume};
use crate::report::Report;

impl Doses<'_> {
    /// Checks the volume to be infused against the reservoir.
    pub(crate) fn check_vtbi(&self, report: &mut Report) {
        let (Some(limit), Some(reservoir)) =
            (self.ceilings.find(LimitKind::Vtbi, None), self.reservoir)
        else {
            return;
        };
        if limit.value < self.step {
            report.add(
                Diagnostic::new(
                    Code::CapTooSmall,
                    limit.place,
                    "`vtbi` is less than one motor step",
                )
                .label("nothing could be given")
                .allowed(format!("at least {}", volume(self.step))),
            );
        }
        if limit.value > reservoir.volume.value {
            report.add(
                Diagnostic::new(
                    Code::VtbiAboveReservoir,
                    limit.place,
                    "`vtbi` is more than the reservoir holds",
                )
                .label("never reached")
                .allowed(format!("at most {}", volume(reservoir.volume.value)))
                .related(reservoir.volume.place, "what the reservoir holds"),
            );
        } else if reservoir
            .volume
            .value
            .minus(reservoir.empty.value)
            .is_none_or(|usable| limit.value > usable)
        {
            report.add(
                Diagnostic::new(
                    Code::VtbiBeyondEmpty,
                    limit.place,
                    "the reservoir is empty before `vtbi` is reached",
                )
                .label("never reached")
                .related(reservoir.empty.place, "the pump stops with this left"),
            );
        }
    }
}
