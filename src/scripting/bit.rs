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
            ("tobit", |lua, args| result(bits(lua, &args, 0, "tobit")?)),
            ("bnot", |lua, args| result(!bits(lua, &args, 0, "bnot")?)),
            ("bswap", |lua, args| result(bits(lua, &args, 0, "bswap")?.swap_bytes())),
            ("band", |lua, args| fold(lua, args, "band", |a, b| a & b)),
            ("bor", |lua, args| fold(lua, args, "bor", |a, b| a | b)),
            ("bxor", |lua, args| fold(lua, args, "bxor", |a, b| a ^ b)),
            ("lshift", |lua, args| shift(lua, args, "lshift", |a, n| a << n)),
            ("rshift", |lua, args| shift(lua, args, "rshift", |a, n| a >> n)),
            ("arshift", |lua, args| shift(lua, args, "arshift", |a, n| ((a as i32) >> n) as u32)),
            ("rol", |lua, args| shift(lua, args, "rol", u32::rotate_left)),
            ("ror", |lua, args| shift(lua, args, "ror", u32::rotate_right)),
            ("tohex", tohex),
        ],
    )?;
    Ok(table)
}

/// A number's low 32 bits. Adding this constant rounds to an integer and puts them where they can be
/// read off; outside of 51 bits the result is what it is elsewhere, too.
fn bits(lua: &Lua, args: &MultiValue, index: usize, name: &str) -> Result<u32> {
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    let number = number_argument(lua, args, index, name)?;
    Ok((number + TO_INTEGER).to_bits() as u32)
}

fn result(bits: u32) -> Result<MultiValue> {
    one(Value::Integer((bits as i32).into()))
}

fn fold(lua: &Lua, args: MultiValue, name: &str, with: fn(u32, u32) -> u32) -> Result<MultiValue> {
    let mut folded = bits(lua, &args, 0, name)?;
    for index in 1..args.len() {
        folded = with(folded, bits(lua, &args, index, name)?);
    }
    result(folded)
}

fn shift(lua: &Lua, args: MultiValue, name: &str, with: fn(u32, u32) -> u32) -> Result<MultiValue> {
    let value = bits(lua, &args, 0, name)?;
    let count = bits(lua, &args, 1, name)?;
    result(with(value, count & 31))
}

/// `bit.tohex(number [, digits])`: fewer than no digits means upper case.
fn tohex(lua: &Lua, args: MultiValue) -> Result<MultiValue> {
    let value = bits(lua, &args, 0, "tohex")?;
    let digits = match args.get(1) {
        None | Some(Value::Nil) => 8,
        Some(_) => bits(lua, &args, 1, "tohex")? as i32,
    };
    // The least integer has no opposite.
    let count = (digits.unsigned_abs() as usize).min(8);
    let all = if digits < 0 { format!("{value:08X}") } else { format!("{value:08x}") };
    one_string(lua, &all[8 - count..])
}
