//! `cmsgpack`: MessagePack, both ways.

pub mod pack;
pub mod unpack;

use crate::scripting::lua::{Function, Lua, Result, RustFunction, Table, install};
use unpack::{unpack, unpack_limit, unpack_one};

/// The table `cmsgpack`.
pub fn table(lua: &Lua, list_length: Function) -> Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("_NAME", "cmsgpack")?;
    table.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    table.raw_set("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo")?;
    table.raw_set("_DESCRIPTION", "MessagePack C implementation for Lua")?;
    let pack = lua.create_function(move |lua, args| pack::pack(lua, args, &list_length))?;
    table.raw_set("pack", pack)?;
    let functions: [(&str, RustFunction); 3] =
        [("unpack", unpack), ("unpack_one", unpack_one), ("unpack_limit", unpack_limit)];
    install(lua, &table, &functions)?;
    Ok(table)
}
