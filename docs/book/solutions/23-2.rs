/// Times below 16 have a counter each; above, each power of two is divided into eight parts.
pub struct Histogram {
    pub counters: Vec<u64>,
}

const EXACT: u64 = 16;
const PARTS_LOG: u32 = 3;

fn place(time: u64) -> usize {
    if time < EXACT {
        return time as usize;
    }
    let highest_bit = 63 - time.leading_zeros(); // 4 or more
    let part = (time >> (highest_bit - PARTS_LOG)) & 7;
    (EXACT + u64::from(highest_bit - 4) * 8 + part) as usize
}

/// The largest time that is counted there.
fn largest(place: usize) -> u64 {
    let place = place as u64;
    if place < EXACT {
        return place;
    }
    let (power, part) = ((place - EXACT) / 8 + 4, (place - EXACT) % 8);
    let width = 1 << (power - u64::from(PARTS_LOG));
    (8 + part) * width + (width - 1)
}

impl Histogram {
    pub fn new() -> Self {
        Histogram { counters: vec![0; place(u64::MAX) + 1] }
    }

    pub fn record(&mut self, time: u64) {
        self.counters[place(time)] += 1;
    }

    pub fn percentile(&self, p: f64) -> u64 {
        let all: u64 = self.counters.iter().sum();
        let wanted = (all as f64 * p / 100.0).ceil() as u64;
        let mut seen = 0;
        for (place, count) in self.counters.iter().enumerate() {
            seen += count;
            if *count > 0 && seen >= wanted {
                return largest(place);
            }
        }
        0
    }
}
