// Does cacheflow serve ioredis? The client's view (handshake, ready check by INFO, automatic
// pipelines, reply types, errors), not every option of a command: see harness.js.

import Redis from 'ioredis';
import { check, plain, rejects, restart, run, sleep, wayIn } from './harness.js';

async function connect(protocol) {
  const client = new Redis({ ...wayIn(), protocol, connectionName: 'io-check', lazyConnect: true });
  client.on('error', () => {}); // Reported by the command that fails.
  await client.connect();
  await client.flushdb();
  return client;
}

async function basic(r, another) {
  check('PING', await r.ping(), 'PONG');
  check('CLIENT GETNAME', await r.client('GETNAME'), 'io-check');
  check('SET', await r.set('k', 'v'), 'OK');
  check('GET', await r.get('k'), 'v');
  check('GET of no key', await r.get('none'), null);
  check('SET NX refuses', await r.set('k', 'w', 'NX'), null);
  const binary = Buffer.from([0, 255, 13, 10, 0]);
  await r.set(binary, binary);
  check('binary key and value', (await r.getBuffer(binary)).equals(binary), true);
  const large = 'x'.repeat(3 << 20);
  await r.set('large', large);
  check('3 MB value', (await r.get('large')) === large, true);
  check('INCRBY', await r.incrby('n', 41), 41);
  check('INCRBYFLOAT', await r.incrbyfloat('n', 0.5), '41.5');
  check('MSET', await r.mset({ a: 1, b: 2 }), 'OK');
  check('MGET', await r.mget('a', 'none', 'b'), ['1', null, '2']);
  await r.set('e', 'v', 'EX', 100);
  const left = await r.ttl('e');
  check('TTL', left >= 98 && left <= 100, true);
  await r.set('soon', 'v', 'PX', 30);
  await sleep(60);
  check('expired', await r.exists('soon'), 0);
  check('DEL', await r.del('a', 'b', 'none'), 2);

  await r.rpush('l', 'x');
  await rejects('WRONGTYPE', r.get('l'), 'WRONGTYPE Operation against');
  await rejects('not an integer', r.incr('k'), 'ERR value is not an integer or out of range');
  await rejects('unknown command', r.call('NOSUCH', 'a'), "ERR unknown command 'NOSUCH'");

  const pipe = r.pipeline();
  for (let i = 0; i < 10000; i += 1) pipe.incr('pipelined');
  const replies = await pipe.exec();
  check('10000 pipelined INCR in order', replies.every(([error, n], i) => !error && n === i + 1), true);
  const mixed = await r.pipeline().set('p', 'v').lpush('p', 'x').get('p').exec();
  check('an error inside a pipeline stays its own', mixed.map(([error]) => !!error), [false, true, false]);

  await r.flushdb();
  await Promise.all(Array.from({ length: 1000 }, (_, i) => r.set(`scan:${i}`, i)));
  const seen = new Set();
  for await (const keys of r.scanStream({ match: 'scan:*', count: 50 })) keys.forEach((key) => seen.add(key));
  check('SCAN finds every key', seen.size, 1000);
  check('DBSIZE', await r.dbsize(), 1000);

  // flushdb, in connect, empties the database: connect first.
  const clients = await Promise.all(Array.from({ length: 20 }, () => another()));
  await Promise.all(clients.flatMap((client) => Array.from({ length: 200 }, () => client.incr('shared'))));
  check('20 connections, no increment lost', await r.get('shared'), '4000');
  check('CLIENT KILL', (await clients[0].client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')) >= 20, true);
  check('reconnects after being cut off', await r.get('shared'), '4000');
  clients.forEach((client) => client.disconnect());
}

async function lists(r) {
  check('RPUSH', await r.rpush('l', 'a', 'b', 'c'), 3);
  check('LRANGE', await r.lrange('l', 0, -1), ['a', 'b', 'c']);
  check('LPOP', await r.lpop('l'), 'a');
  check('RPOP count', await r.rpop('l', 2), ['c', 'b']);
  check('LPOP of no key', await r.lpop('l'), null);
  await r.rpush('m', 'x', 'y', 'x');
  check('LREM', await r.lrem('m', 0, 'x'), 2);
  check('LINSERT', await r.linsert('m', 'BEFORE', 'y', 'w'), 2);
  check('LSET', await r.lset('m', -1, 'Y'), 'OK');
  check('LPOS', await r.lpos('m', 'Y'), 1);
  check('LMOVE', await r.lmove('m', 'n', 'LEFT', 'RIGHT'), 'w');
  check('LMPOP', await r.lmpop(2, 'none', 'm', 'LEFT'), ['m', ['Y']]);
  await rejects('LSET of no key', r.lset('none', 0, 'x'), 'ERR no such key');
}

async function hashes(r) {
  check('HSET', await r.hset('h', { a: 1, b: 2 }), 2);
  check('HGETALL', plain(await r.hgetall('h')), { a: '1', b: '2' });
  check('HMGET', await r.hmget('h', 'a', 'none'), ['1', null]);
  check('HINCRBYFLOAT', await r.hincrbyfloat('h', 'a', 0.5), '1.5');
  check('HSCAN', (await r.hscan('h', 0))[1].length, 4);
}

async function sets(r) {
  check('SADD', await r.sadd('s', 'a', 'b'), 2);
  check('SMEMBERS', [...(await r.smembers('s'))].sort(), ['a', 'b']);
  await r.sadd('t', 'b', 'c');
  check('SINTER', [...(await r.sinter('s', 't'))], ['b']);
  check('SUNIONSTORE', await r.sunionstore('u', 's', 't'), 3);
}

async function sortedsets(r) {
  check('ZADD', await r.zadd('z', 1, 'one', 2.5, 'two'), 2);
  check('ZSCORE', Number(await r.zscore('z', 'two')), 2.5);
  const flat = (await r.zrange('z', 0, -1, 'WITHSCORES')).flat().map(String);
  check('ZRANGE WITHSCORES', flat, ['one', '1', 'two', '2.5']);
  check('ZRANK', await r.zrank('z', 'two'), 1);
  check('ZRANGEBYSCORE', await r.zrangebyscore('z', '(1', '+inf'), ['two']);
}

async function streams(r) {
  check('XADD', await r.xadd('x', '1-1', 'f', 'v'), '1-1');
  check('XRANGE', await r.xrange('x', '-', '+'), [['1-1', ['f', 'v']]]);
  check('XGROUP CREATE', await r.xgroup('CREATE', 'x', 'g', '0'), 'OK');
  const read = await r.xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'STREAMS', 'x', '>');
  check('XREADGROUP', JSON.stringify(read).includes('"1-1",["f","v"]'), true);
  check('XACK', await r.xack('x', 'g', '1-1'), 1);
}

async function transactions(r, another) {
  check('MULTI/EXEC', await r.multi().set('t', 1).incr('t').exec(), [[null, 'OK'], [null, 2]]);
  const other = await another();
  await r.watch('t');
  await other.set('t', 'changed');
  check('WATCH notices a change', await r.multi().set('t', 'lost').exec(), null);
  check('and nothing was executed', await r.get('t'), 'changed');
  other.disconnect();
}

async function pubsub(r, another) {
  const subscriber = await another();
  const message = new Promise((resolve) => subscriber.once('message', (...args) => resolve(args)));
  check('SUBSCRIBE', await subscriber.subscribe('news'), 1);
  check('PUBLISH', await r.publish('news', 'hello'), 1);
  check('message', await Promise.race([message, sleep(5000)]), ['news', 'hello']);
  check('UNSUBSCRIBE', await subscriber.unsubscribe('news'), 0);
  check('commands work again', await subscriber.ping(), 'PONG');
  subscriber.disconnect();
}

async function blocking(r, another) {
  const other = await another();
  check('BLPOP times out', await r.blpop('q', 0.1), null);
  const waiting = r.blpop('q', 'p', 5);
  await sleep(50);
  await other.rpush('q', 'job');
  check('BLPOP is served', await waiting, ['q', 'job']);
  other.disconnect();
}

const FUNCTIONS = `#!lua name=adds
redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}`;

async function scripting(r) {
  const lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}";
  r.defineCommand('count', { numberOfKeys: 1, lua });
  check('EVAL after NOSCRIPT', await r.count('k', 'arg'), ['k', 'arg', 1]);
  check('EVALSHA', await r.count('k', 'arg'), ['k', 'arg', 2]);
  const buffers = await r.countBuffer('k', Buffer.from([255, 0]));
  check('buffers', [buffers[1].equals(Buffer.from([255, 0])), buffers[2]], [true, 3]);
  r.defineCommand('any', { lua: 'return {#KEYS, #ARGV}' });
  check('any number of keys', await r.any(2, 'a', 'b', 'c'), [2, 1]);
  r.defineCommand('peek', { numberOfKeys: 1, lua: "return redis.call('GET', KEYS[1])", readOnly: true });
  check('a read-only one', await r.peek('k'), '3');
  await rejects('its error', r.peek(), "ERR Number of keys can't be greater than number of args");

  await r.script('FLUSH');
  await rejects('NOSCRIPT', r.evalsha('0'.repeat(40), 0), 'NOSCRIPT No matching script. Please use EVAL.');
  const piped = await r.pipeline().count('k', 1).set('x', 'y').count('k', 2).peek('k').exec();
  check('in a pipeline after SCRIPT FLUSH', piped, [[null, ['k', '1', 4]], [null, 'OK'], [null, ['k', '2', 5]], [null, '5']]);
  check('in MULTI', await r.multi().count('k', 1).peek('k').exec(), [[null, ['k', '1', 6]], [null, '6']]);
  const replies = await Promise.all(Array.from({ length: 1000 }, () => r.count('many', 'x')));
  check('1000 in order', replies.every(([, , n], i) => n === i + 1), true);
  const prefixed = r.duplicate({ keyPrefix: 'app:', scripts: { count: { numberOfKeys: 1, lua } } });
  check('with a prefix', await prefixed.count('k', 'arg'), ['app:k', 'arg', 1]);
  check('the key', await r.get('app:k'), '1');
  await rejects('an error inside', r.eval("return redis.call('LPUSH', KEYS[1], 1)", 1, 'k'), 'WRONGTYPE Operation against');
  check('conversions', await r.eval("return {1, 3.99, 'text', true, false, {2, {3}}}", 0), [1, 3, 'text', 1, null, [2, [3]]]);

  check('FUNCTION FLUSH', await r.function('FLUSH'), 'OK');
  check('FUNCTION LOAD', await r.function('LOAD', FUNCTIONS), 'adds');
  check('FCALL', await r.fcall('add', 1, 'f', 5), 5);
  check('FCALL_RO', await r.fcall_ro('peek', 1, 'f'), '5');
  const dump = await r.callBuffer('FUNCTION', 'DUMP');
  check('FUNCTION DELETE', await r.function('DELETE', 'adds'), 'OK');
  check('FUNCTION RESTORE', await r.function('RESTORE', dump), 'OK');
  check('FUNCTION LIST', JSON.stringify(await r.function('LIST')).includes('"add"'), true);
  await restart();
  check('EVAL after a restart', await r.count('k', 'arg'), ['k', 'arg', 7]);
  check('with a prefix after a restart', await prefixed.count('k', 'arg'), ['app:k', 'arg', 2]);
  check('FCALL after a restart', await r.fcall('add', 1, 'f', 1), 6);
  await r.function('FLUSH');
  prefixed.disconnect();
}

await run({ basic, lists, hashes, sets, sortedsets, streams, transactions, pubsub, blocking, scripting }, connect);
