//! Where functions are in the source.
//!
//! The compiler says which function a command's handler is, and `build.rs` has listed where each function stands. So a
//! place is right, or the name doesn't compile. (Within a function, `here!()` says where it stands itself.)

use crate::catalogue::Command;
use crate::command::dispatch::path_of;

/// Lines of a path and a place: `command::strings::set src/command/strings/mod.rs:41`.
const PLACES: &str = include_str!(concat!(env!("OUT_DIR"), "/places.txt"));

/// Where a function stands.
pub fn place<F>(function: &F) -> &'static str {
    find(&plain(std::any::type_name_of_val(function)))
}

/// The function that a command is dispatched to, and where it stands.
pub fn place_of_handler(command: Command) -> (String, &'static str) {
    let path = plain(path_of(command));
    let place = find(&path);
    (path, place)
}

fn find(path: &str) -> &'static str {
    let found = PLACES.lines().find_map(|line| line.strip_prefix(path)?.strip_prefix(' '));
    found.unwrap_or_default()
}

/// A path as `build.rs` has it, of modules and the function: the compiler's names begin with the crate and may have the type
/// that a function belongs to before it.
///
/// ```text
/// cacheflow::engine::lock::SharedEngine::enter                         engine::lock::enter
/// cacheflow::engine::execution::<impl cacheflow::engine::Engine>::f    engine::execution::f
/// ```
fn plain(name: &str) -> String {
    let (name, last) = match name.split_once("::<impl ") {
        Some((module, rest)) => (module, rest.rsplit("::").next()),
        None => (name, None),
    };
    let is_module = |part: &&str| !part.starts_with(|c: char| c.is_ascii_uppercase());
    let parts = name.split("::").skip(1).map(|part| part.split('<').next().unwrap_or_default());
    parts.filter(is_module).chain(last).collect::<Vec<_>>().join("::")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::ROWS;
    use crate::command::context::Context;
    use crate::engine::{Engine, SharedEngine};
    use crate::journal::Journal;
    use crate::resp::Batch;

    /// The line at a place.
    fn line(place: &str) -> String {
        let (file, number) = place.split_once(':').expect("a place has a line");
        let text = std::fs::read_to_string(file).expect("tests run where the sources are");
        text.lines().nth(number.parse::<usize>().unwrap() - 1).expect("it is there").to_owned()
    }

    #[test]
    fn every_handler_is_where_it_is_said_to_be() {
        for row in ROWS {
            let (path, place) = place_of_handler(row.command);
            let name = path.rsplit("::").next().unwrap();
            assert!(!place.is_empty(), "{} has no place: {path}", row.name);
            assert!(line(place).contains(&format!("fn {name}(")), "{path} isn't at {place}");
        }
    }

    #[test]
    fn functions_of_types_are_found_too() {
        assert!(line(place(&SharedEngine::enter)).contains("pub fn enter("));
        assert!(line(place(&Engine::close_unit)).contains("pub fn close_unit("));
        assert!(line(place(&Journal::flush)).contains("pub fn flush("));
        assert!(line(place(&crate::command::execute)).contains("pub fn execute("));
        assert!(line(place(&Batch::request)).contains("pub fn request("));
        assert!(line(place(&Context::block_on)).contains("pub fn block_on("));
    }
}
