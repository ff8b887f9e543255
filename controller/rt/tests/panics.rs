//! What happens when a real-time thread panics, and in which order.

use std::panic;
use std::sync::{Arc, Mutex, Once, PoisonError};

use pump_rt::report::{self, Class};
use pump_rt::thread::{self, Policy, Setting, Spec};

const SPEC: Spec = Spec {
    name: "doomed",
    policy: Policy::Fifo(10),
    stack: 128 * 1024,
};

static TOLD: Mutex<Vec<(&str, Option<Class>)>> = Mutex::new(Vec::new());

fn tell(what: &'static str) {
    let me = rustix::thread::gettid().as_raw_nonzero().get();
    let threads = report::threads().unwrap_or_default();
    let class = threads.iter().find(|t| t.tid == me.unsigned_abs());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.push((what, class.map(|t| t.policy)));
}

/// The hook of the program, which prints a message; ours goes before it.
fn programs_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let printing = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            let of_doomed = std::thread::current().name() == Some(SPEC.name);
            if of_doomed {
                tell("message");
            } else {
                printing(what);
            }
        }));
    });
}

struct Unwound;

impl Drop for Unwound {
    fn drop(&mut self) {
        tell("unwound");
    }
}

#[test]
fn the_will_is_done_before_the_message_and_before_the_stack_unwinds() {
    programs_hook();
    let setting = Setting {
        realtime: true,
        on_panic: Some(Arc::new(|| tell("disabled"))),
        ..Setting::default()
    };
    let thread = thread::spawn(&SPEC, setting, || {
        let _on_the_stack = Unwound;
        panic!("no {}", "step");
    });
    let thread = thread.expect("a thread more");
    let priority = match thread.granted().policy {
        Policy::Fifo(_) => Class::Fifo,
        Policy::Normal => Class::Normal,
    };
    let panicked = thread.join().expect_err("it did");
    assert_eq!(
        (panicked.thread, panicked.message.as_str()),
        ("doomed", "no step")
    );

    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(
        *told,
        [
            ("disabled", Some(priority)),
            ("message", Some(Class::Normal)),
            ("unwound", Some(Class::Normal)),
        ]
    );
}

#[test]
fn a_body_that_ends_well_leaves_no_will() {
    programs_hook();
    let done = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&done);
    let setting = Setting {
        on_panic: Some(Arc::new(move || *counted.lock().expect("unpoisoned") += 1)),
        ..Setting::default()
    };
    let thread = thread::spawn(&SPEC, setting, || ());
    assert_eq!(thread.expect("a thread more").join(), Ok(()));
    assert_eq!(*done.lock().expect("unpoisoned"), 0);
}
