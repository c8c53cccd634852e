//! `make microbench`: what single functions take, in nanoseconds; `make instructions`: what whole
//! commands take, in instructions.
//!
//! | file              | what it is                                          |
//! |-------------------|-----------------------------------------------------|
//! | `protocol.rs`     | request reader, reply writer, command table         |
//! | `commands.rs`     | requests from bytes to bytes, without sockets       |
//! | `store.rs`        | the data structures                                 |
//! | `hot_path.rs`     | a server without sockets, for the two above         |
//! | `instructions.rs` | the same under callgrind                            |
//!
//! These answer where time goes; whether the server is fast is for `make bench` to say. A function that
//! takes 40 ns less is invisible behind a system call of 5 µs, unless there are a hundred of it in
//! a pipeline.

mod commands;
mod hot_path;
mod instructions;
#[path = "../support/page.rs"]
mod page;
mod protocol;
mod store;

use cacheflow::system::memory;

/// As in the program: counting is part of what an allocation costs.
#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::allocator();

fn main() {
    memory::count_with(|| ALLOCATOR.allocated());
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions", ..] => {
            if let Err(error) = instructions::main() {
                eprintln!("{error}");
                std::process::exit(1);
            }
        }
        ["run", case, batches] => {
            instructions::run(case.parse().expect("a number"), batches.parse().expect("a number"));
        }
        _ => divan::main(),
    }
}
