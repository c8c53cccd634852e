//! `GET /metrics`: figures in the text format of Prometheus, by the names that users of `redis_exporter` know from their dashboards.
//!
//! `redis_exporter` is a client: it asks for INFO, the slow log and latencies, and so does this, over a connection like any other. What a user may not
//! ask for isn't there.
//!
//! ```text
//! # HELP redis_db_keys Keys of a database.
//! # TYPE redis_db_keys gauge
//! redis_db_keys{db="db0"} 1000000
//! ```

mod names;
mod sections;

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use super::http::{Refusal, refuse};
use super::sessions::Connection;
use crate::command::permission::might_run;
use crate::resp::Request;
use crate::server::Shared;
use crate::server::reply::Reply;

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All figures, for a user with a password, or for whoever needs none.
pub fn scrape(
    shared: &Arc<Shared>,
    ends: [SocketAddr; 2],
    login: Option<(String, String)>,
) -> Result<String, Refusal> {
    let mut connection = Connection::open(shared, ends)?;
    if let Some((user, password)) = login {
        connection.log_in(&user, &password)?;
    }
    let mut source = Source { shared, connection };
    let info = source.ask(&["INFO", "everything"])?;
    if let Some(error) = info.error() {
        return refuse(if error.starts_with("NOAUTH") { 401 } else { 403 }, error);
    }
    let info = String::from_utf8_lossy(info.bytes().unwrap_or_default()).into_owned();
    let mut metrics = Metrics::default();
    metrics.add("up", Kind::Gauge, "Whether the server answers.", &[], "1");
    sections::info(&info, &mut metrics);
    if let Some(reply) = source.ask_if_allowed(&["SLOWLOG", "LEN"])? {
        sections::slowlog_length(&reply, &mut metrics);
    }
    if let Some(reply) = source.ask_if_allowed(&["SLOWLOG", "GET", "1"])? {
        sections::slowlog_last(&reply, &mut metrics);
    }
    if let Some(reply) = source.ask_if_allowed(&["LATENCY", "LATEST"])? {
        sections::latency_spikes(&reply, &mut metrics);
    }
    if let Some(reply) = source.ask_if_allowed(&["LATENCY", "HISTOGRAM"])? {
        sections::latency_histograms(&info, &reply, &mut metrics);
    }
    if info.contains("cluster_enabled:1")
        && let Some(reply) = source.ask_if_allowed(&["CLUSTER", "INFO"])?
    {
        sections::cluster(&reply, &mut metrics);
    }
    Ok(metrics.text())
}

/// Where the figures come from.
struct Source<'s> {
    shared: &'s Shared,
    connection: Connection,
}

impl Source<'_> {
    fn ask(&mut self, words: &[&str]) -> Result<Reply, Refusal> {
        let reply = self.connection.call(words.iter().map(|word| word.as_bytes()));
        reply.or_else(|error| refuse(503, error.to_string()))
    }

    /// The same, but not what would be refused: a scrape a minute must not fill ACL LOG.
    fn ask_if_allowed(&mut self, words: &[&str]) -> Result<Option<Reply>, Refusal> {
        let request = Request::new(words.iter().map(|word| word.as_bytes()));
        let id = self.connection.client;
        let is_allowed = self.shared.engine.visit(move |engine| {
            let key = engine.clients.by_id(id);
            key.is_some_and(|key| might_run(engine, &engine.clients.get(key).user, request.args()))
        });
        if is_allowed { self.ask(words).map(Some) } else { Ok(None) }
    }
}

/// What kind of figure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Goes up only, until the server ends.
    Counter,
    /// Quantiles, their sum and their count.
    Summary,
    /// Buckets, their sum and their count.
    Histogram,
}

/// Figures, by name, in the order in which they came.
#[derive(Default)]
pub struct Metrics(Vec<Family>);

struct Family {
    name: String,
    kind: Kind,
    help: &'static str,
    lines: String,
}

impl Metrics {
    /// Adds a figure with labels. What is no number is left out: "nan" of somebody who has never been asked, say.
    pub fn add(
        &mut self,
        name: &str,
        kind: Kind,
        help: &'static str,
        labels: &[(&str, &str)],
        value: &str,
    ) {
        self.add_part(name, "", kind, help, labels, value);
    }

    /// Adds a part of a summary or of a histogram: `_sum`, `_count`, `_bucket`.
    pub fn add_part(
        &mut self,
        name: &str,
        part: &str,
        kind: Kind,
        help: &'static str,
        labels: &[(&str, &str)],
        value: &str,
    ) {
        if value.parse::<f64>().is_err() {
            return;
        }
        let family = match self.0.iter().position(|family| family.name == name) {
            Some(index) => &mut self.0[index],
            None => {
                self.0.push(Family { name: name.to_owned(), kind, help, lines: String::new() });
                self.0.last_mut().expect("one was added just now")
            }
        };
        let lines = &mut family.lines;
        let _ = write!(lines, "redis_{name}{part}"); // a String takes all
        for (index, (label, value)) in labels.iter().enumerate() {
            lines.push(if index == 0 { '{' } else { ',' });
            let _ = write!(lines, "{label}=\"{}\"", escaped(value));
        }
        if !labels.is_empty() {
            lines.push('}');
        }
        let _ = writeln!(lines, " {value}");
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for Family { name, kind, help, lines } in &self.0 {
            let kind = format!("{kind:?}").to_ascii_lowercase();
            let _ = write!(text, "# HELP redis_{name} {help}\n# TYPE redis_{name} {kind}\n{lines}");
        }
        text
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
