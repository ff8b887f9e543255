//! Plugins that are well-formed files and still wrong: each is refused by its probe, in a
//! child process, with the file's name and the cause.

mod fixtures;

use fixtures::{Bench, assert_refused, probe, probe_within};
use std::time::{Duration, Instant};
use strategy_abi::ABI_MINOR;
use strategy_host::{Helper, Image};

#[test]
fn another_version_of_the_contract_is_refused() {
    let bench = Bench::new();
    assert_refused(
        &bench.plugin(&["MAJOR=2"]),
        &format!(
            "it is built for version 2.{ABI_MINOR} of the strategy contract; this program serves \
             1.0 to 1.{ABI_MINOR}"
        ),
    );
    assert_refused(&bench.plugin(&["MAJOR=0"]), "it is built for version 0.");
    assert_refused(&bench.plugin(&["MINOR=9"]), "it is built for version 1.9");
}

#[test]
fn a_table_that_is_none_is_refused() {
    let bench = Bench::new();
    assert_refused(
        &bench.plugin(&["MARK=7"]),
        "does not begin with the mark of a strategy",
    );
    assert_refused(
        &bench.plugin(&["ENTRY_SIZE=8"]),
        "`strategy_entry` says it has 8 bytes",
    );
    assert_refused(
        &bench.plugin(&["CREATE=NULL"]),
        "`strategy_entry` has no `create`",
    );
    assert_refused(
        &bench.plugin(&["DESCRIPTOR=NULL"]),
        "`strategy_entry` has no `descriptor`",
    );
    assert_refused(&bench.plugin(&["SAVE=NULL"]), "one of `save` and `load`");
    let odd = "DESCRIPTOR=(const strategy_descriptor_t*)((const char*)&descriptor+1)";
    assert_refused(&bench.plugin(&[odd]), "is not aligned");
}

#[test]
fn a_wild_pointer_crashes_the_child_only() {
    let bench = Bench::new();
    let wild = bench.plugin(&["DESCRIPTOR=(const strategy_descriptor_t*)64"]);
    assert_refused(&wild, "opening it crashed with SIGSEGV");
}

#[test]
fn a_flawed_declaration_is_refused_with_the_place() {
    let bench = Bench::new();
    assert_refused(
        &bench.plugin(&["KIND=STRATEGY_KIND_TIME"]),
        "its declaration is flawed: parameter 1 (`rate`): the role max-basal needs a rate, but \
         this is a time",
    );
    assert_refused(
        &bench.plugin(&["NAME=\"Fix ture\""]),
        "descriptor: `name` is \"Fix ture\"",
    );
}

#[test]
fn a_constructor_that_crashes_is_refused() {
    let bench = Bench::new();
    let crash = |body: &str| bench.plugin(&[&format!("CONSTRUCTOR={body}")]);
    assert_refused(
        &crash("*(volatile int*)8=1"),
        "opening it crashed with SIGSEGV",
    );
    assert_refused(&crash("abort()"), "opening it crashed with SIGABRT");
    assert_refused(&crash("raise(SIGKILL)"), "opening it crashed with SIGKILL");
    assert_refused(
        &crash("puts(\"no licence\\33[31m\");fflush(stdout);abort()"),
        "SIGABRT (it gave up) (it said: no licence[31m)",
    );
}

#[test]
fn a_constructor_that_ends_the_process_is_refused() {
    let bench = Bench::new();
    let exit = |code: u8| bench.plugin(&[&format!("CONSTRUCTOR=_exit({code})")]);
    assert_refused(&exit(0), "a constructor ended the process with exit code 0");
    assert_refused(&exit(3), "a constructor ended the process with exit code 3");
}

#[test]
fn a_constructor_that_hangs_is_killed_at_the_time_limit() {
    let bench = Bench::new();
    let file = bench.plugin(&["CONSTRUCTOR=for(;;)__asm__ volatile(\"\")"]);
    let begun = Instant::now();
    let error = probe_within(&file, Duration::from_millis(200)).unwrap_err();
    assert!(
        error.contains("took longer than 200ms: a constructor hangs"),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_constructor_that_prints_is_no_trouble() {
    let bench = Bench::new();
    let print = "CONSTRUCTOR=fwrite(\"\\0PROBED\\0\\2gotcha\",1,15,stdout);fflush(stdout);\
                 fputs(\"and more\",stderr)";
    let probed = probe(&bench.plugin(&[print])).unwrap();
    assert_eq!(probed.declaration().name, "fixture");
}

#[test]
fn a_constructor_that_floods_is_stopped() {
    let bench = Bench::new();
    let flood = bench.plugin(&["CONSTRUCTOR=for(;;)if(write(1,\"flood\",5)){}"]);
    assert_refused(&flood, "opening it crashed with SIGXFSZ");
}

#[test]
fn a_constructor_that_eats_memory_is_stopped() {
    let bench = Bench::new();
    let eat = bench.plugin(&["CONSTRUCTOR=for(;;)if(!malloc(1<<24))abort()"]);
    assert_refused(&eat, "opening it crashed with SIGABRT");
}

#[test]
fn a_constructor_that_forges_an_answer_is_refused() {
    let bench = Bench::new();
    // The answer's descriptor is not hidden; what is written there must still be an answer.
    let forge = "CONSTRUCTOR=int f;for(f=3;f<99;f++)if(write(f,\"garbage\",7)==7){}_exit(0)";
    assert_refused(
        &bench.plugin(&[forge]),
        "a constructor ended the process with exit code 0",
    );
    let frame = "CONSTRUCTOR=int f;for(f=3;f<99;f++)if(write(f,\"\\0PROBED\\0\\1ab\",11)==1){}";
    assert_refused(&bench.plugin(&[frame]), "exit code 0");
}

#[test]
fn a_constructor_that_reaches_out_is_killed_in_its_probe() {
    let bench = Bench::new();
    for reach in [
        "fork()",
        "system(\"true\")",
        "sleep(1)",
        "socket(AF_INET,SOCK_DGRAM,0)",
        "fopen(\"/tmp/mine\",\"w\")",
        "kill(getppid(),SIGTERM)",
        "nice(-5)",
        "unlink(\"/tmp/any\")",
    ] {
        let file = bench.plugin(&[&format!("CONSTRUCTOR={reach}")]);
        assert_refused(&file, "opening it crashed with SIGSYS");
    }
}

#[test]
fn a_constructor_can_read_no_file_but_libraries() {
    let bench = Bench::new();
    // Readable by anybody, so that only the sandbox can be in the way.
    let read = "CONSTRUCTOR=if(open(\"/etc/passwd\",O_RDONLY)>=0)abort()";
    let probed = probe(&bench.plugin(&[read])).unwrap();
    assert_eq!(probed.declaration().name, "fixture");
}

#[test]
fn a_library_that_needs_another_one_is_refused_with_the_loaders_words() {
    let bench = Bench::new();
    let extern_call = "CONSTRUCTOR=extern void nowhere_to_be_found(void);nowhere_to_be_found()";
    assert_refused(
        &bench.plugin(&[extern_call]),
        "it can't be opened: /proc/self/fd/0: undefined symbol: nowhere_to_be_found",
    );
}

#[test]
fn a_missing_helper_is_not_blamed_on_the_plugin() {
    let bench = Bench::new();
    let image = Image::read(&bench.plugin(&[])).unwrap();
    let missing = bench.path().join("no-helper");
    let error = image
        .probe(&Helper::at(&missing), Duration::from_secs(5))
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("it was not probed: "), "{error}");
    assert!(
        error.contains(&format!("{} can't be run", missing.display())),
        "{error}"
    );
}
