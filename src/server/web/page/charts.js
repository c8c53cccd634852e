// Small charts, drawn as SVG.

import { count, draw, each, microseconds } from "./dom.js";

// Powers of two of microseconds, from 1 to a second: the axis that all histograms share.
const STEPS = 21;
const stepOf = end => Math.max(0, Math.min(STEPS - 1, Math.round(Math.log2(Math.max(1, end)))));

// A histogram: [[up to so many microseconds, so many], ...]. Heights are by the square root, so that a few slow ones are seen.
export function histogram(drawing, pairs, { width = 210, height = 26 } = {}) {
  const bars = new Array(STEPS).fill(0);
  for (const [end, number] of pairs ?? []) bars[stepOf(end)] += number;
  const most = Math.max(1, ...bars);
  const wide = width / STEPS;
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const create = () => draw("rect", { class: "bar", rx: 1 }, draw("title"));
  each(drawing, bars, create, (bar, number) => {
    const index = [...drawing.children].indexOf(bar);
    const high = number ? Math.max(2, Math.sqrt(number / most) * height) : 0.75;
    const at = { x: index * wide + 0.5, y: height - high, width: wide - 1, height: high };
    for (const [name, value] of Object.entries(at)) bar.setAttribute(name, value.toFixed(2));
    bar.firstChild.textContent = `up to ${microseconds(2 ** index)}: ${count(number)}`;
  });
  const total = bars.reduce((sum, number) => sum + number, 0);
  const peak = bars.indexOf(Math.max(...bars));
  drawing.setAttribute("aria-label", total ? `${count(total)}, most of them about ${microseconds(2 ** peak)}` : "none yet");
}

// A line of the last numbers, the newest at the right.
export function sparkline(drawing, numbers, { width = 400, height = 56, most = 240 } = {}) {
  const highest = Math.max(1, ...numbers);
  const at = (number, index) => {
    const x = width - ((numbers.length - 1 - index) * width) / most;
    return `${x.toFixed(1)} ${(height - 1 - (number / highest) * (height - 4)).toFixed(1)}`;
  };
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  if (!drawing.firstChild) drawing.append(draw("path", { class: "line" }));
  drawing.firstChild.setAttribute("d", numbers.length ? `M${numbers.map(at).join("L")}` : "");
}
