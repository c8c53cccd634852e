//! The second step of chapter 1: a server that answers with the words that it has understood.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

// quote examples/tiny.rs type Bytes; fn read_request; fn read_argument; fn read_line; fn integer
// quote examples/tiny.rs enum Reply; use Reply; impl Reply

fn serve(mut socket: TcpStream) -> io::Result<()> {
    let mut input = BufReader::new(socket.try_clone()?);
    loop {
        let words = read_request(&mut input)?;
        let mut reply = Bytes::new();
        Reply::Array(words.into_iter().map(Reply::Bulk).collect()).write(&mut reply)?;
        socket.write_all(&reply)?;
    }
}

#[test]
fn it_gives_words_back() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (socket, _) = listener.accept().unwrap();
    std::thread::spawn(move || serve(socket));
    client.write_all(b"GET k\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut replies = String::new();
    client.read_to_string(&mut replies).unwrap();
    assert_eq!(replies, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".repeat(2));
}
