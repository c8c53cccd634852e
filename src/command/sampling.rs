//! Random elements, as HRANDFIELD, SRANDMEMBER and ZRANDMEMBER ask for them.
//!
//! A positive count asks for different elements, a negative one for so many draws, each of which
//! may give any element again. For different ones there are two ways, and the one to take depends
//! on how many are wanted:
//!
//! | wanted         | way                                                                     |
//! |----------------|-------------------------------------------------------------------------|
//! | a small part   | draw, and draw again what came before: about one draw for each           |
//! | anything else  | walk over all and [`choose`]: no memory, and in the order of the set |

use super::args::{integer, is};
use super::context::Context;
use super::error::{self, Result};
use crate::resp::Args;
use crate::system::random::Random;

/// How many elements to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draws {
    /// So many different ones, or all there are.
    Different(usize),
    /// So many, whatever they are.
    Any(usize),
}

/// Walking over so many elements costs less than keeping book of what was drawn.
const FEW: usize = 1000;

/// From this part of all elements on, walking over them is the faster way.
const SMALL_PART: usize = 8;

impl Draws {
    /// Parses a count.
    pub fn parse(text: &[u8]) -> Result<Draws> {
        match integer(text)? {
            // Its absolute value is not an i64.
            i64::MIN => Err(error::NOT_BELOW_MIN),
            count @ 0.. => Ok(Draws::Different(count as usize)),
            count => Ok(Draws::Any(count.unsigned_abs() as usize)),
        }
    }

    /// Parses `count [keyword]`; the keyword asks for what belongs to each element, too.
    pub fn parse_with(args: Args<'_>, keyword: &str) -> Result<(Draws, bool)> {
        let draws = Draws::parse(&args[2])?;
        let (Draws::Different(count) | Draws::Any(count)) = draws;
        match args.len() {
            3 => Ok((draws, false)),
            // Twice as many values still have to be counted by an i64.
            4 if is(&args[3], keyword) && count > i64::MAX as usize / 2 => Err(error::OUT_OF_RANGE),
            4 if is(&args[3], keyword) => Ok((draws, true)),
            _ => Err(error::SYNTAX),
        }
    }
}

/// Whether `count` of `len` elements are so few that drawing them is faster than walking.
pub fn is_small_part(count: usize, len: usize) -> bool {
    len > FEW && count < len / SMALL_PART
}

/// Random numbers that can be drawn while the data set is borrowed.
pub fn generator(ctx: &mut Context<'_>) -> Random {
    Random::from_seed(ctx.random())
}

/// `count` of the items, each choice as likely as any other, in the order in which they come.
///
/// This is selection sampling (Knuth, The Art of Computer Programming, 3.4.2, Algorithm S): with
/// `left` items to come and `wanted` still to choose, the next is chosen with the probability
/// `wanted / left`.
pub fn choose<I: ExactSizeIterator>(
    items: I,
    count: usize,
    random: &mut Random,
) -> impl Iterator<Item = I::Item> {
    let mut left = items.len() as u64;
    let mut wanted = count as u64;
    let chosen = items.filter(move |_| {
        let chosen = random.next_u64() % left < wanted;
        left -= 1;
        wanted -= u64::from(chosen);
        chosen
    });
    chosen.take(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_chosen_equally_often() {
        let mut random = Random::from_seed(7);
        let mut times = [0; 10];
        for _ in 0..10_000 {
            let chosen: Vec<usize> = choose(0..10, 3, &mut random).collect();
            assert!(chosen.len() == 3 && chosen.is_sorted());
            chosen.into_iter().for_each(|item| times[item] += 1);
        }
        // 3000 expected; the standard deviation is 46.
        assert!(times.iter().all(|n| (2700..3300).contains(n)), "{times:?}");
        assert_eq!(choose(0..4, 9, &mut random).count(), 4);
        assert_eq!(choose(0..4, 0, &mut random).count(), 0);
    }
}
