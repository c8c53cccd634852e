#[derive(Debug, Default, PartialEq)]
pub struct Options {
    pub only_new: bool,
    pub only_existing: bool,
    pub get: bool,
    pub keep_ttl: bool,
    /// The time to live in milliseconds.
    pub ttl_ms: Option<i64>,
}

pub const SYNTAX: &str = "ERR syntax error";
pub const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
pub const INVALID_TIME: &str = "ERR invalid expire time in 'set' command";

pub fn parse(words: &[&str]) -> Result<Options, &'static str> {
    let mut options = Options::default();
    let mut time = None; // the text, and how many milliseconds one of it has
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.to_ascii_uppercase().as_str() {
            "NX" if !options.only_existing => options.only_new = true,
            "XX" if !options.only_new => options.only_existing = true,
            "GET" => options.get = true,
            "KEEPTTL" if time.is_none() => options.keep_ttl = true,
            unit @ ("EX" | "PX") if time.is_none() && !options.keep_ttl => {
                let factor = if unit == "EX" { 1000 } else { 1 };
                time = Some((*words.next().ok_or(SYNTAX)?, factor));
            }
            _ => return Err(SYNTAX),
        }
    }
    if let Some((text, factor)) = time {
        let number: i64 = text.parse().map_err(|_| NOT_INTEGER)?;
        let ttl_ms = number.checked_mul(factor).filter(|ttl_ms| *ttl_ms > 0);
        options.ttl_ms = Some(ttl_ms.ok_or(INVALID_TIME)?);
    }
    Ok(options)
}
