//! What passes the border.

use crate::{HELP_LEN, MAX_CHOICES, MAX_PARAMS, NAME_LEN};

/// A non-negative fraction. `den` is never zero in a valid message. It need not be in lowest
/// terms. It is a part of messages and never changes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Numerator.
    pub num: u64,
    /// Denominator.
    pub den: u64,
}

/// What a strategy is shown: at the start, at the wake time it asked for, when its bolus
/// changed, on a demand, before its order's life ends, and at any other time too.
///
/// Times are nanoseconds of the therapy clock: 0 is the start of the infusion, and it runs on
/// while the pump is paused. It does not follow the wall clock.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Bytes in this message.
    pub size: u32,
    /// 1 where the wall clock below is known good, else 0.
    pub clock_good: u32,
    /// Numbers the snapshots of a regimen, rising from 1. Numbers may be left out.
    pub seq: u64,
    /// Now.
    pub now_ns: u64,
    /// The demand that waits for an answer; 0: none.
    pub demand_id: u64,
    /// Time until the lockout would let a demand bolus through; 0: it is open.
    pub lockout_left_ns: u64,
    /// The basal rate now granted to this regimen, nL/ns.
    pub basal_granted: Fraction,
    /// Delivered since the start by the whole pump, nL rounded down.
    pub delivered_nl: u64,
    /// The last bolus that this regimen asked for: the `seq` of the snapshot whose order
    /// asked for it. The report stays until another one is asked for. 0: there was none.
    pub bolus_seq: u64,
    /// `BOLUS_*`; 0 where there was none.
    pub bolus_kind: u32,
    /// `OUTCOME_*`.
    pub bolus_outcome: u32,
    /// `REASON_*`: why it was refused, cut or stretched.
    pub bolus_reason: u32,
    /// 1 while a bolus of whatever origin is running or waits to: one that the strategy asks
    /// for unasked by the patient would be refused. A snapshot comes when it ends. Else 0.
    pub bolus_running: u32,
    /// When it was granted; 0 where it was refused.
    pub bolus_started_ns: u64,
    /// When it ended; 0 while it has not.
    pub bolus_ended_ns: u64,
    /// What of it is delivered, nL rounded down.
    pub bolus_delivered_nl: u64,
    /// The wall clock, seconds since 1970-01-01 UTC. For schedules by time of day only, and
    /// only while `clock_good` is 1.
    pub utc_s: u64,
    /// Local time is UTC plus this less 86400 seconds (so that the number has no sign).
    pub local_offset_plus_day_s: u64,
    /// When the local offset changes next, seconds since 1970-01-01 UTC; `FOREVER`: never.
    pub next_offset_change_utc_s: u64,
}

/// What a strategy proposes in answer to a snapshot.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Bytes in this message. The caller fills in the size of its buffer; the plugin leaves
    /// the size of what it has written, which is no larger.
    pub size: u32,
    /// `BOLUS_DEMAND`: give `demand_id` the bolus below. `BOLUS_SCHEDULED` or
    /// `BOLUS_LOADING`: give it unasked. 0: no bolus, and the bolus fields are not read.
    ///
    /// A bolus is asked for once: every order that carries one for another `seq` is another
    /// request.
    pub bolus_kind: u32,
    /// The `seq` of the snapshot that this order answers.
    pub seq: u64,
    /// The steady rate, nL/ns.
    pub basal: Fraction,
    /// The bolus's volume, nL; more than zero.
    pub bolus_volume: Fraction,
    /// The time over which it is given; more than zero.
    pub bolus_over_ns: u64,
    /// The demand that this order gives or refuses; 0: none.
    pub demand_id: u64,
    /// `REASON_*`: the demand is refused, for one of the reasons that a strategy may give; the
    /// order then carries no bolus. `REASON_NONE`: it is not refused.
    pub refusal: u32,
    /// Zero.
    pub reserved: u32,
    /// How long the order may live. The pump shortens it to its `order_lease`, and sends a
    /// snapshot before that ends.
    pub valid_for_ns: u64,
    /// When the next snapshot is wanted, counted from this one; `FOREVER`: when something
    /// happens.
    pub wake_in_ns: u64,
}

/// One declared parameter. It is a part of the descriptor and never changes within a major
/// version.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key in a prescription: lower-case letters and digits joined by single `_`, a
    /// letter first. Neither `name` nor `strategy`.
    pub name: [u8; NAME_LEN],
    /// One line of help.
    pub help: [u8; HELP_LEN],
    /// `KIND_*`.
    pub kind: u32,
    /// `ROLE_*`: how it bounds the dose.
    pub role: u32,
    /// 1: it must be written. 0: `default_value` holds where it is not.
    pub required: u32,
    /// How many of `choices` are there: 2 to 4 for a choice, else 0.
    pub choice_count: u32,
    /// The smallest value. Not read for a choice or a flag.
    pub min: Fraction,
    /// The largest value. Not read for a choice or a flag.
    pub max: Fraction,
    /// What holds where it is not required and not written. A value that bounds the dose
    /// should have one only where that gives nothing.
    pub default_value: Fraction,
    /// The period of a `ROLE_MAX_COUNT`; else 0.
    pub period_ns: u64,
    /// The words of a choice: lower-case letters and digits joined by single `-`.
    pub choices: [[u8; NAME_LEN]; MAX_CHOICES],
}

/// What a strategy says of itself. From it come the checking of prescriptions, their help,
/// and the envelope that the governor holds.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Descriptor {
    /// Bytes in this message.
    pub size: u32,
    /// How many of `params` are there.
    pub param_count: u32,
    /// Its name, `a-b` for `liba_b.so`: lower-case letters and digits joined by single `-`, a
    /// letter first.
    pub name: [u8; NAME_LEN],
    /// Its version.
    pub version: [u8; NAME_LEN],
    /// One line on what it does.
    pub summary: [u8; HELP_LEN],
    /// The parameters, in the order in which `create` gets their values.
    pub params: [Param; MAX_PARAMS],
}

// No padding, on 32 and on 64 bits: each size is the sum of its fields.
const _: () = {
    assert!(size_of::<Fraction>() == 16);
    assert!(size_of::<Snapshot>() == 6 * 4 + 14 * 8);
    assert!(size_of::<Order>() == 4 * 4 + 9 * 8);
    assert!(size_of::<Param>() == NAME_LEN + HELP_LEN + 4 * 4 + 7 * 8 + MAX_CHOICES * NAME_LEN);
    assert!(
        size_of::<Descriptor>()
            == 2 * 4 + 2 * NAME_LEN + HELP_LEN + MAX_PARAMS * size_of::<Param>()
    );
};
