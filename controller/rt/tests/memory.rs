//! The memory of a process: this one, so there is one test.

use std::io::Write;

use pump_rt::memory;

#[test]
fn memory_is_calmed_and_then_locked_as_the_kernel_says() {
    assert_eq!(memory::calm_heap(), cfg!(target_env = "gnu"));
    assert!(memory::resident_kb().expect("a Linux") > 0);
    assert_eq!(memory::locked_kb().expect("a Linux"), 0);
    match memory::lock_all() {
        Ok(()) => assert!(memory::locked_kb().expect("a Linux") > 0),
        Err(denied) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED locking memory: {denied}");
        }
    }
    let large = vec![1_u8; 4 << 20];
    assert_eq!(large.iter().filter(|byte| **byte == 1).count(), 4 << 20);
}
