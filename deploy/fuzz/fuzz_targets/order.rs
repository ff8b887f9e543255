//! An order from a plugin: any bytes where the message would be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strategy_abi::{Message, Order};
use strategy_link::read_order;

fuzz_target!(|bytes: &[u8]| {
    let mut message = [0; size_of::<Order>()];
    let shown = bytes.len().min(message.len());
    message[..shown].copy_from_slice(&bytes[..shown]);
    let message = Order::from_bytes(&message).expect("the right size");
    match read_order(&message) {
        Ok(order) => {
            assert_eq!(order.seq, message.seq);
            assert_ne!(order.basal.den(), 0);
            assert_eq!(order.bolus.is_some(), message.bolus_kind != 0);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
