//! The tables were recorded from redis-server 7.0.15.

use super::*;

fn at(longitude: f64, latitude: f64) -> Position {
    Position { longitude, latitude }
}

const PALERMO: Position = Position { longitude: 13.361389, latitude: 38.115556 };
const CATANIA: Position = Position { longitude: 15.087269, latitude: 37.502669 };

/// What is left of a position after it has been stored.
fn stored(position: Position) -> Position {
    decode(encode(position).expect("on the map"))
}

#[test]
fn scores_positions_and_geohashes() {
    // Longitude, latitude, ZSCORE, GEOPOS, GEOHASH.
    let cases = [
        (
            13.361389,
            38.115556,
            3479099956230698.0,
            "13.36138933897018433",
            "38.11555639549629859",
            "sqc8b49rny0",
        ),
        (
            15.087269,
            37.502669,
            3479447370796909.0,
            "15.08726745843887329",
            "37.50266842333162032",
            "sqdtr74hyu0",
        ),
        (0.0, 0.0, 3377699720527872.0, "0.00000268220901489", "0.00000126736058093", "s0000000000"),
        (180.0, 85.05112878, 13510798882111488.0, "180", "85.0511287799999991", "bp05b5048p0"),
        (
            -180.0,
            -85.05112878,
            0.0,
            "-179.99999731779098511",
            "-85.05112751263942528",
            "00bh0hbj200",
        ),
        (
            179.9999,
            -16.5,
            3355687726873826.0,
            "179.99990075826644897",
            "-16.49999931370297901",
            "rvpfpurbt90",
        ),
    ];
    for (longitude, latitude, score, shown_longitude, shown_latitude, text) in cases {
        assert_eq!(encode(at(longitude, latitude)), Some(score), "{longitude} {latitude}");
        let position = decode(score);
        assert_eq!(format_coordinate(position.longitude), shown_longitude);
        assert_eq!(format_coordinate(position.latitude), shown_latitude);
        assert_eq!(geohash(score), text);
    }
    assert_eq!(encode(at(180.1, 0.0)), None);
    assert_eq!(encode(at(0.0, 85.06)), None);
    assert_eq!(encode(at(f64::NAN, 0.0)), None);
}

#[test]
fn distances() {
    let between = |a, b| format_distance(distance(stored(a), stored(b)));
    assert_eq!(between(PALERMO, CATANIA), "166274.1516");
    assert_eq!(between(at(180.0, 85.05112878), at(-180.0, -85.05112878)), "18919844.5891");
    assert_eq!(between(at(0.0, 0.0), at(179.9999, -16.5)), "18185500.2673");
    assert_eq!(between(PALERMO, PALERMO), "0.0000");
}

#[test]
fn shapes() {
    let center = at(15.0, 37.0);
    let measure = |shape: Shape, point| {
        shape.distance_if_inside(center, stored(point)).map(|metres| format_distance(metres / 1e3))
    };
    let circle = Shape::Circle { radius: 200e3 };
    let square = Shape::Box { width: 400e3, height: 400e3 };
    let corner = at(12.758489, 38.788135);
    assert_eq!(measure(circle, PALERMO).as_deref(), Some("190.4424"));
    assert_eq!(measure(circle, CATANIA).as_deref(), Some("56.4413"));
    assert_eq!(measure(circle, corner), None);
    assert_eq!(measure(square, corner).as_deref(), Some("279.7405"));
}

/// No point inside a shape may be missed, wherever the shape is and however large.
#[test]
fn the_ranges_cover_the_shape() {
    let mut seed = 1u64;
    let mut random = |limit: f64| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((seed >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0) * limit
    };
    let mut inside = 0;
    for round in 0..4000 {
        let center = at(random(170.0), random(70.0));
        let size = 10f64.powf(2.0 + f64::from(round % 40) / 10.0);
        let circle = Shape::Circle { radius: size };
        let (width, height) = (size * 1.5, size * 0.7);
        let reach = degrees(size / EARTH_RADIUS);
        let point = at(center.longitude + random(reach), center.latitude + random(reach));
        let Some(score) = encode(point) else { continue };
        for shape in [circle, Shape::Box { width, height }] {
            if shape.distance_if_inside(center, decode(score)).is_some() {
                inside += 1;
                let ranges = shape.score_ranges(center);
                assert!(ranges.iter().any(|range| range.contains(&score)), "{center:?} {shape:?}");
            }
        }
    }
    assert!(inside > 2000, "{inside}");
}

#[test]
fn a_search_for_nothing_still_ends() {
    for radius in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
        assert!(!Shape::Circle { radius }.score_ranges(CATANIA).is_empty());
    }
    assert!(Shape::Circle { radius: f64::INFINITY }.score_ranges(CATANIA).len() <= 9);
}

#[test]
fn units() {
    assert_eq!(metres_in(b"m"), Some(1.0));
    assert_eq!(metres_in(b"KM"), Some(1000.0));
    assert_eq!(metres_in(b"ft"), Some(0.3048));
    assert_eq!(metres_in(b"mi"), Some(1609.34));
    assert_eq!(metres_in(b"metres"), None);
}
