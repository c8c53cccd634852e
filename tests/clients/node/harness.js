// What both Node.js checks share: counting, choosing groups, the closing line.
//
// FEATURES=basic,lists chooses groups, PORT says where the server listens. Every group runs in
// RESP2 and in RESP3 on an empty database.

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

export async function run(groups, connect) {
  const chosen = (process.env.FEATURES ?? 'basic,lists').split(',');
  for (const protocol of [2, 3]) {
    for (const name of chosen) {
      prefix = `RESP${protocol} ${name}`;
      let client;
      try {
        client = await connect(protocol);
        await groups[name](client, () => connect(protocol));
      } catch (error) {
        check('runs to its end', `${error.name}: ${error.message}`, 'no error');
      }
      client?.[client.destroy ? 'destroy' : 'disconnect']();
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}
