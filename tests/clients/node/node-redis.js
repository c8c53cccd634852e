// Does cacheflow serve node-redis? The client's view (handshake, automatic pipelining, reply types,
// typed errors), not every option of a command: see harness.js.

import { createClient, defineScript, ErrorReply, RESP_TYPES, WatchError } from 'redis';
import { check, plain, rejects, restart, run, sleep, wayIn } from './harness.js';

async function connect(protocol, extensions = {}) {
  const { tls, ...where } = wayIn();
  const socket = { ...where, ...(tls ? { tls: true, ...tls } : {}), reconnectStrategy: 20 };
  const client = createClient({ RESP: protocol, name: 'node-check', socket, ...extensions });
  client.on('error', () => {}); // Reported by the command that fails.
  await client.connect();
  await client.flushDb();
  return client;
}

async function basic(r, another) {
  check('PING', await r.ping(), 'PONG');
  check('CLIENT GETNAME', await r.clientGetName(), 'node-check');
  check('SET', await r.set('k', 'v'), 'OK');
  check('GET', await r.get('k'), 'v');
  check('GET of no key', await r.get('none'), null);
  check('SET NX GET', await r.set('k', 'w', { condition: 'XX', GET: true }), 'v');
  const large = 'x'.repeat(3 << 20);
  await r.set('large', large);
  check('3 MB value', (await r.get('large')) === large, true);
  check('INCRBY', await r.incrBy('n', 41), 41);
  check('INCRBYFLOAT', await r.incrByFloat('n', 0.5), '41.5');
  check('MSET', await r.mSet({ a: '1', b: '2' }), 'OK');
  check('MGET', await r.mGet(['a', 'none', 'b']), ['1', null, '2']);
  await r.set('e', 'v', { expiration: { type: 'EX', value: 100 } });
  const left = await r.ttl('e');
  check('TTL', left >= 98 && left <= 100, true);
  check('PERSIST', [await r.persist('e'), await r.ttl('e')], [1, -1]);
  await r.set('soon', 'v', { expiration: { type: 'PX', value: 30 } });
  await sleep(60);
  check('expired', await r.exists('soon'), 0);
  check('DEL', await r.del(['a', 'b', 'none']), 2);

  await r.rPush('l', 'x');
  await rejects('WRONGTYPE', r.get('l'), 'WRONGTYPE Operation against');
  await rejects('unknown command', r.sendCommand(['NOSUCH', 'a']), "ERR unknown command 'NOSUCH'");
  const kind = await r.incr('k').catch((error) => error instanceof ErrorReply);
  check('errors are ErrorReply', kind, true);

  const replies = await Promise.all(Array.from({ length: 10000 }, () => r.incr('pipelined')));
  check('10000 pipelined INCR in order', replies.every((n, i) => n === i + 1), true);

  await r.flushDb();
  await Promise.all(Array.from({ length: 1000 }, (_, i) => r.set(`scan:${i}`, String(i))));
  const seen = new Set();
  for await (const keys of r.scanIterator({ MATCH: 'scan:*', COUNT: 50 })) keys.forEach((key) => seen.add(key));
  check('SCAN finds every key', seen.size, 1000);

  const other = await another();
  await r.set('stays', 'v');
  check('CLIENT KILL', Number(await other.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])) > 0, true);
  await sleep(100);
  check('reconnects after being cut off', await r.get('stays'), 'v');
  other.destroy();
}

async function lists(r) {
  check('RPUSH', await r.rPush('l', ['a', 'b', 'c']), 3);
  check('LRANGE', await r.lRange('l', 0, -1), ['a', 'b', 'c']);
  check('LPOP', await r.lPop('l'), 'a');
  check('RPOP count', await r.rPopCount('l', 2), ['c', 'b']);
  check('LPOP of no key', await r.lPop('l'), null);
  await r.rPush('m', ['x', 'y', 'x']);
  check('LREM', await r.lRem('m', 0, 'x'), 2);
  check('LINSERT', await r.lInsert('m', 'BEFORE', 'y', 'w'), 2);
  check('LPOS', await r.lPos('m', 'y'), 1);
  check('LMOVE', await r.lMove('m', 'n', 'LEFT', 'RIGHT'), 'w');
  check('LMPOP', await r.lmPop(['none', 'm'], 'LEFT'), ['m', ['y']]);
}

async function hashes(r) {
  check('HSET', await r.hSet('h', { a: '1', b: '2' }), 2);
  check('HGETALL', plain(await r.hGetAll('h')), { a: '1', b: '2' });
  check('HMGET', await r.hmGet('h', ['a', 'none']), ['1', null]);
  check('HINCRBYFLOAT', await r.hIncrByFloat('h', 'a', 0.5), '1.5');
}

async function sets(r) {
  check('SADD', await r.sAdd('s', ['a', 'b']), 2);
  check('SMEMBERS', [...(await r.sMembers('s'))].sort(), ['a', 'b']);
  check('SMISMEMBER', (await r.smIsMember('s', ['a', 'z'])).map(Number), [1, 0]);
  await r.sAdd('t', ['b', 'c']);
  check('SINTER', [...(await r.sInter(['s', 't']))], ['b']);
}

async function sortedsets(r) {
  const members = [{ value: 'one', score: 1 }, { value: 'two', score: 2.5 }];
  check('ZADD', await r.zAdd('z', members), 2);
  check('ZSCORE', await r.zScore('z', 'two'), 2.5);
  check('ZRANGE WITHSCORES', (await r.zRangeWithScores('z', 0, -1)).map(plain), members);
  check('ZINCRBY', await r.zIncrBy('z', 3, 'one'), 4);
  check('ZPOPMIN', plain(await r.zPopMin('z')), members[1]);
}

async function streams(r) {
  check('XADD', await r.xAdd('x', '1-1', { f: 'v' }), '1-1');
  const [entry] = await r.xRange('x', '-', '+');
  check('XRANGE', [entry.id, plain(entry.message)], ['1-1', { f: 'v' }]);
  check('XGROUP CREATE', await r.xGroupCreate('x', 'g', '0'), 'OK');
  const read = await r.xReadGroup('g', 'c', { key: 'x', id: '>' });
  check('XREADGROUP', JSON.stringify(read).includes('1-1'), true);
  check('XACK', await r.xAck('x', 'g', '1-1'), 1);
}

async function transactions(r, another) {
  check('MULTI/EXEC', await r.multi().set('t', '1').incr('t').exec(), ['OK', 2]);
  const other = await another();
  await r.watch('t');
  await other.set('t', 'changed');
  const outcome = await r.multi().set('t', 'lost').exec().catch((error) => error instanceof WatchError);
  check('WATCH notices a change', outcome, true);
  other.destroy();
}

async function pubsub(r, another) {
  const subscriber = await another();
  const message = new Promise((resolve) => {
    subscriber.subscribe('news', (text, channel) => resolve([channel, text]));
  });
  while ((await r.publish('news', 'hello')) === 0) await sleep(5);
  check('message', await Promise.race([message, sleep(5000)]), ['news', 'hello']);
  await subscriber.unsubscribe('news');
  check('commands work again', await subscriber.exists('none'), 0);
  subscriber.destroy();
}

async function blocking(r, another) {
  const other = await another();
  check('BLPOP times out', await r.blPop('q', 0.1), null);
  const waiting = r.blPop(['q', 'p'], 5);
  await sleep(50);
  await other.rPush('q', 'job');
  check('BLPOP is served', plain(await waiting), { key: 'q', element: 'job' });
  other.destroy();
}

const FUNCTIONS = `#!lua name=adds
redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`;

async function scripting(r, another) {
  const lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}";
  check('EVAL', await r.eval(lua, { keys: ['k'], arguments: ['arg'] }), ['k', 'arg', 1]);
  const sha = await r.scriptLoad(lua);
  check('EVALSHA', await r.evalSha(sha, { keys: ['k'], arguments: ['arg'] }), ['k', 'arg', 2]);
  check('SCRIPT EXISTS', await r.scriptExists([sha, '0'.repeat(40)]), [1, 0]);
  check('EVAL_RO', await r.evalRo("return redis.call('GET', KEYS[1])", { keys: ['k'] }), '2');
  await rejects('EVAL_RO refuses to write', r.evalRo(lua, { keys: ['k'] }), 'ERR Write commands are not allowed');

  const scripts = {
    count: defineScript({
      NUMBER_OF_KEYS: 1,
      SCRIPT: lua,
      parseCommand(parser, key, argument) {
        parser.pushKey(key);
        parser.push(argument);
      },
      transformReply: ([, , n]) => n,
    }),
    peek: defineScript({
      NUMBER_OF_KEYS: 1,
      IS_READ_ONLY: true,
      SCRIPT: "return redis.call('GET', KEYS[1])",
      parseCommand: (parser, key) => parser.pushKey(key),
      transformReply: undefined,
    }),
  };
  const functions = {
    adds: {
      add: {
        NUMBER_OF_KEYS: 1,
        parseCommand(parser, key, n) {
          parser.pushKey(key);
          parser.push(n);
        },
        transformReply: undefined,
      },
      peek: {
        NUMBER_OF_KEYS: 1,
        IS_READ_ONLY: true,
        parseCommand: (parser, key) => parser.pushKey(key),
        transformReply: undefined,
      },
    },
  };
  const own = await another({ scripts, functions });
  await r.scriptFlush();
  check('defineScript, EVAL after NOSCRIPT', await own.count('k', 'x'), 1);
  check('defineScript, EVALSHA', await own.count('k', 'x'), 2);
  check('defineScript, reading', await own.peek('k'), '2');
  await r.scriptFlush();
  check('after SCRIPT FLUSH', await own.count('k', 'x'), 3);
  const replies = await Promise.all(Array.from({ length: 1000 }, () => own.count('many', 'x')));
  check('1000 in order', replies.every((n, i) => n === i + 1), true);
  await r.scriptFlush();
  const inMulti = await own.multi().count('k', 'x').count('k', 'y').peek('k').exec();
  check('in MULTI after SCRIPT FLUSH', inMulti, [4, 5, '5']);

  check('FUNCTION FLUSH', await r.functionFlush(), 'OK');
  check('FUNCTION LOAD', await r.functionLoad(FUNCTIONS), 'adds');
  check('FUNCTION LOAD REPLACE', await r.functionLoad(FUNCTIONS, { REPLACE: true }), 'adds');
  check('FCALL', await own.adds.add('f', '5'), 5);
  check('FCALL_RO', await own.adds.peek('f'), '5');
  const [library] = await r.functionListWithCode();
  check('FUNCTION LIST', [library.library_name, library.engine, library.library_code], ['adds', 'LUA', FUNCTIONS]);
  check('its functions', library.functions.map(({ name }) => name).sort(), ['add', 'peek']);
  const stats = await r.functionStats();
  check('FUNCTION STATS', [stats.running_script, plain(stats.engines.LUA)], [null, { libraries_count: 1, functions_count: 2 }]);
  const dump = await r.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }).functionDump();
  check('FUNCTION DELETE', await r.functionDelete('adds'), 'OK');
  check('FUNCTION RESTORE', await r.functionRestore(dump, { mode: 'FLUSH' }), 'OK');
  await restart();
  check('EVAL after a restart', await own.count('k', 'x'), 6);
  check('FCALL after a restart', await own.adds.add('f', '1'), 6);
  await r.functionFlush();
  own.destroy();
}

await run({ basic, lists, hashes, sets, sortedsets, streams, transactions, pubsub, blocking, scripting }, connect);
