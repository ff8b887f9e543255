//! What a running plugin is held in by, as the kernel sees it.

mod fixtures;

use fixtures::hosted::{Answer, Hosted, command, hash_of};
use fixtures::{Bench, build_folder, helper, snapshot};
use rustix::process::{Pid, Signal};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use strategy_abi::Fraction;
use strategy_link::protocol::{Cause, Sandbox};

const VALUES: [Fraction; 1] = [Fraction { num: 1, den: 1 }];

fn continuous() -> PathBuf {
    build_folder().join("libcontinuous.so")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn the_kernel_confirms_what_was_given_up() {
    let hosted = Hosted::begun(&continuous(), &VALUES);
    assert_eq!(hosted.status("Name"), "strategy-host");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(hosted.status(set), "0000000000000000", "{set}");
    }
    assert_eq!(hosted.status("NoNewPrivs"), "1");
    assert_eq!(hosted.status("Seccomp"), "2");
    assert_eq!(hosted.status("Threads"), "1");
    assert_eq!(hosted.status("Umask"), "0777");
    let parent = rustix::process::getpid().to_string();
    assert_eq!(hosted.status("PPid"), parent);
    if is_root() {
        for ids in ["Uid", "Gid"] {
            let ids = hosted.status(ids);
            assert!(ids.split('\t').all(|id| id != "0"), "{ids}");
        }
        assert_eq!(hosted.status("Groups"), "");
    }
    let proc = PathBuf::from(format!("/proc/{}", hosted.child.id()));
    if is_root() {
        assert_eq!(std::fs::read(proc.join("environ")).unwrap(), b"");
        assert_eq!(
            std::fs::read_link(proc.join("cwd")).unwrap(),
            Path::new("/")
        );
        let descriptors = std::fs::read_dir(proc.join("fd")).unwrap();
        let targets = descriptors.map(|fd| std::fs::read_link(fd.unwrap().path()).unwrap());
        for target in targets {
            let target = target.to_string_lossy().into_owned();
            let known = ["socket:", "pipe:", "/memfd:strategy"];
            assert!(
                known.iter().any(|name| target.starts_with(name)),
                "{target}"
            );
        }
    }
    let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
    for (name, limit) in [
        ("Max file size", "0"),
        ("Max core file size", "0"),
        ("Max processes", "0"),
        ("Max locked memory", "0"),
        ("Max realtime priority", "0"),
        ("Max address space", "67108864"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let mut columns = line[name.len()..].split_whitespace();
        assert_eq!(
            (columns.next(), columns.next()),
            (Some(limit), Some(limit)),
            "{line}"
        );
    }
}

#[test]
fn it_says_what_holds_it_in() {
    let mut hosted = Hosted::start(&continuous());
    let Answer::Ready(sandbox) = hosted.begin(&VALUES, &[]) else {
        panic!("not ready");
    };
    let landlock = landlock_here();
    if !landlock {
        eprintln!("this kernel has no landlock: that part is not tested");
    }
    let own_user = is_root();
    assert_eq!(sandbox, Sandbox { own_user, landlock });
    let mut required = command(&continuous(), hash_of(&continuous()));
    required.arg("--require-sandbox");
    match Hosted::of(required).begin(&VALUES, &[]) {
        Answer::Ready(_) => assert!(landlock),
        Answer::Failed(Cause::Host, text) => {
            assert!(!landlock && text.contains("no landlock"), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

/// Whether this kernel has Landlock, by its own word.
fn landlock_here() -> bool {
    use landlock::{ABI, Access as _, AccessFs, Ruleset, RulesetAttr as _, RulesetStatus};
    // Asked in a thread of its own, which is then held in and ends.
    let ask = || {
        let rules = Ruleset::default().handle_access(AccessFs::from_all(ABI::V1));
        let status = rules.unwrap().create().unwrap().restrict_self().unwrap();
        status.ruleset != RulesetStatus::NotEnforced
    };
    std::thread::spawn(ask).join().unwrap()
}

#[test]
fn a_user_that_can_not_be_had_is_refused() {
    let mut wrong = command(&continuous(), hash_of(&continuous()));
    wrong.args(["--user", "nobody-of-this-name"]);
    let answer = Hosted::of(wrong).begin(&VALUES, &[]);
    let Answer::Failed(Cause::Host, text) = answer else {
        panic!("{answer:?}");
    };
    let expected = match is_root() {
        true => "there is no user `nobody-of-this-name`",
        false => "only root can start a strategy as the user `nobody-of-this-name`",
    };
    assert!(text.ends_with(expected), "{text}");
    if is_root() {
        let mut root = command(&continuous(), hash_of(&continuous()));
        root.args(["--user", "root"]);
        let answer = Hosted::of(root).begin(&VALUES, &[]);
        let Answer::Failed(Cause::Host, text) = answer else {
            panic!("{answer:?}");
        };
        assert!(text.ends_with("`root` is root"), "{text}");
    }
}

#[test]
fn a_constructor_is_held_in_already() {
    let bench = Bench::new();
    for reach in [
        "fork()",
        "sleep(1)",
        "socket(AF_UNIX,SOCK_STREAM,0)",
        "open(\"/dev/null\",O_RDWR)",
        "kill(getppid(),SIGTERM)",
        "nice(-5)",
    ] {
        let path = bench.plugin(&[&format!("CONSTRUCTOR={reach}")]);
        let mut hosted = Hosted::start(&path);
        assert_eq!(hosted.begin(&VALUES, &[]), Answer::Gone, "{reach}");
        assert_eq!(hosted.signal(), Some(Signal::SYS.as_raw()), "{reach}");
    }
}

#[test]
fn nothing_can_be_opened_once_it_runs() {
    let bench = Bench::new();
    let path = bench.plugin(&["STEP=open(\"/usr/lib/os-release\",O_RDONLY)"]);
    let mut hosted = Hosted::begun(&path, &VALUES);
    assert_eq!(hosted.step(&snapshot()), Answer::Gone);
    assert_eq!(hosted.signal(), Some(Signal::SYS.as_raw()));
}

#[test]
fn memory_can_not_be_made_executable_once_it_runs() {
    let bench = Bench::new();
    for call in [
        "mmap(0,4096,PROT_READ|PROT_EXEC,MAP_PRIVATE|MAP_ANONYMOUS,-1,0)",
        "mprotect((void*)((uintptr_t)&descriptor&~4095ul),4096,PROT_READ|PROT_EXEC)",
    ] {
        let path = bench.plugin(&[&format!("STEP={call}")]);
        let mut hosted = Hosted::begun(&path, &VALUES);
        assert_eq!(hosted.step(&snapshot()), Answer::Gone, "{call}");
        assert_eq!(hosted.signal(), Some(Signal::SYS.as_raw()), "{call}");
    }
}

#[test]
fn other_plugins_of_the_same_user_are_out_of_reach() {
    let bench = Bench::new();
    let other = Hosted::begun(&continuous(), &VALUES);
    let kill = format!("STEP=kill({},SIGKILL)", other.child.id());
    let mut hosted = Hosted::begun(&bench.plugin(&[&kill]), &VALUES);
    assert_eq!(hosted.step(&snapshot()), Answer::Gone);
    let mut other = other;
    assert!(matches!(other.step(&snapshot()), Answer::Stepped { .. }));
}

#[test]
fn it_goes_when_its_socket_closes_and_runs_no_code_of_the_plugin_for_it() {
    let bench = Bench::new();
    let hang = bench.plugin(&["CONSTRUCTOR=atexit(hang)"]);
    let hosted = Hosted::begun(&hang, &VALUES);
    assert_eq!(hosted.end_of().code(), Some(0));
}

/// The environment variable that makes this test program a parent to be killed.
const PARENT: &str = "STRATEGY_HOST_TEST_PARENT";

#[test]
fn it_dies_with_its_parent_even_while_it_computes() {
    if let Some(plugin) = std::env::var_os(PARENT) {
        let mut hosted = Hosted::begun(Path::new(&plugin), &[]);
        for seq in 1..=4 {
            let snapshot = strategy_abi::Snapshot { seq, ..snapshot() };
            if seq == 4 {
                println!("\nhost {}", hosted.child.id());
                hosted.say(&strategy_link::protocol::ToHost::Step { snapshot });
                // Killed here.
                hosted.answer(600);
            }
            hosted.step(&snapshot);
        }
        unreachable!("it was to be killed");
    }
    let name = "it_dies_with_its_parent_even_while_it_computes";
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(PARENT, build_folder().join("libzoo_infinite_loop.so"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let host = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("host ")?.parse::<i32>().ok());
    let host = host.and_then(Pid::from_raw).expect("the host's number");
    let handle = rustix::process::pidfd_open(host, rustix::process::PidfdFlags::empty()).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    let mut ready = [rustix::event::PollFd::new(
        &handle,
        rustix::event::PollFlags::IN,
    )];
    let time = rustix::event::Timespec {
        tv_sec: 60,
        tv_nsec: 0,
    };
    assert_eq!(rustix::event::poll(&mut ready, Some(&time)), Ok(1));
}

#[test]
fn a_real_time_parent_has_ordinary_children() {
    // `chrt` stands for a daemon's real-time thread; it becomes the host itself.
    let path = continuous();
    let run = format!(
        "exec chrt -f 20 {} run --plugin {} --sha256 {}",
        helper().path().display(),
        path.display(),
        hash_of(&path)
    );
    let granted = Command::new("chrt").args(["-f", "20", "true"]).output();
    if !granted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no real-time priority is granted here, or `chrt` is missing");
        return;
    }
    let mut command = Command::new("sh");
    command.args(["-c", &run]);
    let mut hosted = Hosted::of(command);
    assert!(matches!(hosted.begin(&VALUES, &[]), Answer::Ready(_)));
    let stat = format!("/proc/{}/stat", hosted.child.id());
    let stat = std::fs::read_to_string(stat).unwrap();
    // Of what follows the name, the 39th and 40th field of all are priority and policy.
    let after = stat.rsplit(')').next().unwrap();
    let fields: Vec<&str> = after.split_whitespace().collect();
    assert_eq!((fields[37], fields[38]), ("0", "0"), "{stat}");
}
