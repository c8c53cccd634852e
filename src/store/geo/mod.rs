//! Positions on the globe as 52-bit numbers, and how to find those near a point.
//!
//! A position is the score of a sorted set member. The globe is cut in half east-west, then
//! north-south, 26 times each; the answers, written in turn, are the bits of the score:
//!
//! ```text
//! bit 51  50  49  48 ...  1   0        odd bits:  longitude, -180 to 180
//!     lon lat lon lat     lon lat      even bits: latitude, -85.05112878 to 85.05112878
//! ```
//!
//! Numbers that begin alike lie in the same box, so a box is a *range* of scores, which a sorted
//! set finds quickly. The reverse does not hold: neighbours across the edge of a box may differ
//! in every bit. A search therefore picks a box size that covers the area and looks at nine boxes,
//! the one with the centre and those around it, and then measures the distance to each candidate.
//!
//! Distances are along the surface of a perfect sphere (the haversine formula). The floating point
//! operations keep Redis' order, since their last digits show up in replies.
//!
//! Left out on purpose: the sorted set itself, sorting and counting of results.

use std::ops::Range;

/// Halvings of each coordinate in a full score.
const STEPS_MAX: u32 = 26;

/// The largest latitude of the Web Mercator map, where the map is a square.
const LATITUDE_MAX: f64 = 85.05112878;
const LONGITUDE_MAX: f64 = 180.0;

/// The radius Redis assumes, in metres.
const EARTH_RADIUS: f64 = 6372797.560856;

/// Half of the equator on the Web Mercator map, in metres: how far the largest boxes reach.
const MERCATOR_MAX: f64 = 20037726.37;

/// The alphabet of geohash.org: digits and letters without a, i, l and o.
const GEOHASH_ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A point on the globe, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// East of Greenwich is positive.
    pub longitude: f64,
    /// North of the equator is positive.
    pub latitude: f64,
}

/// The area of a search around a centre. All lengths are in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Everything up to this distance.
    Circle {
        /// The distance.
        radius: f64,
    },
    /// Everything up to half of each length away from the centre.
    Box {
        /// From west to east.
        width: f64,
        /// From south to north.
        height: f64,
    },
}

/// A box of the grid: the first `2 * steps` bits that all its scores share.
#[derive(Clone, Copy)]
struct Cell {
    /// The number of the column, from the west.
    x: u32,
    /// The number of the row, from the south.
    y: u32,
    steps: u32,
}

/// The edges of a box, in degrees.
struct Area {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

/// Turns a position into a score; `None` if it is off the map.
///
/// At the eastern and northern ends of the map the number is one box too large and takes more bits
/// than an `f64` holds exactly. Redis rounds it, and so does this.
pub fn encode(position: Position) -> Option<f64> {
    let Position { longitude, latitude } = position;
    let on_map = (-LONGITUDE_MAX..=LONGITUDE_MAX).contains(&longitude)
        && (-LATITUDE_MAX..=LATITUDE_MAX).contains(&latitude);
    on_map.then(|| Cell::containing(position, LATITUDE_MAX, STEPS_MAX).bits() as f64)
}

/// The bits of a score. One that no position has, from ZADD, becomes what the processors that Redis
/// runs on make of it, so that it lies in the same place here and there.
fn bits_of(score: f64) -> u64 {
    const TOP_BIT: u64 = 1 << 63;
    const LIMIT: f64 = TOP_BIT as f64;
    let convert = |value: f64| {
        if (-LIMIT..LIMIT).contains(&value) { value as i64 as u64 } else { TOP_BIT }
    };
    if score < LIMIT { convert(score) } else { convert(score - LIMIT) ^ TOP_BIT }
}

/// The middle of the box that a score stands for: within 0.6 m of what was encoded.
pub fn decode(score: f64) -> Position {
    let area = Cell::from_bits(bits_of(score), STEPS_MAX).area();
    let longitude = (area.west + area.east) / 2.0;
    let latitude = (area.south + area.north) / 2.0;
    Position {
        longitude: longitude.clamp(-LONGITUDE_MAX, LONGITUDE_MAX),
        latitude: latitude.clamp(-LATITUDE_MAX, LATITUDE_MAX),
    }
}

/// The eleven characters that geohash.org would use.
///
/// That site maps latitudes from -90 to 90, so the position is encoded anew. Its characters are
/// five bits each; 52 bits are enough for ten, and the eleventh is always a zero.
pub fn geohash(score: f64) -> String {
    let bits = Cell::containing(decode(score), 90.0, STEPS_MAX).bits();
    let character = |i: u32| char::from(GEOHASH_ALPHABET[(bits >> (47 - 5 * i)) as usize & 31]);
    (0..10).map(character).chain(['0']).collect()
}

/// The distance between two positions, in metres.
pub fn distance(a: Position, b: Position) -> f64 {
    let (latitude_a, latitude_b) = (radians(a.latitude), radians(b.latitude));
    let v = ((radians(b.longitude) - radians(a.longitude)) / 2.0).sin();
    if v == 0.0 {
        return latitude_distance(a.latitude, b.latitude);
    }
    let u = ((latitude_b - latitude_a) / 2.0).sin();
    2.0 * EARTH_RADIUS * (u * u + latitude_a.cos() * latitude_b.cos() * v * v).sqrt().asin()
}

/// How many metres a unit of length has.
pub fn metres_in(unit: &[u8]) -> Option<f64> {
    match unit.to_ascii_lowercase().as_slice() {
        b"m" => Some(1.0),
        b"km" => Some(1000.0),
        b"ft" => Some(0.3048),
        b"mi" => Some(1609.34),
        _ => None,
    }
}

/// Prints a distance as GEODIST does: always four decimals.
pub fn format_distance(distance: f64) -> String {
    format!("{distance:.4}")
}

/// Prints a coordinate as GEOPOS does: up to 17 decimals.
pub fn format_coordinate(degrees: f64) -> String {
    let text = format!("{degrees:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    // There is no minus zero in a reply.
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

impl Shape {
    /// The distance from `center` to `point`, unless the point is outside of the shape.
    pub fn distance_if_inside(self, center: Position, point: Position) -> Option<f64> {
        let inside = match self {
            Shape::Circle { radius } => {
                return Some(distance(center, point)).filter(|d| *d <= radius);
            }
            Shape::Box { width, height } => {
                // The width is measured where the point is, not where the centre is.
                let beside = Position { longitude: center.longitude, ..point };
                latitude_distance(point.latitude, center.latitude) <= height / 2.0
                    && distance(point, beside) <= width / 2.0
            }
        };
        inside.then(|| distance(center, point))
    }

    /// The ranges of scores that hold all points inside the shape, and others too.
    ///
    /// They come in Redis' order, which is the order of unsorted replies: the box of the centre,
    /// then north, south, east, west, and the corners.
    pub fn score_ranges(self, center: Position) -> Vec<Range<f64>> {
        let bounds = self.bounds(center);
        let mut steps = self.estimate_steps(center.latitude);
        let mut cell = Cell::containing(center, LATITUDE_MAX, steps);
        if steps > 1 && !cell.neighbours_reach(&bounds) {
            steps -= 1;
            cell = Cell::containing(center, LATITUDE_MAX, steps);
        }
        // A shape that ends inside the box of its centre needs nothing on that side. With one step
        // there are just four boxes, and each is a neighbour on both sides.
        let area = cell.area();
        let skip = |dx: i32, dy: i32| {
            steps >= 2
                && ((dy < 0 && area.south < bounds.south)
                    || (dy > 0 && area.north > bounds.north)
                    || (dx < 0 && area.west < bounds.west)
                    || (dx > 0 && area.east > bounds.east))
        };
        const AROUND: [(i32, i32); 9] =
            [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut ranges = Vec::with_capacity(AROUND.len());
        for (dx, dy) in AROUND {
            let range = cell.neighbour(dx, dy).scores();
            // At the coarsest steps a box is its own neighbour's neighbour.
            if !skip(dx, dy) && !ranges.contains(&range) {
                ranges.push(range);
            }
        }
        ranges
    }

    /// The smallest area of straight edges around the shape.
    fn bounds(self, center: Position) -> Area {
        let Position { longitude, latitude } = center;
        let (half_width, half_height) = match self {
            Shape::Circle { radius } => (radius, radius),
            Shape::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let latitude_delta = degrees(half_height / EARTH_RADIUS);
        // Degrees of longitude are shortest at the edge that is nearer to a pole.
        let narrow =
            if latitude < 0.0 { latitude - latitude_delta } else { latitude + latitude_delta };
        let longitude_delta = degrees(half_width / EARTH_RADIUS / radians(narrow).cos());
        Area {
            west: longitude - longitude_delta,
            south: latitude - latitude_delta,
            east: longitude + longitude_delta,
            north: latitude + latitude_delta,
        }
    }

    /// Guesses how small the boxes may be, so that three in a row span the shape.
    fn estimate_steps(self, latitude: f64) -> u32 {
        let mut reach = match self {
            Shape::Circle { radius } => radius,
            Shape::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        if reach <= 0.0 {
            return STEPS_MAX;
        }
        // Boxes twice as large for each doubling that is left until the whole map is covered.
        let mut steps: u32 = 1;
        while reach < MERCATOR_MAX {
            reach *= 2.0;
            steps += 1;
        }
        // Towards the poles boxes become narrow, so take larger ones.
        let polar = u32::from(latitude.abs() > 66.0) + u32::from(latitude.abs() > 80.0);
        steps.saturating_sub(2 + polar).clamp(1, STEPS_MAX)
    }
}

impl Cell {
    /// The box around a position, on a map that ends at `latitude_max`.
    fn containing(position: Position, latitude_max: f64, steps: u32) -> Cell {
        let cells = f64::from(1u32 << steps);
        let x = (position.longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX);
        let y = (position.latitude + latitude_max) / (latitude_max + latitude_max);
        Cell { x: (x * cells) as u32, y: (y * cells) as u32, steps }
    }

    fn from_bits(bits: u64, steps: u32) -> Cell {
        Cell { x: gather_even_bits(bits >> 1), y: gather_even_bits(bits), steps }
    }

    fn bits(self) -> u64 {
        spread_to_even_bits(self.y) | spread_to_even_bits(self.x) << 1
    }

    /// The scores of all positions in this box.
    fn scores(self) -> Range<f64> {
        let shift = 2 * (STEPS_MAX - self.steps);
        let score = |bits: u64| (bits << shift) as f64;
        score(self.bits())..score(self.bits() + 1)
    }

    fn area(self) -> Area {
        let cells = f64::from(1u32 << self.steps);
        let longitude = |x: f64| -LONGITUDE_MAX + (x / cells) * (LONGITUDE_MAX + LONGITUDE_MAX);
        let latitude = |y: f64| -LATITUDE_MAX + (y / cells) * (LATITUDE_MAX + LATITUDE_MAX);
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        Area {
            west: longitude(x),
            south: latitude(y),
            east: longitude(x + 1.0),
            north: latitude(y + 1.0),
        }
    }

    /// The box next to this one. The map wraps around, even over the poles, as in Redis.
    fn neighbour(self, dx: i32, dy: i32) -> Cell {
        Cell { x: self.step_along(self.x, dx), y: self.step_along(self.y, dy), ..self }
    }

    /// Moves one coordinate. One that stays is not wrapped: at the eastern and northern ends of
    /// the map it may be one too large, and positions there have such scores.
    fn step_along(self, coordinate: u32, delta: i32) -> u32 {
        match delta {
            0 => coordinate,
            _ => coordinate.wrapping_add_signed(delta) & ((1 << self.steps) - 1),
        }
    }

    /// Whether the boxes around this one cover the area in all four directions.
    fn neighbours_reach(self, bounds: &Area) -> bool {
        self.neighbour(0, 1).area().north >= bounds.north
            && self.neighbour(0, -1).area().south <= bounds.south
            && self.neighbour(1, 0).area().east >= bounds.east
            && self.neighbour(-1, 0).area().west <= bounds.west
    }
}

/// Puts a zero above every bit: `abcd` becomes `0a0b0c0d`.
fn spread_to_even_bits(value: u32) -> u64 {
    let mut bits = u64::from(value);
    for (shift, mask) in SPREAD_MASKS {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// Takes every second bit: `.a.b.c.d` becomes `abcd`.
fn gather_even_bits(bits: u64) -> u32 {
    let mut bits = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in GATHER_MASKS {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

/// Each step moves the upper half of every group away by as much as the group is long.
const SPREAD_MASKS: [(u32, u64); 5] = [
    (16, 0x0000_ffff_0000_ffff),
    (8, 0x00ff_00ff_00ff_00ff),
    (4, 0x0f0f_0f0f_0f0f_0f0f),
    (2, 0x3333_3333_3333_3333),
    (1, 0x5555_5555_5555_5555),
];

/// The same steps backwards.
const GATHER_MASKS: [(u32, u64); 5] = [
    (1, 0x3333_3333_3333_3333),
    (2, 0x0f0f_0f0f_0f0f_0f0f),
    (4, 0x00ff_00ff_00ff_00ff),
    (8, 0x0000_ffff_0000_ffff),
    (16, 0x0000_0000_ffff_ffff),
];

/// The distance along a meridian, in metres.
fn latitude_distance(a: f64, b: f64) -> f64 {
    EARTH_RADIUS * (radians(b) - radians(a)).abs()
}

/// Not `f64::to_radians`: the order of the operations decides the last digit.
fn radians(degrees: f64) -> f64 {
    degrees * (std::f64::consts::PI / 180.0)
}

fn degrees(radians: f64) -> f64 {
    radians / (std::f64::consts::PI / 180.0)
}

#[cfg(test)]
mod tests;
