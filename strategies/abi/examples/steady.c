/*
 * The least strategy in C: a steady rate.
 *
 *     cc -std=c99 -O2 -fPIC -shared -fvisibility=hidden -I <where strategy.h is> \
 *        -o libsteady_c.so steady.c
 *
 * Then, in a prescription:
 *
 *     [[regimen]]
 *     name = "background"
 *     strategy = "steady-c"
 *     rate = "2 mg/day"
 */
#include "strategy.h"

#include <stdlib.h>

/* The parameters that follow are all zero. The fields are in order and unnamed so that this
 * is C++ as well. */
static const strategy_descriptor_t descriptor = {
    sizeof(strategy_descriptor_t),
    1,
    "steady-c",
    "1.0.0",
    "A steady rate, in C",
    {{
        "rate",
        "the rate, as long as the pump runs",
        STRATEGY_KIND_RATE,
        STRATEGY_ROLE_MAX_BASAL,
        1,                     /* must be written */
        0,                     /* no choices */
        {0, 1},                /* from nothing */
        {1, 2400},             /* to 1500 mL/h: 1.5e9 nL in 3.6e12 ns */
        {0, 1},                /* no default */
        0,                     /* no period */
        {"", "", "", ""},
    }},
};

typedef struct {
    strategy_fraction_t rate;
} steady_t;

static uint32_t create(const strategy_fraction_t *values, uint32_t count, void **instance) {
    steady_t *steady;
    if (count != 1) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    steady = (steady_t *)malloc(sizeof *steady);
    if (steady == NULL) {
        return STRATEGY_STATUS_REFUSED;
    }
    steady->rate = values[0];
    *instance = steady;
    return STRATEGY_STATUS_OK;
}

static uint32_t step(void *instance, const strategy_snapshot_t *snapshot, strategy_order_t *order) {
    const steady_t *steady = (const steady_t *)instance;
    if (snapshot->size < sizeof *snapshot || order->size < sizeof *order) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    order->size = sizeof *order;
    order->seq = snapshot->seq;
    order->basal = steady->rate;
    order->bolus_kind = 0;
    order->demand_id = 0;
    order->refusal = STRATEGY_REASON_NONE;
    order->reserved = 0;
    order->valid_for_ns = STRATEGY_FOREVER;
    order->wake_in_ns = STRATEGY_FOREVER;
    return STRATEGY_STATUS_OK;
}

static void destroy(void *instance) {
    free(instance);
}

const strategy_entry_t strategy_entry = {
    STRATEGY_MAGIC,
    sizeof(strategy_entry_t),
    STRATEGY_ABI_MAJOR,
    STRATEGY_ABI_MINOR,
    0,
    &descriptor,
    create,
    step,
    NULL, /* the rate is all its state, and comes from the prescription */
    NULL,
    destroy,
    NULL,
};
