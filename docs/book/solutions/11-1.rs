#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    pub ms: u64,
    pub seq: u64,
}

pub const INVALID: &str = "ERR Invalid stream ID specified as stream command argument";
pub const TOO_SMALL: &str =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";
pub const ZERO: &str = "ERR The ID specified in XADD must be greater than 0-0";
pub const EXHAUSTED: &str =
    "ERR The stream has exhausted the last possible ID, unable to add more items";

/// What XADD was given.
enum Wanted {
    Now,
    Within(u64),
    This(Id),
}

fn parse(text: &str) -> Option<Wanted> {
    if text == "*" {
        return Some(Wanted::Now);
    }
    let (ms, seq) = text.split_once('-').unwrap_or((text, "0"));
    let ms = ms.parse().ok()?;
    if seq == "*" {
        return Some(Wanted::Within(ms));
    }
    Some(Wanted::This(Id { ms, seq: seq.parse().ok()? }))
}

/// `last` is the greatest ID that there ever was in the stream; 0-0: none.
pub fn next_id(text: &str, last: Id, now_ms: u64) -> Result<Id, &'static str> {
    let wanted = parse(text).ok_or(INVALID)?;
    if last == (Id { ms: u64::MAX, seq: u64::MAX }) {
        return Err(EXHAUSTED);
    }
    let id = match wanted {
        Wanted::Now if now_ms > last.ms => Id { ms: now_ms, seq: 0 },
        Wanted::Now => match last.seq.checked_add(1) {
            Some(seq) => Id { ms: last.ms, seq },
            None => Id { ms: last.ms + 1, seq: 0 },
        },
        Wanted::Within(ms) if ms == last.ms => {
            Id { ms, seq: last.seq.checked_add(1).ok_or(TOO_SMALL)? }
        }
        Wanted::Within(ms) => Id { ms, seq: 0 },
        Wanted::This(id) => id,
    };
    match id {
        Id { ms: 0, seq: 0 } => Err(ZERO),
        id if id <= last => Err(TOO_SMALL),
        id => Ok(id),
    }
}
