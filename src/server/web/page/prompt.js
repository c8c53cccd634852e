// The prompt: a line goes to the server as one request; its reply and its journey come back.

import { find, make, say } from "./dom.js";
import * as journey from "./journey.js";

// What is worth seeing: a sorted set, a time to live, a script that calls, a gate that refuses.
const EXAMPLES = [
  "ZADD scores 1 ada",
  "SET greeting hello EX 60",
  "EVAL \"redis.call('INCR','n') return redis.call('GET','n')\" 0",
  "BLPOP queue 5",
  "GET",
];

const history = [];
let place = 0; // in the history; behind its end is the line that is being written
let draft = "";
let isBusy = false;

// `send` posts a line; `visit` is told which key was where.
export function begin(send, visit) {
  const line = find("line");
  find("prompt").addEventListener("submit", event => {
    event.preventDefault();
    run(line.value.trim(), send, visit);
  });
  line.addEventListener("keydown", event => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || event.isComposing) return;
    event.preventDefault();
    if (place === history.length) draft = line.value;
    place = Math.max(0, Math.min(history.length, place + step));
    line.value = history[place] ?? draft;
  });
  find("again").addEventListener("click", journey.again);
  for (const example of EXAMPLES) {
    const button = make("button", { type: "button" }, example);
    button.addEventListener("click", () => {
      line.value = example;
      run(example, send, visit);
    });
    find("examples").append(button);
  }
}

async function run(text, send, visit) {
  if (!text || isBusy) return;
  isBusy = true;
  if (history.at(-1) !== text) history.push(text);
  place = history.length;
  draft = "";
  const answer = await send(text).catch(error => ({ error: `No answer: ${error.message}` }));
  isBusy = false;
  if (!answer) return; // somebody has to log in first
  find("line").select();
  const isError = Boolean(answer.error || answer.is_error);
  const reply = find("reply");
  say(reply, answer.error ?? answer.reply);
  reply.classList.toggle("error", isError);
  find("again").disabled = !answer.journey;
  if (answer.error) {
    journey.caption(answer.error);
    return journey.show(null);
  }
  say(find("prompt-label"), `db${answer.db}${answer.in_multi ? "(TX)" : ""}>`);
  journey.caption(journey.summary(answer));
  for (const { step, sub_table: table } of journey.all(answer.journey?.steps ?? [])) {
    if (step === "key" && table !== undefined) visit(answer.db, table);
  }
  journey.show(answer.journey);
}
