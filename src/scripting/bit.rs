//! The library `bit`: operations on the low 32 bits of numbers, with signed results.

use super::lua::{
    Lua, MultiValue, Result, Table, Value, install, number_argument, one, one_string,
};

/// The table.
pub fn table(lua: &Lua) -> Result<Table> {
    let table = lua.create_table()?;
    install(
        lua,
        &table,
        &[
            ("tobit", |lua, args| result(bits(lua, &args, 0)?)),
            ("bnot", |lua, args| result(!bits(lua, &args, 0)?)),
            ("bswap", |lua, args| result(bits(lua, &args, 0)?.swap_bytes())),
            ("band", |lua, args| fold(lua, args, |a, b| a & b)),
            ("bor", |lua, args| fold(lua, args, |a, b| a | b)),
            ("bxor", |lua, args| fold(lua, args, |a, b| a ^ b)),
            ("lshift", |lua, args| shift(lua, args, |a, n| a << n)),
            ("rshift", |lua, args| shift(lua, args, |a, n| a >> n)),
            ("arshift", |lua, args| shift(lua, args, |a, n| ((a as i32) >> n) as u32)),
            ("rol", |lua, args| shift(lua, args, u32::rotate_left)),
            ("ror", |lua, args| shift(lua, args, u32::rotate_right)),
            ("tohex", tohex),
        ],
    )?;
    Ok(table)
}

/// A number's low 32 bits. Adding this constant rounds to an integer and puts them where they can be
/// read off; outside of 51 bits the result is what it is elsewhere, too.
fn bits(lua: &Lua, args: &MultiValue, index: usize) -> Result<u32> {
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    let number = number_argument(lua, args, index)?;
    Ok((number + TO_INTEGER).to_bits() as u32)
}

fn result(bits: u32) -> Result<MultiValue> {
    one(Value::Integer((bits as i32).into()))
}

fn fold(lua: &Lua, args: MultiValue, with: fn(u32, u32) -> u32) -> Result<MultiValue> {
    let mut folded = bits(lua, &args, 0)?;
    // From the last, which shows if several are no numbers.
    for index in (1..args.len()).rev() {
        folded = with(folded, bits(lua, &args, index)?);
    }
    result(folded)
}

fn shift(lua: &Lua, args: MultiValue, with: fn(u32, u32) -> u32) -> Result<MultiValue> {
    let value = bits(lua, &args, 0)?;
    let count = bits(lua, &args, 1)?;
    result(with(value, count & 31))
}

/// `bit.tohex(number [, digits])`: fewer than no digits means upper case.
fn tohex(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let value = bits(lua, &args, 0)?;
    let digits = match args.get(1) {
        None => 8,
        Some(_) => bits(lua, &args, 1)? as i32,
    };
    // The least integer has no opposite.
    let count = (digits.unsigned_abs() as usize).min(8);
    let all = if digits < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    one_string(lua, &all[8 - count..])
}
