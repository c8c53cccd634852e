//! The latency monitor: what made everybody wait, and when.
//!
//! Whatever holds the engine for `latency-monitor-threshold` milliseconds or more is an event with
//! a name: `command`, `fast-command` for one that should never be slow, `expire-cycle`. Of each the
//! last 160 samples are kept, one a second at the most (the worst of it), and the worst ever.
//!
//! This is not the histogram of every call, which is in [`crate::engine::stats`].

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Samples that are kept of an event.
const MOST_SAMPLES: usize = 160;

/// The worst of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The second, in Unix time.
    pub time_s: i64,
    /// How long the event took.
    pub latency_ms: u32,
}

/// What is known of one event.
#[derive(Clone, Debug, Default)]
pub struct Event {
    samples: VecDeque<Sample>,
    /// The worst since the last reset.
    pub max_ms: u32,
}

impl Event {
    /// The samples, oldest first.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.samples.iter()
    }

    /// The latest sample.
    pub fn latest(&self) -> Option<&Sample> {
        self.samples.back()
    }

    fn add(&mut self, sample: Sample) {
        self.max_ms = self.max_ms.max(sample.latency_ms);
        match self.samples.back_mut() {
            Some(last) if last.time_s == sample.time_s => {
                last.latency_ms = last.latency_ms.max(sample.latency_ms);
            }
            _ => {
                if self.samples.len() == MOST_SAMPLES {
                    self.samples.pop_front();
                }
                self.samples.push_back(sample);
            }
        }
    }
}

/// All events by name.
#[derive(Debug, Default)]
pub struct LatencyMonitor {
    events: BTreeMap<&'static str, Event>,
}

impl LatencyMonitor {
    /// Notes that `event` took so long at `time_s`, if that is `threshold_ms` or more (0: never).
    pub fn add(&mut self, event: &'static str, took: Duration, time_s: i64, threshold_ms: u64) {
        let millis = took.as_millis() as u64;
        if threshold_ms > 0 && millis >= threshold_ms {
            let latency_ms = u32::try_from(millis).unwrap_or(u32::MAX);
            self.events.entry(event).or_default().add(Sample { time_s, latency_ms });
        }
    }

    /// An event, if it ever happened.
    pub fn event(&self, name: &[u8]) -> Option<&Event> {
        self.events.iter().find(|(event, _)| event.as_bytes() == name).map(|(_, event)| event)
    }

    /// All events that happened, by name.
    pub fn events(&self) -> impl ExactSizeIterator<Item = (&'static str, &Event)> {
        self.events.iter().map(|(name, event)| (*name, event))
    }

    /// Forgets events; returns how many.
    pub fn reset(&mut self, doomed: impl Fn(&str) -> bool) -> usize {
        let before = self.events.len();
        self.events.retain(|name, _| !doomed(name));
        before - self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_worst_of_each_second() {
        let mut monitor = LatencyMonitor::default();
        let ms = Duration::from_millis;
        monitor.add("command", ms(9), 1, 10);
        monitor.add("command", ms(9), 1, 0);
        assert_eq!(monitor.events().len(), 0);
        for (took, at) in [(10, 1), (30, 1), (20, 1), (15, 2)] {
            monitor.add("command", ms(took), at, 10);
        }
        let event = monitor.event(b"command").unwrap();
        let samples: Vec<_> = event.samples().map(|it| (it.time_s, it.latency_ms)).collect();
        assert_eq!((samples, event.max_ms), (vec![(1, 30), (2, 15)], 30));
        (0..200).for_each(|at| monitor.add("fork", ms(10), at, 10));
        assert_eq!(monitor.event(b"fork").unwrap().samples().len(), MOST_SAMPLES);
        assert_eq!(monitor.event(b"fork").unwrap().latest().unwrap().time_s, 199);
        assert_eq!(monitor.reset(|name| name == "fork"), 1);
        assert_eq!(monitor.events().map(|(name, _)| name).collect::<Vec<_>>(), ["command"]);
    }
}
