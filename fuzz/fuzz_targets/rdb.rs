//! Any bytes as an RDB file, and as a payload with a right checksum: an error, or a sound value.

#![no_main]

use cacheflow::rdb::decode::Key;
use cacheflow::rdb::{Decoder, EncodingLimits, Item, Style, checksum::crc64, decode_value, dump};
use cacheflow::store::Value;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    read_file(bytes);
    let mut payload = bytes.to_vec();
    payload.extend(10u16.to_le_bytes());
    payload.extend(crc64(0, &payload).to_le_bytes());
    if let Ok(value) = decode_value(&payload, &EncodingLimits::default()) {
        check(&value);
    }
});

fn read_file(bytes: &[u8]) {
    let Ok(mut decoder) = Decoder::new(bytes, EncodingLimits::default()) else { return };
    loop {
        match decoder.next_item() {
            Ok(Item::Key(Key { value: Some(value), .. })) => check(&value),
            Ok(Item::End) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// What was read can be written, read again, and written the same.
fn check(value: &Value) {
    let payload = dump(value, Style::default()).unwrap();
    let again = decode_value(&payload, &EncodingLimits::default()).expect("our own payload");
    let ordered = !matches!(payload[0], 2 | 4); // hash tables have no order
    assert!(!ordered || dump(&again, Style::default()).unwrap() == payload);
}
