//! The vectors were recorded from redis-server 7.0.15 with the elements "0", "1", "2" and so on.

use super::*;

/// Redis' default of `hll-sparse-max-bytes`.
const SPARSE_MAX: usize = 3000;

fn sketch_of(elements: std::ops::Range<usize>) -> Vec<u8> {
    let mut sketch = create();
    for element in elements {
        add(&mut sketch, element.to_string().as_bytes(), SPARSE_MAX).unwrap();
    }
    sketch
}

/// FNV-1a, to compare 12 KB with one number.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn small_sketches_have_redis_bytes() {
    let cases: [(usize, &[u8], &str); 3] = [
        (0, b"\x7f\xff", "Z:16384"),
        (1, b"\x73\xa8\x8c\x4c\x55", "Z:13225 v:4,1 Z:3158"),
        (
            5,
            b"\x41\xee\x84\x5b\x76\x80\x4d\x74\x80\x48\xca\x8c\x48\x60\x8c\x43\xf3",
            "Z:495 v:2,1 Z:7031 v:1,1 Z:3445 v:1,1 Z:2251 v:4,1 Z:2145 v:4,1 Z:1012",
        ),
    ];
    for (elements, body, text) in cases {
        let sketch = sketch_of(0..elements);
        assert_eq!(&sketch[..HEADER_LEN], b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80");
        assert_eq!(&sketch[HEADER_LEN..], body);
        assert_eq!(decode(&sketch).as_deref(), Some(text));
        assert_eq!(count(&sketch), Ok(elements as u64));
    }
}

#[test]
fn large_sketches_have_redis_bytes() {
    // Elements, length, digest of what GET returns before PFCOUNT, what PFCOUNT returns.
    let cases = [
        (100, 287, 0xf1f9_664f_b7b7_74bc, 100),
        (1000, 1923, 0x6331_df2d_5fdc_be26, 1001),
        (2000, 12304, 0xfd9e_0fba_d280_50f4, 2007),
        (5000, 12304, 0x1923_2e3f_33a1_5078, 4985),
        (20_000, 12304, 0x2db5_7983_d144_77e6, 19_891),
        (100_000, 12304, 0x6ec0_4028_d59d_8fa6, 99_565),
    ];
    for (elements, len, bytes, estimate) in cases {
        let sketch = sketch_of(0..elements);
        assert_eq!((sketch.len(), digest(&sketch)), (len, bytes), "{elements} elements");
        assert_eq!(count(&sketch), Ok(estimate));
    }
}

#[test]
fn a_union_counts_both() {
    let (mut a, b) = (sketch_of(0..100), sketch_of(50..150));
    let mut union = *registers(&a).unwrap();
    merge(&mut union, &b).unwrap();
    assert_eq!(count_registers(&union), 151);
    store_union(&mut a, &union, SPARSE_MAX).unwrap();
    assert_eq!(digest(&a), 0x2dc1_bdd4_09bb_6019);
}

#[test]
fn equal_elements_change_nothing() {
    let mut sketch = sketch_of(0..3000);
    let before = sketch.clone();
    assert_eq!(add(&mut sketch, b"17", SPARSE_MAX), Ok(false));
    assert_eq!(sketch, before);
}

#[test]
fn the_count_is_cached_until_a_register_changes() {
    let mut sketch = sketch_of(0..10);
    assert_eq!(cached_count(&sketch), None);
    cache_count(&mut sketch, 10);
    assert_eq!(cached_count(&sketch), Some(10));
    assert_eq!(add(&mut sketch, b"3", SPARSE_MAX), Ok(false));
    assert_eq!(cached_count(&sketch), Some(10));
    assert_eq!(add(&mut sketch, b"new", SPARSE_MAX), Ok(true));
    assert_eq!(cached_count(&sketch), None);
}

#[test]
fn both_encodings_hold_the_same_registers() {
    let sparse = sketch_of(0..500);
    let mut dense = sparse.clone();
    assert_eq!(to_dense(&mut dense), Ok(true));
    assert_eq!(to_dense(&mut dense), Ok(false));
    assert_eq!((encoding_name(&sparse), encoding_name(&dense)), ("sparse", "dense"));
    assert_eq!(registers(&sparse), registers(&dense));
    assert_eq!(count(&sparse), count(&dense));
    assert_eq!(decode(&dense), None);
}

#[test]
fn strings_that_are_no_sketches() {
    for text in
        [&b""[..], b"HYLL", b"hyll\x01\0\0\0\0\0\0\0\0\0\0\0", b"HYLL\x02\0\0\0\0\0\0\0\0\0\0\0"]
    {
        assert!(!is_sketch(text));
    }
    // A dense one must have exactly the dense length.
    assert!(!is_sketch(b"HYLL\0\0\0\0\0\0\0\0\0\0\0\0"));
    assert!(is_sketch(&create()));
}

#[test]
fn corrupt_bodies_are_errors() {
    // Nothing, cut off, too short, too long by one, far too long.
    let bodies: [&[u8]; 5] = [b"", b"\x7f", b"\x7f\xfe", b"\x7f\xff\x00", &[0xff; 5000]];
    for body in bodies {
        let mut sketch = [b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80", body].concat();
        assert!(is_sketch(&sketch));
        assert_eq!(count(&sketch), Err(Corrupted));
        assert!(registers(&sketch).is_err());
        assert_eq!(to_dense(&mut sketch), Err(Corrupted));
    }
    let mut empty = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
    assert_eq!(add(&mut empty, b"a", SPARSE_MAX), Err(Corrupted));
}

/// Whatever a client may have SET: errors are fine, panics are not.
#[test]
fn random_bodies_do_no_harm() {
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 56) as u8
    };
    for round in 0..2000u32 {
        let body: Vec<u8> = (0..round % 50).map(|_| random()).collect();
        let mut sketch = [&create()[..HEADER_LEN], &body].concat();
        for element in 0..20u8 {
            let len = sketch.len();
            if add(&mut sketch, &[element], SPARSE_MAX).is_ok() && !is_dense(&sketch) {
                assert!(sketch.len() <= len + 4);
            }
        }
        let registers = registers(&sketch);
        assert_eq!(count(&sketch).is_ok(), registers.is_ok());
        assert_eq!(to_dense(&mut sketch).is_ok(), registers.is_ok());
    }
}

#[test]
fn the_standard_error_is_below_one_percent() {
    const SKETCHES: usize = 30;
    const ELEMENTS: usize = 10_000;
    let mut squares = 0.0;
    for round in 0..SKETCHES {
        let sketch = sketch_of(round * ELEMENTS..(round + 1) * ELEMENTS);
        let error = count(&sketch).unwrap() as f64 / ELEMENTS as f64 - 1.0;
        squares += error * error;
    }
    let standard_error = (squares / SKETCHES as f64).sqrt();
    assert!(standard_error < 0.0081 * 1.3, "{standard_error}");
    assert!(standard_error > 0.0081 / 3.0, "too good to be true: {standard_error}");
}
