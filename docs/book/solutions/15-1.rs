pub fn complete(file: &[u8]) -> Result<usize, usize> {
    let (mut at, mut end, mut in_unit) = (0, 0, false);
    while let Some((name, next)) = request(file, at).map_err(|()| at)? {
        in_unit = match in_unit {
            false => name.eq_ignore_ascii_case(b"MULTI"),
            true => !name.eq_ignore_ascii_case(b"EXEC"),
        };
        at = next;
        if !in_unit {
            end = at;
        }
    }
    Ok(end)
}

/// The name of a request and where the next one begins. None: the file ends before it does.
fn request(file: &[u8], at: usize) -> Result<Option<(&[u8], usize)>, ()> {
    let Some((count, mut at)) = number(file, at, b'*')? else { return Ok(None) };
    let mut name = None;
    for _ in 0..count {
        let Some((len, begin)) = number(file, at, b'$')? else { return Ok(None) };
        let end = begin + len;
        let tail = &file[end.min(file.len())..(end + 2).min(file.len())];
        if !b"\r\n".starts_with(tail) {
            return Err(());
        }
        if tail.len() < 2 {
            return Ok(None);
        }
        name.get_or_insert(&file[begin..end]);
        at = end + 2;
    }
    name.map(|name| Some((name, at))).ok_or(())
}

/// The number behind a letter, and where its line ends. None: the file ends before it does.
fn number(file: &[u8], at: usize, letter: u8) -> Result<Option<(usize, usize)>, ()> {
    let Some((first, rest)) = file[at..].split_first() else { return Ok(None) };
    if *first != letter {
        return Err(());
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match &rest[digits..] {
        [] | [b'\r'] => return Ok(None),
        [b'\r', b'\n', ..] if digits > 0 => {}
        _ => return Err(()),
    }
    let text = str::from_utf8(&rest[..digits]).map_err(drop)?;
    Ok(Some((text.parse().map_err(drop)?, at + 1 + digits + 2)))
}
