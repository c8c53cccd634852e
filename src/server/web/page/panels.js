// The panels beside the journey: each shows one part of the state.

import { histogram, sparkline } from "./charts.js";
import { bytes, count, draw, each, find, make, microseconds, rows, say, seconds, widen } from "./dom.js";

// What a connection's thread does, in words.
const STATES = {
  running: "running",
  lock: "waiting for the lock",
  blocked: "blocked",
  sending: "sending",
  syncing: "waiting for the file",
  asleep: "asleep",
  unknown: "unknown",
};

export function clients({ total, blocked, shown }) {
  say(find("connected"), count(total));
  const numbers = Object.entries(STATES).map(([state, words]) => {
    return { state, words, number: shown.filter(client => client.state === state).length };
  });
  const present = numbers.filter(({ state, number }) => number || ["running", "lock", "blocked", "asleep"].includes(state));
  each(find("clients-states"), present, () => make("span"), (node, { state, words, number }) => {
    node.className = `state ${state}`;
    say(node, `${count(number)} ${words}`);
  });
  const create = () => {
    const cells = ["", "number", "", "", "", "number", "number"].map(kind => make("td", kind ? { class: kind } : {}));
    cells[0].append(make("span"));
    return make("tr", {}, ...cells);
  };
  each(find("clients"), shown, create, (row, client) => {
    const mark = row.firstChild.firstChild;
    mark.className = `state ${client.state}`;
    say(mark, STATES[client.state] ?? client.state);
    row.classList.toggle("you", client.is_you);
    const who = [client.address, client.name, client.is_you ? "(you)" : "", client.kind === "normal" ? "" : client.kind];
    const command = [client.command ?? "–", client.db ? `db${client.db}` : "", client.in_multi ? "in MULTI" : ""];
    const texts = [client.id, join(who), client.user, join(command), count(client.commands), seconds(client.idle_s)];
    texts.forEach((text, index) => say(row.children[index + 1], text));
  });
}

const join = words => words.filter(Boolean).join(" ");

const waiting = []; // of the last minute

export function lock({ waiting: now, waits, holds }, look) {
  waiting.push(now);
  if (waiting.length > 240) waiting.shift();
  say(find("lock-waiting"), count(now));
  say(find("lock-words"), now === 1 ? "thread waits for it now" : "threads wait for it now");
  const charts = [{ title: "waiting, in the last minute", numbers: waiting }];
  if (waits) charts.push({ title: "how long it was waited for, 1 µs to 1 s", pairs: waits });
  if (holds) charts.push({ title: "how long it was held, 1 µs to 1 s", pairs: holds });
  const create = () => make("div", {}, make("h3"), draw("svg", { class: "chart", role: "img", preserveAspectRatio: "none" }));
  each(find("lock-charts"), charts, create, (node, { title, numbers, pairs }) => {
    const [heading, drawing] = node.children;
    say(heading, title);
    if (pairs) return histogram(drawing, pairs, { width: 400, height: 56 });
    sparkline(drawing, numbers);
    drawing.setAttribute("aria-label", `${now} now, ${Math.max(...numbers)} at most`);
  });
  say(find("lock-look"), `This look itself held it for ${microseconds(look.held_us)} at most, and waited ${microseconds(look.waited_us)}.`);
}

export function memory({ used, peak, rss, max, clients, backlog, sampled, types }) {
  say(find("used"), bytes(used));
  const parts = [`${bytes(used)} used`, `peak ${bytes(peak)}`, `${bytes(rss)} resident`, max ? `limit ${bytes(max)}` : "no limit"];
  say(find("memory-figures"), parts.join(" · "));
  const known = Object.entries(types).map(([name, { keys, bytes }]) => ({ name, keys, bytes }));
  known.sort((one, other) => other.bytes - one.bytes);
  known.push({ name: "clients", bytes: clients }, { name: "journal's ring", bytes: backlog });
  const most = Math.max(1, ...known.map(part => part.bytes));
  const create = () => make("tr", {}, make("th", { scope: "row" }), make("td", { class: "bar" }, make("i")), make("td", { class: "number" }));
  each(find("memory-types"), known, create, (row, part) => {
    const [name, bar, number] = row.children;
    say(name, part.name);
    widen(bar.firstChild, part.bytes / most);
    say(number, part.keys === undefined ? bytes(part.bytes) : `${bytes(part.bytes)} in ${count(part.keys)} key${part.keys === 1 ? "" : "s"}`);
  });
  say(find("memory-note"), sampled ? `Types are an estimate from ${count(sampled)} keys drawn at random.` : "No keys yet.");
}

let before = null; // offset and time of the last state

export function journal({ offset, backlog_first: first, backlog_bytes: length, backlog_size: size, aof, saving, replicas, master }, at) {
  const moved = Math.max(offset, aof.appended);
  const rate = before && at > before.at ? Math.max(0, ((moved - before.moved) * 1000) / (at - before.at)) : 0;
  before = { moved, at };
  say(find("journal-figures"), `offset ${count(offset)} · ${bytes(Math.round(rate))}/s · ${count(saving.dirty)} changes since the last save`);
  const flows = [];
  if (master) {
    const lag = master.lag_s === null ? "" : `, heard ${seconds(master.lag_s)} ago`;
    flows.push({ name: `from master ${master.address}`, words: `${master.link}${lag}`, share: master.link === "up" ? 1 : 0 });
  }
  const ring = length ? `${bytes(length)} of ${bytes(size)}, from offset ${count(first)}` : "not needed: no replica has ever connected";
  flows.push({ name: "ring, for replicas", words: ring, share: length / size });
  const late = aof.appended - aof.synced;
  const state = [aof.syncing ? "syncing" : "", aof.rewriting ? "being rewritten" : ""].filter(Boolean).join(", ");
  const safe = `${bytes(aof.size)}; ${count(aof.synced)} of ${count(aof.appended)} bytes safe${state && `; ${state}`}`;
  flows.push({ name: "append-only file", words: aof.on ? safe : "appendonly is off", share: aof.on ? 1 - late / (aof.appended || 1) : 0, isOff: !aof.on });
  for (const replica of replicas) {
    const behind = Math.max(0, offset - replica.offset);
    const words = `${replica.state} at ${count(replica.offset)}, ${bytes(behind)} behind, heard ${seconds(replica.lag_s)} ago`;
    flows.push({ name: `replica ${replica.address}`, words, share: 1 - behind / (length || 1) });
  }
  const saved = saving.running ? "being written" : `last ${new Date(saving.last_save_s * 1000).toLocaleTimeString("en-GB")}`;
  flows.push({ name: "snapshot", words: saving.ok ? saved : `${saved}; the last one FAILED`, share: saving.ok ? 1 : 0 });
  const create = () => make("li", {}, make("b"), make("span", { class: "words" }), make("span", { class: "flow" }, make("i")));
  each(find("journal"), flows, create, (node, { name, words, share, isOff }) => {
    const [title, text, bar] = node.children;
    say(title, name);
    say(text, words);
    widen(bar.firstChild, share);
    bar.classList.toggle("moving", rate > 0 && share > 0 && !isOff && name !== "snapshot");
  });
}

export function latency(commands) {
  const create = () => {
    const cells = ["", "number", "number", "number", "number"].map(kind => make("td", kind ? { class: kind } : {}));
    return make("tr", {}, ...cells, make("td", {}, draw("svg", { class: "chart small", role: "img" })));
  };
  each(find("latency"), commands, create, (row, { command, calls, p50, p99, p999, histogram: pairs }) => {
    const texts = [command, count(calls), ...[p50, p99, p999].map(microseconds)];
    texts.forEach((text, index) => say(row.children[index], text));
    histogram(row.lastChild.firstChild, pairs);
  });
}

export function slowlog({ threshold_us: threshold, entries }) {
  const note = threshold < 0 ? "It is switched off." : `Commands that took ${microseconds(threshold)} or more, newest first.`;
  say(find("slowlog-note"), entries.length ? note : `${note} None yet.`);
  const lines = entries.map(({ at_s: at, took_us: took, args, client, name }) => {
    return [new Date(at * 1000).toLocaleTimeString("en-GB"), microseconds(took), args.join(" "), join([client, name])];
  });
  rows(find("slowlog"), lines, ["", "number", "command", ""]);
}
