use std::io::{self, Read};

/// Reads an argument of `length` bytes, and the line break behind it, into `argument`.
pub fn read_argument(
    input: &mut impl Read,
    length: usize,
    argument: &mut Vec<u8>,
) -> io::Result<()> {
    // `read_to_end` grows the vector as it fills, by doubling; `take` is what ends it.
    let arrived = input.by_ref().take(length as u64).read_to_end(argument)?;
    if arrived < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    input.read_exact(&mut [0; 2])
}
