//! What happens without a strategy: the keep-vein-open rate, held against route and basal.

use strategy_link::Role;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Place};
use crate::dose::Doses;
use crate::exact::Exact;
use crate::mixture::of_mixture;
use crate::notation::show;
use crate::prescription::OnLoss;
use crate::report::Report;
use crate::route::Route;
use crate::unit::Dimension;

impl Doses<'_> {
    /// Checks the keep-vein-open rate of `on_strategy_loss` \[nL/ns\].
    pub(crate) fn check_kvo(&self, rate: Exact, place: Place, route: Route, report: &mut Report) {
        if rate.is_zero() {
            return;
        }
        let text = |value| show(value, Dimension::VolumeRate);
        if !route.allows_kvo() {
            let message = format!("the route `{}` has no keep-vein-open rate", route.name());
            report.add(
                Diagnostic::new(Code::KvoForbidden, place, message)
                    .label("this would be a dose")
                    .allowed("0 mL/h for this route")
                    .help("write `action = \"stop\"` or `action = \"hold-basal\"`"),
            );
            return;
        }
        for regimen in self.basal_places() {
            let basal = regimen.basal();
            if rate > basal {
                report.add(
                    Diagnostic::new(
                        Code::KvoAboveBasal,
                        place,
                        format!(
                            "the keep-vein-open rate is above the basal of `{}`",
                            regimen.name.value
                        ),
                    )
                    .label(text(rate))
                    .allowed(format!("at most {}", text(basal)))
                    .related(regimen.place_of(Role::MaxBasal), "the basal"),
                );
            }
        }
        if self.complete && self.basal_places().next().is_none() {
            report.add(
                Diagnostic::new(
                    Code::KvoWithoutBasal,
                    place,
                    "the keep-vein-open rate has no effect: no regimen has a basal",
                )
                .label("gives nothing")
                .help("write `action = \"stop\"`, which is what would happen"),
            );
        }
    }
}

/// The keep-vein-open rate in the mixture, where there is one.
pub(crate) fn kvo(on_loss: &OnLoss, primary: Exact) -> Option<(Option<Exact>, Place)> {
    match on_loss {
        OnLoss::Kvo(rate) => Some((of_mixture(rate.value, primary), rate.place)),
        _ => None,
    }
}
