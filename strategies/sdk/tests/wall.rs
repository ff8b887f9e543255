//! What the exported functions do with bad calls and with strategies that panic.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::time::Duration;
use strategy_sdk::abi::{
    self, Entry, FOREVER, Fraction, MAX_STATE, STATUS_BAD_CALL, STATUS_OK, STATUS_PANICKED,
    STATUS_REFUSED,
};
use strategy_sdk::{
    Declaration, Order, Param, Reason, Refused, Role, Snapshot, StateReader, StateWriter, Strategy,
    Values, Volume,
};

/// Behaves as its one value says.
struct Odd {
    how: u32,
    steps: u64,
}

const WELL: u64 = 0;
const PANICS_IN_NEW: u64 = 1;
const PANICS_IN_STEP: u64 = 2;
const PANICS_IN_SAVE: u64 = 3;
const PANICS_IN_DROP: u64 = 4;
const REFUSES: u64 = 5;
const STATE_TOO_LARGE: u64 = 6;
const PAYLOAD_PANICS: u64 = 7;

struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        panic!("the payload's destructor panics too");
    }
}

impl Strategy for Odd {
    const DECLARATION: Declaration = Declaration::new("odd", "1", "Behaves as its one value says")
        .param(Param::count("how", "how it behaves", 0, 9));

    fn new(values: &Values<'_>) -> Result<Self, Refused> {
        let how = values.count("how")?;
        match u64::from(how) {
            PANICS_IN_NEW => panic!("in new"),
            REFUSES => Err(Refused),
            _ => Ok(Self { how, steps: 0 }),
        }
    }

    fn step(&mut self, snapshot: &Snapshot) -> Order {
        match u64::from(self.how) {
            PANICS_IN_STEP if self.steps == 1 => panic!("in the second step"),
            PAYLOAD_PANICS => std::panic::panic_any(Spiteful),
            _ => {}
        }
        self.steps += 1;
        match snapshot.demand() {
            Some(demand) => Order::nothing().refuse(demand, Reason::Strategy),
            None => Order::nothing()
                .bolus(Volume::ul(3), Duration::from_mins(1))
                .valid_for(Duration::from_secs(9))
                .wake_in(Duration::from_secs(self.steps)),
        }
    }

    fn save(&self, state: &mut StateWriter<'_>) {
        match u64::from(self.how) {
            PANICS_IN_SAVE => panic!("in save"),
            STATE_TOO_LARGE => state.bytes(&[7; MAX_STATE + 1]),
            _ => state.number(self.steps),
        }
    }

    fn load(&mut self, state: &mut StateReader<'_>) -> Result<(), Refused> {
        self.steps = state.number()?;
        Ok(())
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        assert!(u64::from(self.how) != PANICS_IN_DROP, "in drop");
    }
}

static ENTRY: Entry = strategy_sdk::entry::<Odd>();

fn snapshot(seq: u64) -> abi::Snapshot {
    abi::Snapshot {
        size: size_of::<abi::Snapshot>() as u32,
        clock_good: 0,
        seq,
        now_ns: 0,
        demand_id: 0,
        lockout_left_ns: 0,
        basal_granted: Fraction { num: 0, den: 1 },
        delivered_nl: 0,
        bolus_seq: 0,
        bolus_kind: 0,
        bolus_outcome: 0,
        bolus_reason: 0,
        bolus_running: 0,
        bolus_started_ns: 0,
        bolus_ended_ns: 0,
        bolus_delivered_nl: 0,
        utc_s: 0,
        local_offset_plus_day_s: 86_400,
        next_offset_change_utc_s: FOREVER,
    }
}

fn order() -> abi::Order {
    abi::Order {
        size: size_of::<abi::Order>() as u32,
        bolus_kind: 99,
        seq: 99,
        basal: Fraction { num: 9, den: 9 },
        bolus_volume: Fraction { num: 9, den: 9 },
        bolus_over_ns: 99,
        demand_id: 99,
        refusal: 99,
        reserved: 99,
        valid_for_ns: 99,
        wake_in_ns: 99,
    }
}

/// The table as a host calls it.
struct Host(*mut c_void);

impl Host {
    fn create(how: u64) -> Result<Self, u32> {
        let values = [Fraction { num: how, den: 1 }];
        let mut instance = null_mut();
        // SAFETY: one value, as declared, and a place for the instance.
        let status = unsafe { (ENTRY.create.unwrap())(values.as_ptr(), 1, &mut instance) };
        if status == STATUS_OK {
            Ok(Self(instance))
        } else {
            Err(status)
        }
    }

    fn step(&self, snapshot: *const abi::Snapshot, order: *mut abi::Order) -> u32 {
        // SAFETY: an instance of this table; both messages are valid or null.
        unsafe { (ENTRY.step.unwrap())(self.0, snapshot, order) }
    }

    fn save(&self, buffer: &mut [u8]) -> (u32, u32) {
        let mut length = 0;
        let capacity = buffer.len() as u32;
        // SAFETY: an instance of this table; the buffer has the capacity that is said.
        let status =
            unsafe { (ENTRY.save.unwrap())(self.0, buffer.as_mut_ptr(), capacity, &mut length) };
        (status, length)
    }

    fn load(&self, state: &[u8]) -> u32 {
        // SAFETY: an instance of this table; the state has the length that is said.
        unsafe { (ENTRY.load.unwrap())(self.0, state.as_ptr(), state.len() as u32) }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: `create` made it, and nothing is called after this.
        unsafe { (ENTRY.destroy.unwrap())(self.0) };
    }
}

#[test]
fn the_table_says_what_it_is() {
    assert_eq!(
        (ENTRY.magic, ENTRY.size as usize),
        (abi::MAGIC, size_of::<Entry>())
    );
    assert_eq!(
        (ENTRY.abi_major, ENTRY.abi_minor),
        (abi::ABI_MAJOR, abi::ABI_MINOR)
    );
    // SAFETY: the table leads to a constant descriptor.
    let descriptor = unsafe { &*ENTRY.descriptor };
    assert_eq!(descriptor.size as usize, size_of::<abi::Descriptor>());
    assert!(descriptor.name.starts_with(b"odd\0"));
}

#[test]
fn an_order_crosses_whole() {
    let host = Host::create(WELL).unwrap();
    let mut answer = order();
    assert_eq!(host.step(&snapshot(5), &mut answer), STATUS_OK);
    let expected = abi::Order {
        size: size_of::<abi::Order>() as u32,
        bolus_kind: abi::BOLUS_SCHEDULED,
        seq: 5,
        basal: Fraction { num: 0, den: 1 },
        bolus_volume: Fraction { num: 3_000, den: 1 },
        bolus_over_ns: 60_000_000_000,
        demand_id: 0,
        refusal: 0,
        reserved: 0,
        valid_for_ns: 9_000_000_000,
        wake_in_ns: 1_000_000_000,
    };
    assert_eq!(answer, expected);
    let asked = abi::Snapshot {
        demand_id: 8,
        ..snapshot(6)
    };
    assert_eq!(host.step(&asked, &mut answer), STATUS_OK);
    assert_eq!(
        (answer.demand_id, answer.refusal),
        (8, abi::REASON_STRATEGY)
    );
    assert_eq!((answer.bolus_kind, answer.wake_in_ns), (0, FOREVER));
}

#[test]
fn a_short_message_or_a_null_pointer_is_a_bad_call_and_touches_nothing() {
    let host = Host::create(WELL).unwrap();
    let mut answer = order();
    let short = abi::Snapshot {
        size: 8,
        ..snapshot(1)
    };
    assert_eq!(host.step(&short, &mut answer), STATUS_BAD_CALL);
    assert_eq!(host.step(null(), &mut answer), STATUS_BAD_CALL);
    assert_eq!(host.step(&snapshot(1), null_mut()), STATUS_BAD_CALL);
    assert_eq!(answer, order());
    answer.size = 8;
    assert_eq!(host.step(&snapshot(1), &mut answer), STATUS_BAD_CALL);
    // SAFETY: null instances and places are what is tested.
    unsafe {
        let nobody = (ENTRY.step.unwrap())(null_mut(), &snapshot(1), &mut order());
        assert_eq!(nobody, STATUS_BAD_CALL);
        assert_eq!(
            (ENTRY.create.unwrap())(null(), 1, &mut null_mut()),
            STATUS_BAD_CALL
        );
        assert_eq!(
            (ENTRY.create.unwrap())(null(), 0, null_mut()),
            STATUS_BAD_CALL
        );
        (ENTRY.destroy.unwrap())(null_mut());
    }
}

#[test]
fn a_longer_message_of_a_later_minor_version_is_served() {
    let host = Host::create(WELL).unwrap();
    let longer = abi::Snapshot {
        size: 4000,
        ..snapshot(1)
    };
    let mut answer = abi::Order {
        size: 4000,
        ..order()
    };
    assert_eq!(host.step(&longer, &mut answer), STATUS_OK);
    assert_eq!(answer.size as usize, size_of::<abi::Order>());
}

#[test]
fn a_wrong_number_of_values_is_a_bad_call() {
    let values = [Fraction { num: 0, den: 1 }; 2];
    let mut instance = null_mut();
    // SAFETY: as many values as are said.
    let status = unsafe { (ENTRY.create.unwrap())(values.as_ptr(), 2, &mut instance) };
    assert_eq!(status, STATUS_BAD_CALL);
    assert!(instance.is_null());
}

#[test]
fn new_may_refuse_or_panic() {
    assert_eq!(Host::create(REFUSES).err(), Some(STATUS_REFUSED));
    assert_eq!(Host::create(PANICS_IN_NEW).err(), Some(STATUS_PANICKED));
}

#[test]
fn a_value_of_another_shape_is_refused() {
    for value in [
        Fraction { num: 1, den: 0 },
        Fraction { num: 1, den: 2 },
        Fraction {
            num: 1 << 32,
            den: 1,
        },
    ] {
        let mut instance = null_mut();
        // SAFETY: one value and a place.
        let status = unsafe { (ENTRY.create.unwrap())(&value, 1, &mut instance) };
        assert_eq!(status, STATUS_REFUSED, "{value:?}");
    }
}

#[test]
fn after_a_panic_the_instance_answers_nothing_else() {
    let host = Host::create(PANICS_IN_STEP).unwrap();
    let mut answer = order();
    assert_eq!(host.step(&snapshot(1), &mut answer), STATUS_OK);
    let before = answer;
    for seq in 2..5 {
        assert_eq!(host.step(&snapshot(seq), &mut answer), STATUS_PANICKED);
    }
    assert_eq!(answer, before);
    assert_eq!(host.save(&mut [0; MAX_STATE]), (STATUS_PANICKED, 0));
    assert_eq!(host.load(&[0; 8]), STATUS_PANICKED);
}

#[test]
fn a_panic_whose_payload_panics_stays_inside() {
    let host = Host::create(PAYLOAD_PANICS).unwrap();
    assert_eq!(host.step(&snapshot(1), &mut order()), STATUS_PANICKED);
}

#[test]
fn a_panic_in_save_or_drop_stays_inside() {
    let host = Host::create(PANICS_IN_SAVE).unwrap();
    assert_eq!(host.save(&mut [0; MAX_STATE]), (STATUS_PANICKED, 0));
    drop(Host::create(PANICS_IN_DROP).unwrap());
}

#[test]
fn the_state_goes_out_and_in_again() {
    let host = Host::create(WELL).unwrap();
    let mut answer = order();
    assert_eq!(host.step(&snapshot(1), &mut answer), STATUS_OK);
    let mut buffer = [0; MAX_STATE];
    assert_eq!(host.save(&mut buffer), (STATUS_OK, 8));
    let fresh = Host::create(WELL).unwrap();
    assert_eq!(fresh.load(&buffer[..8]), STATUS_OK);
    assert_eq!(fresh.step(&snapshot(2), &mut answer), STATUS_OK);
    assert_eq!(answer.wake_in_ns, 2_000_000_000);
}

#[test]
fn a_state_that_is_none_is_refused() {
    let host = Host::create(WELL).unwrap();
    assert_eq!(host.load(&[]), STATUS_REFUSED);
    assert_eq!(host.load(&[1; 7]), STATUS_REFUSED);
    assert_eq!(host.load(&[1; 9]), STATUS_REFUSED);
}

#[test]
fn a_state_that_does_not_fit_is_not_written() {
    let host = Host::create(STATE_TOO_LARGE).unwrap();
    let mut buffer = [0; MAX_STATE];
    assert_eq!(host.save(&mut buffer), (STATUS_REFUSED, 0));
    assert_eq!(buffer, [0; MAX_STATE]);
    let host = Host::create(WELL).unwrap();
    let mut short = [0; 4];
    assert_eq!(host.save(&mut short), (STATUS_BAD_CALL, 0));
    assert_eq!(short, [0; 4]);
}

#[test]
fn a_role_in_the_declaration_carries_its_period() {
    const DECLARED: Declaration = Declaration::new("counted", "1", "one count")
        .param(Param::count("max", "the most", 1, 9).role(Role::MaxCount(Duration::from_hours(4))));
    let param = DECLARED.descriptor().params[0];
    assert_eq!(
        (param.role, param.period_ns),
        (abi::ROLE_MAX_COUNT, 4 * 3_600_000_000_000)
    );
}
