//! The ceiling: a server of the same threads as cacheflow that does nothing.
//!
//! A thread for each connection, with the same stack, on the same cores, with the same few looks at
//! the socket before sleeping; one read for what has arrived and one write for all replies.
//! It doesn't parse, look up or lock anything: it knows that all requests of redis-benchmark's run are
//! of one length, measures the first, and answers the same for each. So it shows what the kernel and
//! the choice of threads cost, and the rest of the way is ours.
//!
//! The program starts itself again to be this server, so that it is a process like the others.

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use cacheflow::server::input::Input;
use cacheflow::system::stream::Stream;

use crate::servers::Server;

/// The argument that makes this program the server.
pub const ARGUMENT: &str = "--echo";
/// As for cacheflow's workers.
const STACK_SIZE: usize = 256 * 1024;
/// As cacheflow's reader.
const BUFFER_SIZE: usize = 16 * 1024;

/// Starts the server as a process of its own.
pub fn start() -> Result<Server> {
    Server::start("echo", std::env::current_exe()?.into(), &[ARGUMENT])
}

/// Serves until it is killed.
pub fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("Ready to accept connections on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        std::thread::Builder::new().stack_size(STACK_SIZE).spawn(move || answer(stream))?;
    }
    Ok(())
}

/// Answers everything that comes on a connection.
fn answer(stream: TcpStream) {
    let stream = Arc::new(Stream::from(stream));
    let mut input = Input::new(Arc::clone(&stream), Arc::default(), Arc::default());
    let mut buffer = vec![0; BUFFER_SIZE];
    let mut replies = Vec::new();
    let (mut expected, mut reply) = (0, &b""[..]);
    let mut waiting = 0;
    while let Ok(count @ 1..) = input.read(&mut buffer) {
        let first = &buffer[..count];
        // redis-benchmark asks for the configuration before it begins: another length, another reply.
        if waiting == 0 && (expected == 0 || reply == NO_CONFIG) {
            expected = length_of_request(first);
            reply = reply_to(first);
        }
        waiting += count;
        replies.clear();
        while waiting >= expected {
            replies.extend_from_slice(reply);
            waiting -= expected;
        }
        if (&*stream).write_all(&replies).is_err() {
            return;
        }
    }
}

/// What an unknown parameter gets.
const NO_CONFIG: &[u8] = b"*0\r\n";

/// Where the first request ends: a line that says how many arguments, and two lines for each.
fn length_of_request(bytes: &[u8]) -> usize {
    let arguments = bytes.get(1).map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')));
    let lines = 1 + 2 * arguments;
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.map(|(index, _)| index + 1).nth(lines - 1).unwrap_or(bytes.len())
}

fn reply_to(request: &[u8]) -> &'static [u8] {
    match request.split(|byte| *byte == b'\n').nth(2) {
        Some(b"CONFIG\r") => NO_CONFIG,
        Some(b"GET\r") => b"$3\r\nxxx\r\n",
        _ => b"+OK\r\n",
    }
}
