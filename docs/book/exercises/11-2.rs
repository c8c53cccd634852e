//! Only what is different.
//!
//! A block holds measurements: when, and how much. Both differ little from the one before, so write only
//! the difference: that of the time as a number of seven bits a byte, lowest first, with the eighth bit
//! for "more follow"; that of the value likewise, but it may be negative. `zigzag` makes 0, -1, 1, -2, 2 into
//! 0, 1, 2, 3, 4, so that small negative numbers are short, too. The first measurement differs from (0, 0).
//! `push` refuses a time that is before the last one. Write `zigzag`, `unzigzag`, `push` and `measurements`.

#[derive(Default)]
pub struct Block {
    pub data: Vec<u8>,
    last: (u64, i64),
}

pub fn zigzag(number: i64) -> u64 {
    number as u64
}

pub fn unzigzag(number: u64) -> i64 {
    number as i64
}

impl Block {
    pub fn push(&mut self, time: u64, value: i64) -> bool {
        self.data.extend(time.to_le_bytes());
        self.data.extend(value.to_le_bytes());
        true
    }

    pub fn measurements(&self) -> Vec<(u64, i64)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_become_small() {
        assert_eq!([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4]);
        assert_eq!([i64::MAX, i64::MIN].map(zigzag), [u64::MAX - 1, u64::MAX]);
        for number in [0, 1, -1, 77, -77, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(number)), number);
        }
    }

    #[test]
    fn lies_as_it_should() {
        let mut block = Block::default();
        assert!(block.push(1000, 21) && block.push(1007, 20) && block.push(1007, 20));
        assert_eq!(block.data, [0xe8, 0x07, 42, 7, 1, 0, 0]);
    }

    #[test]
    fn comes_back_as_it_was() {
        let mut block = Block::default();
        let all = [(5, i64::MIN), (5, i64::MAX), (u64::MAX, 0), (u64::MAX, -1)];
        all.iter().for_each(|(time, value)| assert!(block.push(*time, *value)));
        assert_eq!(block.measurements(), all);
        assert!(Block::default().measurements().is_empty());
    }

    #[test]
    fn time_goes_on() {
        let mut block = Block::default();
        assert!(block.push(10, 1) && !block.push(9, 2) && block.push(10, 3));
        assert_eq!(block.measurements(), [(10, 1), (10, 3)]);
    }

    #[test]
    fn a_thousand_take_two_bytes_each() {
        let mut block = Block::default();
        let value = |number: i64| 200 + number * 31 % 17;
        (0..1000).for_each(|number| {
            assert!(block.push(1_700_000_000_000 + 10 * number as u64, value(number)))
        });
        assert!(block.data.len() < 2020, "{} bytes", block.data.len());
        let expected =
            (0..1000).map(|number| (1_700_000_000_000 + 10 * number as u64, value(number)));
        assert!(block.measurements().into_iter().eq(expected));
    }
}
