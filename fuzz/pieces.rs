//! A peer that sends so many bytes at a time: what arrives in pieces must mean what it means at once.

use std::io::Read;

/// A peer that sends so many bytes at a time.
pub struct Pieces<'a> {
    /// What it has not sent yet.
    pub rest: &'a [u8],
    /// How many bytes it sends at a time.
    pub size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let piece = self.rest.split_off(..self.size.min(buffer.len()).min(self.rest.len()));
        let piece = piece.expect("no more than there is");
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}
