//! `make load`: our own client against any server, once.

use std::io::{Error, Result};
use std::net::ToSocketAddrs as _;
use std::time::Duration;

use clap::{Arg, ArgAction, Command, value_parser};

use super::requests::Workload;
use super::{Outcome, Pace, Plan, run};

/// The argument that makes this program the client.
pub const ARGUMENT: &str = "load";

/// Takes the arguments behind [`ARGUMENT`], asks, and prints what came out.
pub fn by_hand(args: impl Iterator<Item = String>) -> Result<()> {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name).long(name).default_value(default).value_parser(value_parser!(u64)).help(help)
    };
    let matches = Command::new("make load")
        .no_binary_name(true)
        .arg(Arg::new("address").default_value("127.0.0.1:5001").help("where the server listens"))
        .arg(number("clients", "50", "connections"))
        .arg(number("threads", "2", "threads of the client"))
        .arg(number("pipeline", "1", "requests that are sent together"))
        .arg(number("seconds", "5", "for how long"))
        .arg(number(
            "rate",
            "0",
            "requests/s by the clock (an open loop); 0: as fast as replies come",
        ))
        .arg(number("keys", "100000", "random keys"))
        .arg(number("writes", "0", "how many of 100 requests are a SET, not a GET"))
        .arg(number("value", "3", "bytes of a value"))
        .arg(number("lifetime", "0", "seconds until a value expires; 0: never"))
        .arg(number("process", "0", "the server's process, whose processor time is shown"))
        .arg(Arg::new("skewed").long("skewed").action(ArgAction::SetTrue).help("prefer some keys"))
        // `cargo bench` adds it.
        .arg(Arg::new("bench").long("bench").action(ArgAction::SetTrue).hide(true))
        .get_matches_from(args);
    let number = |name: &str| matches.get_one::<u64>(name).copied().unwrap_or_default();
    let address = matches.get_one::<String>("address").map_or("", String::as_str);
    let address = address.to_socket_addrs()?.next();
    let plan = Plan {
        address: address.ok_or_else(|| Error::other("there is no such address"))?,
        clients: number("clients").max(1) as usize,
        threads: number("threads") as usize,
        pipeline: number("pipeline").max(1) as usize,
        pace: match number("rate") {
            0 => Pace::Closed,
            rate => Pace::Open { rate: rate as f64 },
        },
        duration: Duration::from_secs(number("seconds")),
        workload: Workload {
            keys: number("keys").max(1),
            writes: number("writes"),
            value: number("value") as usize,
            lifetime: number("lifetime"),
            is_skewed: matches.get_flag("skewed"),
        },
    };
    let process = u32::try_from(number("process")).ok().filter(|process| *process > 0);
    let Outcome { rate, processor, latencies } = run(&plan, process)?;
    println!("requests/s      {rate:.0}");
    if process.is_some() {
        println!("processor time  {processor:.2} µs each");
    }
    for percent in [50.0, 99.0, 99.9] {
        println!("p{percent:<14} {:.0} µs", latencies.percentile(percent));
    }
    println!("longest         {:.0} µs", latencies.longest());
    Ok(())
}
