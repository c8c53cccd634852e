//! The `cacheflow` binary: turns the command line into a configuration and runs the server.

fn main() {}
