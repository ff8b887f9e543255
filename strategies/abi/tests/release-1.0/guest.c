/*
 * A guest of the first release: a bolus at its interval, a dose on demand, and a basal.
 *
 * It stands on nothing but the strategy.h beside it, not even on a C library. What it is shown
 * and what it answers is in the file `story`. So that no field can move unnoticed, its state
 * holds a sum over every field that it was ever shown, each in its turn.
 */
/* Not in quotes: the header is the one of the folder that the build names. */
#include <strategy.h>

#ifndef MAJOR
#define MAJOR STRATEGY_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR STRATEGY_ABI_MINOR
#endif

#define SECOND UINT64_C(1000000000)
#define HOUR (3600 * SECOND)

enum { DOSE, OVER, LOCKOUT, EDGE, RESTART, COUNT, MOST, INTERVAL, RATE, PARAM_COUNT };

#define FLAG(NAME, HELP, ROLE)                                                                   \
    {                                                                                            \
        .name = NAME, .help = HELP, .kind = STRATEGY_KIND_FLAG, .role = ROLE, .required = 1,     \
        .min = {0, 1}, .max = {1, 1}, .default_value = {0, 1}                                    \
    }
#define TIME(NAME, HELP, ROLE, LEAST, REQUIRED)                                                  \
    {                                                                                            \
        .name = NAME, .help = HELP, .kind = STRATEGY_KIND_TIME, .role = ROLE,                    \
        .required = REQUIRED, .min = {LEAST, 1}, .max = {6 * HOUR, 1},                           \
        .default_value = {HOUR, 1}                                                               \
    }

static const strategy_descriptor_t descriptor = {
    .size = sizeof(strategy_descriptor_t),
    .param_count = PARAM_COUNT,
    .name = "guest",
    .version = "1.0.0",
    .summary = "Whatever the first release lets a strategy do",
    .params =
        {
            {
                .name = "dose",
                .help = "what a press or an interval gives",
                .kind = STRATEGY_KIND_DOSE,
                .role = STRATEGY_ROLE_MAX_BOLUS,
                .required = 1,
                .min = {1, 1},
                .max = {1000000, 1},
                .default_value = {0, 1},
            },
            TIME("over", "the time over which it is given", STRATEGY_ROLE_BOLUS_DURATION, SECOND, 1),
            TIME("lockout", "the time without another", STRATEGY_ROLE_LOCKOUT, 60 * SECOND, 1),
            {
                .name = "lockout_edge",
                .help = "from where the lockout counts",
                .kind = STRATEGY_KIND_CHOICE,
                .role = STRATEGY_ROLE_LOCKOUT_EDGE,
                .required = 1,
                .choice_count = 2,
                .min = {0, 1},
                .max = {1, 1},
                .default_value = {0, 1},
                .choices = {"start-to-start", "end-to-start"},
            },
            FLAG("restart", "others restart it", STRATEGY_ROLE_OTHERS_RESTART_LOCKOUT),
            FLAG("count", "others count", STRATEGY_ROLE_OTHERS_COUNT),
            {
                .name = "most",
                .help = "the most in an hour",
                .kind = STRATEGY_KIND_COUNT,
                .role = STRATEGY_ROLE_MAX_COUNT,
                .required = 1,
                .min = {1, 1},
                .max = {60, 1},
                .default_value = {0, 1},
                .period_ns = HOUR,
            },
            TIME("interval", "from one unasked to the next", STRATEGY_ROLE_INTERVAL, 60 * SECOND, 0),
            {
                .name = "rate",
                .help = "the basal",
                .kind = STRATEGY_KIND_RATE,
                .role = STRATEGY_ROLE_MAX_BASAL,
                .min = {0, 1},
                .max = {1, 2400},
                .default_value = {0, 1},
            },
        },
};

typedef struct {
    strategy_fraction_t values[PARAM_COUNT];
    uint64_t due_ns;   /* when the next unasked bolus is due */
    uint64_t asked;    /* the snapshot whose order asked for the last one */
    uint64_t seen;     /* a sum over all that was shown */
    uint64_t now_seen; /* the last snapshot that is in it */
} guest_t;

/* There is no heap. */
static guest_t guests[8];
static uint32_t used;

static uint32_t create(const strategy_fraction_t *values, uint32_t count, void **instance) {
    guest_t *guest;
    uint32_t i;
    if (count != PARAM_COUNT) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    if (used == sizeof guests / sizeof guests[0]) {
        return STRATEGY_STATUS_REFUSED;
    }
    /* An interval shorter than the dose would never end. */
    if (values[INTERVAL].num < values[OVER].num) {
        return STRATEGY_STATUS_REFUSED;
    }
    guest = &guests[used++];
    for (i = 0; i < PARAM_COUNT; i++) {
        guest->values[i].num = values[i].num;
        guest->values[i].den = values[i].den;
    }
    guest->due_ns = values[INTERVAL].num;
    guest->asked = 0;
    guest->seen = UINT64_C(0xcbf29ce484222325);
    guest->now_seen = 0;
    *instance = guest;
    return STRATEGY_STATUS_OK;
}

static void see(guest_t *guest, uint64_t number) {
    guest->seen = (guest->seen ^ number) * UINT64_C(0x100000001b3);
}

static void see_all(guest_t *guest, const strategy_snapshot_t *shown) {
    see(guest, shown->clock_good);
    see(guest, shown->seq);
    see(guest, shown->now_ns);
    see(guest, shown->demand_id);
    see(guest, shown->lockout_left_ns);
    see(guest, shown->basal_granted.num);
    see(guest, shown->basal_granted.den);
    see(guest, shown->delivered_nl);
    see(guest, shown->bolus_seq);
    see(guest, shown->bolus_kind);
    see(guest, shown->bolus_outcome);
    see(guest, shown->bolus_reason);
    see(guest, shown->bolus_running);
    see(guest, shown->bolus_started_ns);
    see(guest, shown->bolus_ended_ns);
    see(guest, shown->bolus_delivered_nl);
    see(guest, shown->utc_s);
    see(guest, shown->local_offset_plus_day_s);
    see(guest, shown->next_offset_change_utc_s);
}

static uint32_t step(void *instance, const strategy_snapshot_t *shown, strategy_order_t *order) {
    guest_t *guest = (guest_t *)instance;
    if (shown->size < sizeof *shown || order->size < sizeof *order) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    if (guest->now_seen != shown->seq) {
        guest->now_seen = shown->seq;
        see_all(guest, shown);
    }
    order->size = sizeof *order;
    order->bolus_kind = 0;
    order->seq = shown->seq;
    order->basal.num = guest->values[RATE].num;
    order->basal.den = guest->values[RATE].den;
    order->bolus_volume.num = guest->values[DOSE].num;
    order->bolus_volume.den = guest->values[DOSE].den;
    order->bolus_over_ns = guest->values[OVER].num;
    order->demand_id = shown->demand_id;
    order->refusal = STRATEGY_REASON_NONE;
    order->reserved = 0;
    order->valid_for_ns = STRATEGY_FOREVER;
    if (shown->demand_id != 0) {
        if (shown->lockout_left_ns > 0) {
            order->refusal = STRATEGY_REASON_LOCKOUT;
        } else if (shown->bolus_running) {
            order->refusal = STRATEGY_REASON_BOLUS_RUNNING;
        } else {
            order->bolus_kind = STRATEGY_BOLUS_DEMAND;
        }
    } else if (shown->now_ns >= guest->due_ns) {
        order->bolus_kind = STRATEGY_BOLUS_SCHEDULED;
        guest->asked = shown->seq;
        guest->due_ns = shown->now_ns + guest->values[INTERVAL].num;
    }
    order->wake_in_ns = guest->due_ns > shown->now_ns ? guest->due_ns - shown->now_ns : 0;
    return STRATEGY_STATUS_OK;
}

static void put(uint8_t *buffer, uint64_t number) {
    uint32_t i;
    for (i = 0; i < 8; i++) {
        buffer[i] = (uint8_t)(number >> (8 * i));
    }
}

static uint64_t taken(const uint8_t *buffer) {
    uint64_t number = 0;
    uint32_t i;
    for (i = 0; i < 8; i++) {
        number |= (uint64_t)buffer[i] << (8 * i);
    }
    return number;
}

static uint32_t save(void *instance, uint8_t *buffer, uint32_t capacity, uint32_t *length) {
    const guest_t *guest = (const guest_t *)instance;
    if (capacity < STRATEGY_MAX_STATE) {
        return STRATEGY_STATUS_BAD_CALL;
    }
    put(buffer, guest->due_ns);
    put(buffer + 8, guest->asked);
    put(buffer + 16, guest->seen);
    put(buffer + 24, guest->now_seen);
    *length = 32;
    return STRATEGY_STATUS_OK;
}

static uint32_t load(void *instance, const uint8_t *buffer, uint32_t length) {
    guest_t *guest = (guest_t *)instance;
    if (length != 32) {
        return STRATEGY_STATUS_REFUSED;
    }
    guest->due_ns = taken(buffer);
    guest->asked = taken(buffer + 8);
    guest->seen = taken(buffer + 16);
    guest->now_seen = taken(buffer + 24);
    return STRATEGY_STATUS_OK;
}

/* There is nothing to free: a place is used once. */
static void destroy(void *instance) {
    (void)instance;
}

static const void *extension(const char *name) {
    (void)name;
    return 0;
}

const strategy_entry_t strategy_entry = {
    .magic = STRATEGY_MAGIC,
    .size = sizeof(strategy_entry_t),
    .abi_major = MAJOR,
    .abi_minor = MINOR,
    .reserved = 0,
    .descriptor = &descriptor,
    .create = create,
    .step = step,
    .save = save,
    .load = load,
    .destroy = destroy,
    .extension = extension,
};
