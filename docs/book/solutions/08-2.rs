/// The bits of a cursor, read from the other end, are a number that counts up. Chain 5 of 8 becomes 5 and 13
/// of 16: read from the other end, 101 becomes 1010 and 1011. So what comes before a cursor in an array is
/// the same keys in one of any other size.
pub fn next(cursor: u32, size: u32) -> u32 {
    let bits = size.trailing_zeros();
    if bits == 0 {
        return 0;
    }
    let place = (cursor % size).reverse_bits() >> (32 - bits);
    ((place + 1) % size).reverse_bits() >> (32 - bits)
}
