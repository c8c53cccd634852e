use std::collections::BTreeMap;

pub enum Lua {
    Nil,
    Boolean(bool),
    Number(f64),
    Text(String),
    /// What is at 1, 2, 3 and so on; and what is under names.
    Table(Vec<Lua>, BTreeMap<&'static str, String>),
}

pub fn reply(value: &Lua) -> String {
    match value {
        Lua::Nil | Lua::Boolean(false) => "$-1\r\n".into(),
        Lua::Boolean(true) => ":1\r\n".into(),
        Lua::Number(number) => format!(":{}\r\n", *number as i64),
        Lua::Text(text) => format!("${}\r\n{text}\r\n", text.len()),
        Lua::Table(items, fields) => {
            if let Some(text) = fields.get("err") {
                return format!("-{text}\r\n");
            }
            if let Some(text) = fields.get("ok") {
                return format!("+{text}\r\n");
            }
            let items = items.iter().take_while(|item| !matches!(item, Lua::Nil));
            let replies: Vec<String> = items.map(reply).collect();
            format!("*{}\r\n{}", replies.len(), replies.concat())
        }
    }
}
