//! The blobs that Redis wrote before there were listpacks, and the intset, which it still writes.
//! They are only read here, but for the intset.
//!
//! ```text
//! ziplist = bytes u32 | offset of the last entry u32 | entries u16 | entry ... | ff
//! entry   = previous entry's size: one byte, or fe and u32
//!           00llllll text | 01llllll llllllll text | 80 u32 (high byte first) text
//!           c0 i16 | d0 i32 | e0 i64 | f0 i24 | fe i8 | f1..fd: 0..12
//!
//! zipmap  = fields u8 | (len field  len free value  free bytes)* | ff
//! len     = 0..253 | fe u32                   free: unused bytes behind a value that has shrunk
//!
//! intset  = 2, 4 or 8 (u32) | members u32 | the members, ascending, low byte first
//! ```
//!
//! The size of the previous entry made insertions cascade: an entry that reached 254 bytes made
//! the next one's header longer, which might make that one reach 254 bytes, and so on. That is why
//! listpacks took their place.

use super::Flaw;
use super::listpack::{END, Element, UNCOUNTED, read_i24, take};
use crate::store::intset::IntSetRef;

/// A size of this and more does not fit one byte.
const WIDE: u8 = 0xfe;
const ZIPLIST_HEADER: usize = 10;
const INTSET_HEADER: usize = 8;

/// The entries of a ziplist, if all of it is right.
pub(super) fn read_ziplist(blob: &[u8]) -> Result<Vec<Element<'_>>, Flaw> {
    let header: &[u8; ZIPLIST_HEADER] = blob.first_chunk().ok_or("a ziplist without a header")?;
    let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i])) as usize;
    let count = u16::from_le_bytes([header[8], header[9]]);
    if number(0) != blob.len() {
        return Err("a ziplist of another size than it says".into());
    }
    let mut rest = &blob[ZIPLIST_HEADER..];
    let mut entries = Vec::new();
    let (mut last, mut previous) = (ZIPLIST_HEADER, 0);
    loop {
        match rest {
            [END] => break,
            [] | [END, ..] => return Err("a ziplist does not end where it should".into()),
            _ => {}
        }
        last = blob.len() - rest.len();
        let entry = read_entry(&mut rest, previous).ok_or("a broken entry in a ziplist")?;
        previous = blob.len() - rest.len() - last;
        entries.push(entry);
    }
    if number(4) != last {
        return Err("a ziplist whose last entry is not where it says".into());
    }
    if count != UNCOUNTED && usize::from(count) != entries.len() {
        return Err("a ziplist with another number of entries than it says".into());
    }
    Ok(entries)
}

fn read_entry<'a>(rest: &mut &'a [u8], previous: usize) -> Option<Element<'a>> {
    if read_size(rest)? != previous {
        return None;
    }
    let first = *rest.split_off_first()?;
    Some(match first {
        0..0x40 => Element::Text(rest.split_off(..usize::from(first))?),
        0x40..0x80 => {
            let len = usize::from(first & 0x3f) << 8 | usize::from(*rest.split_off_first()?);
            Element::Text(rest.split_off(..len)?)
        }
        0x80 => {
            let len = u32::from_be_bytes(*take(rest)?);
            Element::Text(rest.split_off(..usize::try_from(len).ok()?)?)
        }
        0xc0 => Element::Integer(i16::from_le_bytes(*take(rest)?).into()),
        0xd0 => Element::Integer(i32::from_le_bytes(*take(rest)?).into()),
        0xe0 => Element::Integer(i64::from_le_bytes(*take(rest)?)),
        0xf0 => Element::Integer(read_i24(take(rest)?)),
        0xfe => Element::Integer(i8::from_le_bytes(*take(rest)?).into()),
        0xf1..=0xfd => Element::Integer(i64::from(first) - 0xf1),
        _ => return None,
    })
}

/// A size in one byte or five.
fn read_size(rest: &mut &[u8]) -> Option<usize> {
    match *rest.split_off_first()? {
        END => None,
        WIDE => usize::try_from(u32::from_le_bytes(*take(rest)?)).ok(),
        size => Some(size.into()),
    }
}

/// A field and its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// The fields and values of a zipmap, if all of it is right.
pub(super) fn read_zipmap(blob: &[u8]) -> Result<Vec<Pair<'_>>, Flaw> {
    let (&count, mut rest) = blob.split_first().ok_or("an empty zipmap")?;
    let mut pairs = Vec::new();
    loop {
        match rest {
            [END] => break,
            [] | [END, ..] => return Err("a zipmap does not end where it should".into()),
            _ => pairs.push(read_pair(&mut rest).ok_or("a broken field in a zipmap")?),
        }
    }
    if count < WIDE && usize::from(count) != pairs.len() {
        return Err("a zipmap with another number of fields than it says".into());
    }
    Ok(pairs)
}

fn read_pair<'a>(rest: &mut &'a [u8]) -> Option<Pair<'a>> {
    let len = read_size(rest)?;
    let field = rest.split_off(..len)?;
    let len = read_size(rest)?;
    let free = usize::from(*rest.split_off_first()?);
    let value = rest.split_off(..len)?;
    rest.split_off(..free)?;
    Some((field, value))
}

/// The members of an intset, if they are in order.
pub(super) fn read_intset(blob: &[u8]) -> Result<Vec<i64>, Flaw> {
    let header: &[u8; INTSET_HEADER] = blob.first_chunk().ok_or("an intset without a header")?;
    let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|i| header[at + i])) as usize;
    let (width, count) = (number(0), number(4));
    let members = &blob[INTSET_HEADER..];
    if !matches!(width, 2 | 4 | 8) || width.checked_mul(count) != Some(members.len()) {
        return Err("an intset of another size than it says".into());
    }
    let wide = |member: &[u8]| {
        let sign = if member[width - 1] & 0x80 != 0 { 0xff } else { 0 };
        let mut bytes = [sign; 8];
        bytes[..width].copy_from_slice(member);
        i64::from_le_bytes(bytes)
    };
    let members: Vec<i64> = members.chunks_exact(width).map(wide).collect();
    if members.is_sorted_by(|a, b| a < b) {
        Ok(members)
    } else {
        Err("an intset that is not in order".into())
    }
}

/// The intset of these members.
pub(super) fn write_intset(members: IntSetRef<'_>) -> Vec<u8> {
    let width = members.width();
    let mut blob = (width as u32).to_le_bytes().to_vec();
    blob.extend((members.len() as u32).to_le_bytes());
    for member in members.iter() {
        blob.extend_from_slice(&member.to_le_bytes()[..width]);
    }
    blob
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::Set;

    /// A ziplist of these entries, each encoding and content without the size in front.
    fn ziplist(entries: &[&[u8]]) -> Vec<u8> {
        let (mut body, mut previous, mut last) = (Vec::new(), 0, ZIPLIST_HEADER);
        for entry in entries {
            last = ZIPLIST_HEADER + body.len();
            if previous < 254 {
                body.push(previous as u8);
            } else {
                body.push(WIDE);
                body.extend((previous as u32).to_le_bytes());
            }
            body.extend_from_slice(entry);
            previous = ZIPLIST_HEADER + body.len() - last;
        }
        let total = (ZIPLIST_HEADER + body.len() + 1) as u32;
        let count = entries.len() as u16;
        let header = [&total.to_le_bytes()[..], &(last as u32).to_le_bytes(), &count.to_le_bytes()];
        [&header.concat()[..], &body, &[END]].concat()
    }

    #[test]
    fn reads_every_entry_of_a_ziplist() {
        let long = [&[0x41, 0x2c][..], &[b'y'; 300]].concat();
        let huge = [&[0x80, 0, 1, 0, 0][..], &[b'z'; 65_536]].concat();
        let entries: [&[u8]; 11] = [
            b"\x03abc",
            &long,
            &huge,
            b"\xf1",
            b"\xfd",
            b"\xfe\x80",
            b"\xc0\x2c\x01",
            b"\xf0\x00\x00\x80",
            b"\xd0\xff\xff\xff\xff",
            b"\xe0\0\0\0\0\0\0\0\x80",
            b"\x00",
        ];
        let blob = ziplist(&entries);
        let read = read_ziplist(&blob).unwrap();
        assert_eq!(read[0], Element::Text(b"abc"));
        assert_eq!((read[1].to_vec().len(), read[2].to_vec().len()), (300, 65_536));
        let integers = [0, 12, -128, 300, -8_388_608, -1, i64::MIN].map(Element::Integer);
        assert_eq!(read[3..10], integers);
        assert_eq!(read[10], Element::Text(b""));
    }

    #[test]
    fn a_ziplist_that_contradicts_itself_is_refused() {
        let good = ziplist(&[b"\x03abc", b"\x01x"]);
        assert_eq!(read_ziplist(&good).unwrap().len(), 2);
        for at in [0, 4, 8, ZIPLIST_HEADER, ZIPLIST_HEADER + 1, ZIPLIST_HEADER + 5, good.len() - 1]
        {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(read_ziplist(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_zipmap_may_have_holes() {
        let blob = b"\x02\x03foo\x03\x02barxx\x01a\x00\x00\xff";
        assert_eq!(read_zipmap(blob).unwrap(), [(&b"foo"[..], &b"bar"[..]), (b"a", b"")]);
        assert!(read_zipmap(b"\x01\x03foo\x03\x02bar\xff").is_err());
    }

    #[test]
    fn intsets_are_in_order() {
        let blob = b"\x02\0\0\0\x03\0\0\0\xff\xff\x01\0\x2c\x01";
        assert_eq!(read_intset(blob).unwrap(), [-1, 1, 300]);
        let mut set = Set::new();
        assert!(["300", "-1", "1"].into_iter().all(|member| set.add(member.as_bytes(), 512)));
        assert_eq!(write_intset(set.integers().unwrap()), blob);
        assert!(read_intset(b"\x02\0\0\0\x02\0\0\0\x01\0\x01\0").is_err());
        assert!(read_intset(b"\x03\0\0\0\0\0\0\0").is_err());
        assert!(read_intset(b"\x08\0\0\0\xff\xff\xff\xff").is_err());
    }

    proptest! {
        #[test]
        fn survive_any_input(blob: Vec<u8>) {
            let _ = (read_ziplist(&blob), read_zipmap(&blob), read_intset(&blob));
        }
    }
}
