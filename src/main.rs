//! The `cacheflow` binary: turns the command line into a configuration and runs the server.

use std::io::{ErrorKind, Write};
use std::process::exit;

use cacheflow::program::{Invocation, from_command_line, healthcheck, memory, process, threads};

#[global_allocator]
static ALLOCATOR: memory::Allocator = memory::allocator();

fn main() {
    threads::save_address_space();
    memory::count_with(|| ALLOCATOR.allocated());
    let code =
        match from_command_line(std::env::args_os(), std::env::vars_os(), &mut std::io::stdin()) {
            Ok(Invocation::Run(config)) => process::run(*config),
            Ok(Invocation::RunEphemeral(config)) => process::run_ephemeral(*config),
            Ok(Invocation::Check { config, places_of_users }) => {
                process::check(&config, &places_of_users)
            }
            Ok(Invocation::PrintAndExit(text)) => {
                // Whoever reads may have seen enough: `cacheflow --man | head`.
                match writeln!(std::io::stdout(), "{text}") {
                    Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                        eprintln!("cacheflow: can't write: {error}");
                        1
                    }
                    _ => 0,
                }
            }
            Ok(Invocation::Healthcheck { address, config }) => {
                match healthcheck::check(&address, &config) {
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
