// Does ioredis' cluster client lose nothing while slots move and masters fail?
//
// Each worker sets keys of its own to rising numbers and reads them back, until the file STOP
// exists. A number counts as kept when WAIT has said that a replica has it. In the end each key is
// one that was kept or sent later. SEEDS names nodes of the cluster.

import { existsSync } from 'node:fs';
import keySlot from 'cluster-key-slot'; // ioredis' own
import { Cluster } from 'ioredis';

const WORKERS = 3;
const KEYS = 50;

let kept = 0;
let errors = 0;
let wrong = 0;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seeds = process.env.SEEDS.split(',').map((seed) => {
  const [host, port] = seed.split(':');
  return { host, port: Number(port) };
});
const cluster = new Cluster(seeds, {
  clusterRetryStrategy: () => 50,
  redisOptions: { commandTimeout: 4000, maxRetriesPerRequest: 3 },
  maxRedirections: 32,
});
cluster.on('error', () => {}); // commands tell

function expect(key, found, low, high) {
  if (found < low || found > high) {
    wrong += 1;
    console.log(`FAIL ${key} is ${found}, not between ${low} and ${high}`);
  }
}

// Sets a key; true: a replica has it. A pipeline goes to one node, over one connection; what the node
// redirects is sent again by the client.
async function set(key, number) {
  const results = await cluster.pipeline().set(key, number).get(key).exec();
  for (const [error] of results) if (error) throw error;
  expect(key, Number(results[1][1] ?? 0), number, number);
  return (await waitFor(key)) >= 1;
}

// WAIT on the connection to the node that has the key.
async function waitFor(key) {
  const name = cluster.slots[keySlot(key)]?.[0];
  const node = cluster.nodes('master').find((one) => `${one.options.host}:${one.options.port}` === name);
  return node ? node.wait(1, 50) : 0;
}

async function work(worker, ledger) {
  for (let round = 1; !existsSync(process.env.STOP); round += 1) {
    for (let index = 0; index < KEYS; index += 1) {
      const key = `node:${worker}:${index}`;
      ledger[index][1] = round;
      try {
        if (await set(key, round)) {
          ledger[index][0] = round;
          kept += 1;
        }
      } catch {
        errors += 1;
        await sleep(20);
      }
    }
  }
}

async function read(key) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return Number((await cluster.get(key)) ?? 0);
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(100);
    }
  }
}

const ledgers = Array.from({ length: WORKERS }, () => Array.from({ length: KEYS }, () => [0, 0]));
await Promise.all(ledgers.map((ledger, worker) => work(worker, ledger)));
for (const [worker, ledger] of ledgers.entries()) {
  for (const [index, [low, high]] of ledger.entries()) {
    const key = `node:${worker}:${index}`;
    expect(key, await read(key), low, high);
  }
}
console.log(`${kept} kept, ${errors} errors, ${wrong} wrong`);
process.exit(wrong > 0 || kept === 0 ? 1 : 0);
