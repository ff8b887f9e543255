//! The one table of everything that can be said about a file.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Probably not what was meant; it is accepted.
    Warning,
    /// The file is refused.
    Error,
}

impl Severity {
    /// `note`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $id:literal, $severity:ident, $about:literal;)*) => {
        /// What a diagnostic is about. The identifier is stable: it is never reused for
        /// something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable identifier: `E0001` for an error, `W0001` for a warning, `N0001`
            /// for a note.
            pub const fn id(self) -> &'static str {
                match self { $(Code::$variant => $id,)* }
            }

            /// How bad it is.
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// What is behind it and why it matters, in a sentence or two.
            pub const fn about(self) -> &'static str {
                match self { $(Code::$variant => $about,)* }
            }

            /// The code with this identifier.
            pub fn from_id(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.id() == id)
            }
        }
    };
}

codes! {
    Unreadable = "E0001", Error, "The file can't be read.";
    TooLarge = "E0002", Error, "The file is larger than any prescription needs to be; it is probably another file.";
    NotUtf8 = "E0003", Error, "TOML is UTF-8 text; this file holds bytes that are none.";
    Syntax = "E0004", Error, "The file is not TOML at this place.";
    TooDeep = "E0005", Error, "Tables, arrays or dotted keys are nested deeper than any file of ours needs.";
    DuplicateKey = "E0006", Error, "A key or a table is written twice. Which one was meant can't be known.";
    Format = "E0007", Error, "The file does not say `format = 1`, the only format this version reads.";
    UnknownKey = "E0008", Error, "A key that means nothing here. It is refused because a misspelt limit would otherwise be no limit.";
    MissingKey = "E0009", Error, "A value that must be written is missing. Nothing in the dose has a default.";
    MissingSection = "E0010", Error, "A table that must be written is missing.";
    WrongType = "E0011", Error, "The value is of another TOML type than this key takes.";
    BareNumber = "E0012", Error, "A number without its unit. Units are always written, so that mL and mg can't be mixed up.";
    UnknownUnit = "E0013", Error, "The unit is not one of those a file may use. Case matters: `Mg` is not `mg`.";
    NotAQuantity = "E0014", Error, "The text is no number with a unit, or the number is written in a way that could be read in two ways.";
    WrongDimension = "E0015", Error, "The unit measures something else than this key takes, for example a dose where a rate is needed.";
    OutOfRange = "E0016", Error, "The value is outside the allowed range.";
    TooExact = "E0017", Error, "The value is exact, but its fraction needs more than 64 bits once converted. Fewer digits help.";
    NotAChoice = "E0018", Error, "The text is not one of the words this key takes.";
    DuplicateName = "E0019", Error, "Two entries of the file have the same name.";
    TooMany = "E0020", Error, "The file has more entries of this kind than the pump handles.";
    BadText = "E0021", Error, "The text is empty, too long, or has characters that could forge a line of a log.";
    UnknownStrategy = "E0022", Error, "No strategy with this name is installed.";
    UnusableStrategy = "E0023", Error, "The strategy is installed, but it can't be used.";
    UnknownTimeZone = "E0024", Error, "No place with this name is in the IANA time zone database that this program was built with.";
    DrugNotListed = "E0030", Error, "The drug library does not list the drug for this route. What is not listed has no limits, so it is refused.";
    ConcentrationOutOfRange = "E0031", Error, "The concentration is outside what the drug library allows for this drug and route.";
    PrimaryDrug = "E0032", Error, "In a mixture exactly one drug is primary: doses in mass mean that one.";
    BolusTooLarge = "E0033", Error, "The bolus is larger than the largest that the device or the drug library allows.";
    BolusTooSmall = "E0034", Error, "The bolus is smaller than one motor step, so nothing would be given.";
    BasalAboveRate = "E0035", Error, "The basal rates of all regimens together are above the highest allowed rate.";
    BasalAboveCap = "E0036", Error, "The basal alone would pass the cap of a window: basal × window + one step must not exceed it, rounded down to whole steps.";
    IntervalTooShort = "E0037", Error, "Boluses would start before the one before has ended. The interval is counted from start to start.";
    LockoutTooShort = "E0038", Error, "The lockout is shorter than the drug library allows.";
    IntervalOffGrid = "E0039", Error, "A schedule's interval is no whole number of the control law's ticks, so its boluses would drift.";
    KvoForbidden = "E0040", Error, "Keep-vein-open has no meaning for this route: there is no vein to keep open, and the flow would be a dose.";
    KvoAboveBasal = "E0041", Error, "The keep-vein-open rate is above a regimen's basal, so losing the strategy would raise the dose.";
    ReservoirOrder = "E0042", Error, "The reservoir's marks are out of order: empty < low ≤ volume.";
    VtbiAboveReservoir = "E0043", Error, "More is to be infused than the reservoir holds.";
    PulseTooLong = "E0044", Error, "The step pulse does not fit into the shortest time between two steps.";
    Mechanics = "E0045", Error, "The volume of a step is written directly or follows from the geometry, never both.";
    RangeOrder = "E0046", Error, "The smallest value of a range is above its largest.";
    CapTooSmall = "E0047", Error, "The limit is smaller than one motor step, so nothing could ever be given.";
    NoCommonGrid = "E0048", Error, "The rates and the volume per step have no common time grid that fits into 64 bits. Rounder numbers help.";
    Internal = "E0049", Error, "The control law refused what passed every check here. That is a defect of this program; please report the file.";
    OtherLibrary = "E0050", Error, "The prescription was checked against another edition of the drug library. What is allowed may have changed since.";
    SoftLimit = "W0001", Warning, "The prescription allows more than the drug library's soft limit advises.";
    KvoWithoutBasal = "W0002", Warning, "Keep-vein-open never exceeds a regimen's basal, and no regimen has one: nothing would be given.";
    ScheduleAboveCap = "W0003", Warning, "The scheduled boluses and the basal together would pass a cap; some boluses will be refused.";
    VtbiBeyondEmpty = "W0004", Warning, "The reservoir reaches its empty mark before the volume to be infused is given.";
    LooserLimit = "N0001", Note, "A limit is looser than another source's. That is legal; the tightest applies.";
    NeverGranted = "N0002", Note, "Under the limits as they are, this bolus can never be granted.";
    RoundedDown = "N0003", Note, "The bolus is no whole number of motor steps; it is rounded down.";
    Stretched = "N0004", Note, "The bolus and the basal together are faster than the highest allowed rate; the bolus will be stretched in time.";
    CapNeverReached = "N0005", Note, "The cap holds nothing back: another limit lets no more through, or the regimens come to less than a third of it in the worst case. Up to there it passes for room to spare; beyond, a digit or a unit may have slipped.";
    RoomOnlyAtFirst = "N0006", Note, "The bolus fits beside the basal of such a window, but with less than a minute of basal to spare. The governor counts a begun minute whole, so once the basal has filled the window no bolus is granted any more.";
    CountNeverReached = "N0007", Note, "The count lets more boluses through than the lockout does, so it refuses none.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_identifier_is_unique_and_its_letter_tells_the_severity() {
        let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        for code in Code::ALL {
            let letter = match code.severity() {
                Severity::Error => 'E',
                Severity::Warning => 'W',
                Severity::Note => 'N',
            };
            assert!(code.id().starts_with(letter), "{}", code.id());
            assert_eq!(Code::from_id(code.id()), Some(*code));
            assert!(code.about().ends_with('.'));
        }
    }
}
