//! Any bytes as requests, arriving at once and in pieces: the same requests, or the same error.

#![no_main]

use cacheflow::resp::{ProtocolError, Reader, RequestLimits};
use libfuzzer_sys::fuzz_target;
use pieces::Pieces;

#[path = "../pieces.rs"]
mod pieces;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, bytes) = input;
    let at_once = requests(bytes, bytes.len().max(1));
    let in_pieces = requests(bytes, usize::from(piece % 17) + 1);
    assert_eq!(at_once, in_pieces);
});

/// What the bytes ask for, and the error that ends them, if one does.
fn requests(bytes: &[u8], size: usize) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
    let limits = RequestLimits { bulk: 1 << 20, query_buffer: 1 << 30, authenticated: true };
    let mut reader = Reader::new(Pieces { rest: bytes, size });
    let mut found = Vec::new();
    loop {
        match reader.batch(&limits) {
            Err(error) => return (found, Some(error)),
            Ok(batch) if !batch.is_empty() => {
                for index in 0..batch.len() {
                    found.push(batch.request(index).iter().map(<[u8]>::to_vec).collect());
                }
            }
            Ok(_) => {
                if reader.fill().expect("the slice gives no error") == 0 {
                    return (found, None);
                }
            }
        }
    }
}
