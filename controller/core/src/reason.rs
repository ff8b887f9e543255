//! Why something was narrowed or refused: one word per reason, the same in events, JSON,
//! CLI and documents.

macro_rules! reasons {
    ($($(#[doc = $doc:expr])* $variant:ident = $code:literal, $name:literal, $text:literal;)*) => {
        /// A limit that narrowed an order, or the cause of a refusal or a cut.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Reason {
            $(#[doc = $text] $variant = $code,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant,)*];

            /// The stable kebab-case name.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$variant => $name,)* }
            }

            /// A sentence an operator understands.
            pub const fn text(self) -> &'static str {
                match self { $(Reason::$variant => $text,)* }
            }

            /// The number that stands for it in the strategy ABI; never reused.
            pub const fn code(self) -> u32 {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The reason with this number.
            pub const fn from_code(code: u32) -> Option<Self> {
                match code { $($code => Some(Reason::$variant),)* _ => None }
            }
        }
    };
}

reasons! {
    Lockout = 1, "lockout", "the lockout since the last bolus has not passed";
    BolusRunning = 2, "bolus-running", "another bolus is running";
    MaxPer1h = 3, "max-per-1h", "the number of boluses allowed in an hour is used up";
    MaxPer24h = 4, "max-per-24h", "the number of boluses allowed in 24 hours is used up";
    MaxPerPeriod = 5, "max-per-period", "the number of boluses allowed in the period is used up";
    Window1h = 6, "window-1h", "the volume or mass allowed in any hour would be exceeded";
    Window4h = 7, "window-4h", "the volume or mass allowed in any 4 hours would be exceeded";
    Window24h = 8, "window-24h", "the volume or mass allowed in any 24 hours would be exceeded";
    MaxRate = 9, "max-rate", "the highest allowed rate leaves no room";
    MaxBolus = 10, "max-bolus", "the bolus is larger than the largest allowed";
    Envelope = 11, "envelope", "it lies outside what the prescription allows this regimen";
    Alarm = 12, "alarm", "an alarm has stopped delivery";
    Reservoir = 13, "reservoir", "the reservoir does not hold enough";
    Vtbi = 14, "vtbi", "the volume to be infused is reached";
    Paused = 15, "paused", "delivery is paused";
    Stopped = 16, "stopped", "the pump is not infusing";
    Lease = 17, "lease", "the strategy has no live order";
    Credit = 18, "credit", "no further volume is durable in the journal";
    CreditLate = 19, "credit-late", "the journal took too long to make the bolus durable";
    Strategy = 20, "strategy", "the strategy refused it for a reason of its own";
    TooSmall = 21, "too-small", "it is smaller than one motor step";
    Resolution = 22, "resolution", "it was rounded down to what the pump can represent";
    Infusing = 23, "infusing", "the pump is infusing already";
}
