//! The reader against every way in which bytes can arrive, and every way in which they can be bad.

use proptest::prelude::*;

use super::*;

const LIMITS: RequestLimits =
    RequestLimits { bulk: 512 << 20, query_buffer: 1 << 30, authenticated: true };

/// Hands out its pieces one by one, as a network does.
struct Pieces(Vec<Vec<u8>>);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.0.first_mut() else { return Ok(0) };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        piece.drain(..count);
        if piece.is_empty() {
            self.0.remove(0);
        }
        Ok(count)
    }
}

type Requests = Vec<Vec<Vec<u8>>>;

/// Reads until the end or an error; every batch is checked to be what it was when first seen.
fn read_all(pieces: Vec<Vec<u8>>, limits: &RequestLimits) -> (Requests, Option<ProtocolError>) {
    let mut reader = Reader::new(Pieces(pieces));
    let mut requests = Requests::new();
    loop {
        match reader.batch(limits) {
            Err(error) => return (requests, Some(error)),
            Ok(batch) if batch.is_empty() => {
                if reader.fill().unwrap() == 0 {
                    return (requests, None);
                }
            }
            Ok(batch) => {
                for index in 0..batch.len() {
                    requests.push(batch.request(index).iter().map(<[u8]>::to_vec).collect());
                }
            }
        }
    }
}

fn requests(input: &[u8]) -> Requests {
    let (requests, error) = read_all(vec![input.to_vec()], &LIMITS);
    assert_eq!(error, None, "{}", input.escape_ascii());
    requests
}

fn error(input: &[u8]) -> Option<ProtocolError> {
    read_all(vec![input.to_vec()], &LIMITS).1
}

#[test]
fn requests_of_both_kinds_are_found() {
    let two = requests(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n  GET \"a b\"\r\nPING\n*1\r\n$0\r\n\r\n");
    let expected: Vec<Vec<&[u8]>> =
        vec![vec![b"GET", b"k"], vec![b"GET", b"a b"], vec![b"PING"], vec![b""]];
    assert_eq!(two, expected);
}

#[test]
fn what_asks_for_nothing_is_skipped() {
    assert_eq!(requests(b"\r\n\n*0\r\n*-1\r\n   \r\n*1\r\n$4\r\nPING\r\n").len(), 1);
}

#[test]
fn bad_requests_have_their_error() {
    use ProtocolError::*;
    for (input, expected) in [
        (&b"*abc\r\n"[..], InvalidMultibulkLength),
        (b"*2147483648\r\n", InvalidMultibulkLength),
        (b"*+1\r\n", InvalidMultibulkLength),
        (b"*01\r\n", InvalidMultibulkLength),
        (b"*1\r\n$-1\r\n", InvalidBulkLength),
        (b"*1\r\n$536870913\r\n", InvalidBulkLength),
        (b"*1\r\n$9223372036854775808\r\n", InvalidBulkLength),
        (b"*1\r\n:5\r\n", ExpectedDollar(b':')),
        (b"GET \"abc\r\n", UnbalancedQuotes),
    ] {
        assert_eq!(error(input), Some(expected), "{}", input.escape_ascii());
    }
    let long = vec![b'1'; 70_000];
    assert_eq!(error(&[b"*", &long[..]].concat()), Some(TooBigMbulkCount));
    assert_eq!(error(&[b"*1\r\n$", &long[..]].concat()), Some(TooBigBulkCount));
    assert_eq!(error(&long), Some(TooBigInline));
}

#[test]
fn an_error_comes_after_the_requests_before_it() {
    let (requests, error) = read_all(vec![b"PING\r\n*1\r\n$4\r\nECHO\r\n*x\r\n".to_vec()], &LIMITS);
    assert_eq!(requests.len(), 2);
    assert_eq!(error, Some(ProtocolError::InvalidMultibulkLength));
}

#[test]
fn strangers_may_send_little() {
    let limits = RequestLimits { authenticated: false, ..LIMITS };
    let check = |input: &[u8]| read_all(vec![input.to_vec()], &limits).1;
    assert_eq!(check(b"*11\r\n"), Some(ProtocolError::UnauthenticatedMultibulkLength));
    assert_eq!(check(b"*1\r\n$16385\r\n"), Some(ProtocolError::UnauthenticatedBulkLength));
    assert_eq!(check(b"*10\r\n$16384\r\n"), None);
}

#[test]
fn a_length_alone_reserves_nothing() {
    let mut reader = Reader::new(Pieces(vec![b"*1000000000\r\n$536870912\r\nabc".to_vec()]));
    assert!(reader.batch(&LIMITS).unwrap().is_empty());
    reader.fill().unwrap();
    assert!(reader.batch(&LIMITS).unwrap().is_empty());
    assert_eq!(reader.fill().unwrap(), 0);
    assert!(reader.capacity() < 100_000, "{}", reader.capacity());
}

#[test]
fn the_query_buffer_is_limited() {
    let limits = RequestLimits { query_buffer: 1000, ..LIMITS };
    let input = [&b"*1\r\n$5000\r\n"[..], &[b'x'; 2000]].concat();
    assert_eq!(read_all(vec![input], &limits).1, Some(ProtocolError::QueryBufferLimit));
    // Requests that are all complete are not too much, however many come at once.
    let many = b"*1\r\n$4\r\nPING\r\n".repeat(5000);
    let (requests, error) = read_all(vec![many], &limits);
    assert_eq!((requests.len(), error), (5000, None));
}

#[test]
fn memory_of_a_large_request_is_given_back() {
    let big = vec![b'x'; 5 << 20];
    let mut input = format!("*1\r\n${}\r\n", big.len()).into_bytes();
    input.extend_from_slice(&big);
    input.extend_from_slice(b"\r\nPING\r\n");
    let mut reader = Reader::new(Pieces(vec![input]));
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let batch = reader.batch(&LIMITS).unwrap();
        (0..batch.len()).for_each(|index| seen.push(batch.request(index).at(0).len()));
        if batch.is_empty() {
            reader.fill().unwrap();
        }
    }
    assert_eq!(seen, [big.len(), 4]);
    assert!(reader.batch(&LIMITS).unwrap().is_empty());
    assert!(reader.capacity() < 100_000, "{}", reader.capacity());
}

/// Requests with an argument of `size` bytes, each of which arrives as a whole.
fn arriving(size: usize, requests: usize) -> Pieces {
    let mut request = Vec::new();
    crate::resp::writer::encode_request(&mut request, [&b"SET"[..], &vec![b'x'; size]].into_iter());
    Pieces(vec![request; requests])
}

/// Executes all that comes. Returns how many reads that took.
fn execute_all(reader: &mut Reader<Pieces>) -> usize {
    let mut reads = 0;
    loop {
        if reader.batch(&LIMITS).unwrap().is_empty() {
            if reader.fill().unwrap() == 0 {
                return reads;
            }
            reads += 1;
        }
    }
}

/// How many buffers there are to be borrowed.
fn spare(pool: &BufferPool) -> usize {
    let lent: Vec<Vec<u8>> = std::iter::from_fn(|| pool.borrow(1)).collect();
    let count = lent.len();
    lent.into_iter().for_each(|buffer| pool.give_back(buffer));
    count
}

#[test]
fn a_large_request_takes_two_reads_and_leaves_nothing() {
    // with 16,361 bytes it is exactly one read.
    for size in [17_000, 16_361, 100_000, 1_000_000] {
        let pool = Arc::new(BufferPool::default());
        let all = spare(&pool);
        let mut reader = Reader::with_pool(arriving(size, 10), Arc::clone(&pool));
        let reads = execute_all(&mut reader);
        assert!(reads <= 2 * 10, "{size}: {reads} reads");
        assert!(reader.capacity() <= SMALL_READ + KEEP_CAPACITY, "{size}: {}", reader.capacity());
        assert_eq!(spare(&pool), all, "{size}");
    }
}

#[test]
fn without_a_spare_buffer_memory_grows_with_what_arrives() {
    let pool = Arc::new(BufferPool::default());
    let lent: Vec<Vec<u8>> = std::iter::from_fn(|| pool.borrow(1)).collect();
    for size in [100_000, 1_000_000, 5_000_000] {
        let mut reader = Reader::with_pool(arriving(size, 3), Arc::clone(&pool));
        let (mut arrived, mut reads) = (0, 0);
        while arrived < 3 * size {
            if reader.batch(&LIMITS).unwrap().is_empty() {
                arrived += reader.fill().unwrap();
                reads += 1;
                let most = SMALL_READ + 2 * READ.max(reader.incomplete());
                assert!(reader.capacity() <= 2 * most, "{size}: {}", reader.capacity());
            }
        }
        assert!(reads <= 3 * 12, "{size}: {reads} reads");
    }
    lent.into_iter().for_each(|buffer| pool.give_back(buffer));
}

#[test]
fn lengths_that_lie_take_the_lent_buffers_and_no_more() {
    let pool = Arc::new(BufferPool::default());
    let all = spare(&pool);
    for announced in [100_000, 1_000_000, 512 << 20] {
        let begun = [format!("*1\r\n${announced}\r\n").as_bytes(), &[b'x'; 20_000]].concat();
        let mut readers: Vec<Reader<Pieces>> = (0..100)
            .map(|_| Reader::with_pool(Pieces(vec![begun.clone()]), Arc::clone(&pool)))
            .collect();
        for reader in &mut readers {
            execute_all(reader);
            assert!(reader.capacity() <= 5 * begun.len(), "{announced}: {}", reader.capacity());
        }
        drop(readers);
        assert_eq!(spare(&pool), all, "a connection that ends gives back what it has");
    }
}

/// Cuts `input` at the given places.
fn cut(input: &[u8], places: &[usize]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    let pieces = places.windows(2).map(|pair| input[pair[0]..pair[1]].to_vec());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

proptest! {
    /// However the bytes are cut, the requests are the same.
    #[test]
    fn cuts_make_no_difference(
        sent in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6), 1..20),
        places in prop::collection::vec(any::<usize>(), 0..30),
        large in prop::collection::vec(10_000usize..300_000, 0..3),
    ) {
        let mut sent = sent;
        sent.extend(large.into_iter().map(|size| vec![vec![b'y'; size]]));
        let mut input = Vec::new();
        for request in &sent {
            crate::resp::writer::encode_request(&mut input, request.iter().map(Vec::as_slice));
        }
        let (read, error) = read_all(cut(&input, &places), &LIMITS);
        prop_assert_eq!(error, None);
        prop_assert_eq!(read, sent);
    }

    /// Nor does it when a connection that waits reads on before it goes on.
    #[test]
    fn reading_ahead_changes_nothing(
        sent in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 1..6), 1..60),
        places in prop::collection::vec(any::<usize>(), 0..60),
        ahead in prop::collection::vec(0usize..6, 1..10),
        large in prop::collection::vec(10_000usize..300_000, 0..2),
    ) {
        let mut sent = sent;
        large.into_iter().for_each(|size| sent.insert(size % sent.len(), vec![vec![b'y'; size]]));
        let mut input = Vec::new();
        for request in &sent {
            crate::resp::writer::encode_request(&mut input, request.iter().map(Vec::as_slice));
        }
        let mut reader = Reader::new(Pieces(cut(&input, &places)));
        let (mut read, mut ahead, mut executed) = (Requests::new(), ahead.iter().cycle(), 0);
        loop {
            let found = reader.batch(&LIMITS).unwrap().len();
            for index in 0..found {
                let args = reader.parsed().request(index);
                read.push(args.iter().map(<[u8]>::to_vec).collect());
                executed += client_bytes(&read[read.len() - 1]);
                let mut behind = reader.behind(index);
                for _ in 0..*ahead.next().unwrap() {
                    behind += reader.read_ahead().unwrap();
                    prop_assert_eq!(reader.behind(index), behind);
                }
                prop_assert!(executed + behind <= input.len());
            }
            if found == 0 && reader.fill().unwrap() == 0 {
                break;
            }
        }
        prop_assert_eq!(read, sent);
    }

    /// No input makes it panic, and none makes it loop.
    #[test]
    fn anything_may_arrive(
        parts in prop::collection::vec(
            prop::sample::select(vec!["*", "$", "1", "3", "\r\n", "-", "\"", "\\x", " ", "GET", "\0"]),
            0..60),
        places in prop::collection::vec(any::<usize>(), 0..10),
    ) {
        read_all(cut(parts.concat().as_bytes(), &places), &LIMITS);
    }
}

/// How long a request is as it is sent.
fn client_bytes(request: &[Vec<u8>]) -> usize {
    let mut sent = Vec::new();
    crate::resp::writer::encode_request(&mut sent, request.iter().map(Vec::as_slice));
    sent.len()
}

/// What has gathered while a connection waited is not moved again for each batch that comes out of it.
#[test]
fn much_that_was_read_ahead_is_moved_rarely() {
    let mut spill = Spill::default();
    spill.put(&vec![b'x'; 1 << 20]);
    let mut moved = 0;
    while !spill.bytes().is_empty() {
        let before = spill.filled;
        spill.drop_first(1024.min(spill.bytes().len()));
        moved += if spill.filled < before { spill.bytes().len() } else { 0 };
    }
    assert!(moved <= 1 << 20, "{moved}");
}

/// Many requests at once take a large read, and its memory is given back when little comes again.
#[test]
fn memory_follows_what_a_peer_sends_at_a_time() {
    let ping = b"PING\r\n";
    let little = vec![1; SMALL_READS as usize + 1];
    let pieces = [&[1, 200, 2000][..], &little].concat();
    let pieces = pieces.into_iter().map(|requests| ping.repeat(requests)).collect();
    let mut reader = Reader::new(Pieces(pieces));
    let (mut reads, mut executed) = (Vec::new(), 0);
    loop {
        match reader.batch(&LIMITS).unwrap().len() {
            0 => match reader.fill().unwrap() {
                0 => break,
                count => reads.push((count, reader.capacity())),
            },
            count => executed += count,
        }
    }
    assert_eq!(executed, 2201 + SMALL_READS as usize + 1);
    assert_eq!(reads[0], (6, SMALL_READ));
    assert_eq!(reads[1], (SMALL_READ, SMALL_READ), "more than the buffer holds");
    assert!(reads.iter().any(|(count, _)| *count > 10 * SMALL_READ), "{reads:?}");
    assert!(reads.iter().all(|(_, capacity)| *capacity < 4 * READ), "{reads:?}");
    assert_eq!(reads.last(), Some(&(6, SMALL_READ)));
}
