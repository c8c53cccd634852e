//! The first step of chapter 1: a server that answers PONG to whatever is said.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
};

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:6379")?;
    for socket in listener.incoming() {
        let socket = socket?;
        std::thread::spawn(move || serve(socket));
    }
    Ok(())
}

fn serve(mut socket: TcpStream) -> io::Result<()> {
    let mut input = BufReader::new(socket.try_clone()?);
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        // A client library says "*1", "$4", "PING" on three lines; a person says "PING" on one.
        if line.trim().eq_ignore_ascii_case("PING") {
            socket.write_all(b"+PONG\r\n")?;
        }
        line.clear();
    }
    Ok(())
}

#[test]
fn it_answers_people_and_programs() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    std::thread::spawn(move || serve(socket));
    client.write_all(b"PING\r\n*1\r\n$4\r\nping\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let replies: Vec<String> = BufReader::new(client).lines().map(Result::unwrap).collect();
    assert_eq!(replies, ["+PONG", "+PONG"]);
}
