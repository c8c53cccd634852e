#[derive(Debug, PartialEq)]
pub enum ProtocolError {
    /// The line that should say how many arguments there are doesn't begin with `*` and a number.
    InvalidCount,
    /// The line in front of an argument doesn't begin with `$`.
    ExpectedDollar,
    /// There is no length behind the `$`, or it is negative.
    InvalidLength,
}

/// The arguments of a request, and how many bytes it took.
pub type Request<'a> = (Vec<&'a [u8]>, usize);

pub fn parse(bytes: &[u8]) -> Result<Option<Request<'_>>, ProtocolError> {
    let Some((header, mut at)) = line(bytes, 0) else { return Ok(None) };
    let count = header.strip_prefix(b"*").and_then(number);
    let count = count.ok_or(ProtocolError::InvalidCount)?;
    let mut args = Vec::new(); // not with_capacity(count): a client may say what it likes
    for _ in 0..count {
        let Some((header, begin)) = line(bytes, at) else { return Ok(None) };
        let length = header.strip_prefix(b"$").ok_or(ProtocolError::ExpectedDollar)?;
        let length = number(length).ok_or(ProtocolError::InvalidLength)?;
        let end = begin.checked_add(length).ok_or(ProtocolError::InvalidLength)?;
        if bytes.len() < end.saturating_add(2) {
            return Ok(None);
        }
        args.push(&bytes[begin..end]);
        at = end + 2;
    }
    Ok(Some((args, at)))
}

/// The line that begins at `start`, without its end, and where the next one begins.
fn line(bytes: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let rest = &bytes[start..];
    let length = rest.windows(2).position(|two| two == b"\r\n")?;
    Some((&rest[..length], start + length + 2))
}

fn number(digits: &[u8]) -> Option<usize> {
    str::from_utf8(digits).ok()?.parse().ok()
}
