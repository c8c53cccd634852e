#[derive(Debug, PartialEq)]
pub struct Row {
    pub name: &'static str,
    pub arity: i32,
}

pub const ROWS: &[Row] = &[
    Row { name: "del", arity: -2 },
    Row { name: "get", arity: 2 },
    Row { name: "ping", arity: -1 },
    Row { name: "set", arity: -3 },
];

/// The row that a request asks for. It has at least one word.
pub fn look_up(request: &[&str]) -> Result<&'static Row, String> {
    let (name, args) = (request[0], &request[1..]);
    let Some(row) = ROWS.iter().find(|row| row.name.eq_ignore_ascii_case(name)) else {
        let args: String = args.iter().map(|arg| format!("'{arg}' ")).collect();
        return Err(format!("ERR unknown command '{name}', with args beginning with: {args}"));
    };
    let words = request.len() as i32;
    let is_right = if row.arity < 0 { words >= -row.arity } else { words == row.arity };
    if is_right {
        Ok(row)
    } else {
        Err(format!("ERR wrong number of arguments for '{}' command", row.name))
    }
}
