//! A run on the lines, and what may come between.

use super::{Case, ensure, pump, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a_press_on_the_line_gives_a_bolus_and_every_edge_is_in_the_ledger",
        run: a_press_on_the_line_gives_a_bolus_and_every_edge_is_in_the_ledger,
    },
    Case {
        name: "every_sensor_stops_the_motor_and_is_named",
        run: every_sensor_stops_the_motor_and_is_named,
    },
    Case {
        name: "a_flood_on_the_button_is_not_a_flood_of_doses",
        run: a_flood_on_the_button_is_not_a_flood_of_doses,
    },
    Case {
        name: "a_wall_clock_that_jumps_shortens_no_lockout",
        run: a_wall_clock_that_jumps_shortens_no_lockout,
    },
    Case {
        name: "a_full_disk_never_lets_the_pump_outrun_its_record",
        run: a_full_disk_never_lets_the_pump_outrun_its_record,
    },
    Case {
        name: "guests_of_the_zoo_do_not_reach_the_regimen_beside_them",
        run: guests_of_the_zoo_do_not_reach_the_regimen_beside_them,
    },
    Case {
        name: "four_regimens_asked_ten_times_a_second_leave_the_processor_alone",
        run: four_regimens_asked_ten_times_a_second_leave_the_processor_alone,
    },
];

/// How long the strategies' cost is measured \[s\].
const MEASURED: u64 = 60;
/// What daemon and strategies may take of the processor \[thousandths\].
const SHARE: u64 = 50;

fn a_press_on_the_line_gives_a_bolus_and_every_edge_is_in_the_ledger(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::infusing(bench)?;
    pump::press(bench)?;
    pump::press(bench)?;
    bench.must("sleep 75")?;
    let told = bench.must(
        "pumpctl status --json | jq -c '[.demands.given, .demands.refused, .bolus.outcome, .bolus.delivered_nl]'",
    )?;
    let wanted = "[1,{\"bolus-running\":1},\"completed\",500000]";
    same("demands and bolus", &told, &wanted.into())?;
    pump::edges_equal_the_ledger(bench).map(drop)
}

fn every_sensor_stops_the_motor_and_is_named(bench: &mut Bench) -> Result<(), Failure> {
    pump::infusing(bench)?;
    for (line, bad, good, alarm) in [
        ("P8_8", "pull-down", "pull-up", "occlusion"),
        ("P8_10", "pull-down", "pull-up", "air-in-line"),
        ("P8_9", "pull-down", "pull-up", "door-open"),
        ("P8_14", "pull-down", "pull-up", "reservoir-empty"),
        ("P8_17", "pull-up", "pull-down", "stall"),
    ] {
        bench.must(&format!("echo {bad} >/run/lines/{line}/pull; sleep 1"))?;
        pump::state(bench, "faulted")?;
        same("alarms", &pump::alarms(bench)?, &alarm.to_owned())?;
        let edges = bench.number("witness count")?;
        bench.must("sleep 3")?;
        same("edges afterwards", &bench.number("witness count")?, &edges)?;
        same(
            "ENABLE",
            &bench.must("cat /run/lines/P8_16/value")?,
            &"1".into(),
        )?;
        bench.must(&format!("echo {good} >/run/lines/{line}/pull; sleep 1"))?;
        pump::state(bench, "faulted")?;
        bench.must("pumpctl resume; sleep 3")?;
        pump::state(bench, "infusing")?;
    }
    pump::edges_equal_the_ledger(bench).map(drop)
}

fn a_flood_on_the_button_is_not_a_flood_of_doses(bench: &mut Bench) -> Result<(), Failure> {
    pump::infusing(bench)?;
    bench.must(
        "for n in $(seq 2000); do echo pull-down >/run/lines/P8_7/pull; echo pull-up >/run/lines/P8_7/pull; done
         sleep 75",
    )?;
    let given = bench.number("pumpctl status --json | jq .demands.given")?;
    ensure(given <= 1, || format!("{given} boluses were given"))?;
    // A line that can't be trusted is a lost sensor, and never silence.
    let named = pump::alarms(bench)?;
    ensure(!named.is_empty(), || "nobody is told of it".to_owned())?;
    pump::edges_equal_the_ledger(bench).map(drop)
}

fn a_wall_clock_that_jumps_shortens_no_lockout(bench: &mut Bench) -> Result<(), Failure> {
    pump::infusing(bench)?;
    pump::press(bench)?;
    let now = |bench: &mut Bench| bench.number("pumpctl status --json | jq .therapy_ns");
    for jump in ["-1 year", "+1 year +1 day"] {
        let before = now(bench)?;
        bench.must(&format!("date -s \"$(date -d '{jump}')\"; sleep 10"))?;
        pump::press(bench)?;
        let passed = now(bench)? - before;
        ensure((11_000_000_000..40_000_000_000).contains(&passed), || {
            format!("a jump of {jump} and 11 s were {passed} ns of therapy")
        })?;
    }
    // 2 min from start to start, and then one more.
    bench.must("sleep 130")?;
    let told =
        bench.must("pumpctl status --json | jq -c '[.demands.given, .demands.attempted]'")?;
    same("boluses and presses", &told, &"[1,3]".into())?;
    pump::press(bench)?;
    bench.must("sleep 5")?;
    same(
        "boluses",
        &bench.number("pumpctl status --json | jq .demands.given")?,
        &2,
    )?;
    pump::edges_equal_the_ledger(bench).map(drop)
}

fn a_full_disk_never_lets_the_pump_outrun_its_record(bench: &mut Bench) -> Result<(), Failure> {
    pump::ready(bench)?;
    let before = pump::accounted(bench)?;
    pump::infusing(bench)?;
    bench.must(
        "mkdir /root/filler
         for size in 256M 16M 1M 64K 4K; do
             while fallocate -l $size /root/filler/$((count++)) 2>/dev/null; do :; done
         done",
    )?;
    bench.must("sleep 600")?;
    let named = pump::alarms(bench)?;
    bench.note(named.clone());
    ensure(!named.is_empty(), || "a full disk is no alarm".to_owned())?;
    // What it gave it has a durable credit for.
    let edges = bench.number("witness count")?;
    bench.must("rm -r /root/filler; sync")?;
    bench.must("systemctl kill --signal=KILL pumpd; sleep 1")?;
    pump::active(bench)?;
    pump::green(bench)?;
    let after = pump::accounted(bench)?;
    ensure(after >= before + edges, || {
        format!("{edges} edges left, and the ledger went from {before} to {after}")
    })
}

fn guests_of_the_zoo_do_not_reach_the_regimen_beside_them(
    bench: &mut Bench,
) -> Result<(), Failure> {
    for guest in ["segfault", "infinite-loop", "open-gpiochip"] {
        pump::ready(bench)?;
        bench.must(&format!(
            "set -e
             mkdir -p /root/zoo /run/systemd/system/pumpd.service.d
             cp /host/zoo/libzoo_{}.so /root/zoo
             printf '[Service]\\nExecStart=\\nExecStart=/usr/sbin/pumpd --config /etc/pumpd/pump.toml --strategies /var/lib/pumpd/zoo\\n' \\
                 >/run/systemd/system/pumpd.service.d/zoo.conf
             rm -rf /var/lib/pumpd/zoo; cp -r /root/zoo /var/lib/pumpd/zoo; chmod -R a+rX /var/lib/pumpd/zoo
             systemctl daemon-reload; systemctl reset-failed pumpd; systemctl restart pumpd
             sed '/name = \"patient\"/,$d' /root/bench.toml | sed '$d' >/root/zoo.toml
             printf '[[regimen]]\\nname = \"guest\"\\nstrategy = \"zoo-{guest}\"\\n' >>/root/zoo.toml",
            guest.replace('-', "_")
        ))?;
        pump::green(bench)?;
        bench.must("witness start")?;
        pump::start(bench, "/root/zoo.toml")?;
        bench.must("sleep 20")?;
        pump::state(bench, "infusing")?;
        let basal = bench.must("pumpctl status --json | jq -r .regimens[0].basal")?;
        same("the basal beside it", &basal, &"6 mL/h".into())?;
        pump::edges_equal_the_ledger(bench)?;
    }
    bench.must("rm -rf /root/zoo /var/lib/pumpd/zoo")?;
    Ok(())
}

/// Half a lease after its order, at the next tick, a strategy is asked again: with a lease of 180 ms
/// ten times a second.
fn four_regimens_asked_ten_times_a_second_leave_the_processor_alone(
    bench: &mut Bench,
) -> Result<(), Failure> {
    pump::install(bench)?;
    bench.must(
        "set -e
         cp /etc/pumpd/pump.toml /root/pump.toml
         sed -i 's/^order_lease.*/order_lease = \"180 ms\"/' /etc/pumpd/pump.toml
         cat /root/bench.toml - >/root/four.toml <<'END'

[[regimen]]
name = \"pulses\"
strategy = \"intermittent-bolus\"
dose = \"0.1 mL\"
over = \"1 min\"
every = \"1 h\"
first_after = \"30 min\"

[[regimen]]
name = \"weaning\"
strategy = \"taper\"
from = \"2 mL/h\"
to = \"1 mL/h\"
over = \"4 h\"
steps = 3
highest = \"2 mL/h\"
END",
    )?;
    pump::ready(bench)?;
    pump::start(bench, "/root/four.toml")?;
    // A strategy's process wakes up for each snapshot, and for nothing else.
    let told = bench.must(&format!(
        "set -e
         pids=$(pumpctl status --json | jq '.regimens[].pid')
         woken() {{ for pid in $pids; do sed -n 's/^voluntary_ctxt_switches:\t//p' /proc/$pid/status; done; }}
         spent() {{ sed -n 's/^usage_usec //p' /sys/fs/cgroup/system.slice/pumpd.service/cpu.stat; }}
         woken; spent; sleep {MEASURED}; spent; woken"
    ))?;
    let numbers: Vec<u64> = told.lines().filter_map(|line| line.parse().ok()).collect();
    let &[a, b, c, d, before, after, w, x, y, z] = numbers.as_slice() else {
        return Err(Failure::new(format!("these are no figures: {told}")));
    };
    let share = (after - before) / MEASURED / 1_000;
    for (asked, name) in [
        (w - a, "1st"),
        (x - b, "2nd"),
        (y - c, "3rd"),
        (z - d, "4th"),
    ] {
        ensure(asked >= 9 * MEASURED, || {
            format!("the {name} strategy woke up {asked} times in {MEASURED} s")
        })?;
    }
    ensure(share < SHARE, || {
        format!("daemon and strategies took {share} thousandths of the processor")
    })?;
    pump::edges_equal_the_ledger(bench)?;
    bench.note(format!("{}.{} % of the processor", share / 10, share % 10));
    bench.must("cp /root/pump.toml /etc/pumpd/pump.toml")?;
    Ok(())
}
