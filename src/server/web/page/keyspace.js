// The keyspace as it lies in memory: a vessel for each sub-table (or a few neighbours, if there are many), filled as far
// as it has keys, with those that expire at the bottom. One that has just grown flashes; where your command's key
// lives is framed. Arrow keys or the pointer ask a vessel for its numbers.

import { count, each, find, isStill, make, say } from "./dom.js";

const FLASH_MS = 1200;
const VISIT_MS = 8000;
const MOST_ACROSS = 64;
const LARGEST = 46; // a vessel's side, in pixels

const views = new Map(); // by the canvas
let visited = null;

// A key of this sub-table was touched.
export function visit(db, table) {
  visited = { db, table, at: performance.now() };
  views.forEach(paint);
}

export function show(databases) {
  const list = databases.length ? databases : [{ db: 0, keys: 0, expiring: 0, tables: 0, per_bucket: 1, buckets: [] }];
  each(find("databases"), list, create, (node, database) => {
    const canvas = node.querySelector("canvas");
    const view = views.get(canvas);
    const now = performance.now();
    const isSame = view.db === database.db && view.buckets.length === database.buckets.length;
    // Growth is a change of room; the first look at a database isn't one.
    view.grown = database.buckets.map(([, room], index) => {
      const hasGrown = isSame && room > view.buckets[index][1];
      return hasGrown ? now : isSame ? view.grown[index] : -FLASH_MS;
    });
    Object.assign(view, database, { cursor: Math.min(view.cursor, Math.max(0, database.buckets.length - 1)) });
    describe(view);
    paint(view);
  });
  for (const canvas of views.keys()) if (!canvas.isConnected) views.delete(canvas);
}

function create() {
  const canvas = make("canvas", { class: "vessels", tabindex: 0, role: "slider", "aria-valuemin": 0 });
  const title = make("h3");
  const readout = make("p", { class: "quiet readout" });
  const view = { canvas, title, readout, db: -1, buckets: [], grown: [], cursor: 0, isAsked: false };
  views.set(canvas, view);
  const ask = cursor => {
    view.cursor = Math.max(0, Math.min(view.buckets.length - 1, cursor));
    view.isAsked = true;
    describe(view);
    paint(view);
  };
  canvas.addEventListener("keydown", event => {
    const { across } = shape(view);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    const to = { Home: 0, End: view.buckets.length - 1 }[event.key] ?? (step && view.cursor + step);
    if (to === undefined) return;
    event.preventDefault();
    ask(to);
  });
  canvas.addEventListener("pointermove", event => {
    const { across, size } = shape(view);
    const index = Math.floor(event.offsetY / size) * across + Math.min(across - 1, Math.floor(event.offsetX / size));
    if (index < view.buckets.length) ask(index);
  });
  const forget = () => {
    view.isAsked = false;
    describe(view);
    paint(view);
  };
  canvas.addEventListener("pointerleave", forget);
  canvas.addEventListener("blur", forget);
  canvas.addEventListener("focus", () => ask(view.cursor));
  return make("div", {}, title, canvas, readout);
}

// The numbers, for eyes and for screen readers. The canvas has the sums of what it shows, for who wants to compare.
function describe(view) {
  const { canvas, db, buckets, per_bucket: per, tables, cursor } = view;
  const sum = figure => buckets.reduce((sum, bucket) => sum + bucket[figure], 0);
  const [keys, room, expiring] = [sum(0), sum(1), sum(2)];
  Object.assign(canvas.dataset, { keys, expiring, tables });
  const filled = room ? `, ${Math.round((keys / room) * 100)} % of their room` : "";
  say(view.title, `db${db}: ${count(keys)} keys in ${count(tables)} sub-table${tables === 1 ? "" : "s"}${filled}`);
  const words = () => {
    if (!buckets.length) return "nothing in it yet";
    const first = cursor * per;
    const last = Math.min(tables, first + per) - 1;
    const name = first === last ? `sub-table ${first}` : `sub-tables ${first} to ${last}`;
    const [keys, room, expiring] = buckets[cursor];
    return `${name}: ${count(keys)} keys, room for ${count(room)}, ${count(expiring)} expire`;
  };
  canvas.setAttribute("aria-label", `Sub-tables of db${db}`);
  canvas.setAttribute("aria-valuemax", Math.max(0, buckets.length - 1));
  canvas.setAttribute("aria-valuenow", cursor);
  canvas.setAttribute("aria-valuetext", words());
  const many = per > 1 ? `a vessel is ${per} neighbouring sub-tables; ` : "";
  say(view.readout, view.isAsked ? words() : `${many}${count(expiring)} keys expire; point at a vessel, or use arrow keys`);
}

// How vessels lie: as many across as there is place for, all on a field that never changes its size.
function shape({ canvas, buckets }) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  let across = 1;
  const isLow = () => Math.ceil(buckets.length / across) * (width / across) <= height;
  while (across < MOST_ACROSS && (width / across > LARGEST || !isLow())) across++;
  return { width, height, across, size: width / across };
}

// The colours are those of the legend.
function colours() {
  const names = ["vessel", "keys", "expiring", "grown", "visited"];
  const of = name => getComputedStyle(document.querySelector(`.swatch.${name}`)).backgroundColor;
  return Object.fromEntries(names.map(name => [name, of(name)]));
}

function paint(view) {
  const { canvas, db, buckets, grown, per_bucket: per } = view;
  const { width, height, across, size } = shape(view);
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const colour = colours();
  const now = performance.now();
  const gap = size > 12 ? 2 : 1;
  let isMoving = false;
  const frame = (index, name, thick) => {
    context.strokeStyle = colour[name];
    context.lineWidth = thick;
    context.strokeRect((index % across) * size + 1, Math.floor(index / across) * size + 1, size - 2, size - 2);
  };
  buckets.forEach(([keys, room, expiring], index) => {
    const [x, y, side] = [(index % across) * size, Math.floor(index / across) * size, size - gap];
    const part = (name, number) => {
      const high = room ? (number / room) * side : 0;
      context.fillStyle = colour[name];
      context.fillRect(x, y + side - high, side, high);
    };
    part("vessel", room || 1);
    part("keys", keys);
    part("expiring", expiring);
    const age = (now - grown[index]) / FLASH_MS;
    if (age < 1) {
      isMoving = true;
      context.globalAlpha = 1 - age;
      frame(index, "grown", 3);
      context.globalAlpha = 1;
    }
  });
  if (visited?.db === db && now - visited.at < VISIT_MS) frame(Math.floor(visited.table / per), "visited", 2.5);
  if (view.isAsked && buckets.length) frame(view.cursor, "visited", 2);
  // Between two states only a flash moves.
  if (isMoving && !isStill()) requestAnimationFrame(() => canvas.isConnected && performance.now() - now > 40 && paint(view));
}
