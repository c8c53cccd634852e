//! Commands that make a value of every type, encoding and width.

use redis::{Cmd, Connection, cmd};

/// A moment in 2100, in milliseconds.
const FAR: i64 = 4_102_444_800_000;

fn command(parts: &[&str]) -> Cmd {
    let mut command = cmd(parts[0]);
    parts[1..].iter().for_each(|part| {
        command.arg(*part);
    });
    command
}

/// Text that looks random, but is the same each time.
pub fn noise(len: usize, mut seed: u64) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Fills the selected database of a server. `only_small` leaves out what takes kilobytes.
pub fn populate(server: &mut Connection, only_small: bool) {
    strings(server, only_small);
    lists(server, only_small);
    sets(server, only_small);
    hashes(server, only_small);
    sorted_sets(server, only_small);
    streams(server, only_small);
}

fn run(server: &mut Connection, command: Cmd) {
    command.query::<redis::Value>(server).unwrap();
}

/// What only later servers have: fields of hashes that expire, few and many; and small sets of text.
pub fn populate_later(server: &mut Connection) {
    let at = |n: i64| (FAR + n).to_string();
    run(server, command(&["HSET", "expiring", "a", "1", "b", "text", "", "", "d", "-70000"]));
    run(server, command(&["HPEXPIREAT", "expiring", &at(5), "FIELDS", "1", "b"]));
    run(server, command(&["HPEXPIREAT", "expiring", &at(0), "FIELDS", "2", "a", ""]));
    run(server, command(&["HSET", "expiring:none left", "a", "1", "b", "2"]));
    run(server, command(&["HPEXPIREAT", "expiring:none left", &at(0), "FIELDS", "1", "a"]));
    run(server, command(&["HPERSIST", "expiring:none left", "FIELDS", "1", "a"]));
    run(server, command(&["HSET", "expiring:long", "f", &"v".repeat(100), "g", "v"]));
    run(server, command(&["HPEXPIREAT", "expiring:long", &at(1 << 33), "FIELDS", "1", "f"]));
    run(server, command(&["HPEXPIREAT", "expiring:long", &at(0), "FIELDS", "1", "g"]));
    run(server, command(&["PEXPIREAT", "expiring:long", &at(9)]));
    run(server, command(&["SADD", "set:listpack", "a", "-1", "300", "text"]));
}

fn strings(server: &mut Connection, only_small: bool) {
    let integers = [0, -1, 127, 128, -128, -129, 32_767, 32_768, -32_769, i32::MAX.into()];
    let wide = [1 << 31, i64::from(i32::MIN), i64::from(i32::MIN) - 1, i64::MAX, i64::MIN];
    for number in integers.iter().chain(&wide) {
        run(server, command(&["SET", &format!("int:{number}"), &number.to_string()]));
    }
    for text in ["", "x", "-0", "007", "12345678901", "+5", "99999999999"] {
        run(server, command(&["SET", &format!("text:{text}"), text]));
    }
    run(server, command(&["APPEND", "appended", "12"]));
    run(server, command(&["SET", "with a deadline", "v", "PXAT", &FAR.to_string()]));
    for len in [20, 21, 24, 63, 64, 300] {
        let repeated: Vec<u8> = (0..len).map(|i| b'a' + (i % 7) as u8).collect();
        let mut set = cmd("SET");
        set.arg(format!("repeated:{len}")).arg(repeated);
        run(server, set);
        let mut set = cmd("SET");
        set.arg(format!("noise:{len}")).arg(noise(len, len as u64));
        run(server, set);
    }
    if only_small {
        return;
    }
    for n in 0..300u64 {
        // Noise in which pieces come again, near and far, short and long.
        let mut text = noise(1 + n as usize * 37 % 900, n);
        for piece in 0..n as usize % 9 {
            let from = piece * 53 % text.len();
            let len = (3 + piece * 67).min(text.len() - from);
            text.extend_from_within(from..from + len);
            text.extend(noise(piece, n));
        }
        let mut set = cmd("SET");
        set.arg(format!("pieces:{n}")).arg(text);
        run(server, set);
    }
    for len in [16_383, 16_384, 70_000] {
        let mut set = cmd("SET");
        set.arg(format!("long:{len}")).arg("0123456789".repeat(len / 10 + 1));
        run(server, set);
    }
}

fn lists(server: &mut Connection, only_small: bool) {
    run(server, command(&["RPUSH", "list", "a", "", "1", "-300", "70000", "9223372036854775807"]));
    let mut push = cmd("RPUSH");
    push.arg("list:widths");
    for len in [0, 62, 63, 64, 65, 126, 127, 128] {
        push.arg("y".repeat(len));
    }
    run(server, push);
    if only_small {
        return;
    }
    for n in 0..3000u64 {
        let mut push = cmd("RPUSH");
        push.arg("list:long").arg(noise((n * 31 % 120) as usize, n));
        run(server, push);
        run(server, command(&["RPUSH", "list:numbers", &(n * n * 17).to_string()]));
    }
    for len in [10, 20_000, 4095, 4096, 8100, 80, 9000] {
        run(server, command(&["RPUSH", "list:large elements", &"z".repeat(len)]));
    }
}

fn sets(server: &mut Connection, only_small: bool) {
    run(server, command(&["SADD", "set:16", "3", "-32768", "32767"]));
    run(server, command(&["SADD", "set:32", "3", "-32769"]));
    run(server, command(&["SADD", "set:64", "3", "9223372036854775807", "-9223372036854775808"]));
    run(server, command(&["SADD", "set", "a", "b", "17", ""]));
    if only_small {
        return;
    }
    for n in 0..700 {
        run(server, command(&["SADD", "set:integers", &(n * 3).to_string()]));
        run(server, command(&["SADD", "set:large", &format!("member {n}")]));
        if n < 500 {
            run(server, command(&["SADD", "set:intset", &(n * 3).to_string()]));
        }
    }
}

fn hashes(server: &mut Connection, only_small: bool) {
    run(server, command(&["HSET", "hash", "field", "value", "n", "12", "-5", "", "pi", "3.14"]));
    run(server, command(&["HSET", "hash:long value", "f", &"v".repeat(65)]));
    if only_small {
        return;
    }
    for n in 0..600 {
        run(server, command(&["HSET", "hash:large", &format!("field:{n}"), &n.to_string()]));
        if n < 512 {
            run(server, command(&["HSET", "hash:full", &format!("field:{n}"), &n.to_string()]));
        }
    }
}

fn sorted_sets(server: &mut Connection, only_small: bool) {
    let pairs = ["1", "a", "1.5", "b", "-inf", "c", "inf", "d", "0.1", "e", "-0", "17"];
    run(server, command(&[&["ZADD", "zset"][..], &pairs].concat()));
    let odd = ["1e300", "a", "-1e-300", "b", "9007199254740993", "c", "123456789.125", "d"];
    run(server, command(&[&["ZADD", "zset:odd"][..], &odd].concat()));
    run(server, command(&["ZADD", "zset:long member", "2.5", &"m".repeat(65), "-0", "zero"]));
    if only_small {
        return;
    }
    for n in 0..300 {
        let score = f64::from(n * 7919 % 300) / 8.0;
        run(server, command(&["ZADD", "zset:large", &score.to_string(), &format!("m{n}")]));
        if n < 128 {
            run(server, command(&["ZADD", "zset:full", &score.to_string(), &format!("m{n}")]));
        }
    }
}

fn streams(server: &mut Connection, only_small: bool) {
    run(server, command(&["XGROUP", "CREATE", "stream:empty", "g", "$", "MKSTREAM"]));
    run(server, command(&["XADD", "stream", "1-1", "temperature", "21", "room", "kitchen"]));
    run(server, command(&["XADD", "stream", "1-2", "temperature", "22", "room", "hall"]));
    run(server, command(&["XADD", "stream", "2-0", "other", "fields"]));
    run(server, command(&["XADD", "stream", "9-5", "temperature", "-3", "room", ""]));
    run(server, command(&["XDEL", "stream", "1-2"]));
    run(server, command(&["XGROUP", "CREATE", "stream", "readers", "0"]));
    run(server, command(&["XGROUP", "CREATE", "stream", "later", "5-0"]));
    run(server, command(&["XGROUP", "CREATECONSUMER", "stream", "readers", "idle"]));
    let read = ["XREADGROUP", "GROUP", "readers", "alice", "COUNT", "2", "STREAMS", "stream", ">"];
    run(server, command(&read));
    run(server, command(&["XREADGROUP", "GROUP", "readers", "bob", "STREAMS", "stream", ">"]));
    run(server, command(&["XACK", "stream", "readers", "1-1"]));
    if only_small {
        return;
    }
    for n in 1..400 {
        let id = format!("{}-{}", 1000 + n / 3, n % 3);
        run(server, command(&["XADD", "stream:long", &id, "n", &n.to_string(), "f", "text"]));
        run(server, command(&["XADD", "stream:trimmed", &id, "n", &n.to_string()]));
        if n % 5 == 0 {
            run(server, command(&["XDEL", "stream:long", &id]));
        }
    }
    run(server, command(&["XTRIM", "stream:trimmed", "MAXLEN", "150"]));
    run(server, command(&["XADD", "stream:emptied", "5-5", "f", "v"]));
    run(server, command(&["XDEL", "stream:emptied", "5-5"]));
}
