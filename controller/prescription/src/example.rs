//! A finding of each kind, as it looks. They are what the tests of this crate hold its words
//! against, so they are what it says today.

use crate::code::Code;

macro_rules! examples {
    ($($code:ident: $file:literal;)*) => {
        impl Code {
            /// All that was found in a file that has this.
            const fn findings(self) -> Option<&'static str> {
                match self {
                    $(Code::$code => Some(include_str!(concat!("../tests/", $file, ".txt"))),)*
                    Code::Unreadable | Code::TooLarge | Code::Internal => None,
                }
            }
        }
    };
}

impl Code {
    /// A finding with this code, as text; `None` where it is not about what a file says.
    pub fn example(self) -> Option<&'static str> {
        let findings = self.findings()?;
        let head = format!("{}[{}]: ", self.severity().name(), self.id());
        let found = findings.split("\n\n").find(|one| one.starts_with(&head))?;
        Some(found.trim_end())
    }
}

examples! {
    NotUtf8: "broken/device/not-utf8";
    Syntax: "broken/prescription/yaml";
    TooDeep: "broken/prescription/deep-array";
    DuplicateKey: "broken/prescription/duplicate-key";
    Format: "broken/prescription/other-format";
    UnknownKey: "broken/prescription/key-in-the-wrong-section";
    MissingKey: "broken/prescription/missing-cap";
    MissingSection: "broken/drug-library/empty-library";
    WrongType: "broken/prescription/number-for-a-name";
    BareNumber: "broken/prescription/bare-number";
    UnknownUnit: "broken/prescription/unit-cc";
    NotAQuantity: "broken/prescription/infinity";
    WrongDimension: "broken/prescription/time-where-volume";
    OutOfRange: "broken/prescription/count-of-zero";
    TooExact: "broken/prescription/part-of-a-nanosecond";
    NotAChoice: "broken/prescription/loss-action-misspelt";
    DuplicateName: "broken/drug-library/listed-twice";
    TooMany: "broken/prescription/five-regimens";
    BadText: "broken/prescription/text-turned-around";
    UnknownStrategy: "broken/prescription/unknown-strategy";
    UnusableStrategy: "broken/prescription/unusable-strategy";
    UnknownTimeZone: "broken/prescription/time-zone-misspelt";
    DrugNotListed: "broken/prescription/drug-not-listed";
    ConcentrationOutOfRange: "broken/prescription/concentration-too-strong";
    PrimaryDrug: "broken/prescription/no-primary";
    BolusTooLarge: "broken/prescription/bolus-above-the-device";
    BolusTooSmall: "broken/prescription/bolus-below-a-step";
    BasalAboveRate: "broken/prescription/basal-above-the-rate";
    BasalAboveCap: "broken/prescription/basal-at-the-cap";
    IntervalTooShort: "broken/prescription/every-shorter-than-over";
    LockoutTooShort: "broken/prescription/lockout-below-the-library";
    IntervalOffGrid: "broken/prescription/interval-off-the-grid";
    KvoForbidden: "broken/prescription/kvo-intrathecal";
    KvoAboveBasal: "broken/prescription/kvo-above-basal";
    ReservoirOrder: "broken/prescription/empty-above-low";
    VtbiAboveReservoir: "broken/prescription/vtbi-above-the-reservoir";
    PulseTooLong: "broken/device/pulse-too-long";
    Mechanics: "broken/device/both-step-and-geometry";
    RangeOrder: "broken/drug-library/range-upside-down";
    CapTooSmall: "broken/prescription/cap-below-a-step";
    NoCommonGrid: "broken/prescription/no-common-grid";
    OtherLibrary: "broken/prescription/checked-against-another-library";
    SoftLimit: "remarks/beyond-soft-limits";
    KvoWithoutBasal: "remarks/kvo-without-basal";
    ScheduleAboveCap: "remarks/schedule-above-a-cap";
    VtbiBeyondEmpty: "remarks/vtbi-beyond-empty";
    LooserLimit: "remarks/drug-looser-than-the-library";
    NeverGranted: "remarks/never-granted-vtbi";
    RoundedDown: "remarks/rounded-down";
    Stretched: "remarks/stretched";
    CapNeverReached: "remarks/cap-never-reached";
    RoomOnlyAtFirst: "remarks/room-only-at-first";
    CountNeverReached: "remarks/count-never-reached";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_about_what_a_file_says_has_an_example() {
        for code in Code::ALL {
            let about_text = code.findings().is_some();
            assert_eq!(code.example().is_some(), about_text, "{}", code.id());
        }
    }
}
