//! The tables.

use super::Needed::{Always, Never, Sometimes};
use super::{Key, Keys, Needed, Rule, Takes};
use crate::drug_library::{MAX_EDITION, MAX_ENTRIES, MAX_SOURCE};
use crate::measure::{
    CONCENTRATION, DOSE, FREQUENCY, LENGTH, RATE, TIME, VOLUME, VOLUME_RATE, Wanted,
};
use crate::prescription::LOSS_ACTIONS;
use crate::route::Route;
use crate::value::MAX_TEXT;
use crate::wiring::{LEVELS, MAX_LINE, MAX_PATH};
use pump_core::prescription::{MAX_DRUGS, MAX_REGIMENS};

const fn key(name: &'static str, needed: Needed, takes: Takes, help: &'static str) -> Key {
    Key {
        name,
        takes,
        needed,
        help,
    }
}

const fn quantity(wanted: Wanted) -> Takes {
    Takes::Quantity {
        dimensions: wanted.dimensions,
        microseconds: wanted.microseconds,
        example: wanted.example,
    }
}

const fn such_as(wanted: Wanted, example: &'static str) -> Takes {
    quantity(Wanted { example, ..wanted })
}

/// A time of the mechanics.
const SHORT_TIME: Wanted = Wanted {
    microseconds: true,
    example: "20 us",
    ..TIME
};

const fn table(
    name: &'static str,
    help: &'static str,
    keys: &'static [Key],
    rules: &'static [Rule],
) -> Keys {
    Keys {
        name,
        help,
        keys,
        rules,
        open: false,
    }
}

const FORMAT: Key = key("format", Always, Takes::Format, "the version of the format");

/// A prescription.
pub static PRESCRIPTION: Keys = table(
    "prescription",
    "what is to be given; `pumpctl check` says what it comes to",
    &[
        FORMAT,
        key(
            "id",
            Always,
            Takes::Text(MAX_TEXT),
            "what it is called in records",
        ),
        key(
            "drug_library",
            Never,
            Takes::Text(MAX_EDITION),
            "the edition of the drug library it was checked against; refused where another is in use",
        ),
        key(
            "time_zone",
            Never,
            Takes::Text(MAX_TEXT),
            "the IANA name of the zone of its times of day, such as `Europe/Berlin`; without it: UTC",
        ),
        key(
            "route",
            Always,
            Takes::Choice(&Route::NAMES),
            "where the fluid goes",
        ),
        key(
            "reservoir",
            Always,
            Takes::Table(&RESERVOIR),
            RESERVOIR.help,
        ),
        key("drug", Always, Takes::Tables(&DRUG, MAX_DRUGS), DRUG.help),
        key("limits", Always, Takes::Table(&LIMITS), LIMITS.help),
        key(
            "on_strategy_loss",
            Always,
            Takes::Table(&ON_LOSS),
            ON_LOSS.help,
        ),
        key(
            "regimen",
            Always,
            Takes::Tables(&REGIMEN, MAX_REGIMENS),
            REGIMEN.help,
        ),
    ],
    &[],
);

static RESERVOIR: Keys = table(
    "reservoir",
    "what the fluid comes from",
    &[
        key(
            "volume",
            Always,
            quantity(VOLUME),
            "what is in it at the start",
        ),
        key(
            "low",
            Always,
            such_as(VOLUME, "2 mL"),
            "an alarm comes when this is left; at most `volume`",
        ),
        key(
            "empty",
            Always,
            such_as(VOLUME, "0.5 mL"),
            "the pump stops when this is left; less than `low`",
        ),
    ],
    &[],
);

static DRUG: Keys = table(
    "drug",
    "a drug of the mixture",
    &[
        key(
            "name",
            Always,
            Takes::Text(MAX_TEXT),
            "as the drug library lists it for the route",
        ),
        key(
            "concentration",
            Always,
            quantity(CONCENTRATION),
            "its concentration in the mixture",
        ),
        key(
            "primary",
            Never,
            Takes::Flag,
            "doses in mass mean this drug; of several drugs exactly one says so",
        ),
        key(
            "max_rate",
            Never,
            quantity(RATE),
            "the highest rate of this drug",
        ),
        key(
            "max_1h",
            Never,
            such_as(DOSE, "0.5 mg"),
            "the most of this drug in any hour",
        ),
        key(
            "max_4h",
            Never,
            such_as(DOSE, "1 mg"),
            "the most of this drug in any 4 hours",
        ),
        key(
            "max_24h",
            Never,
            such_as(DOSE, "3 mg"),
            "the most of this drug in any 24 hours",
        ),
    ],
    &[],
);

static LIMITS: Keys = table(
    "limits",
    "limits of the whole mixture; the tightest of device, drug library and these holds",
    &[
        key(
            "max_rate",
            Always,
            quantity(VOLUME_RATE),
            "the highest rate, basal and bolus together",
        ),
        key(
            "max_1h",
            Always,
            such_as(VOLUME, "0.4 mL"),
            "the most in any hour",
        ),
        key(
            "max_4h",
            Always,
            such_as(VOLUME, "1 mL"),
            "the most in any 4 hours",
        ),
        key(
            "max_24h",
            Always,
            such_as(VOLUME, "4 mL"),
            "the most in any 24 hours",
        ),
        key(
            "vtbi",
            Never,
            such_as(VOLUME, "18 mL"),
            "the run is complete when this has been given",
        ),
        key(
            "max_clinician_bolus",
            Never,
            such_as(VOLUME, "0.1 mL"),
            "the largest bolus of the operator's; absent: none",
        ),
    ],
    &[],
);

static ON_LOSS: Keys = table(
    "on_strategy_loss",
    "what a regimen gives when its strategy does not answer",
    &[
        key(
            "action",
            Always,
            Takes::Choice(&LOSS_ACTIONS),
            "nothing, a rate that keeps the line open, or the basal for a while",
        ),
        key(
            "for",
            Sometimes,
            quantity(TIME),
            "how long the basal is held; 1 s to 24 h",
        ),
        key(
            "rate",
            Sometimes,
            such_as(RATE, "0.1 mL/h"),
            "the rate that keeps the line open; 0 for some routes",
        ),
    ],
    &[
        Rule::Belongs {
            key: "action",
            word: "hold-basal",
            needs: "for",
        },
        Rule::Belongs {
            key: "action",
            word: "kvo",
            needs: "rate",
        },
    ],
);

/// A regimen, without the parameters of its strategy.
pub static REGIMEN: Keys = Keys {
    name: "regimen",
    help: "a strategy with its parameters",
    keys: &[
        key(
            "name",
            Always,
            Takes::Text(MAX_TEXT),
            "what this regimen is called; no two the same",
        ),
        key(
            "strategy",
            Always,
            Takes::Text(MAX_TEXT),
            "the strategy; `pumpctl strategy list` names those that are installed",
        ),
    ],
    rules: &[],
    open: true,
};

/// A row of a strategy's parameter that is a profile.
pub static PROFILE_ROW: Keys = table(
    "row",
    "a rate, and from when it holds",
    &[
        key(
            "days",
            Always,
            Takes::Text(MAX_TEXT),
            "on which days: `mon-fri`, or `sat, sun`",
        ),
        key(
            "at",
            Always,
            Takes::Text(MAX_TEXT),
            "from when, by local time: `06:30`",
        ),
        key("rate", Always, quantity(RATE), "what is given from then on"),
    ],
    &[],
);

/// `pump.toml`.
pub static DEVICE: Keys = table(
    "pump",
    "the device",
    &[
        FORMAT,
        key(
            "name",
            Always,
            Takes::Text(MAX_TEXT),
            "what the rig is called",
        ),
        key(
            "drug_library",
            Never,
            Takes::Text(MAX_TEXT),
            "the drug library, a path from this file",
        ),
        key(
            "order_lease",
            Never,
            such_as(TIME, "2 s"),
            "the longest life of a strategy's order; 100 ms to 60 s, 2 s where it is not written",
        ),
        key(
            "mechanics",
            Always,
            Takes::Table(&MECHANICS),
            MECHANICS.help,
        ),
        key(
            "limits",
            Always,
            Takes::Table(&DEVICE_LIMITS),
            DEVICE_LIMITS.help,
        ),
        key("air", Never, Takes::Table(&AIR), AIR.help),
        key("gpio", Never, Takes::Table(&GPIO), GPIO.help),
        key(
            "indicators",
            Never,
            Takes::Table(&INDICATORS),
            INDICATORS.help,
        ),
        key("watchdog", Never, Takes::Table(&WATCHDOG), WATCHDOG.help),
        key("counter", Never, Takes::Table(&COUNTER), COUNTER.help),
        key("realtime", Never, Takes::Table(&REALTIME), REALTIME.help),
    ],
    &[],
);

static MECHANICS: Keys = table(
    "mechanics",
    "what a step of the motor gives, and how steps are made",
    &[
        key(
            "volume_per_step",
            Sometimes,
            such_as(VOLUME, "50 nL"),
            "from a weighed calibration run",
        ),
        key(
            "microsteps",
            Always,
            Takes::Count(1, 256),
            "steps in a full step of the motor, as its driver is set",
        ),
        key(
            "syringe_bore",
            Sometimes,
            quantity(LENGTH),
            "the inner diameter, where nothing was weighed",
        ),
        key(
            "lead",
            Sometimes,
            such_as(LENGTH, "1 mm"),
            "how far a turn of the screw goes",
        ),
        key(
            "steps_per_turn",
            Sometimes,
            Takes::Count(1, 100_000),
            "full steps of the motor in a turn",
        ),
        key(
            "max_step_rate",
            Always,
            quantity(FREQUENCY),
            "the most steps in a second",
        ),
        key(
            "step_pulse",
            Always,
            quantity(SHORT_TIME),
            "how long the STEP line is held; 1 us to 10 ms",
        ),
        key(
            "dir_setup",
            Always,
            quantity(SHORT_TIME),
            "how long DIR is stable before a step; at most 10 ms",
        ),
        key(
            "enable_settle",
            Always,
            such_as(SHORT_TIME, "5 ms"),
            "how long after ENABLE the first step may come; at most 10 s",
        ),
    ],
    &[Rule::Either(
        &["volume_per_step"],
        &["syringe_bore", "lead", "steps_per_turn"],
    )],
);

static DEVICE_LIMITS: Keys = table(
    "device_limits",
    "what the device can and may do",
    &[
        key(
            "max_rate",
            Always,
            such_as(VOLUME_RATE, "150 mL/h"),
            "the highest rate; at most 1500 mL/h",
        ),
        key(
            "max_bolus",
            Always,
            such_as(VOLUME, "5 mL"),
            "the largest bolus; at most 1 L",
        ),
    ],
    &[],
);

static AIR: Keys = table(
    "air",
    "how much air may pass its sensor; without this table any air stops at once",
    &[
        key(
            "max_bubble",
            Always,
            such_as(VOLUME, "200 uL"),
            "in one bubble; at most 10 mL",
        ),
        key(
            "max_total",
            Always,
            such_as(VOLUME, "1 mL"),
            "in all bubbles of any `within`",
        ),
        key("within", Always, such_as(TIME, "1 h"), "1 min to 24 h"),
    ],
    &[],
);

static GPIO: Keys = table(
    "gpio",
    "the lines; only real hardware needs them",
    &[
        key(
            "step",
            Always,
            Takes::Wire(&OUTPUT),
            "one pulse, one step; a text alone: active = \"high\"",
        ),
        key(
            "dir",
            Never,
            Takes::Wire(&OUTPUT),
            "the direction; its active level is forward",
        ),
        key(
            "enable",
            Always,
            Takes::Table(&OUTPUT),
            "energises the motor; its level must be written",
        ),
        key(
            "heartbeat",
            Never,
            Takes::Wire(&OUTPUT),
            "changes as long as the loop lives",
        ),
        key(
            "button",
            Never,
            Takes::Table(&INPUT),
            "the patient's button",
        ),
        key(
            "occlusion",
            Never,
            Takes::Table(&INPUT),
            "blocked downstream",
        ),
        key("air", Never, Takes::Table(&INPUT), "air in the line"),
        key("door", Never, Takes::Table(&INPUT), "the door is open"),
        key(
            "reservoir",
            Never,
            Takes::Table(&INPUT),
            "the reservoir is empty, or not there",
        ),
        key(
            "stall",
            Never,
            Takes::Table(&INPUT),
            "the motor does not turn, as its driver says",
        ),
    ],
    &[],
);

const LINE: Key = key(
    "line",
    Always,
    Takes::Text(MAX_LINE),
    "the line's name, or its chip's label and its offset there (\"gpio-32-63:28\"), as `gpioinfo` lists them",
);
const ACTIVE: Key = key(
    "active",
    Always,
    Takes::Choice(&LEVELS),
    "the level that means \"on\"",
);

static OUTPUT: Keys = table("output", "a line that is driven", &[LINE, ACTIVE], &[]);

static INPUT: Keys = table(
    "input",
    "a line that is watched",
    &[
        LINE,
        ACTIVE,
        key(
            "debounce",
            Always,
            such_as(SHORT_TIME, "30 ms"),
            "how long a level must hold before it counts; at most 1 s",
        ),
    ],
    &[],
);

static INDICATORS: Keys = table(
    "indicators",
    "lights and a buzzer for the alarms; a text alone: active = \"high\"",
    &[
        key(
            "led_high",
            Never,
            Takes::Wire(&OUTPUT),
            "the light of high alarms; red, and flashes quickly",
        ),
        key(
            "led_medium",
            Never,
            Takes::Wire(&OUTPUT),
            "the light of medium alarms; yellow, and flashes slowly",
        ),
        key(
            "led_low",
            Never,
            Takes::Wire(&OUTPUT),
            "the light of low alarms; cyan or yellow, and constant",
        ),
        key(
            "buzzer",
            Never,
            Takes::Wire(&OUTPUT),
            "a buzzer that sounds while its line is active",
        ),
    ],
    &[],
);

static WATCHDOG: Keys = table(
    "watchdog",
    "the hardware watchdog",
    &[key(
        "device",
        Always,
        Takes::Path(MAX_PATH),
        "its device, such as /dev/watchdog0",
    )],
    &[],
);

static COUNTER: Keys = table(
    "counter",
    "hardware that counts the steps on its own",
    &[
        key(
            "path",
            Always,
            Takes::Path(MAX_PATH),
            "the file that holds its count",
        ),
        key(
            "tolerance",
            Always,
            Takes::Count(0, 10_000),
            "by how many steps it may differ from the ledger",
        ),
    ],
    &[],
);

static REALTIME: Keys = table(
    "realtime",
    "how the loop is scheduled",
    &[key(
        "cpu",
        Always,
        Takes::Count(0, 1_023),
        "the processor that the real-time threads stay on",
    )],
    &[],
);

/// `drug-library.toml`.
pub static DRUG_LIBRARY: Keys = table(
    "drug-library",
    "what is allowed for a drug by a route",
    &[
        FORMAT,
        key(
            "version",
            Always,
            Takes::Text(MAX_TEXT),
            "which edition it is",
        ),
        key(
            "drug",
            Always,
            Takes::Tables(&ENTRY, MAX_ENTRIES),
            ENTRY.help,
        ),
    ],
    &[],
);

static ENTRY: Keys = table(
    "entry",
    "a drug by a route",
    &[
        key(
            "name",
            Always,
            Takes::Text(MAX_TEXT),
            "the drug; upper and lower case are one",
        ),
        key(
            "route",
            Always,
            Takes::Choice(&Route::NAMES),
            "the route these limits are for",
        ),
        key("concentration", Always, Takes::Table(&RANGE), RANGE.help),
        key(
            "hard",
            Never,
            Takes::Table(&DRUG_LIMITS),
            "limits that are enforced",
        ),
        key(
            "soft",
            Never,
            Takes::Table(&DRUG_LIMITS),
            "limits beyond which `check` warns",
        ),
        key(
            "source",
            Always,
            Takes::Text(MAX_SOURCE),
            "where the figures come from",
        ),
    ],
    &[],
);

static RANGE: Keys = table(
    "range",
    "the concentrations that are allowed",
    &[
        key(
            "min",
            Always,
            such_as(CONCENTRATION, "0.1 mg/mL"),
            "the lowest",
        ),
        key(
            "max",
            Always,
            such_as(CONCENTRATION, "50 mg/mL"),
            "the highest",
        ),
    ],
    &[],
);

static DRUG_LIMITS: Keys = table(
    "drug_limits",
    "limits of a drug, in its mass or in volume of the mixture",
    &[
        key("max_rate", Never, quantity(RATE), "the highest rate"),
        key("max_bolus", Never, quantity(DOSE), "the largest bolus"),
        key("max_1h", Never, quantity(DOSE), "the most in any hour"),
        key("max_4h", Never, quantity(DOSE), "the most in any 4 hours"),
        key("max_24h", Never, quantity(DOSE), "the most in any 24 hours"),
        key("min_lockout", Never, quantity(TIME), "the shortest lockout"),
    ],
    &[],
);
