// The plan of the server: where its rooms lie, on a wide screen and on a narrow one.
//
// Both have a corridor in the middle, a loop: in on one side, back on the other. A request enters, passes the door of
// the engine (THE lock), and goes from room to room; what the journal carries leaves on the far side, to file and
// replicas; the reply comes back along the other side of the corridor. The narrow plan is the wide one, turned.

// A room: its title, where its source is, and the steps of EXPLAIN that happen in it.
export const ROOMS = {
  request: { title: "request", source: "resp/", steps: ["request"] },
  gates: { title: "gates", source: "command/", steps: ["row", "gate"] },
  handler: { title: "handler", source: "command/", steps: ["handler", "block", "queue"] },
  store: { title: "store", source: "store/", steps: ["key"] },
  journal: { title: "journal", source: "journal/", steps: ["journal"] },
  file: { title: "file", source: "persistence/", steps: ["file"] },
  replicas: { title: "replicas", source: "replication/", steps: ["replicas"] },
  neighbours: { title: "whom it concerns", source: "engine/", steps: ["watchers", "tracking", "blocked", "events"] },
  lock: { title: "THE lock", source: "engine/lock.rs", steps: ["lock"] },
  reply: { title: "reply", source: "resp/", steps: ["reply"] },
};

// Where a step happens.
export const roomOf = step => Object.keys(ROOMS).find(name => ROOMS[name].steps.includes(step));

// `rooms`: x, y, width, height. `stops`: where in the corridor a room is passed; `enter` and `leave` are the engine's doors.
const WIDE = {
  size: [1200, 404],
  engine: [208, 12, 762, 380],
  label: [222, 30, "engine/: behind THE lock, one request at a time"],
  rooms: {
    request: [12, 42, 168, 148],
    gates: [222, 42, 154, 148],
    handler: [388, 42, 146, 148],
    store: [546, 42, 192, 148],
    journal: [750, 42, 208, 148],
    file: [1000, 42, 188, 148],
    replicas: [1000, 228, 188, 148],
    neighbours: [546, 228, 412, 148],
    lock: [222, 228, 312, 148],
    reply: [12, 228, 168, 148],
  },
  stops: {
    request: [96, 176], enter: [208, 176], gates: [299, 176], handler: [461, 176], store: [642, 176], journal: [854, 176],
    file: [1094, 176], replicas: [1094, 242], neighbours: [752, 242], leave: [208, 242], reply: [96, 242],
  },
  first: 20, // from a room's upper edge to its title: above the corridor, and below it
  below: 40,
};

const NARROW = {
  size: [360, 850],
  engine: [3, 134, 354, 556],
  label: [12, 150, "engine/: THE lock"],
  rooms: {
    request: [8, 6, 160, 112],
    gates: [8, 160, 160, 122],
    handler: [8, 290, 160, 112],
    store: [8, 410, 160, 140],
    journal: [8, 558, 160, 122],
    file: [8, 706, 160, 136],
    replicas: [192, 706, 160, 136],
    neighbours: [192, 410, 160, 270],
    lock: [192, 160, 160, 242],
    reply: [192, 6, 160, 112],
  },
  stops: {
    request: [170, 62], enter: [170, 134], gates: [170, 221], handler: [170, 346], store: [170, 480], journal: [170, 619],
    file: [170, 774], replicas: [190, 774], neighbours: [190, 545], leave: [190, 134], reply: [190, 62],
  },
  first: 20,
  below: 20,
};

export const planFor = isNarrow => (isNarrow ? NARROW : WIDE);

// The way from stop to stop along the corridor. It turns at right angles: first out of a room's line, then along.
export function way(plan, stops) {
  const isWide = plan === WIDE;
  const points = [];
  for (const name of stops) {
    const [x, y] = plan.stops[name];
    const last = points.at(-1);
    if (last && last.x !== x && last.y !== y) points.push(isWide ? { x: last.x, y } : { x, y: last.y });
    points.push({ x, y, stop: name });
  }
  let length = 0;
  points.forEach((point, index) => {
    const before = points[Math.max(0, index - 1)];
    point.at = length += Math.hypot(point.x - before.x, point.y - before.y);
  });
  return { points, length };
}

// Where on the way one is after so much of it.
export function along({ points }, length) {
  const next = points.findIndex(point => point.at >= length);
  if (next <= 0) return points.at(next);
  const [from, to] = [points[next - 1], points[next]];
  const share = (length - from.at) / (to.at - from.at || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
