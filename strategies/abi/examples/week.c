/*
 * A rate through the week in C: a profile, and the local time that it goes by.
 *
 *     cc -std=c99 -O2 -fPIC -shared -fvisibility=hidden -I <where strategy.h is> \
 *        -o libweek_c.so week.c
 *
 * Then, in a prescription:
 *
 *     time_zone = "Europe/Berlin"
 *
 *     [[regimen]]
 *     name = "background"
 *     strategy = "week-c"
 *     profile = [
 *         { days = "mon-sun", at = "00:00", rate = "0.5 mg/day" },
 *         { days = "mon-fri", at = "06:30", rate = "2 mg/day" },
 *     ]
 *
 * While nobody vouches for the clock it gives nothing.
 */
#include "strategy.h"

#include <stdlib.h>
#include <string.h>

/* The fields are in order and unnamed so that this is C++ as well. */
static const strategy_descriptor_t descriptor = {
    sizeof(strategy_descriptor_t),
    1,
    "week-c",
    "1.0.0",
    "A rate through the week, in C",
    {{
        "profile",
        "on which days from when which rate is given",
        STRATEGY_KIND_PROFILE,
        STRATEGY_ROLE_MAX_BASAL,
        1,                     /* must be written: a profile has no default */
        0,                     /* no choices */
        {0, 1},                /* each rate from nothing */
        {1, 2400},             /* to 1500 mL/h: 1.5e9 nL in 3.6e12 ns */
        {0, 1},                /* no default */
        0,                     /* no period */
        {"", "", "", ""},
    }},
};

/* The two values of a step, one after the other. */
typedef struct {
    strategy_fraction_t at_s; /* since Monday 00:00 */
    strategy_fraction_t rate;
} week_step_t;

typedef struct {
    uint64_t count;
    week_step_t steps[STRATEGY_MAX_STEPS];
} week_t;

static uint32_t create(const strategy_fraction_t *values, uint32_t count, void **instance) {
    week_t *week;
    uint64_t steps;
    if (count < 1 || values[0].den == 0) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    /* The profile's own value says how many steps stand behind it. */
    steps = values[0].num / values[0].den;
    if (steps < 1 || steps > STRATEGY_MAX_STEPS || count != 1 + 2 * steps) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    week = (week_t *)malloc(sizeof *week);
    if (week == NULL) {
        return STRATEGY_STATUS_REFUSED;
    }
    week->count = steps;
    memcpy(week->steps, values + 1, (size_t)steps * sizeof week->steps[0]);
    *instance = week;
    return STRATEGY_STATUS_OK;
}

#define DAY_S UINT64_C(86400)
#define SECOND_NS UINT64_C(1000000000)

static uint32_t step(void *instance, const strategy_snapshot_t *snapshot, strategy_order_t *order) {
    const week_t *week = (const week_t *)instance;
    uint64_t now, next, change, i;
    if (snapshot->size < sizeof *snapshot || order->size < sizeof *order) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    order->size = sizeof *order;
    order->seq = snapshot->seq;
    order->basal.num = 0;
    order->basal.den = 1;
    order->bolus_kind = 0;
    order->demand_id = 0;
    order->refusal = STRATEGY_REASON_NONE;
    order->reserved = 0;
    order->valid_for_ns = STRATEGY_FOREVER;
    order->wake_in_ns = STRATEGY_FOREVER;
    if (snapshot->clock_good != 1) {
        return STRATEGY_STATUS_OK;
    }
    /* 1970 began on a Thursday, and the offset comes with a day added. */
    now = (snapshot->utc_s % (7 * DAY_S) + snapshot->local_offset_plus_day_s % (7 * DAY_S)
           + 2 * DAY_S)
          % (7 * DAY_S);
    next = 7 * DAY_S;
    for (i = 0; i < week->count; i++) {
        if (week->steps[i].at_s.num > now) {
            next = week->steps[i].at_s.num;
            break;
        }
        order->basal = week->steps[i].rate;
    }
    next -= now;
    /* When the local offset changes, the next step is nearer or further by then. */
    if (snapshot->next_offset_change_utc_s > snapshot->utc_s) {
        change = snapshot->next_offset_change_utc_s - snapshot->utc_s;
        next = change < next ? change : next;
    }
    order->wake_in_ns = next * SECOND_NS;
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
    NULL, /* the profile is all its state, and comes from the prescription */
    NULL,
    destroy,
    NULL,
};
