// What the Node.js checks share: counting, choosing groups, the closing line.
//
// FEATURES=basic,lists chooses groups, PORT says where the server listens. Every group runs in
// RESP2 and in RESP3 on an empty database.

import { readFileSync } from 'node:fs';
import { connect as dial } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

let passed = 0;
let failed = 0;
let prefix = '';

// Compares and counts: everything goes through here, so nothing can be forgotten.
export function check(name, got, want) {
  if (isDeepStrictEqual(got, want)) {
    passed += 1;
    console.log(`PASS ${prefix}: ${name}`);
  } else {
    failed += 1;
    console.log(`FAIL ${prefix}: ${name}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  }
}

// The start of the text that a promise is rejected with, cut to compare with `want`.
export async function rejects(name, promise, want) {
  const text = await promise.then((reply) => `no error but ${reply}`, (error) => error.message);
  check(name, text.slice(0, want.length), want);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Node's clients send RESP3 maps as objects without a prototype; deep equality minds.
export const plain = (object) => Object.assign({}, object);

// How the server is reached: DOOR is empty, unix, tls or tls-certificate.
export function wayIn() {
  const { DOOR, PORT, SOCKET, TLS_PORT, CERTIFICATES } = process.env;
  if (!DOOR) return { port: Number(PORT) };
  if (DOOR === 'unix') return { path: SOCKET };
  const read = (name) => readFileSync(`${CERTIFICATES}/${name}`);
  const own = DOOR === 'tls-certificate' ? { cert: read('client.crt'), key: read('client.key') } : {};
  return { host: 'localhost', port: Number(TLS_PORT), tls: { ca: read('ca.crt'), ...own } };
}

// Sends one inline command on a connection of its own; what came back when `end` says so or it closed.
const say = (command, end) => new Promise((resolve) => {
  const socket = dial(Number(process.env.PORT), '127.0.0.1', () => socket.write(`${command}\r\n`));
  let reply = '';
  socket.on('data', (data) => {
    reply += data;
    if (end(reply)) socket.destroy();
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(reply));
});

// Has the server save and end, which tests/clients/run answers by starting it again.
export async function restart() {
  await say('SHUTDOWN SAVE', () => false);
  for (let tries = 0; tries < 1000; tries += 1) {
    if ((await say('PING', () => true)) === '+PONG\r\n') return;
    await sleep(20);
  }
  check('the server comes back', false, true);
}

// Waits for what is going to happen elsewhere.
export async function eventually(condition) {
  for (let tries = 0; tries < 1000; tries += 1) {
    if (await condition()) return true;
    await sleep(10);
  }
  return false;
}

// Each library is set up once per protocol and gives back an exercise and what closes it. The
// exercise runs three times with the same objects, so that what they remember of scripts is no longer
// true: on a new server, after SCRIPT FLUSH, and after a restart.
export async function runLibraries(libraries) {
  const chosen = (process.env.LIBRARIES ?? '').split(' ').filter(Boolean);
  const rounds = { new: () => {}, 'SCRIPT FLUSH': () => say('SCRIPT FLUSH', () => true), restart };
  for (const protocol of [2, 3]) {
    for (const [name, setUp] of Object.entries(libraries)) {
      if (chosen.length > 0 && !chosen.includes(name)) continue;
      const begin = Date.now();
      prefix = `RESP${protocol} ${name}`;
      try {
        await say('FLUSHALL', () => true);
        const [exercise, close] = await setUp(protocol);
        for (const [round, prepare] of Object.entries(rounds)) {
          prefix = `RESP${protocol} ${name}, ${round}`;
          await prepare();
          await say('FLUSHALL', () => true);
          await exercise(round);
        }
        await close();
      } catch (error) {
        check('runs to its end', `${error.name}: ${error.message}`, 'no error');
      }
      console.log(`${name}: ${(Date.now() - begin) / 1000} s`);
    }
  }
  finish();
}

function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

export async function run(groups, connect) {
  const chosen = (process.env.FEATURES ?? 'basic,lists').split(',');
  for (const protocol of [2, 3]) {
    for (const name of chosen) {
      prefix = `RESP${protocol} ${name}`;
      let client;
      try {
        client = await connect(protocol);
        await groups[name](client, (...extensions) => connect(protocol, ...extensions));
      } catch (error) {
        check('runs to its end', `${error.name}: ${error.message}`, 'no error');
      }
      client?.[client.destroy ? 'destroy' : 'disconnect']();
    }
  }
  finish();
}
