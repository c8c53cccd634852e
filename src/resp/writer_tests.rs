//! The reply writer: forms of both protocols, late lengths, and limits.

use super::*;

fn text(protocol: Protocol, write: impl FnOnce(&mut Reply)) -> String {
    let mut reply = Reply::new(protocol);
    write(&mut reply);
    String::from_utf8(reply.take()).unwrap().replace("\r\n", " ")
}

#[test]
fn each_protocol_has_its_form() {
    let write = |reply: &mut Reply| {
        reply.null();
        reply.null_array();
        reply.map(1);
        reply.set(2);
        reply.double(1.5);
        reply.boolean(true);
        reply.verbatim("txt", b"hi");
    };
    assert_eq!(text(Protocol::Resp2, write), "$-1 *-1 *2 *2 $3 1.5 :1 $2 hi ");
    assert_eq!(text(Protocol::Resp3, write), "_ _ %1 ~2 ,1.5 #t =6 txt:hi ");
}

#[test]
fn a_late_length_stands_before_its_values() {
    let write = |reply: &mut Reply| {
        reply.ok();
        reply.array_of(|reply| {
            reply.integer(-12);
            reply.bulk(b"x");
            2
        });
    };
    assert_eq!(text(Protocol::Resp2, write), "+OK *2 :-12 $1 x ");
}

#[test]
fn a_reply_takes_no_more_memory_than_its_limit() {
    let mut reply = Reply::limited(Protocol::Resp2, 1000);
    let mut written = 0;
    reply.array(1_000_000);
    reply.each(0..1_000_000, |reply, _| {
        reply.bulk(b"0123456789");
        written += 1;
    });
    assert!(reply.is_over_limit() && (30..60).contains(&written), "{written}");
    assert!(reply.capacity() <= 1000);
    // What else is written doesn't change that, nor does a handler that fails.
    reply.array_of(|reply| {
        reply.bulk(&[b'x'; 10_000]);
        reply.double(0.1);
        reply.error(&[b'x'; 10_000]);
        3
    });
    reply.truncate(0);
    assert!(reply.is_over_limit() && reply.capacity() <= 1000);
    // Unless nobody was to get it.
    reply.forget_since(0);
    assert!(!reply.is_over_limit());
    reply.ok();
    assert_eq!(reply.as_bytes(), b"+OK\r\n");
}

#[test]
fn a_reply_may_be_just_as_long_as_its_limit() {
    for (limit, is_over) in [(105, false), (104, true)] {
        let mut reply = Reply::limited(Protocol::Resp2, limit);
        (0..21).for_each(|_| reply.ok());
        assert_eq!(reply.is_over_limit(), is_over, "{limit}");
    }
}

#[test]
fn a_part_has_the_limit_of_the_whole() {
    let mut reply = Reply::limited(Protocol::Resp2, 100);
    reply.ok();
    let mut part = reply.part();
    part.bulk(&[b'x'; 50]);
    reply.append(&part);
    assert_eq!((reply.len(), reply.is_over_limit()), (62, false));
    let mut part = reply.part();
    part.bulk(&[b'x'; 50]);
    reply.append(&part);
    assert!(part.is_over_limit() && reply.is_over_limit());
}

#[test]
fn errors_stay_on_one_line() {
    assert_eq!(text(Protocol::Resp2, |reply| reply.error(b"ERR a\r\nb")), "-ERR a  b ");
}
