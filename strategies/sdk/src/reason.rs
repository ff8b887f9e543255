//! Why a demand is refused, and why parameters are.

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident = $code:ident;)*) => {
        /// Why a strategy refuses a demand, or why the governor refused, cut or stretched a
        /// bolus.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Reason {
            /// The `REASON_*` number.
            pub const fn code(self) -> u32 {
                match self { $(Self::$variant => strategy_abi::$code,)* }
            }

            /// The reason with this number; `None` for `REASON_NONE` and for one of a later
            /// version.
            pub const fn from_code(code: u32) -> Option<Self> {
                match code { $(strategy_abi::$code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

reasons! {
    /// The lockout has not passed. A strategy may give this reason.
    Lockout = REASON_LOCKOUT;
    /// Another bolus is running. A strategy may give this reason.
    BolusRunning = REASON_BOLUS_RUNNING;
    /// The count of an hour is used up. A strategy may give this reason.
    MaxPer1h = REASON_MAX_PER_1H;
    /// The count of 24 hours is used up. A strategy may give this reason.
    MaxPer24h = REASON_MAX_PER_24H;
    /// The count of another period is used up. A strategy may give this reason.
    MaxPerPeriod = REASON_MAX_PER_PERIOD;
    /// The cap of any hour.
    Window1h = REASON_WINDOW_1H;
    /// The cap of any 4 hours.
    Window4h = REASON_WINDOW_4H;
    /// The cap of any 24 hours.
    Window24h = REASON_WINDOW_24H;
    /// The highest rate leaves no room.
    MaxRate = REASON_MAX_RATE;
    /// Larger than the largest allowed.
    MaxBolus = REASON_MAX_BOLUS;
    /// Outside the regimen's envelope.
    Envelope = REASON_ENVELOPE;
    /// An alarm has stopped delivery.
    Alarm = REASON_ALARM;
    /// The reservoir does not hold enough.
    Reservoir = REASON_RESERVOIR;
    /// The volume to be infused is reached.
    Vtbi = REASON_VTBI;
    /// Delivery is paused.
    Paused = REASON_PAUSED;
    /// The pump is not infusing.
    Stopped = REASON_STOPPED;
    /// The strategy has no live order.
    Lease = REASON_LEASE;
    /// No further volume is durable.
    Credit = REASON_CREDIT;
    /// The journal took too long.
    CreditLate = REASON_CREDIT_LATE;
    /// A reason of the strategy's own. A strategy may give this reason.
    Strategy = REASON_STRATEGY;
    /// Smaller than one motor step.
    TooSmall = REASON_TOO_SMALL;
    /// Rounded down to what the pump can represent.
    Resolution = REASON_RESOLUTION;
    /// The pump is infusing already.
    Infusing = REASON_INFUSING;
}

/// The parameters do not go together, or a saved state is not one of this strategy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;
