// Putting things into the page, and numbers into words.
//
// What comes from the server (keys, names, replies) may be anything, HTML as well. It only ever gets here as the text
// of a node or an attribute's value: there is no `innerHTML` in these files, so nothing of it is ever read as HTML.

export const find = id => document.getElementById(id);

// An element with attributes and children. A child that is no node becomes text; a missing one (null) is left out.
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

// The same, of a drawing.
export function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter(child => child !== null));
  return node;
}

// Changes a node's text only if it is another: what stays needs no layout, and isn't read aloud again.
export function say(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

// As many children as there are items: made once, written whenever they change.
export function each(parent, items, create, write) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.append(create());
  items.forEach((item, index) => write(parent.children[index], item));
}

// Rows of a table, a text for each cell. The first cell may be a heading, others numbers.
export function rows(body, lines, kinds) {
  const create = () => make("tr", {}, ...kinds.map(kind => make("td", kind ? { class: kind } : {})));
  each(body, lines, create, (row, texts) => texts.forEach((text, index) => say(row.children[index], text)));
}

// How wide a bar is. The one thing that is styled by a number; a `style` attribute in HTML would be refused.
export function widen(bar, share) {
  bar.style.width = `${Math.max(0, Math.min(1, share || 0)) * 100}%`;
}

const whole = new Intl.NumberFormat("en");
export const count = number => whole.format(number);

// Three digits and a unit.
function scaled(number, step, units) {
  let unit = 0;
  while (number >= step && unit < units.length - 1) {
    number /= step;
    unit++;
  }
  const digits = Number.isInteger(number) || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return `${number.toFixed(digits)} ${units[unit]}`;
}

export const bytes = number => scaled(number, 1024, ["B", "KB", "MB", "GB", "TB"]);
export const nanoseconds = number => scaled(number, 1000, ["ns", "µs", "ms", "s"]);
export const microseconds = number => (number === null ? "–" : nanoseconds(number * 1000));

// Seconds, roughly.
export function seconds(number) {
  if (number < 120) return `${number} s`;
  if (number < 7200) return `${Math.floor(number / 60)} min`;
  return number < 172_800 ? `${Math.floor(number / 3600)} h` : `${Math.floor(number / 86_400)} d`;
}

// A text that fits into so many characters.
export function shorten(text, most) {
  const characters = [...String(text)];
  return characters.length <= most ? characters.join("") : `${characters.slice(0, most - 1).join("")}…`;
}

// Whether somebody has asked their system for less movement.
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
