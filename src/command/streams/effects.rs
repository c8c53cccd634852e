//! What reading and claiming leave in the journal: where an entry that is pending stands now, and how
//! far its group has come.

use super::{StreamId, current};
use crate::command::Context;
use crate::number::format_i64;
use crate::store::stream::group::Pending;

/// The effect that gives a pending entry the state it has now. The group has read up to `last_id`,
/// which is where it stands if none is named.
pub(super) fn propagate_claim(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    id_text: &[u8],
    id: StreamId,
    last_id: Option<StreamId>,
) {
    let state = current(ctx, key).and_then(|stream| stream.group(group));
    if let Some(pending) = state.and_then(|group| group.pending().get(&id)).cloned() {
        propagate_pending(ctx, key, group, id_text, &pending, last_id);
    }
}

pub(super) fn propagate_pending(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    id_text: &[u8],
    pending: &Pending,
    last_id: Option<StreamId>,
) {
    let state = current(ctx, key).and_then(|stream| stream.group(group));
    let Some(state) = state else { return };
    let last_id = last_id.unwrap_or(state.last_id).to_string();
    let time = format_i64(pending.delivery_time_ms);
    let count = format_i64(pending.delivery_count as i64);
    ctx.propagate(&[
        b"XCLAIM",
        key,
        group,
        &pending.consumer,
        b"0",
        id_text,
        b"TIME",
        time.as_bytes(),
        b"RETRYCOUNT",
        count.as_bytes(),
        b"FORCE",
        b"JUSTID",
        b"LASTID",
        last_id.as_bytes(),
    ]);
}

/// The effect of a group having moved on: its position, and how many entries it has read.
pub(super) fn propagate_position(ctx: &mut Context<'_>, key: &[u8], group: &[u8]) {
    let stream = current(ctx, key);
    let Some(state) = stream.and_then(|stream| stream.group(group)) else { return };
    let last_id = state.last_id.to_string();
    let read = format_i64(state.entries_read.map_or(-1, |count| count as i64));
    let (id, read) = (last_id.as_bytes(), read.as_bytes());
    ctx.propagate(&[b"XGROUP", b"SETID", key, group, id, b"ENTRIESREAD", read]);
}
