// The window's page. It asks who it is, listens to the state of the server, and hands each part to its panel.
//
//   app ── prompt ── journey ── plan, facts      a command, and its way through the rooms
//    ├──── keyspace                              sub-tables
//    ├──── panels ── charts                      connections, lock, memory, journal, latency, slow log
//    └──── theme                                 colours            (all of them: dom)

import { bytes, count, find, say, seconds } from "./dom.js";
import * as journey from "./journey.js";
import * as keyspace from "./keyspace.js";
import * as panels from "./panels.js";
import * as prompt from "./prompt.js";
import * as theme from "./theme.js";

let events = null;
let isKnown = false; // whether the events know our session, which begins with the first command

async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, body && { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json()) };
}

// Who we are decides what is shown: the form to log in, or the window.
async function enter() {
  const session = await ask("/api/session");
  isKnown = false;
  const isStranger = session.needs_login;
  find("login").hidden = !isStranger;
  find("window").hidden = isStranger;
  find("logout").hidden = isStranger || session.user === "default";
  if (isStranger) {
    live("not logged in", false);
    return find("password").focus();
  }
  say(find("server"), `${session.version} at ${session.address}, as Redis ${session.redis_version}`);
  for (const part of document.querySelectorAll("[data-part]")) {
    const needs = { clients: "clients", slowlog: "slowlog" }[part.dataset.part] ?? "info";
    part.classList.toggle("unseen", !session.sees.includes(needs));
  }
  listen();
}

// While nobody sees the page, the server isn't asked either.
function listen() {
  events?.close();
  events = null;
  if (document.hidden || find("window").hidden) return;
  events = new EventSource("/api/events");
  events.addEventListener("state", event => show(JSON.parse(event.data)));
  events.addEventListener("end", () => {
    events.close();
    enter().catch(lost);
  });
  events.addEventListener("error", () => {
    live("connection lost, trying again", false);
    // Closed for good: the session may be over, or there are too many lookers.
    if (events.readyState === EventSource.CLOSED) setTimeout(() => enter().catch(lost), 2000);
  });
}

function lost() {
  live("connection lost, trying again", false);
  setTimeout(() => enter().catch(lost), 2000);
}

function live(words, isLive) {
  say(find("live"), words);
  find("live").classList.toggle("on", isLive);
}

function show(state) {
  const { server } = state;
  live("live", true);
  if (server) {
    say(find("ops"), `${count(server.ops_per_s)}/s`);
    const traffic = `${bytes(server.net_in)} in, ${bytes(server.net_out)} out`;
    find("totals").title = `${server.role}, up ${seconds(server.uptime_s)}; ${count(server.commands)} commands; ${traffic}; ` +
      `${count(server.hits)} hits, ${count(server.misses)} misses; ${count(server.expired)} keys expired, ${count(server.evicted)} evicted`;
  }
  if (state.keyspace) {
    say(find("keys"), count(state.keyspace.reduce((sum, database) => sum + database.keys, 0)));
    keyspace.show(state.keyspace);
  }
  if (state.lock) panels.lock(state.lock, state.look);
  if (state.journal) panels.journal(state.journal, state.at_ms);
  if (state.memory) panels.memory(state.memory);
  if (state.latency) panels.latency(state.latency);
  if (state.clients) panels.clients(state.clients);
  if (state.slowlog) panels.slowlog(state.slowlog);
}

async function send(line) {
  const answer = await ask("/api/command", { line });
  if (answer.status === 401) {
    await enter();
    return null;
  }
  if (!isKnown) {
    isKnown = true;
    listen();
  }
  return answer;
}

find("login").addEventListener("submit", async event => {
  event.preventDefault();
  const [user, password] = [find("user").value, find("password").value];
  const answer = await ask("/api/login", { user, password }).catch(error => ({ error: error.message }));
  find("password").value = "";
  say(find("login-error"), answer.error ?? "");
  if (answer.error) return;
  await enter();
  find("line").focus();
});

find("logout").addEventListener("click", async () => {
  await ask("/api/logout", {}).catch(() => {});
  await enter().catch(lost);
});

document.addEventListener("visibilitychange", listen);
theme.begin();
journey.begin();
prompt.begin(send, keyspace.visit);
enter().catch(lost);
