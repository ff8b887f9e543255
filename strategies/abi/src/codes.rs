//! Every number with a name. A number is never given another meaning.

/// The first field of an entry: `PUMPSTRA` read as a little-endian number.
pub const MAGIC: u64 = 0x4152_5453_504D_5550;
/// The major version of the contract. A plugin of another one is refused.
pub const ABI_MAJOR: u32 = 1;
/// The minor version. A plugin of a higher one than the host's is refused; a plugin of a
/// lower one is served.
pub const ABI_MINOR: u32 = 1;

/// The most parameters a strategy declares.
pub const MAX_PARAMS: usize = 16;
/// The most choices of one parameter.
pub const MAX_CHOICES: usize = 4;
/// The most steps of a profile: one every half hour of a week. Since version 1.1.
pub const MAX_STEPS: usize = 336;
/// Bytes in a name, its ending zero included.
pub const NAME_LEN: usize = 32;
/// Bytes in a line of help, its ending zero included.
pub const HELP_LEN: usize = 160;
/// The most bytes that `save` writes.
pub const MAX_STATE: usize = 4096;

/// "Until told otherwise" for `valid_for_ns`, "never" for `wake_in_ns` and for
/// `next_offset_change_utc_s`.
pub const FOREVER: u64 = 0xFFFF_FFFF_FFFF_FFFF;

/// A volume; in the prescription a volume or a mass. Value: nanolitres.
pub const KIND_DOSE: u32 = 1;
/// A rate; in the prescription volume or mass per time. Value: nanolitres per nanosecond.
pub const KIND_RATE: u32 = 2;
/// A time. Value: whole nanoseconds.
pub const KIND_TIME: u32 = 3;
/// A count. Value: a whole number below 2^32.
pub const KIND_COUNT: u32 = 4;
/// One of the declared choices. Value: its index.
pub const KIND_CHOICE: u32 = 5;
/// True or false. Value: 1 or 0.
pub const KIND_FLAG: u32 = 6;
/// A rate through the week, by the local clock; since version 1.1. Value: how many steps it has,
/// 7 to `MAX_STEPS`. The steps stand behind the values of all parameters, two values for each:
/// when it begins, in whole seconds since Monday 00:00, and its rate, which holds until the next
/// one begins, and the last one's until the week is over. Each begins after the one before, and
/// each day of the seven has one at its 00:00. `min` and `max` are of the rates. It is required,
/// and a strategy has one at most.
pub const KIND_PROFILE: u32 = 7;

/// Does not bound the dose.
pub const ROLE_NONE: u32 = 0;
/// On a rate: the regimen's highest basal. On a profile: its highest rate is that. Without it, no basal.
pub const ROLE_MAX_BASAL: u32 = 1;
/// On a dose: the regimen's largest bolus. Without it, no bolus. Needs a bolus duration, and
/// a lockout or an interval.
pub const ROLE_MAX_BOLUS: u32 = 2;
/// On a time, more than zero and at most 6 h: the shortest time over which the largest bolus
/// is given; the two together are the highest bolus rate.
pub const ROLE_BOLUS_DURATION: u32 = 3;
/// On a time, 1 min to 24 h: the lockout. With it, the regimen may answer demands. Needs a
/// lockout edge and both `OTHERS` roles.
pub const ROLE_LOCKOUT: u32 = 4;
/// On a choice of exactly `start-to-start` (index 0) and `end-to-start` (index 1): which edge
/// of the last bolus the lockout counts from.
pub const ROLE_LOCKOUT_EDGE: u32 = 5;
/// On a count: the most demand boluses in any `period_ns`, at most 24 h. At most two
/// parameters have it, with different periods.
pub const ROLE_MAX_COUNT: u32 = 6;
/// On a flag: clinician and loading boluses restart the lockout.
pub const ROLE_OTHERS_RESTART_LOCKOUT: u32 = 7;
/// On a flag: clinician and loading boluses count.
pub const ROLE_OTHERS_COUNT: u32 = 8;
/// On a time, more than zero: the shortest time from one unasked bolus to the next, start to
/// start, counted between the snapshots whose orders ask for them. With it, the regimen may
/// give boluses unasked.
pub const ROLE_INTERVAL: u32 = 9;

/// The call went well.
pub const STATUS_OK: u32 = 0;
/// The plugin caught a panic or an exception of its own. The instance must not be used
/// again, and says the same to every later call.
pub const STATUS_PANICKED: u32 = 1;
/// From `create`: the values do not go together. From `load`: the state is not one of this
/// strategy's.
pub const STATUS_REFUSED: u32 = 2;
/// A message is shorter than this plugin knows it, a count is not the declared one, or a
/// pointer that must not be null is.
pub const STATUS_BAD_CALL: u32 = 3;

/// There is no bolus to report.
pub const OUTCOME_NONE: u32 = 0;
/// Allowed, waiting for durable credit.
pub const OUTCOME_PENDING: u32 = 1;
/// Being given.
pub const OUTCOME_RUNNING: u32 = 2;
/// Waiting for another bolus to end.
pub const OUTCOME_SUSPENDED: u32 = 3;
/// Given whole.
pub const OUTCOME_COMPLETED: u32 = 4;
/// Ended early, for good.
pub const OUTCOME_CUT: u32 = 5;
/// Never begun.
pub const OUTCOME_REFUSED: u32 = 6;

/// A bolus in answer to a demand.
pub const BOLUS_DEMAND: u32 = 1;
/// A bolus the strategy gives unasked.
pub const BOLUS_SCHEDULED: u32 = 2;
/// A loading bolus, given unasked.
pub const BOLUS_LOADING: u32 = 3;
/// A bolus of the operator's. It is only ever reported; a strategy can't ask for one.
pub const BOLUS_CLINICIAN: u32 = 4;

/// No reason.
pub const REASON_NONE: u32 = 0;
/// The lockout since the last bolus has not passed. A strategy may give this reason.
pub const REASON_LOCKOUT: u32 = 1;
/// Another bolus is running. A strategy may give this reason.
pub const REASON_BOLUS_RUNNING: u32 = 2;
/// The number of boluses in an hour is used up. A strategy may give this reason.
pub const REASON_MAX_PER_1H: u32 = 3;
/// The number of boluses in 24 hours is used up. A strategy may give this reason.
pub const REASON_MAX_PER_24H: u32 = 4;
/// The number of boluses in another period is used up. A strategy may give this reason.
pub const REASON_MAX_PER_PERIOD: u32 = 5;
/// The volume or mass allowed in any hour would be exceeded.
pub const REASON_WINDOW_1H: u32 = 6;
/// The volume or mass allowed in any 4 hours would be exceeded.
pub const REASON_WINDOW_4H: u32 = 7;
/// The volume or mass allowed in any 24 hours would be exceeded.
pub const REASON_WINDOW_24H: u32 = 8;
/// The highest allowed rate leaves no room.
pub const REASON_MAX_RATE: u32 = 9;
/// The bolus is larger than the largest allowed.
pub const REASON_MAX_BOLUS: u32 = 10;
/// It lies outside what the prescription allows this regimen.
pub const REASON_ENVELOPE: u32 = 11;
/// An alarm has stopped delivery.
pub const REASON_ALARM: u32 = 12;
/// The reservoir does not hold enough.
pub const REASON_RESERVOIR: u32 = 13;
/// The volume to be infused is reached.
pub const REASON_VTBI: u32 = 14;
/// Delivery is paused.
pub const REASON_PAUSED: u32 = 15;
/// The pump is not infusing.
pub const REASON_STOPPED: u32 = 16;
/// The strategy has no live order.
pub const REASON_LEASE: u32 = 17;
/// No further volume is durable in the journal.
pub const REASON_CREDIT: u32 = 18;
/// The journal took too long to make the bolus durable.
pub const REASON_CREDIT_LATE: u32 = 19;
/// The strategy refused it for a reason of its own. A strategy may give this reason.
pub const REASON_STRATEGY: u32 = 20;
/// It is smaller than one motor step.
pub const REASON_TOO_SMALL: u32 = 21;
/// It was rounded down to what the pump can represent.
pub const REASON_RESOLUTION: u32 = 22;
/// The pump is infusing already. Never shown to a strategy: it refuses an operator's command.
pub const REASON_INFUSING: u32 = 23;

const _: () = assert!(MAGIC == u64::from_le_bytes(*b"PUMPSTRA") && FOREVER == u64::MAX);
