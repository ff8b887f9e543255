//! The package: from installing it to removing it.

use super::{Case, ensure, pump, same};
use crate::tool::Failure;
use crate::virtual_beaglebone::bench::Bench;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "the_package_installs_and_is_ready_once_enabled",
        run: the_package_installs_and_is_ready_once_enabled,
    },
    Case {
        name: "threads_have_the_policies_of_the_table",
        run: threads_have_the_policies_of_the_table,
    },
    Case {
        name: "a_user_does_what_his_groups_allow",
        run: a_user_does_what_his_groups_allow,
    },
    Case {
        name: "an_upgrade_refuses_while_infusing_and_keeps_config_and_ledger",
        run: an_upgrade_refuses_while_infusing_and_keeps_config_and_ledger,
    },
];

/// These end the package's life.
pub(super) const LAST: &[Case] = &[Case {
    name: "removal_stops_the_pump_and_purging_leaves_nothing",
    run: removal_stops_the_pump_and_purging_leaves_nothing,
}];

fn the_package_installs_and_is_ready_once_enabled(bench: &mut Bench) -> Result<(), Failure> {
    bench.fresh()?;
    pump::install(bench)?;
    same(
        "service",
        &bench.must("systemctl is-active pumpd")?,
        &"active".into(),
    )?;
    pump::state(bench, "disarmed")?;
    same(
        "enable is off",
        &bench.must("cat /run/lines/P8_16/value")?,
        &"1".into(),
    )?;
    pump::green(bench)?;
    let red = bench.must("pumpctl preflight --json | jq -r '[.. | objects | select(.state == \"red\").name] | join(\" \")'")?;
    same("red checks", &red, &String::new())?;
    let score = bench.must(
        "systemd-analyze security pumpd | sed -n 's/.*exposure level for pumpd.service: \\([0-9.]*\\) .*/\\1/p'",
    )?;
    bench.note(format!("exposure {score}"));
    ensure(score.parse::<f32>().is_ok_and(|score| score <= 2.0), || {
        score.clone()
    })
}

fn threads_have_the_policies_of_the_table(bench: &mut Bench) -> Result<(), Failure> {
    pump::ready(bench)?;
    let others = bench.must(
        "pumpctl status --threads --json | jq -r '.threads | select(.preempt_rt) | .list[]
             | select(.planned != null)
             | select(.planned != (if .policy == \"fifo\" then \"fifo \\(.priority)\" else .policy end))
             | .name'",
    )?;
    same(
        "threads that differ from their plan",
        &others,
        &String::new(),
    )?;
    let fifo = bench.number(
        "pumpctl status --threads --json | jq '[.threads.list[] | select(.policy == \"fifo\")] | length'",
    )?;
    ensure(fifo >= 3, || {
        format!("only {fifo} threads are in real time")
    })?;
    let said = bench.number("pumpctl status --threads --json | jq .threads.locked_kb")?;
    ensure(said > 0, || "no memory is locked".to_owned())
}

fn a_user_does_what_his_groups_allow(bench: &mut Bench) -> Result<(), Failure> {
    pump::ready(bench)?;
    bench.must(
        "id lab >/dev/null 2>&1 || useradd --create-home lab; cp /root/bench.toml /home/lab",
    )?;
    let try_as = |group: &str, what: &str, code: i32| {
        format!(
            "usermod --groups '{group}' lab && cd /home/lab
             runuser -u lab -- pumpctl {what}; code=$?
             [ $code = {code} ] || {{ echo \"code $code\"; exit 1; }}"
        )
    };
    for (group, what, code) in [
        ("", "status", 4),
        ("", "start", 4),
        ("pump-observe", "status", 0),
        ("pump-observe", "press", 4),
        ("pump-observe", "arm bench.toml --yes", 4),
        ("pump-operate", "status", 0),
        ("pump-operate", "arm bench.toml --yes", 4),
        ("pump-prescribe", "arm bench.toml --yes", 0),
        ("pump-observe", "start", 4),
        ("pump-operate", "start", 0),
        ("", "stop", 4),
        ("pump-operate", "stop", 0),
    ] {
        bench.must(&try_as(group, what, code))?;
    }
    // What belongs to the daemon alone.
    for file in ["/var/lib/pumpd", "/dev/watchdog0", "/dev/gpiochip0"] {
        let said = bench.run(&format!(
            "runuser -u lab -- head -c1 {file} $(ls -d {file}/* 2>/dev/null)"
        ))?;
        ensure(said.code != 0, || {
            format!("an ordinary user may read {file}")
        })?;
    }
    Ok(())
}

fn an_upgrade_refuses_while_infusing_and_keeps_config_and_ledger(
    bench: &mut Bench,
) -> Result<(), Failure> {
    // The same package under a later version.
    bench.must(
        "set -e
         rm -rf /root/later; dpkg-deb -R /host/pumpd.deb /root/later
         sed -i 's/^Version: .*/&+later/' /root/later/DEBIAN/control
         dpkg-deb -Znone -b /root/later /root/later.deb >/dev/null",
    )?;
    pump::infusing(bench)?;
    let refused =
        bench.run("DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /root/later.deb")?;
    ensure(refused.code != 0, || {
        "it upgraded under a running infusion".to_owned()
    })?;
    ensure(refused.text.contains("pumpctl stop"), || {
        refused.text.clone()
    })?;
    pump::state(bench, "infusing")?;
    pump::edges_equal_the_ledger(bench)?;

    let before = pump::accounted(bench)?;
    // Nothing is armed from a file that has changed, so not before that.
    bench.must("echo '# mine' >>/etc/pumpd/pump.toml")?;
    bench.must("DEBIAN_FRONTEND=noninteractive apt-get install -y -qq /root/later.deb")?;
    let version = bench.must("dpkg-query --show --showformat '${Version}' pumpd")?;
    ensure(version.ends_with("+later"), || version.clone())?;
    same(
        "service",
        &bench.must("systemctl is-active pumpd")?,
        &"active".into(),
    )?;
    bench.must("grep -qx '# mine' /etc/pumpd/pump.toml")?;
    pump::green(bench)?;
    same("the ledger", &pump::accounted(bench)?, &before)
}

fn removal_stops_the_pump_and_purging_leaves_nothing(bench: &mut Bench) -> Result<(), Failure> {
    pump::infusing(bench)?;
    bench.must("DEBIAN_FRONTEND=noninteractive apt-get remove -y -qq pumpd")?;
    let edges = bench.number("witness count")?;
    bench.must("sleep 5")?;
    same("edges after it", &bench.number("witness count")?, &edges)?;
    same(
        "enable is off",
        &bench.must("cat /run/lines/P8_16/value")?,
        &"1".into(),
    )?;
    bench.must("test -d /var/lib/pumpd && test -e /etc/pumpd/pump.toml")?;
    bench.must("DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq pumpd")?;
    bench.must(
        "for left in /var/lib/pumpd /etc/pumpd /run/pumpd /usr/sbin/pumpd; do
             [ ! -e $left ] || { echo \"$left is left\"; exit 1; }
         done
         ! pgrep -l 'pumpd|strategy-host'",
    )?;
    // Nothing is left that would have to be kicked.
    bench.must("sleep 90").map(drop)
}
