//! A value by itself: what DUMP replies and RESTORE takes.
//!
//! ```text
//! | type | value ... | version u16 | crc64 of all before it u64 |      both low byte first
//! ```
//!
//! A payload comes from a client, and its checksum is no secret: it protects from accidents, not
//! from malice. So the value is validated like any other.

use super::EncodingLimits;
use super::checksum::crc64;
use super::format::{TRAILER, Type, opcode};
use super::source::Source;
use super::values::read_value;
use super::version::{Dialect, Unwritable, VERSION};
use super::write_value::{type_of, write_value};
use super::writer::{RdbWriter, Style};
use crate::store::Value;

/// Why a payload is refused.
#[derive(Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// It is of a newer version, or its checksum is wrong.
    Trailer,
    /// It is no value, with the reason.
    Value(String),
}

/// The payload for a value, if the version can say it.
pub fn dump(value: &Value, style: Style) -> Result<Vec<u8>, Unwritable> {
    let kind = type_of(value, style.target)?;
    let fields_expire = matches!(value, Value::Hash(hash) if hash.next_expiry().is_some());
    let mut out = RdbWriter::new(Vec::new(), style);
    let mut write = || {
        out.put(&[kind as u8])?;
        write_value(&mut out, value)?;
        out.put(&style.target.version(fields_expire).to_le_bytes())?;
        let checksum = out.flush()?;
        out.put(&checksum.to_le_bytes())?;
        out.flush()
    };
    write().expect("a vector takes every byte");
    Ok(out.into_inner())
}

/// The payload for libraries of functions.
pub fn dump_functions(sources: &[Vec<u8>]) -> Vec<u8> {
    let mut out = RdbWriter::new(Vec::new(), Style::default());
    let mut write = || {
        for source in sources {
            out.put(&[opcode::FUNCTION])?;
            out.string(source)?;
        }
        out.put(&VERSION.to_le_bytes())?;
        let checksum = out.flush()?;
        out.put(&checksum.to_le_bytes())?;
        out.flush()
    };
    write().expect("a vector takes every byte");
    out.into_inner()
}

/// The libraries of a payload.
pub fn decode_functions(payload: &[u8]) -> Result<Vec<Vec<u8>>, PayloadError> {
    check_sum(payload)?;
    let mut source = Source::new(body_of(payload)?.0);
    let mut sources = Vec::new();
    let damaged = |error: super::Error| PayloadError::Value(error.to_string());
    while !source.is_at_end().map_err(damaged)? {
        if source.byte().map_err(damaged)? != opcode::FUNCTION {
            return Err(PayloadError::Value("not a library".into()));
        }
        sources.push(source.string().map_err(damaged)?);
    }
    Ok(sources)
}

/// Refuses a payload whose checksum is wrong.
fn check_sum(payload: &[u8]) -> Result<(), PayloadError> {
    let checked = payload.len().checked_sub(size_of::<u64>()).ok_or(PayloadError::Trailer)?;
    let (checked, checksum) = payload.split_at(checked);
    if crc64(0, checked).to_le_bytes() == checksum { Ok(()) } else { Err(PayloadError::Trailer) }
}

/// What stands before the trailer of a payload, if its version is known, and whose it is.
fn body_of(payload: &[u8]) -> Result<(&[u8], Dialect), PayloadError> {
    let body = payload.len().checked_sub(TRAILER).ok_or(PayloadError::Trailer)?;
    let (body, trailer) = payload.split_at(body);
    let version = u16::from_le_bytes([trailer[0], trailer[1]]);
    let dialect = match version {
        0 => Dialect::Redis, // as Redis, which asks only whether it is too new
        version => Dialect::of_version(version).ok_or(PayloadError::Trailer)?,
    };
    Ok((body, dialect))
}

/// The value of a payload.
pub fn decode_value(payload: &[u8], limits: &EncodingLimits) -> Result<Value, PayloadError> {
    check_sum(payload)?;
    decode_value_unchecked(payload, limits)
}

/// The same, whatever the checksum is.
pub fn decode_value_unchecked(
    payload: &[u8],
    limits: &EncodingLimits,
) -> Result<Value, PayloadError> {
    let damaged = |error: super::Error| PayloadError::Value(error.to_string());
    let (body, dialect) = body_of(payload)?;
    let mut source = Source::new(body);
    let code = source.byte().map_err(damaged)?;
    let kind = Type::of_code(code).ok_or_else(|| PayloadError::Value("unknown type".into()))?;
    let value = read_value(&mut source, kind, dialect, limits).map_err(damaged)?;
    let value = value.ok_or_else(|| PayloadError::Value("an empty collection".into()))?;
    if source.is_at_end().map_err(damaged)? {
        Ok(value)
    } else {
        Err(PayloadError::Value("bytes behind the value".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From redis-server 7.0.15: SET k v; HSET h f v.
    const STRING: &[u8] = b"\x00\x01v\n\x00\x91\x08\xce\xb2\x198\x8a\xce";
    const HASH: &[u8] =
        b"\x10\r\r\x00\x00\x00\x02\x00\x81f\x02\x81v\x02\xff\n\x00 \xf1=D#T\x08\x9d";

    #[test]
    fn a_payload_of_redis_comes_back_the_same() {
        for payload in [STRING, HASH] {
            let value = decode_value(payload, &EncodingLimits::default()).unwrap();
            assert_eq!(dump(&value, Style::default()).unwrap(), payload);
        }
    }

    #[test]
    fn a_trailer_that_is_wrong_is_told_from_a_value_that_is() {
        let mut wrong = STRING.to_vec();
        wrong[2] ^= 1;
        let limits = EncodingLimits::default();
        assert_eq!(decode_value(&wrong, &limits).unwrap_err(), PayloadError::Trailer);
        assert_eq!(decode_value(b"", &limits).unwrap_err(), PayloadError::Trailer);
        assert!(decode_value_unchecked(&wrong, &limits).is_ok());
        let mut longer = [&STRING[..3], b"x", &VERSION.to_le_bytes()].concat();
        longer.extend(crc64(0, &longer).to_le_bytes());
        let error = decode_value(&longer, &limits).unwrap_err();
        assert_eq!(error, PayloadError::Value("bytes behind the value".into()));
    }
}
