// A command's journey, drawn: the rooms of the plan light up in the order in which the request has come to them, each
// with what it has done there. The list of steps tells the same in words.

import { draw, each, find, isStill, make, nanoseconds, say, shorten } from "./dom.js";
import { factsOf } from "./facts.js";
import { ROOMS, along, planFor, roomOf, way } from "./plan.js";

// A corridor's length in the wide plan is some 2500 units; it takes so many milliseconds to walk.
const WALK_MS = 2400;
const LINE_HEIGHT = 15.5;
const CHARACTER = 6.75; // the width of one at the size of the facts

const narrow = matchMedia("(max-width: 860px)");
let shown = null; // the journey that is drawn
let walk = 0; // counts: a later walk ends the one before

// Draws the empty plan, and anew when the screen becomes wide or narrow.
export function begin() {
  const redraw = () => {
    drawPlan();
    if (shown) arrive(shown);
  };
  narrow.addEventListener("change", redraw);
  redraw();
}

// Shows a journey; null is for a command without one.
export function show(journey) {
  shown = journey && prepare(journey);
  drawPlan();
  each(find("steps"), shown ? grouped(journey.steps) : [], () => make("li"), writeStep);
  if (!shown) return;
  return again();
}

// Walks it (again).
export async function again() {
  drawPlan();
  if (isStill()) return arrive(shown);
  const mine = ++walk;
  const { plan } = shown;
  const path = way(plan, shown.stops);
  const token = find("token");
  const begun = performance.now();
  const duration = (WALK_MS * path.length) / way(plan, Object.keys(plan.stops)).length;
  token.classList.add("walking");
  for (let share = 0; share < 1; ) {
    const now = await new Promise(requestAnimationFrame);
    if (mine !== walk) return;
    share = Math.max(0, Math.min(1, (now - begun) / duration));
    const length = path.length * share;
    const { x, y } = along(path, length);
    token.setAttribute("transform", `translate(${x} ${y})`);
    find("trail").setAttribute("d", line(path.points.filter(point => point.at <= length).concat({ x, y })));
    for (const point of path.points) if (point.stop && point.at <= length) reach(point.stop);
  }
  token.classList.remove("walking");
  arrive(shown);
}

// The end of the walk: everything is lit.
function arrive(journey) {
  walk++;
  journey.plan = planFor(narrow.matches);
  find("trail").setAttribute("d", line(way(journey.plan, journey.stops).points));
  Object.keys(journey.rooms).forEach(light);
}

// All steps, also those of commands that a script or a transaction has called.
export const all = steps => steps.flatMap(step => [step, ...all(step.inside ?? [])]);

// A journey by rooms, and the stops of its walk. What was called inside a command shows its keys in the store.
function prepare(journey) {
  const rooms = {};
  const inside = all(journey.steps).filter(step => step.step === "key" && !journey.steps.includes(step));
  for (const step of [...journey.steps, ...inside]) (rooms[roomOf(step.step)] ??= []).push(step);
  delete rooms.undefined; // a step that this page doesn't know: the list has it
  const facts = Object.entries(rooms).map(([name, steps]) => [name, { steps, ...factsOf(name, steps, journey) }]);
  const known = Object.fromEntries(facts);
  // Who passes by doesn't enter: only what the file or replicas get goes out to them.
  const goes = name => (name === "enter" || name === "leave" ? known.lock : known[name] && !known[name].isIdle);
  const plan = planFor(narrow.matches);
  return { rooms: known, plan, stops: Object.keys(plan.stops).filter(goes) };
}

function reach(stop) {
  if (stop === "enter" || stop === "leave") return light("lock");
  light(stop);
  // What is idle is told of when the walk has gone past.
  if (stop === "reply") Object.keys(shown.rooms).forEach(light);
}

// Lights a room, and writes into it what has happened there.
function light(name) {
  const room = find(`room-${name}`);
  const { steps, lines, isIdle, isRefused } = shown.rooms[name] ?? {};
  if (!steps || room.classList.contains("lit") || room.classList.contains("idle")) return;
  room.classList.add(isIdle ? "idle" : "lit");
  if (isRefused) room.classList.add("refused");
  const { plan } = shown;
  const [x, , width, height] = plan.rooms[name];
  const [top, most] = [titleAt(plan, name) + 20, Math.floor((height - 58) / LINE_HEIGHT) + 1];
  const gates = steps.filter(step => step.step === "gate");
  fit(lines, Math.floor((width - 18) / CHARACTER), gates.length ? most - 1 : most).forEach((text, index) => {
    room.append(draw("text", { class: "fact", x: x + 11, y: top + index * LINE_HEIGHT }, text));
  });
  gates.forEach((gate, index) => {
    const at = { cx: x + 15 + index * 11.5, cy: top + (most - 1) * LINE_HEIGHT - 4, r: 3.6 };
    room.append(draw("circle", { class: gate.passed ? "passed" : "failed", ...at }, draw("title", {}, gate.text)));
  });
}

// Lines of so many characters, and so many of them. What is longer goes on in the next line; what is too much, the steps tell.
function fit(lines, width, most) {
  const broken = lines.flatMap(line => {
    const characters = [...line];
    const parts = Array.from({ length: Math.ceil(characters.length / width) }, (_, part) => characters.slice(part * width, (part + 1) * width));
    return parts.map(part => part.join(""));
  });
  const rest = broken.splice(most);
  return rest.length ? [...broken.slice(0, -1), shorten(`${broken.at(-1).padEnd(width)}…`, width)] : broken;
}

// A room's title is on the side that is away from the corridor.
function titleAt(plan, name) {
  const [, y] = plan.rooms[name];
  const isBelow = ["replicas", "neighbours", "lock", "reply"].includes(name);
  return y + (isBelow ? plan.below : plan.first);
}

function drawPlan() {
  walk++;
  const plan = planFor(narrow.matches);
  if (shown) shown.plan = plan;
  const [width, height] = plan.size;
  const box = ([x, y, width, height]) => ({ x, y, width, height, rx: 6 });
  const rooms = Object.entries(plan.rooms).map(([name, area]) => {
    const { title, source } = ROOMS[name];
    const at = titleAt(plan, name);
    const fits = (title.length + source.length) * 7.6 < area[2] - 22;
    return draw("g", { id: `room-${name}`, class: "room" },
      draw("rect", box(area)),
      draw("text", { class: "title", x: area[0] + 11, y: at }, title),
      draw("text", { class: "source", x: area[0] + area[2] - 11, y: at, "text-anchor": "end" }, fits ? source : ""));
  });
  // The corridor is drawn over the walls, as doors in them; the way over that.
  const corridor = line(way(plan, Object.keys(plan.stops)).points);
  const drawing = draw("svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Plan of the server. The list of steps has the same in words." },
    draw("rect", { class: "engine", ...box(plan.engine) }),
    draw("text", { class: "source", x: plan.label[0], y: plan.label[1] }, plan.label[2]),
    ...rooms,
    draw("path", { class: "corridor", d: corridor }),
    draw("path", { id: "trail", class: "trail", d: "" }),
    draw("circle", { id: "token", class: "token", r: 7 }));
  find("plan").replaceChildren(drawing);
}

const line = points => points.map(({ x, y }, index) => `${index ? "L" : "M"}${x} ${y}`).join("");

// Gates are many, and mostly pass: they become one entry that can be opened.
function grouped(steps) {
  const entries = [];
  for (const step of steps) {
    const last = entries.at(-1);
    if (step.step !== "gate") entries.push({ ...step, inside: step.inside ?? [] });
    else if (last?.step === "gates") last.inside.push(step);
    else entries.push({ step: "gates", inside: [step] });
  }
  for (const entry of entries.filter(entry => entry.step === "gates")) {
    const refused = entry.inside.find(gate => !gate.passed);
    entry.text = refused ? refused.text : `all ${entry.inside.length} passed`;
    entry.place = (refused ?? entry.inside[0]).place;
  }
  return entries;
}

function writeStep(item, { step, text, place, inside }) {
  const parts = () => [make("b", {}, step), ` ${text} `, make("code", {}, place)];
  if (!inside?.length) return item.replaceChildren(...parts());
  const list = make("ol", { class: "steps" });
  each(list, inside, () => make("li"), writeStep);
  item.replaceChildren(make("details", {}, make("summary", {}, ...parts()), list));
}

// One sentence, which is also read aloud.
export function summary({ is_error: isError, took_us: took, journey }) {
  if (!journey) return "This command has no journey to show: it was executed as it is.";
  const handler = journey.steps.find(step => step.step === "handler");
  const refused = journey.steps.find(step => step.passed === false);
  const name = journey.request[0]?.toUpperCase();
  const steps = `${name}: ${journey.steps.length} steps in ${nanoseconds(took * 1000)}`;
  if (refused) return `${steps}; the gate "${refused.name}" refuses it.`;
  const end = isError ? "the reply is an error" : "the reply is below";
  return handler ? `${steps}, ${nanoseconds(handler.took_ns)} of them in the handler; ${end}.` : `${steps}; ${end}.`;
}

// Only for the caption: `say` keeps it from being read twice.
export const caption = text => say(find("journey-summary"), text);
