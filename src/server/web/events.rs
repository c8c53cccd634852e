//! `GET /api/events`: the state of the server, as Server-Sent Events.
//!
//! An event is a look, put together for who gets it: what it may not see is null.

use std::net::TcpStream;
use std::sync::Arc;

use serde_json::{Value, json};

use super::asker::{Asker, Sees};
use super::http::{head_of_answer, send};
use super::look::{Look, PERIOD, Watch};
use crate::server::Shared;

/// Sends events until the peer is gone, the session over, or the server stops.
pub fn stream(shared: &Arc<Shared>, watch: &Watch, asker: &Asker, stream: &TcpStream) {
    let mut bytes = head_of_answer(200, "text/event-stream; charset=utf-8", &[]);
    bytes.extend_from_slice(b"\r\nretry: 2000\n\n");
    loop {
        asker.session.iter().for_each(|session| session.renew()); // who looks on is there
        let (event, is_last) = match asker.sees(shared) {
            Ok(sees) => (
                format!("event: state\ndata: {}\n\n", data(&watch.look(shared), sees, asker)),
                false,
            ),
            Err(refusal) => {
                (format!("event: end\ndata: {}\n\n", json!({"error": refusal.reason})), true)
            }
        };
        bytes.extend_from_slice(event.as_bytes());
        if send(stream, &bytes).is_err() || is_last || shared.is_stopping() {
            return;
        }
        bytes.clear();
        std::thread::sleep(PERIOD);
    }
}

/// The event's data.
fn data(look: &Look, sees: Sees, asker: &Asker) -> String {
    let micros = |duration: std::time::Duration| duration.as_micros() as u64;
    let look_cost = json!({"held_us": micros(look.held), "waited_us": micros(look.waited)});
    let mut text = format!("{{\"at_ms\":{},\"look\":{look_cost}", look.at_ms);
    let mut part = |name: &str, value: &str, is_seen: bool| {
        text.push_str(&format!(",\"{name}\":{}", if is_seen { value } else { "null" }));
    };
    look.info.iter().for_each(|(name, value)| part(name, value, sees.info));
    let shown: Vec<Value> = look.people.iter().map(|person| person.json(asker.client())).collect();
    let (total, blocked) = look.connections;
    let clients = json!({"total": total, "blocked": blocked, "shown": shown});
    part("clients", &clients.to_string(), sees.clients);
    part("slowlog", &look.slowlog, sees.slowlog);
    text.push('}');
    text
}
