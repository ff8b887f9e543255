//! What the fuzz targets share: sound files and declarations to put beside the input, and
//! what must hold of every outcome.

use pump_prescription::{Catalogue, CatalogueError, Outcome, Severity};
use strategy_abi::Descriptor;
use strategy_link::Declaration;
use strategy_sdk::{Param, Rate, Role, Volume};

use std::time::Duration;

// The strategies of the house without their plugins. They have one home, beside the tests
// that need them most.
#[path = "../../../controller/prescription/tests/common/mod.rs"]
mod stub;

/// Sound files.
pub mod text {
    /// A prescription with a basal and a patient.
    pub const PRESCRIPTION: &str =
        include_str!("../../../config/prescriptions/background-and-pca.toml");
    /// A device.
    pub const DEVICE: &str = include_str!("../../../config/pump.toml");
    /// A drug library.
    pub const DRUG_LIBRARY: &str = include_str!("../../../config/drug-library.toml");
}

/// The strategies that are installed.
#[derive(Debug)]
pub struct Declarations;

impl Catalogue for Declarations {
    fn declaration(&self, name: &str) -> Result<Declaration, CatalogueError> {
        stub::Stub.declaration(name)
    }

    fn names(&self) -> Vec<String> {
        stub::Stub.names()
    }
}

/// Whatever was read: it is either usable by the loop or explained, and the explanation can
/// be printed.
pub fn within_reason(outcome: &Outcome) {
    let errors = outcome.report.count(Severity::Error);
    match &outcome.checked {
        Some(checked) => {
            assert_eq!(errors, 0, "errors beside a usable prescription");
            assert_eq!(checked.core.validate(), Ok(()), "the loop would refuse it");
        }
        None => assert_ne!(errors, 0, "refused without a reason"),
    }
    let printed = outcome.report.to_string();
    assert!(errors == 0 || !printed.is_empty());
}

/// A declaration with every kind of parameter and every role.
pub fn descriptor() -> &'static Descriptor {
    const MINUTE: Duration = Duration::from_mins(1);
    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);
    const EDGES: &[&str] = &["start-to-start", "end-to-start"];
    static ALL: strategy_sdk::Declaration =
        strategy_sdk::Declaration::new("all-roles", "1.0.0", "Has every role there is")
            .param(
                Param::rate("basal", "a rate", Rate::ZERO, Rate::ml_per_h(1500))
                    .role(Role::MaxBasal),
            )
            .param(
                Param::dose("dose", "a dose", Volume::nl(1), Volume::ml(1000)).role(Role::MaxBolus),
            )
            .param(Param::time("over", "a time", MINUTE, HOUR).role(Role::BolusDuration))
            .param(Param::time("lockout", "a time", MINUTE, DAY).role(Role::Lockout))
            .param(Param::choice("edge", "a choice", EDGES).role(Role::LockoutEdge))
            .param(Param::flag("restart", "a flag").role(Role::OthersRestartLockout))
            .param(Param::flag("count", "a flag").role(Role::OthersCount))
            .param(Param::count("per_1h", "a count", 1, 60).role(Role::MaxCount(HOUR)))
            .param(Param::count("per_24h", "a count", 1, 1440).role(Role::MaxCount(DAY)))
            .param(Param::time("every", "a time", HOUR, DAY).role(Role::Interval));
    ALL.descriptor()
}
