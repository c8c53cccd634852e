//! Trimming: XTRIM, and the options that XADD shares with it.
//!
//! An exact trim can be repeated anywhere and gives the same result. One with `~` can't: it stops
//! where a block ends or its LIMIT is reached, and blocks may lie differently in a copy. So its
//! effect is an exact trim to what was really left:
//!
//! ```text
//! XADD s MAXLEN ~ 100 * f v   ->   XADD s MAXLEN = 133 1700000000000-0 f v
//! ```
//!
//! What that means for consumer groups ([`References`]) is the same word in both: KEEPREF, DELREF or ACKED.

use super::{StreamId, current, strict_id};
use crate::command::args::{Options, integer, is};
use crate::command::context::Context;
use crate::command::error::{self, Error, Result};
use crate::config::EventClasses;
use crate::engine::execution::Origin;
use crate::number::format_i64;
use crate::resp::{Args, Reply};
use crate::store::Stream;
use crate::store::stream::{Keep, Precision, References};

/// The most blocks that a trim with `~` removes if it has no LIMIT: it should not take long.
const DEFAULT_BLOCKS: usize = 100;
/// The default LIMIT if blocks may have any number of entries.
const DEFAULT_LIMIT: usize = 10_000;
/// The default LIMIT is never more.
const LARGEST_DEFAULT_LIMIT: usize = 1_000_000;

/// What MAXLEN or MINID and LIMIT ask for.
#[derive(Default)]
pub struct TrimOptions {
    keep: Option<Keep>,
    approximate: bool,
    limit: Option<usize>,
    references: Option<References>,
    /// Where the threshold stands.
    threshold_at: usize,
}

impl TrimOptions {
    /// Takes the value of the option just read; false if it has none, or is none of ours.
    pub fn take(&mut self, option: &[u8], options: &mut Options<'_>) -> Result<bool> {
        const NO_LENGTH: Error = Error::new("ERR The MAXLEN argument must be >= 0.");
        const NO_LIMIT: Error = Error::new("ERR The LIMIT argument must be >= 0.");
        if let Some(references) = references_of(option).filter(|_| self.references.is_none()) {
            self.references = Some(references);
            return Ok(true);
        }
        if options.left() == 0 {
            return Ok(false);
        }
        match option {
            _ if is(option, "MAXLEN") => {
                let count = usize::try_from(integer(self.threshold(options)?)?);
                self.keep = Some(Keep::Last(count.or(Err(NO_LENGTH))?));
            }
            _ if is(option, "MINID") => {
                self.keep = Some(Keep::From(strict_id(self.threshold(options)?, 0)?));
            }
            _ if is(option, "LIMIT") => {
                self.limit = Some(usize::try_from(options.integer()?).or(Err(NO_LIMIT))?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn threshold<'a>(&mut self, options: &mut Options<'a>) -> Result<&'a [u8]> {
        if self.keep.is_some() {
            let text = "ERR syntax error, MAXLEN and MINID options at the same time are not \
                        compatible";
            return Err(Error::new(text));
        }
        // A sign is one only if something follows it.
        let has_sign = options.left() >= 2;
        self.approximate = has_sign && options.take("~");
        if has_sign && !self.approximate {
            options.take("=");
        }
        self.threshold_at = options.position();
        options.value()
    }

    /// Checks the options against each other, and fills in the LIMIT that was not given.
    pub fn check(&mut self, ctx: &Context<'_>) -> Result {
        if self.keep.is_none() && self.limit.is_some_and(|limit| limit > 0) {
            let text = "ERR syntax error, LIMIT cannot be used without specifying a trimming \
                        strategy";
            return Err(Error::new(text));
        }
        if matches!(ctx.origin, Origin::Loader | Origin::Master) {
            // An effect names what was left; its LIMIT was for whoever chose that.
            self.limit = None;
        } else if self.limit.is_some() && !self.approximate {
            let text = "ERR syntax error, LIMIT cannot be used without the special ~ option";
            return Err(Error::new(text));
        } else if self.limit.is_none() && self.approximate {
            let limit = match ctx.engine.config.stream_node_max_entries {
                0 => DEFAULT_LIMIT,
                entries => entries.saturating_mul(DEFAULT_BLOCKS).min(LARGEST_DEFAULT_LIMIT),
            };
            self.limit = Some(limit);
        }
        Ok(())
    }

    /// Trims the stream; returns how many entries went.
    pub fn run(&self, ctx: &mut Context<'_>, key: &[u8]) -> Result<usize> {
        let Some(keep) = self.keep else { return Ok(0) };
        let precision = match self.approximate {
            true => Precision::Blocks { limit: self.limit.unwrap_or(0) },
            false => Precision::Exact,
        };
        let references = self.references.unwrap_or_default();
        let stream = ctx.write_as::<Stream>(key)?;
        Ok(stream.map_or(0, |stream| stream.trim(keep, precision, references)))
    }

    /// Gives the effect, if it differs from the request: `chosen` is the place and the text of the
    /// ID that an XADD without one was given.
    pub fn propagate(&self, ctx: &mut Context<'_>, args: Args<'_>, chosen: Option<(usize, &[u8])>) {
        if !self.approximate && chosen.is_none() {
            return;
        }
        let mut effect: Vec<&[u8]> = args.iter().collect();
        let threshold = match self.approximate {
            true => self.kept(ctx, args.at(1)),
            false => String::new(),
        };
        if self.approximate {
            effect[self.threshold_at - 1] = b"=";
            effect[self.threshold_at] = threshold.as_bytes();
        }
        if let Some((at, id)) = chosen {
            effect[at] = id;
        }
        ctx.propagate(&effect);
    }

    /// The threshold of the exact trim that leaves what is there now.
    fn kept(&self, ctx: &mut Context<'_>, key: &[u8]) -> String {
        let stream = current(ctx, key);
        match self.keep {
            Some(Keep::From(_)) => {
                let first = stream.and_then(|stream| stream.first().map(|entry| entry.id));
                first.unwrap_or(StreamId::MAX).to_string()
            }
            _ => format_i64(stream.map_or(0, |stream| stream.len()) as i64),
        }
    }
}

/// What groups' references mean, by the word for it.
pub(super) fn references_of(word: &[u8]) -> Option<References> {
    let words = [
        ("KEEPREF", References::Keep),
        ("DELREF", References::Remove),
        ("ACKED", References::Respect),
    ];
    words.into_iter().find(|(name, _)| is(word, name)).map(|(_, references)| references)
}

/// `XTRIM key <MAXLEN|MINID> [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]`
pub fn xtrim(ctx: &mut Context<'_>, args: Args<'_>, reply: &mut Reply) -> Result {
    let key = args.at(1);
    let mut options = Options::new(args, 2);
    let mut trim = TrimOptions::default();
    while let Some(option) = options.next() {
        if !trim.take(option, &mut options)? {
            return Err(error::SYNTAX);
        }
    }
    trim.check(ctx)?;
    if trim.keep.is_none() {
        let text = "ERR syntax error, XTRIM must be called with a trimming strategy";
        return Err(Error::new(text));
    }
    let removed = trim.run(ctx, key)?;
    if removed > 0 {
        ctx.modified(EventClasses::STREAM, "xtrim", key);
        ctx.engine.dirty += removed as u64 - 1;
        trim.propagate(ctx, args, None);
    }
    reply.count(removed);
    Ok(())
}
