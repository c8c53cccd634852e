// What a room has to say of a journey: a few short lines from the steps that EXPLAIN JSON tells of it.
//
// A line is a text, or null for none. `isIdle` is a room that the request only passes by: nothing was to be done there.

import { bytes, count, nanoseconds } from "./dom.js";

const plural = (number, what) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

// Of each room: lines for its steps, of which there is at least one.
const LINES = {
  request: ([step]) => [plural(step.bytes, "byte"), step.reads ? `in ${plural(step.reads, "read")}` : null, step.resp],
  gates: steps => {
    const row = steps.find(step => step.step === "row");
    const gates = steps.filter(step => step.step === "gate");
    const refused = gates.find(gate => !gate.passed);
    if (row?.error) return ["refused:", row.error];
    return [
      row?.name && `row ${row.name}`,
      row?.arity && `arity ${row.arity}`,
      row?.flags?.join(" "),
      refused ? `${refused.name} refuses` : `${plural(gates.length, "gate")} passed`,
    ];
  },
  handler: steps => {
    const step = steps.find(step => step.step === "handler");
    const other = steps.find(step => step.step !== "handler");
    const inside = step?.inside?.filter(step => step.step === "handler").length;
    return [
      ...(step?.function ?? "").split("::").slice(1),
      step && `took ${nanoseconds(step.took_ns)}`,
      inside ? `and calls ${plural(inside, "command")}` : null,
      other?.text,
    ];
  },
  store: steps => {
    const [key] = steps;
    if (key.hash === undefined) return [key.text];
    const value = (is, type, encoding) => (is ? `${type} ${encoding}` : "not there");
    const before = value(key.found, key.type_before, key.encoding_before);
    const after = value(key.there, key.type, key.encoding);
    const more = new Set(steps.map(step => step.name)).size - 1;
    return [
      key.name + (more ? ` and ${more} more` : ""),
      `hash ${key.hash}`,
      `sub-table ${key.sub_table} of ${key.sub_tables}`,
      before === after ? after : `was ${before}`,
      before === after ? null : `is ${after}`,
      key.bytes_before === key.bytes ? bytes(key.bytes) : `${bytes(key.bytes_before)} → ${bytes(key.bytes)}`,
    ];
  },
  journal: ([step]) => [...step.effects.slice(0, 3), step.effects.length ? null : "no effect", step.is_read ? null : "nobody reads it"],
  file: ([step]) => (step.is_on ? [bytes(step.bytes), "written before the reply", "leaves"] : ["appendonly is off"]),
  replicas: ([step]) =>
    step.offset ? [`offset ${count(step.offset_before)}`, `→ ${count(step.offset)}`] : ["none has ever", "connected"],
  neighbours: steps => steps.map(({ step, count, published }) => `${step} ${count ?? (published.join(", ") || "none")}`),
  lock: ([taken, held]) => [
    taken.waited_ns ? `waited ${nanoseconds(taken.waited_ns)}` : "free: no wait",
    held && `held ${nanoseconds(held.held_ns)} so far`,
  ],
  reply: ([step], journey) => [step.kind, plural(step.bytes, "byte"), journey.reply],
};

const IDLE = {
  journal: ([step]) => !step.is_read,
  file: ([step]) => !step.bytes,
  replicas: ([step]) => step.offset === step.offset_before,
  neighbours: steps => steps.every(step => !step.count && !step.published?.length),
};

export function factsOf(room, steps, journey) {
  const lines = LINES[room](steps, journey).filter(Boolean);
  const isRefused = steps.some(step => step.passed === false || step.error) || (room === "reply" && steps[0].kind === "error");
  return { lines, isIdle: Boolean(IDLE[room]?.(steps)), isRefused };
}
