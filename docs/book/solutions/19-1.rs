/// What an entry remembers.
#[derive(Clone, Copy)]
pub struct Usage {
    pub minute: u16,
    pub counter: u8,
}

pub fn increment(counter: u8, factor: u32, random: f64) -> u8 {
    let base = f64::from(counter.saturating_sub(5));
    let chance = 1.0 / (base * f64::from(factor) + 1.0);
    if random < chance { counter.saturating_add(1) } else { counter }
}

pub fn decay(usage: Usage, now: u16, period: u16) -> u8 {
    let elapsed = now.wrapping_sub(usage.minute);
    let loss = elapsed.checked_div(period).unwrap_or(0);
    usage.counter.saturating_sub(u8::try_from(loss).unwrap_or(u8::MAX))
}

pub fn least_used(keys: &[Usage], now: u16, period: u16) -> Option<usize> {
    // `min_by_key` gives the first of those that are equal.
    (0..keys.len()).min_by_key(|index| decay(keys[*index], now, period))
}
