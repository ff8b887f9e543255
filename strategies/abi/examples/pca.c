/*
 * A whole strategy in C: a bolus on the patient's demand, with an optional basal. It is the
 * twin of the strategy `pca`, which is in Rust: of the same prescription both make the same
 * edges.
 *
 *     cc -std=c99 -Wall -Wextra -Wpedantic -O2 -fPIC -shared -fvisibility=hidden \
 *        -I <where strategy.h is> -o libpca_c.so pca.c
 *     pumpctl strategy check libpca_c.so
 *
 * Then, in a prescription:
 *
 *     [[regimen]]
 *     name = "patient"
 *     strategy = "pca-c"
 *     dose = "0.1 mg"
 *     over = "2 min"
 *     lockout = "30 min"
 *     lockout_edge = "start-to-start"
 *     other_boluses_restart_lockout = true
 *     other_boluses_count = false
 *     max_per_1h = 2
 *     max_per_24h = 12
 *     # basal = "0.5 mg/day"      absent: none
 *
 * Each press is answered with the dose, or refused while the lockout that the pump shows is
 * closed. No count and no time is kept here: the lockout and the counts belong to the pump
 * and its subject, outlive this plugin, and are enforced by the governor whatever is
 * proposed. Nothing to remember means nothing to save.
 */
#include "strategy.h"

#include <stdlib.h>

#define SECOND 1000000000u
#define MINUTE (60u * (uint64_t)SECOND)
#define HOUR (60u * MINUTE)

/* The order in which `create` gets the values. */
enum {
    DOSE,
    OVER,
    LOCKOUT,
    LOCKOUT_EDGE,
    OTHER_BOLUSES_RESTART_LOCKOUT,
    OTHER_BOLUSES_COUNT,
    MAX_PER_1H,
    MAX_PER_24H,
    BASAL,
    PARAM_COUNT
};

/* The fields are in the header's order, so that this is C++20 as well. Those that are left
 * out are zero. A denominator is never zero, not even that of a default that nobody reads. */
static const strategy_descriptor_t descriptor = {
    .size = sizeof(strategy_descriptor_t),
    .param_count = PARAM_COUNT,
    .name = "pca-c",
    .version = "1.0.0",
    .summary = "A bolus on the patient's demand, with an optional basal, in C",
    .params = {
        {
            .name = "dose",
            .help = "what one press gives",
            .kind = STRATEGY_KIND_DOSE,
            .role = STRATEGY_ROLE_MAX_BOLUS,
            .required = 1,
            .min = {1, 1},
            .max = {1000000000u, 1}, /* 1000 mL in nL */
            .default_value = {0, 1},
        },
        {
            .name = "over",
            .help = "the time over which the dose is given",
            .kind = STRATEGY_KIND_TIME,
            .role = STRATEGY_ROLE_BOLUS_DURATION,
            .required = 1,
            .min = {SECOND, 1},
            .max = {6u * HOUR, 1},
            .default_value = {0, 1},
        },
        {
            .name = "lockout",
            .help = "the time without another dose",
            .kind = STRATEGY_KIND_TIME,
            .role = STRATEGY_ROLE_LOCKOUT,
            .required = 1,
            .min = {MINUTE, 1},
            .max = {24u * HOUR, 1},
            .default_value = {0, 1},
        },
        {
            .name = "lockout_edge",
            .help = "whether the lockout counts from the start or the end of the last dose",
            .kind = STRATEGY_KIND_CHOICE,
            .role = STRATEGY_ROLE_LOCKOUT_EDGE,
            .required = 1,
            .choice_count = 2,
            .min = {0, 1},
            .max = {1, 1},
            .default_value = {0, 1},
            .choices = {"start-to-start", "end-to-start"},
        },
        {
            .name = "other_boluses_restart_lockout",
            .help = "whether a clinician or loading bolus restarts the lockout",
            .kind = STRATEGY_KIND_FLAG,
            .role = STRATEGY_ROLE_OTHERS_RESTART_LOCKOUT,
            .required = 1,
            .min = {0, 1},
            .max = {1, 1},
            .default_value = {0, 1},
        },
        {
            .name = "other_boluses_count",
            .help = "whether a clinician or loading bolus counts toward the maxima",
            .kind = STRATEGY_KIND_FLAG,
            .role = STRATEGY_ROLE_OTHERS_COUNT,
            .required = 1,
            .min = {0, 1},
            .max = {1, 1},
            .default_value = {0, 1},
        },
        /* With the shortest lockout there are never more than these. */
        {
            .name = "max_per_1h",
            .help = "the most doses in any hour",
            .kind = STRATEGY_KIND_COUNT,
            .role = STRATEGY_ROLE_MAX_COUNT,
            .required = 1,
            .min = {1, 1},
            .max = {60, 1},
            .default_value = {0, 1},
            .period_ns = HOUR,
        },
        {
            .name = "max_per_24h",
            .help = "the most doses in any 24 hours",
            .kind = STRATEGY_KIND_COUNT,
            .role = STRATEGY_ROLE_MAX_COUNT,
            .required = 1,
            .min = {1, 1},
            .max = {60 * 24, 1},
            .default_value = {0, 1},
            .period_ns = 24u * HOUR,
        },
        {
            .name = "basal",
            .help = "a steady rate beside the doses",
            .kind = STRATEGY_KIND_RATE,
            .role = STRATEGY_ROLE_MAX_BASAL,
            .min = {0, 1},
            .max = {1500, 3600000},  /* 1500 mL/h: 1 mL/h is 1 nL in 3.6e6 ns */
            .default_value = {0, 1}, /* not written: none */
        },
    },
};

typedef struct {
    strategy_fraction_t dose;
    uint64_t over_ns;
    strategy_fraction_t basal;
} pca_t;

/* Each value is within its declared range already, and any of them go together. */
static uint32_t create(const strategy_fraction_t *values, uint32_t count, void **instance) {
    pca_t *pca;
    if (count != PARAM_COUNT) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    pca = (pca_t *)malloc(sizeof *pca);
    if (pca == NULL) {
        return STRATEGY_STATUS_REFUSED;
    }
    pca->dose = values[DOSE];
    /* A time is a whole number, which may still be written as 120/2. */
    pca->over_ns = values[OVER].num / values[OVER].den;
    pca->basal = values[BASAL];
    *instance = pca;
    return STRATEGY_STATUS_OK;
}

static uint32_t step(void *instance, const strategy_snapshot_t *snapshot, strategy_order_t *order) {
    const pca_t *pca = (const pca_t *)instance;
    const strategy_fraction_t nothing = {0, 1};
    /* A later pump may send more than this file knows of, never less. */
    if (snapshot->size < sizeof *snapshot || order->size < sizeof *order) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    order->size = sizeof *order;
    order->seq = snapshot->seq;
    order->basal = pca->basal;
    order->bolus_kind = 0;
    order->bolus_volume = nothing;
    order->bolus_over_ns = 0;
    order->demand_id = snapshot->demand_id;
    order->refusal = STRATEGY_REASON_NONE;
    order->reserved = 0;
    order->valid_for_ns = STRATEGY_FOREVER;
    order->wake_in_ns = STRATEGY_FOREVER;
    if (snapshot->demand_id == 0) {
        return STRATEGY_STATUS_OK;
    }
    /* The very end of the lockout is open. */
    if (snapshot->lockout_left_ns > 0) {
        order->refusal = STRATEGY_REASON_LOCKOUT;
    } else {
        order->bolus_kind = STRATEGY_BOLUS_DEMAND;
        order->bolus_volume = pca->dose;
        order->bolus_over_ns = pca->over_ns;
    }
    return STRATEGY_STATUS_OK;
}

static void destroy(void *instance) {
    free(instance);
}

/* `save`, `load` and `extension` are null: it has neither state nor extensions. */
const strategy_entry_t strategy_entry = {
    .magic = STRATEGY_MAGIC,
    .size = sizeof(strategy_entry_t),
    .abi_major = STRATEGY_ABI_MAJOR,
    .abi_minor = STRATEGY_ABI_MINOR,
    .descriptor = &descriptor,
    .create = create,
    .step = step,
    .destroy = destroy,
};
