//! What a strategy's process sends to the daemon and gets from it, and the answer of its
//! `declare`: any bytes. What is taken for a message is one to the byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use strategy_link::protocol::{Declared, EMPTY, FromHost, ToHost};

fuzz_target!(|bytes: &[u8]| {
    let Some((&kind, body)) = bytes.split_first() else {
        return;
    };
    // Half of the inputs begin as a message of some kind, so that its inside is reached.
    let framed = if kind & 1 == 0 {
        body.to_vec()
    } else {
        let kinds = [1_u32, 2, 17, 18, 19];
        let kind = kinds[usize::from(kind >> 1) % kinds.len()];
        let length = body.len() as u32;
        [&kind.to_ne_bytes()[..], &length.to_ne_bytes(), body].concat()
    };
    let mut buffer = EMPTY;
    match FromHost::decode(&framed) {
        Ok(message) => assert_eq!(message.encode(&mut buffer), Ok(&framed[..])),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match ToHost::decode(&framed) {
        Ok(message) => assert_eq!(message.encode(&mut buffer), Ok(&framed[..])),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(declared) = Declared::from_bytes(body) {
        assert_eq!(declared.to_bytes().as_deref(), Ok(body));
        let _ = declared.declaration();
    }
});
