//! The `cacheflow` binary: turns the command line into a configuration and runs the server.

use std::process::exit;

use cacheflow::config::{Invocation, from_command_line};
use cacheflow::system::{memory, threads};

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::allocator();

fn main() {
    threads::save_address_space();
    memory::count_with(|| ALLOCATOR.allocated());
    let code =
        match from_command_line(std::env::args_os(), std::env::vars_os(), &mut std::io::stdin()) {
            Ok(Invocation::Run(config)) => cacheflow::server::process::run(*config),
            Ok(Invocation::PrintAndExit(text)) => {
                println!("{text}");
                0
            }
            Ok(Invocation::Healthcheck { address, config }) => {
                match cacheflow::server::healthcheck::check(&address, &config) {
                    Ok(()) => 0,
                    Err(reason) => {
                        eprintln!("{reason}");
                        1
                    }
                }
            }
            Err(error) => {
                eprintln!("{error}");
                1
            }
        };
    exit(code);
}
