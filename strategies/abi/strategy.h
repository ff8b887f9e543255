/*
 * The contract between a pump and a strategy plugin, version 1.1.
 *
 * A strategy decides for one regimen of a prescription: which basal rate, and when a
 * bolus. It only ever proposes. The pump's governor grants what the prescription allows;
 * whatever a plugin says, nothing beyond the envelope that follows from its own declared
 * parameters is given. In the folder `examples` beside the header, `pca.c` is a whole plugin
 * in C, `steady.c` the least and `week.c` one that goes by the time of day; in Rust, the crate
 * `strategy-sdk` writes all of this.
 *
 * THE LIBRARY. A plugin is a shared library `liba_b.so` for the strategy `a-b`. It exports
 * one constant, `strategy_entry`, and no function: the functions hang in that table. The
 * library is opened once, with all its symbols bound, and never closed. It is first opened
 * in a child process with a time-out, to read its declaration: constructors must be quick
 * and quiet, and the declaration must be constant. Better have none. A file is pinned by
 * its SHA-256 when a prescription is armed.
 *
 * MESSAGES are made of 32-bit and 64-bit unsigned integers and byte arrays only, without
 * padding, and are the same on 32-bit and 64-bit machines. There is no float, bool,
 * pointer or enum in them, so that no bit pattern is invalid and a NaN can't be expressed.
 * A quantity is an exact fraction. A text is UTF-8 and ends with a zero byte. Each message
 * starts with its `size` in bytes. What is marked reserved is written as zero.
 *
 * VERSIONS. A pump serves plugins of its own major version and of its own minor version or a
 * lower one; any other is refused with both versions named. Within a major version a field
 * keeps its place and its meaning, a constant its number, and the exported table and the
 * descriptor their size; a later minor version only appends fields to the snapshot and to
 * the order, and numbers to the lists. So a plugin says the sizes it was built with, reads
 * and writes the part it knows, leaves the rest, and takes a number it does not know for
 * one that does not concern it. Of an order, the pump reads as far as the size that the plugin
 * leaves, which is that of some minor version; an appended field that is zero says nothing.
 * A file that was built once runs for the whole major version.
 *
 * THREADS. The functions of one instance are never called at the same time, and never
 * again before the last call has returned. Different calls may come from different
 * threads. Different instances may be called at the same time: a plugin has no mutable
 * globals. On a real pump each instance lives in a process of its own, with few rights: no
 * network, no files, no time zone data. Never is a plugin called by a thread that moves the
 * motor, which waits for nobody. Each function below says by whom it is called; `create`,
 * `load` and `destroy` may allocate, and none may wait for anything.
 *
 * MEMORY. The caller owns every buffer; a pointer is not kept beyond the call. All
 * pointers given to a plugin are valid and aligned, unless it says otherwise.
 *
 * PURITY. `order = f(parameters, state, snapshot)`. A strategy reads no clock but the
 * snapshot's, does no I/O, draws no random number and starts no thread, so that a run can
 * be replayed from its records. Snapshots may come at any time: an extra one must change
 * nothing. The state lives in the instance, and `save` and `load` carry all of it.
 *
 * SIDE BY SIDE. A prescription has one to four regimens on one pump. None sees another's
 * orders. Basals add up; one bolus runs at a time, and whoever asks meanwhile is refused with
 * `REASON_BOLUS_RUNNING`, but a demand suspends a scheduled bolus; a demand goes to the first
 * regimen with a lockout and, where that gives nothing, to the next; lockouts, counts, windows
 * and the reservoir are common to all. The documentation of `strategy-sdk` has all of it.
 *
 * FAILURE. No exception, panic or `longjmp` may leave a function: catch it inside and
 * return `STATUS_PANICKED`. After any status but `STATUS_OK` from `step`, `save` or `load`
 * the instance is destroyed and not called again. A strategy that fails, hangs or dies
 * loses its live order, and the pump does what the prescription's `on_strategy_loss` says.
 *
 * In this file every name of a number begins with STRATEGY_, which the comments leave out.
 *
 * Generated from the crate strategy-abi. Do not edit.
 */

#ifndef STRATEGY_H
#define STRATEGY_H

#include <stddef.h>
#include <stdint.h>

// The first field of an entry: `PUMPSTRA` read as a little-endian number.
#define STRATEGY_MAGIC 4706917277361853776

// The major version of the contract. A plugin of another one is refused.
#define STRATEGY_ABI_MAJOR 1

// The minor version. A plugin of a higher one than the host's is refused; a plugin of a
// lower one is served.
#define STRATEGY_ABI_MINOR 1

// The most parameters a strategy declares.
#define STRATEGY_MAX_PARAMS 16

// The most choices of one parameter.
#define STRATEGY_MAX_CHOICES 4

// The most steps of a profile: one every half hour of a week. Since version 1.1.
#define STRATEGY_MAX_STEPS 336

// Bytes in a name, its ending zero included.
#define STRATEGY_NAME_LEN 32

// Bytes in a line of help, its ending zero included.
#define STRATEGY_HELP_LEN 160

// The most bytes that `save` writes.
#define STRATEGY_MAX_STATE 4096

// "Until told otherwise" for `valid_for_ns`, "never" for `wake_in_ns` and for
// `next_offset_change_utc_s`.
#define STRATEGY_FOREVER 18446744073709551615ull

// A volume; in the prescription a volume or a mass. Value: nanolitres.
#define STRATEGY_KIND_DOSE 1

// A rate; in the prescription volume or mass per time. Value: nanolitres per nanosecond.
#define STRATEGY_KIND_RATE 2

// A time. Value: whole nanoseconds.
#define STRATEGY_KIND_TIME 3

// A count. Value: a whole number below 2^32.
#define STRATEGY_KIND_COUNT 4

// One of the declared choices. Value: its index.
#define STRATEGY_KIND_CHOICE 5

// True or false. Value: 1 or 0.
#define STRATEGY_KIND_FLAG 6

// A rate through the week, by the local clock; since version 1.1. Value: how many steps it has,
// 7 to `MAX_STEPS`. The steps stand behind the values of all parameters, two values for each:
// when it begins, in whole seconds since Monday 00:00, and its rate, which holds until the next
// one begins, and the last one's until the week is over. Each begins after the one before, and
// each day of the seven has one at its 00:00. `min` and `max` are of the rates. It is required,
// and a strategy has one at most.
#define STRATEGY_KIND_PROFILE 7

// Does not bound the dose.
#define STRATEGY_ROLE_NONE 0

// On a rate: the regimen's highest basal. On a profile: its highest rate is that. Without it, no basal.
#define STRATEGY_ROLE_MAX_BASAL 1

// On a dose: the regimen's largest bolus. Without it, no bolus. Needs a bolus duration, and
// a lockout or an interval.
#define STRATEGY_ROLE_MAX_BOLUS 2

// On a time, more than zero and at most 6 h: the shortest time over which the largest bolus
// is given; the two together are the highest bolus rate.
#define STRATEGY_ROLE_BOLUS_DURATION 3

// On a time, 1 min to 24 h: the lockout. With it, the regimen may answer demands. Needs a
// lockout edge and both `OTHERS` roles.
#define STRATEGY_ROLE_LOCKOUT 4

// On a choice of exactly `start-to-start` (index 0) and `end-to-start` (index 1): which edge
// of the last bolus the lockout counts from.
#define STRATEGY_ROLE_LOCKOUT_EDGE 5

// On a count: the most demand boluses in any `period_ns`, at most 24 h. At most two
// parameters have it, with different periods.
#define STRATEGY_ROLE_MAX_COUNT 6

// On a flag: clinician and loading boluses restart the lockout.
#define STRATEGY_ROLE_OTHERS_RESTART_LOCKOUT 7

// On a flag: clinician and loading boluses count.
#define STRATEGY_ROLE_OTHERS_COUNT 8

// On a time, more than zero: the shortest time from one unasked bolus to the next, start to
// start, counted between the snapshots whose orders ask for them. With it, the regimen may
// give boluses unasked.
#define STRATEGY_ROLE_INTERVAL 9

// The call went well.
#define STRATEGY_STATUS_OK 0

// The plugin caught a panic or an exception of its own. The instance must not be used
// again, and says the same to every later call.
#define STRATEGY_STATUS_PANICKED 1

// From `create`: the values do not go together. From `load`: the state is not one of this
// strategy's.
#define STRATEGY_STATUS_REFUSED 2

// A message is shorter than this plugin knows it, a count is not the declared one, or a
// pointer that must not be null is.
#define STRATEGY_STATUS_BAD_CALL 3

// There is no bolus to report.
#define STRATEGY_OUTCOME_NONE 0

// Allowed, waiting for durable credit.
#define STRATEGY_OUTCOME_PENDING 1

// Being given.
#define STRATEGY_OUTCOME_RUNNING 2

// Waiting for another bolus to end.
#define STRATEGY_OUTCOME_SUSPENDED 3

// Given whole.
#define STRATEGY_OUTCOME_COMPLETED 4

// Ended early, for good.
#define STRATEGY_OUTCOME_CUT 5

// Never begun.
#define STRATEGY_OUTCOME_REFUSED 6

// A bolus in answer to a demand.
#define STRATEGY_BOLUS_DEMAND 1

// A bolus the strategy gives unasked.
#define STRATEGY_BOLUS_SCHEDULED 2

// A loading bolus, given unasked.
#define STRATEGY_BOLUS_LOADING 3

// A bolus of the operator's. It is only ever reported; a strategy can't ask for one.
#define STRATEGY_BOLUS_CLINICIAN 4

// No reason.
#define STRATEGY_REASON_NONE 0

// The lockout since the last bolus has not passed. A strategy may give this reason.
#define STRATEGY_REASON_LOCKOUT 1

// Another bolus is running. A strategy may give this reason.
#define STRATEGY_REASON_BOLUS_RUNNING 2

// The number of boluses in an hour is used up. A strategy may give this reason.
#define STRATEGY_REASON_MAX_PER_1H 3

// The number of boluses in 24 hours is used up. A strategy may give this reason.
#define STRATEGY_REASON_MAX_PER_24H 4

// The number of boluses in another period is used up. A strategy may give this reason.
#define STRATEGY_REASON_MAX_PER_PERIOD 5

// The volume or mass allowed in any hour would be exceeded.
#define STRATEGY_REASON_WINDOW_1H 6

// The volume or mass allowed in any 4 hours would be exceeded.
#define STRATEGY_REASON_WINDOW_4H 7

// The volume or mass allowed in any 24 hours would be exceeded.
#define STRATEGY_REASON_WINDOW_24H 8

// The highest allowed rate leaves no room.
#define STRATEGY_REASON_MAX_RATE 9

// The bolus is larger than the largest allowed.
#define STRATEGY_REASON_MAX_BOLUS 10

// It lies outside what the prescription allows this regimen.
#define STRATEGY_REASON_ENVELOPE 11

// An alarm has stopped delivery.
#define STRATEGY_REASON_ALARM 12

// The reservoir does not hold enough.
#define STRATEGY_REASON_RESERVOIR 13

// The volume to be infused is reached.
#define STRATEGY_REASON_VTBI 14

// Delivery is paused.
#define STRATEGY_REASON_PAUSED 15

// The pump is not infusing.
#define STRATEGY_REASON_STOPPED 16

// The strategy has no live order.
#define STRATEGY_REASON_LEASE 17

// No further volume is durable in the journal.
#define STRATEGY_REASON_CREDIT 18

// The journal took too long to make the bolus durable.
#define STRATEGY_REASON_CREDIT_LATE 19

// The strategy refused it for a reason of its own. A strategy may give this reason.
#define STRATEGY_REASON_STRATEGY 20

// It is smaller than one motor step.
#define STRATEGY_REASON_TOO_SMALL 21

// It was rounded down to what the pump can represent.
#define STRATEGY_REASON_RESOLUTION 22

// The pump is infusing already. Never shown to a strategy: it refuses an operator's command.
#define STRATEGY_REASON_INFUSING 23

// A non-negative fraction. `den` is never zero in a valid message. It need not be in lowest
// terms. It is a part of messages and never changes.
typedef struct {
    // Numerator.
    uint64_t num;
    // Denominator.
    uint64_t den;
} strategy_fraction_t;

// One declared parameter. It is a part of the descriptor and never changes within a major
// version.
typedef struct {
    // Its key in a prescription: lower-case letters and digits joined by single `_`, a
    // letter first. Neither `name` nor `strategy`.
    uint8_t name[STRATEGY_NAME_LEN];
    // One line of help.
    uint8_t help[STRATEGY_HELP_LEN];
    // `KIND_*`.
    uint32_t kind;
    // `ROLE_*`: how it bounds the dose.
    uint32_t role;
    // 1: it must be written. 0: `default_value` holds where it is not.
    uint32_t required;
    // How many of `choices` are there: 2 to 4 for a choice, else 0.
    uint32_t choice_count;
    // The smallest value. Not read for a choice or a flag.
    strategy_fraction_t min;
    // The largest value. Not read for a choice or a flag.
    strategy_fraction_t max;
    // What holds where it is not required and not written. A value that bounds the dose
    // should have one only where that gives nothing.
    strategy_fraction_t default_value;
    // The period of a `ROLE_MAX_COUNT`; else 0.
    uint64_t period_ns;
    // The words of a choice: lower-case letters and digits joined by single `-`.
    uint8_t choices[STRATEGY_MAX_CHOICES][STRATEGY_NAME_LEN];
} strategy_param_t;

// What a strategy says of itself. From it come the checking of prescriptions, their help,
// and the envelope that the governor holds.
typedef struct {
    // Bytes in this message.
    uint32_t size;
    // How many of `params` are there.
    uint32_t param_count;
    // Its name, `a-b` for `liba_b.so`: lower-case letters and digits joined by single `-`, a
    // letter first.
    uint8_t name[STRATEGY_NAME_LEN];
    // Its version.
    uint8_t version[STRATEGY_NAME_LEN];
    // One line on what it does.
    uint8_t summary[STRATEGY_HELP_LEN];
    // The parameters, in the order in which `create` gets their values.
    strategy_param_t params[STRATEGY_MAX_PARAMS];
} strategy_descriptor_t;

// Makes an instance from `count` values, one per declared parameter and in that order, and
// behind them two per step of a profile. An optional parameter that was not written has its
// default. Each value is within its declared range.
//
// Called: once per instance, before its other functions. In the pump's simulator and in the
// process that runs the strategy; not in the probe that reads the declaration.
// Thread: any, at normal priority. Other instances may be made or asked at the same time.
// May allocate: yes. May block: no.
// Returns: `STATUS_OK` with `*instance` set and not null; `STATUS_REFUSED` where the values
// do not go together (each alone is in range); `STATUS_PANICKED`; `STATUS_BAD_CALL`. Unless
// it is `STATUS_OK`, `*instance` is not read.
// Why: it is the only moment at which a strategy gets memory, so that none can run out
// later.
typedef uint32_t (*strategy_create_fn)(const strategy_fraction_t *values,
                                       uint32_t count,
                                       void **instance);

// What a strategy is shown: at the start, at the wake time it asked for, when its bolus
// changed, on a demand, before its order's life ends, and at any other time too.
//
// Times are nanoseconds of the therapy clock: 0 is the start of the infusion, and it runs on
// while the pump is paused. It does not follow the wall clock.
typedef struct {
    // Bytes in this message.
    uint32_t size;
    // 1 where the wall clock below is known good, else 0.
    uint32_t clock_good;
    // Numbers the snapshots of a regimen, rising from 1. Numbers may be left out.
    uint64_t seq;
    // Now.
    uint64_t now_ns;
    // The demand that waits for an answer; 0: none.
    uint64_t demand_id;
    // Time until the lockout would let a demand bolus through; 0: it is open.
    uint64_t lockout_left_ns;
    // The basal rate now granted to this regimen, nL/ns.
    strategy_fraction_t basal_granted;
    // Delivered since the start by the whole pump, nL rounded down.
    uint64_t delivered_nl;
    // The last bolus that this regimen asked for: the `seq` of the snapshot whose order
    // asked for it. The report stays until another one is asked for. 0: there was none.
    uint64_t bolus_seq;
    // `BOLUS_*`; 0 where there was none.
    uint32_t bolus_kind;
    // `OUTCOME_*`.
    uint32_t bolus_outcome;
    // `REASON_*`: why it was refused, cut or stretched.
    uint32_t bolus_reason;
    // 1 while a bolus of whatever origin is running or waits to: one that the strategy asks
    // for unasked by the patient would be refused. A snapshot comes when it ends. Else 0.
    uint32_t bolus_running;
    // When it was granted; 0 where it was refused.
    uint64_t bolus_started_ns;
    // When it ended; 0 while it has not.
    uint64_t bolus_ended_ns;
    // What of it is delivered, nL rounded down.
    uint64_t bolus_delivered_nl;
    // The wall clock, seconds since 1970-01-01 UTC. For schedules by time of day only, and
    // only while `clock_good` is 1.
    uint64_t utc_s;
    // Local time is UTC plus this less 86400 seconds (so that the number has no sign).
    uint64_t local_offset_plus_day_s;
    // When the local offset changes next, seconds since 1970-01-01 UTC; `FOREVER`: never.
    uint64_t next_offset_change_utc_s;
} strategy_snapshot_t;

// What a strategy proposes in answer to a snapshot.
typedef struct {
    // Bytes in this message. The caller fills in the size of its buffer; the plugin leaves
    // the size of what it has written, which is no larger.
    uint32_t size;
    // `BOLUS_DEMAND`: give `demand_id` the bolus below. `BOLUS_SCHEDULED` or
    // `BOLUS_LOADING`: give it unasked. 0: no bolus, and the bolus fields are not read.
    //
    // A bolus is asked for once: every order that carries one for another `seq` is another
    // request.
    uint32_t bolus_kind;
    // The `seq` of the snapshot that this order answers.
    uint64_t seq;
    // The steady rate, nL/ns.
    strategy_fraction_t basal;
    // The bolus's volume, nL; more than zero.
    strategy_fraction_t bolus_volume;
    // The time over which it is given; more than zero.
    uint64_t bolus_over_ns;
    // The demand that this order gives or refuses; 0: none.
    uint64_t demand_id;
    // `REASON_*`: the demand is refused, for one of the reasons that a strategy may give; the
    // order then carries no bolus. `REASON_NONE`: it is not refused.
    uint32_t refusal;
    // Zero.
    uint32_t reserved;
    // How long the order may live. The pump shortens it to its `order_lease`, and sends a
    // snapshot before that ends.
    uint64_t valid_for_ns;
    // When the next snapshot is wanted, counted from this one; `FOREVER`: when something
    // happens.
    uint64_t wake_in_ns;
} strategy_order_t;

// Answers a snapshot with an order.
//
// Called: whenever there is a snapshot. On a pump the order must be there within 100 ms, or
// the process is killed; in the simulator a longer silence ends the run.
// Thread: any, at normal priority; on a pump the only one of the strategy's own process. No
// other function of this instance runs meanwhile.
// May allocate: no. May block: no. It reads no clock and does no I/O.
// Returns: `STATUS_OK` with the whole order written; `STATUS_PANICKED`; `STATUS_BAD_CALL`
// where a message is shorter than this plugin knows it. Unless it is `STATUS_OK`, the order
// is not read.
// Why: the same snapshots must give the same orders for ever, so that a run can be replayed
// and a test means something.
typedef uint32_t (*strategy_step_fn)(void *instance,
                                     const strategy_snapshot_t *snapshot,
                                     strategy_order_t *order);

// Writes the state into `buffer`, and its length into `length`. `capacity` is at least
// `MAX_STATE`.
//
// Called: after `create`, `load` or `step`, as often as the host likes.
// Thread: as of `step`.
// May allocate: no. May block: no. It changes nothing.
// Returns: `STATUS_OK`; `STATUS_REFUSED` where the state does not fit; `STATUS_PANICKED`;
// `STATUS_BAD_CALL`.
// Why: after a crash the strategy goes on in a new process where it was.
typedef uint32_t (*strategy_save_fn)(void *instance,
                                     uint8_t *buffer,
                                     uint32_t capacity,
                                     uint32_t *length);

// Takes over a state of `length` bytes that `save` of the same file wrote, with the same
// values of the parameters.
//
// Called: at most once, after `create` and before the first `step`.
// Thread: as of `step`.
// May allocate: yes. May block: no.
// Returns: `STATUS_OK`; `STATUS_REFUSED` where the bytes are no state of this strategy;
// `STATUS_PANICKED`; `STATUS_BAD_CALL`. Unless it is `STATUS_OK`, the instance is destroyed.
// Why: the bytes come from a disk; a strategy checks them and never trusts them.
typedef uint32_t (*strategy_load_fn)(void *instance,
                                     const uint8_t *buffer,
                                     uint32_t length);

// Ends an instance and frees what it holds.
//
// Called: once per instance, as its last function; perhaps never, where the process is
// killed.
// Thread: as of `step`.
// May allocate: yes. May block: no.
// Returns: nothing, also after a panic.
// Why: a simulator makes and ends thousands of instances in one process.
typedef void (*strategy_destroy_fn)(void *instance);

// Finds an extension by its zero-ended name.
//
// Called: at any time once the library is open; needs no instance. A host that knows no
// extension never calls it.
// Thread: any, also while other functions run.
// May allocate: no. May block: no.
// Returns: a constant table that the extension's own document describes; null where the
// plugin does not have it. Version 1.0 defines none.
// Why: what only some strategies need does not have to wait for a new version of this
// contract.
typedef const void *(*strategy_extension_fn)(const char *name);

// The exported constant. Everything it leads to is constant too.
//
// It is not a message: it holds pointers, and its size differs between machines of 32 and of
// 64 bits.
typedef struct {
    // `MAGIC`.
    uint64_t magic;
    // Bytes in this struct.
    uint32_t size;
    // The `ABI_MAJOR` the plugin was built with.
    uint32_t abi_major;
    // The `ABI_MINOR` the plugin was built with.
    uint32_t abi_minor;
    // Zero.
    uint32_t reserved;
    // The declaration; not null.
    const strategy_descriptor_t *descriptor;
    // Not null.
    strategy_create_fn create;
    // Not null.
    strategy_step_fn step;
    // Null where the strategy has no state; then `load` is null too.
    strategy_save_fn save;
    // Null where `save` is.
    strategy_load_fn load;
    // Not null.
    strategy_destroy_fn destroy;
    // Null where the plugin has no extension.
    strategy_extension_fn extension;
} strategy_entry_t;

#if defined(__GNUC__)
#define STRATEGY_EXPORT __attribute__((visibility("default")))
#else
#define STRATEGY_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What a plugin defines.
extern STRATEGY_EXPORT const strategy_entry_t strategy_entry;

#ifdef __cplusplus
}
#endif

#if defined(__cplusplus) && __cplusplus >= 201103L
#define STRATEGY_ASSERT(what) static_assert(what, #what)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define STRATEGY_ASSERT(what) _Static_assert(what, #what)
#else
#define STRATEGY_ASSERT(what) struct strategy_no_assert
#endif

STRATEGY_ASSERT(sizeof(strategy_fraction_t) == 16);
STRATEGY_ASSERT(sizeof(strategy_snapshot_t) == 136);
STRATEGY_ASSERT(sizeof(strategy_order_t) == 88);
STRATEGY_ASSERT(sizeof(strategy_param_t) == 392);
STRATEGY_ASSERT(sizeof(strategy_descriptor_t) == 6504);

#endif /* STRATEGY_H */
