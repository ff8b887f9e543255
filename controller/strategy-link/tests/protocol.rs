//! What is sent is what is received, and nothing else is taken for a message.

use proptest::prelude::*;
use strategy_abi::{BOLUS_DEMAND, FOREVER, Fraction, MAX_STATE, Message as _, Order, Snapshot};
use strategy_link::MAX_VALUES;
use strategy_link::protocol::{
    Buffer, Cause, Declared, EMPTY, FromHost, MAX_PACKET, MAX_TEXT, Malformed, Sandbox, State,
    ToHost, TooLong, Values,
};

fn fraction() -> impl Strategy<Value = Fraction> {
    (any::<u64>(), 1_u64..).prop_map(|(num, den)| Fraction { num, den })
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=most)
}

fn values() -> impl Strategy<Value = Values> {
    prop::collection::vec(fraction(), 0..=MAX_VALUES)
        .prop_map(|values| Values::new(&values).expect("sound"))
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop::collection::vec(any::<u8>(), size_of::<Snapshot>())
        .prop_map(|bytes| Snapshot::from_bytes(&bytes).expect("the right size"))
}

fn order() -> impl Strategy<Value = Order> {
    prop::collection::vec(any::<u8>(), size_of::<Order>())
        .prop_map(|bytes| Order::from_bytes(&bytes).expect("the right size"))
}

fn cause() -> impl Strategy<Value = Cause> {
    prop::sample::select(vec![
        Cause::Host,
        Cause::Plugin,
        Cause::Values,
        Cause::State,
        Cause::Step,
    ])
}

/// A message to the host and back.
fn assert_to_host(message: ToHost<'_>) {
    let mut buffer: Buffer = EMPTY;
    let packet = message.encode(&mut buffer).expect("it fits");
    assert_eq!(ToHost::decode(packet), Ok(message));
    assert_cut(packet, |bytes| ToHost::decode(bytes).err());
    assert!(
        FromHost::decode(packet).is_err(),
        "a kind has one direction"
    );
}

fn assert_from_host(message: FromHost<'_>) {
    let mut buffer: Buffer = EMPTY;
    let packet = message.encode(&mut buffer).expect("it fits");
    assert_eq!(FromHost::decode(packet), Ok(message));
    assert_cut(packet, |bytes| FromHost::decode(bytes).err());
    assert!(ToHost::decode(packet).is_err(), "a kind has one direction");
}

fn assert_cut(packet: &[u8], decode: impl Fn(&[u8]) -> Option<Malformed>) {
    assert!(packet.len() < MAX_PACKET);
    let shorter = packet
        .split_last()
        .map(|(_, rest)| rest)
        .expect("not empty");
    let longer = [packet, &[0]].concat();
    for wrong in [shorter, &longer] {
        assert_eq!(decode(wrong), Some(Malformed::Length));
    }
}

proptest! {
    #[test]
    fn every_message_to_the_host_arrives(
        values in values(),
        state in bytes(MAX_STATE),
        snapshot in snapshot(),
    ) {
        assert_to_host(ToHost::Begin { values, state: &state });
        assert_to_host(ToHost::Step { snapshot });
    }

    #[test]
    fn every_message_from_the_host_arrives(
        own_user: bool,
        landlock: bool,
        cause in cause(),
        text in "[ -~äµ→]{0,120}",
        answers: u64,
        order in order(),
        state in bytes(MAX_STATE),
    ) {
        let sandbox = Sandbox { own_user, landlock };
        assert_from_host(FromHost::Ready { sandbox });
        assert_from_host(FromHost::Failed { cause, text: &text });
        assert_from_host(FromHost::Stepped { answers, order, state: &state });
    }

    #[test]
    fn any_bytes_are_a_message_or_not_and_never_trouble(
        kind in prop::sample::select(vec![1_u32, 2, 17, 18, 19, 0, u32::MAX]),
        body in bytes(400),
        honest: bool,
        length: u32,
    ) {
        let length = if honest { body.len() as u32 } else { length };
        let packet = [&kind.to_ne_bytes()[..], &length.to_ne_bytes(), &body].concat();
        let mut buffer: Buffer = EMPTY;
        if let Ok(message) = ToHost::decode(&packet) {
            prop_assert_eq!(message.encode(&mut buffer), Ok(&packet[..]));
        }
        if let Ok(message) = FromHost::decode(&packet) {
            prop_assert_eq!(message.encode(&mut buffer), Ok(&packet[..]));
        }
        prop_assert!(Declared::from_bytes(&packet).is_err());
    }
}

#[test]
fn the_largest_messages_fit() {
    let most = Fraction {
        num: u64::MAX,
        den: u64::MAX,
    };
    let values = Values::new(&[most; MAX_VALUES]).unwrap();
    let state = [0xff; MAX_STATE];
    assert_to_host(ToHost::Begin {
        values,
        state: &state,
    });
    let text = "x".repeat(MAX_TEXT);
    assert_from_host(FromHost::Failed {
        cause: Cause::Host,
        text: &text,
    });
}

#[test]
fn what_is_too_long_is_not_sent() {
    let mut buffer: Buffer = EMPTY;
    let state = [0; MAX_STATE + 1];
    let values = Values::new(&[]).unwrap();
    let begin = ToHost::Begin {
        values,
        state: &state,
    };
    assert_eq!(begin.encode(&mut buffer), Err(TooLong));
    let text = "x".repeat(MAX_TEXT + 1);
    let failed = FromHost::Failed {
        cause: Cause::Host,
        text: &text,
    };
    assert_eq!(failed.encode(&mut buffer), Err(TooLong));
}

#[test]
fn values_are_sound_or_none() {
    let zero = Fraction { num: 1, den: 0 };
    let one = Fraction { num: 1, den: 1 };
    assert_eq!(Values::new(&[one, zero]), None);
    assert_eq!(Values::new(&[one; MAX_VALUES + 1]), None);
    assert_eq!(Values::new(&[one, one]).unwrap().as_slice(), [one, one]);
}

#[test]
fn a_text_that_could_forge_a_line_of_a_log_is_refused() {
    for text in ["a\nb", "\u{1b}[2J", "a\u{2028}b", "\u{85}"] {
        let mut buffer: Buffer = EMPTY;
        let failed = FromHost::Failed {
            cause: Cause::Step,
            text,
        };
        let packet = failed.encode(&mut buffer).unwrap();
        assert_eq!(FromHost::decode(packet), Err(Malformed::Text), "{text:?}");
    }
}

#[test]
fn a_state_is_kept_until_another_comes() {
    let mut state = State::EMPTY;
    assert_eq!(state.as_slice(), b"");
    assert!(state.keep(b"first"));
    assert!(!state.keep(&[0; MAX_STATE + 1]));
    assert_eq!(state.as_slice(), b"first");
    assert!(state.keep(b"2nd"));
    assert_eq!(state.as_slice(), b"2nd");
    assert!(state.keep(&[1; MAX_STATE]));
    assert!(state != State::default());
}

#[test]
fn what_the_plugin_means_is_not_looked_at_here() {
    let order = Order {
        size: 3,
        bolus_kind: BOLUS_DEMAND,
        seq: 0,
        basal: Fraction { num: 1, den: 0 },
        bolus_volume: Fraction { num: 0, den: 0 },
        bolus_over_ns: 0,
        demand_id: 0,
        refusal: 999,
        reserved: 1,
        valid_for_ns: FOREVER,
        wake_in_ns: 0,
    };
    assert_from_host(FromHost::Stepped {
        answers: 1,
        order,
        state: &[],
    });
}
