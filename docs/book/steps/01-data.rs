//! The third step of chapter 1: a server that keeps data.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

// quote examples/tiny.rs type Bytes; fn read_request; fn read_argument; fn read_line; fn integer
// quote examples/tiny.rs enum Reply; use Reply; impl Reply
// quote examples/tiny.rs struct Data; struct Entry; enum Value; use Value; const WRONG_TYPE
// quote examples/tiny.rs impl Value; impl Data; fn name_of; fn execute; fn try_to; fn deadline
// quote examples/tiny.rs fn matches

fn serve(mut socket: TcpStream, data: &Mutex<Data>) -> io::Result<()> {
    let mut input = BufReader::new(socket.try_clone()?);
    loop {
        let request = read_request(&mut input)?;
        if request.is_empty() {
            continue; // somebody has typed nothing
        }
        let reply = execute(&mut data.lock().unwrap(), &request);
        let mut bytes = Bytes::new();
        reply.write(&mut bytes)?;
        socket.write_all(&bytes)?;
    }
}

#[test]
fn it_keeps_data() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    std::thread::spawn(move || serve(socket, &Mutex::new(Data::default())));
    client.write_all(b"INCR n\r\nINCR n\r\n\r\nLPUSH n x\r\nNOSUCH\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let replies: Vec<String> = BufReader::new(client).lines().map(Result::unwrap).collect();
    let wrong_type = format!("-{WRONG_TYPE}");
    let unknown = "-ERR wrong number of arguments for 'nosuch' command";
    assert_eq!(replies, [":1", ":2", &wrong_type, unknown]);
}
