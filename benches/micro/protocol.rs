//! The request reader, the reply writer, and finding a command in the table.

use cacheflow::catalogue;
use cacheflow::resp::{Protocol, Reader, Reply, Request};
use divan::Bencher;
use divan::counter::ItemsCount;

use crate::hot_path::{Fixed, LIMITS};

/// Requests in one batch: 1 is a client that waits for each reply, 100 a pipeline.
#[divan::bench(args = [1, 16, 100])]
fn read_sets(bencher: Bencher, requests: usize) {
    let mut reader = Reader::new(Fixed::new(&["SET key:000000000042 0123456789abcdef"], requests));
    bencher.counter(ItemsCount::new(requests)).bench_local(move || {
        while reader.batch(&LIMITS).expect("the protocol is kept").is_empty() {
            reader.fill().expect("memory can be read");
        }
        divan::black_box(reader.parsed().len())
    });
}

#[divan::bench(args = ["get", "GET", "zrangebyscore", "CLIENT GETNAME", "nosuchcommand"])]
fn look_up(bencher: Bencher, name: &str) {
    let request = Request::new(name.split(' ').map(str::as_bytes));
    let names = catalogue::Names::default();
    bencher.bench_local(|| names.lookup(divan::black_box(request.args())).map(|row| row.name));
}

/// Writes a hundred values of a kind into a buffer that is large enough.
fn write(bencher: Bencher, mut write: impl FnMut(&mut Reply)) {
    let mut reply = Reply::new(Protocol::Resp2);
    bencher.counter(ItemsCount::new(100usize)).bench_local(|| {
        (0..100).for_each(|_| write(&mut reply));
        divan::black_box(reply.len());
        reply.truncate(0);
    });
}

#[divan::bench]
fn write_ok(bencher: Bencher) {
    write(bencher, |reply| reply.ok());
}

#[divan::bench]
fn write_bulk(bencher: Bencher) {
    write(bencher, |reply| reply.bulk(divan::black_box(b"0123456789abcdef")));
}

#[divan::bench]
fn write_integer(bencher: Bencher) {
    write(bencher, |reply| reply.integer(divan::black_box(1_234_567)));
}

#[divan::bench(args = [3.0, 0.1])]
fn write_double(bencher: Bencher, value: f64) {
    write(bencher, |reply| reply.double(divan::black_box(value)));
}
