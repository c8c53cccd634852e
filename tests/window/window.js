// What the window's page is for, done by a browser as a person would do it, by keyboard.
//
// Every check is against what the server says by another way. See `run` for how it is called.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { client, start, traffic } from "./servers.js";

const PATIENCE_MS = 20_000;
const OUT = process.env.OUT || "pictures";
const HOSTILE = "<img src=x onerror=window.hacked=1>";
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(OUT, { recursive: true });

const master = await start("--appendonly", "yes", "--web", "127.0.0.1:0", "--enable-debug-command", "yes");
const replica = await start("--replicaof", `127.0.0.1 ${master.port}`);
const redis = client(master.port);
const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await browser.newPage();
const faults = []; // whatever a console would show in red
const requests = [];
page.on("console", message => ["error", "warn"].includes(message.type()) && faults.push(message.text()));
page.on("pageerror", error => faults.push(error.message));
page.on("request", request => requests.push(request.url()));

const wait = (condition, ...args) => page.waitForFunction(condition, { timeout: PATIENCE_MS, polling: 50 }, ...args);
const text = selector => page.$eval(selector, node => node.textContent);
// What the system prefers. Only the first journey is watched walking: the others take no time.
const prefer = (scheme, motion = "reduce") => page.emulateMediaFeatures([
  { name: "prefers-color-scheme", value: scheme },
  { name: "prefers-reduced-motion", value: motion },
]);
const rooms = kind => page.$$eval(`.room.${kind}`, nodes => nodes.map(node => node.id.replace("room-", "")).sort());

// Types a line at the prompt, which has the focus, and waits for the end of its journey.
async function run(line) {
  await page.keyboard.down("Control");
  await page.keyboard.press("A");
  await page.keyboard.up("Control");
  await page.keyboard.type(line);
  await page.$eval("#journey-summary", node => (node.textContent = ""));
  await page.keyboard.press("Enter");
  await wait(() => document.getElementById("journey-summary").textContent);
  await wait(() => !document.querySelector(".token.walking"));
}

const layout = () => page.$$eval("header, .panel, .box, .plan, .vessels", nodes => nodes.map(node => {
  const { x, y, width, height } = node.getBoundingClientRect();
  return [node.id || node.className, x, y, width, height].join(" ");
}));

const checks = {
  async "the page comes alive"() {
    await page.setViewport({ width: 1280, height: 800 });
    await prefer("light", "no-preference");
    await page.goto(master.window);
    await wait(() => document.getElementById("live").textContent === "live");
    assert.match(await text("#server"), new RegExp(`at 127.0.0.1:${master.port}, as Redis 7`));
  },

  async "ZADD is typed, and its journey lights the rooms that it has come to"() {
    await wait(() => document.getElementById("journal").textContent.includes("online"));
    await page.keyboard.press("Tab"); // the link that skips to the prompt
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "line");
    const before = await layout();
    const begun = performance.now();
    await run("ZADD scores 1 ada 2 grace");
    assert.equal(await text("#reply"), "(integer) 2");
    const lit = ["file", "gates", "handler", "journal", "lock", "replicas", "reply", "request", "store"];
    assert.deepEqual(await rooms("lit"), lit);
    assert.deepEqual(await rooms("idle"), ["neighbours"]);
    const store = await text("#room-store");
    assert.match(store, /"scores".*hash [0-9a-f]{16}.*sub-table 0 of 1.*was not there.*is zset listpack/);
    assert.match(await text("#room-handler"), /sorted_sets.*zadd.*took/);
    assert.match(await text("#room-journal"), /ZADD scores 1 ada/);
    assert.equal((await page.$$("#room-gates circle.passed")).length, 11);
    const steps = await page.$$eval("#steps > li", items => items.map(item => item.textContent));
    assert.ok(steps.some(step => /^handler command::sorted_sets::.* src\/command\/sorted_sets\/\S+:\d+$/.test(step)), steps.join("\n"));
    assert.match(await text("#journey-summary"), /^ZADD: \d+ steps in .* in the handler; the reply is below\.$/);
    assert.deepEqual(await layout(), before, "nothing has moved");
    assert.ok(performance.now() - begun > 1000, "it was seen walking");
    await prefer("light");
    assert.equal(await redis.call("ZCARD scores"), ":2");
  },

  async "arrow keys go through the history, and back to what was being written"() {
    await run("TYPE scores");
    await page.keyboard.type("half a li");
    const line = () => page.$eval("#line", input => input.value);
    for (const [key, expected] of [["Up", "TYPE scores"], ["Up", "ZADD scores 1 ada 2 grace"], ["Up", "ZADD scores 1 ada 2 grace"],
      ["Down", "TYPE scores"], ["Down", "half a li"]]) {
      await page.keyboard.press(`Arrow${key}`);
      assert.equal(await line(), expected);
    }
  },

  async "a gate that refuses is shown, and a script's commands are inside it"() {
    await run("GET");
    assert.deepEqual(await rooms("refused"), ["gates", "reply"]);
    assert.match(await text("#reply"), /wrong number of arguments/);
    await run("EVAL \"redis.call('INCR','n') return redis.call('GET','n')\" 0");
    assert.match(await text("#room-handler"), /calls 2 commands/);
    assert.match(await text("#room-store"), /"n".*is string int/);
    const inside = await page.$$eval("#steps details ol li", items => items.map(item => item.textContent).join("\n"));
    assert.match(inside, /command::strings::incr/);
  },

  async "what a stranger has named is text, wherever it is shown"() {
    await redis.call("CONFIG SET slowlog-log-slower-than 0");
    await run(`SET "${HOSTILE}" "${HOSTILE}"`);
    await run(`GET "${HOSTILE}"`);
    await run(`${HOSTILE} "${HOSTILE}"`);
    await redis.call(`CLIENT SETNAME ${HOSTILE.replaceAll(" ", "/")}`);
    await redis.call("CONFIG SET slowlog-log-slower-than 10000");
    await run(`GET "${HOSTILE}"`);
    for (const place of ["#reply", "#steps", "#room-store"]) {
      assert.ok((await text(place)).includes("<img"), place);
    }
    await wait(() => document.getElementById("clients").textContent.includes("<img/src=x"));
    await wait(() => document.getElementById("slowlog").textContent.includes("<img src=x"));
    assert.equal(await page.$("img, main script"), null);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  },

  async "a million keys fill the sub-tables, as many as DBSIZE says"() {
    await redis.call("DEBUG POPULATE 1000000");
    for (let key = 0; key < 20; key++) await redis.call(`EXPIRE key:${key} 1000`);
    const size = Number((await redis.call("DBSIZE")).slice(1));
    assert.ok(size > 1_000_000);
    const shown = { keys: String(size), expiring: "20", tables: "1024" };
    await wait(shown => {
      const { dataset } = document.querySelector(".vessels");
      return Object.entries(shown).every(([name, value]) => dataset[name] === value);
    }, shown);
    const title = await text("#databases h3");
    assert.ok(title.includes(`${size.toLocaleString("en")} keys in 1,024 sub-tables`), title);
    // What is drawn is what is said: colours of the legend, in the vessel's lower and upper part.
    const [low, high, legend] = await page.evaluate(() => {
      const canvas = document.querySelector(".vessels");
      const context = canvas.getContext("2d");
      const column = context.getImageData(3, 0, 1, canvas.height).data;
      const colour = row => `rgb(${[...column.slice(row * 4, row * 4 + 3)].join(", ")})`;
      const all = Array.from({ length: canvas.height }, (_, row) => colour(row));
      const of = name => getComputedStyle(document.querySelector(`.swatch.${name}`)).backgroundColor;
      const legend = { vessel: of("vessel"), keys: of("keys") };
      return [all.indexOf(legend.keys), all.indexOf(legend.vessel), legend];
    });
    assert.ok(high >= 0 && low > high, `${JSON.stringify(legend)}: keys at ${low}, room at ${high}`);
  },

  async "arrow keys ask each vessel for its numbers"() {
    await page.focus(".vessels");
    const value = () => page.$eval(".vessels", node => node.getAttribute("aria-valuetext"));
    for (const [key, vessel] of [["Home", 0], ["ArrowRight", 1], ["ArrowLeft", 0], ["ArrowLeft", 0], ["End", 1023], ["ArrowRight", 1023]]) {
      await page.keyboard.press(key);
      assert.match(await value(), new RegExp(`^sub-table ${vessel}: [\\d,]+ keys, room for`));
    }
    // All of them, without the browser's way for each.
    const keys = await page.$eval(".vessels", node => {
      let sum = 0;
      for (let key = "Home", last = ""; last !== node.getAttribute("aria-valuetext"); key = "ArrowRight") {
        last = node.getAttribute("aria-valuetext");
        node.dispatchEvent(new KeyboardEvent("keydown", { key }));
        const text = node.getAttribute("aria-valuetext");
        if (text !== last) sum += Number(/: ([\d,]+) keys/.exec(text)[1].replaceAll(",", ""));
      }
      return sum;
    });
    assert.equal(keys, Number((await redis.call("DBSIZE")).slice(1)));
    await page.focus("#line");
  },

  async "connections are told of in words: who waits, who sleeps, who you are"() {
    const waiting = client(master.port);
    waiting.send("BLPOP nothing 0");
    await wait(() => document.getElementById("clients-states").textContent.includes("1 blocked"));
    await wait(() => document.querySelector("#clients .you"));
    const lines = await page.$$eval("#clients tr", rows => rows.map(row => row.textContent));
    assert.ok(lines.some(line => /^blocked.*blpop/.test(line)), lines.join("\n"));
    assert.ok(lines.some(line => line.includes("(you)")), lines.join("\n"));
    assert.ok(lines.some(line => line.includes("replica")), lines.join("\n"));
    waiting.end();
    await wait(() => document.getElementById("clients-states").textContent.includes("0 blocked"));
  },

  async "who wants less movement gets the journey at once"() {
    await run("GET key:1");
    const again = await page.evaluate(() => {
      document.getElementById("again").click();
      return document.querySelectorAll(".room.lit").length;
    });
    assert.ok(again >= 6, `${again} rooms are lit`);
  },

  async "it is fit for screen readers, in light and dark, wide and narrow"() {
    for (const [scheme, width] of [["light", 1280], ["dark", 390]]) {
      await prefer(scheme);
      await page.setViewport({ width, height: 900 });
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => axe.run());
      const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(", ")}`);
      assert.deepEqual(told, [], `${scheme}, ${width}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "nothing sticks out");
    }
  },

  async "the button for colours overrules the system, and is remembered"() {
    await page.setViewport({ width: 1280, height: 800 });
    await prefer("light");
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.focus("#theme");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    assert.equal(await text("#theme"), "Colours: dark");
    assert.notEqual(await paper(), light);
    await page.reload();
    await wait(() => document.getElementById("live").textContent === "live");
    assert.notEqual(await paper(), light);
    await page.focus("#theme");
    await page.keyboard.press("Enter");
    assert.equal(await paper(), light);
  },

  async "pictures are taken, of a server at work"() {
    await redis.call("SLOWLOG RESET");
    await redis.call("CLIENT SETNAME ada");
    await redis.call(`EVAL "for i=1,100000 do redis.call('SET','session:'..i,i,'EX',3600) end" 0`);
    await redis.call(`EVAL "for i=1,20000 do redis.call('HSET','visitor:'..i,'name','ada','age',i) redis.call('ZADD','board:'..i,i,'ada') end" 0`);
    await redis.call("KEYS session:9999*");
    const stop = traffic(master.port, [
      number => `SET key:${number} ${"x".repeat(100)}`, () => "GET key:2", () => "ZADD board 1 a 2 b 3 c", () => "ZRANGE board 0 -1",
      number => `HSET visitor:${number} name ada age 36`, number => `LPUSH jobs:${number} job`, number => `RPOP jobs:${number}`,
    ]);
    const waiting = client(master.port);
    await waiting.call("CLIENT SETNAME worker");
    waiting.send("BLPOP queue 0");
    await page.setViewport({ width: 1280, height: 690 });
    for (const [name, scheme, fullPage] of [["window-journey", "light", false], ["window", "dark", true]]) {
      await prefer(scheme);
      await redis.call("DEL scores");
      await page.focus("#line");
      await run("ZADD scores 1 ada 2 grace");
      await new Promise(resolve => setTimeout(resolve, 3000)); // what is renewed once a second has been
      await page.screenshot({ path: join(OUT, `${name}.webp`), type: "webp", quality: 72, fullPage });
    }
    stop();
    waiting.end();
  },

  async "nothing was wrong on the console, and nobody else was asked"() {
    assert.deepEqual(faults, []);
    const elsewhere = requests.filter(url => !url.startsWith(master.window) && !url.startsWith("data:"));
    assert.deepEqual(elsewhere, []);
    assert.ok(requests.length > 10);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const begun = performance.now();
  const error = await check().then(() => null, error => error);
  failed += error ? 1 : 0;
  console.log(`${error ? "FAILED" : "ok    "} ${name} (${Math.round(performance.now() - begun)} ms)`);
  if (error) console.log(error.stack);
}
redis.end();
await browser.close();
replica.stop();
master.stop();
process.exit(failed ? 1 : 0);
