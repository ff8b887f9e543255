//! A block of a recording: any bytes where the items would be, sealed as if they had been
//! written so; and any bytes where a prescription would be. What is read comes back from its own
//! bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pump_recording::codec::{Decoder, Encoder, Flaw, Item};
use pump_recording::prescription;
use sha2::{Digest as _, Sha256};

fn read(block: &[u8]) -> Result<Vec<Item>, Flaw> {
    Decoder::new(block)?.collect()
}

fuzz_target!(|bytes: &[u8]| {
    let mut block = bytes.to_vec();
    let seal = Sha256::digest(&block);
    block.extend(&seal[..8]);
    match read(&block) {
        Ok(items) => {
            let mut encoder = Encoder::new();
            items.iter().for_each(|item| encoder.push(item));
            assert_eq!(read(&encoder.finish()), Ok(items));
        }
        Err(flaw) => assert!(!flaw.to_string().is_empty()),
    }
    if let Ok(read) = prescription::decode(bytes) {
        assert_eq!(prescription::decode(&prescription::encode(&read)), Ok(read));
    }
});
