// Does cacheflow serve the Node.js libraries that live on Lua: BullMQ's queues, locks, semaphores,
// rate limiters? How each is exercised, and three times so: see runLibraries in harness.js.

import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import BeeQueue from 'bee-queue';
import Bottleneck from 'bottleneck';
import Bull from 'bull';
import Redis from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import Redlock from 'redlock';
import { Mutex, Semaphore, TimeoutError } from 'redis-semaphore';
import { check, eventually, rejects, runLibraries, sleep } from './harness.js';

const port = Number(process.env.PORT);

function connect(protocol, options) {
  const client = new Redis({ port, protocol, maxRetriesPerRequest: null, ...options });
  client.on('error', () => {}); // Reported by the command that fails.
  return client;
}

// --- task queues ---------------------------------------------------------------------------------

async function bullmq(protocol) {
  const connection = connect(protocol);
  const queue = new Queue('work', { connection });
  const flows = new FlowProducer({ connection });
  const blocking = { connection: { port, protocol, maxRetriesPerRequest: null } };
  for (const part of [queue, flows]) part.on('error', () => {});
  queue.setMaxListeners(0); // Each job that is waited for is one.

  // ioredis remembers per connection which scripts the server has, and has no answer to NOSCRIPT inside
  // MULTI. So what BullMQ adds in MULTI (bulks, flows) needs a new connection after SCRIPT FLUSH.
  const exercise = async (round) => {
    const bulks = round !== 'SCRIPT FLUSH';
    const order = [];
    let tries = 0;
    const process = async (job) => {
      if (job.name === 'flaky' && (tries += 1) < 3) throw new Error('as it was meant to');
      if (job.name === 'broken') throw new Error('as it was meant to');
      if (job.name === 'parent') return Object.values(await job.getChildrenValues()).sort();
      await job.updateProgress(50);
      order.push(job.data.n);
      return job.data.n * 2;
    };
    for (let n = 0; n < 5; n += 1) await queue.add('ranked', { n }, { priority: 5 - n });
    check('waiting', await queue.getJobCounts('waiting', 'prioritized', 'delayed'), { waiting: 0, prioritized: 5, delayed: 0 });
    const worker = new Worker('work', process, { ...blocking, concurrency: 1, drainDelay: 1 });
    const events = new QueueEvents('work', blocking);
    for (const part of [worker, events]) part.on('error', () => {});
    await Promise.all([worker.waitUntilReady(), events.waitUntilReady()]);
    check('by priority', (await eventually(() => order.length === 5), order), [4, 3, 2, 1, 0]);

    const done = (job) => job.waitUntilFinished(events, 10000);
    const fifty = Array.from({ length: 50 }, (_, n) => ({ name: 'many', data: { n } }));
    const many = await (bulks ? queue.addBulk(fifty) : Promise.all(fifty.map(({ name, data }) => queue.add(name, data))));
    check('50 jobs', await Promise.all(many.map(done)), Array.from({ length: 50 }, (_, n) => 2 * n));
    check('a delayed one', await done(await queue.add('later', { n: 7 }, { delay: 100 })), 14);
    await done(await queue.add('flaky', { n: 1 }, { attempts: 3, backoff: { type: 'fixed', delay: 10 } }));
    check('a job is tried again', tries, 3);
    const broken = await queue.add('broken', {});
    await rejects('a job that fails', done(broken), 'as it was meant to');
    check('is kept', [await broken.getState(), (await queue.getFailed()).map((job) => job.id)], ['failed', [broken.id]]);
    if (bulks) {
      const children = [1, 2].map((n) => ({ name: 'child', data: { n }, queueName: 'work' }));
      const flow = await flows.add({ name: 'parent', queueName: 'work', children });
      check('a parent and its children', await done(flow.job), [2, 4]);
    }
    const once = await queue.add('once', { n: 9 }, { jobId: 'mine' });
    check('a job of its own name', [await done(once), (await queue.add('once', {}, { jobId: 'mine' })).id], [18, 'mine']);

    await queue.pause();
    check('paused', await queue.isPaused(), true);
    const paused = await queue.add('paused', { n: 3 });
    check('its state', await paused.getState(), 'waiting');
    await queue.resume();
    check('resumed', await done(paused), 6);
    await queue.upsertJobScheduler('tick', { every: 100 }, { name: 'tick', data: { n: 100 } });
    check('a job that repeats', await eventually(() => order.filter((n) => n === 100).length >= 2), true);
    check('and ends', await queue.removeJobScheduler('tick'), true);
    check('what is done', (await queue.getJobCounts('completed')).completed > 60, true);
    await worker.close();
    await events.close();
    await queue.retryJobs({ state: 'failed' });
    check('failed ones again', await broken.getState(), 'waiting');
    check('cleaned', (await queue.clean(0, 1000, 'completed')).length > 60, true);
    await queue.obliterate({ force: true });
    check('obliterated', (await connection.keys('bull:work:*')).length, 0);
  };
  const close = async () => {
    await queue.close();
    await flows.close();
    connection.disconnect();
  };
  return [exercise, close];
}

// Bull and Bee-Queue bring clients of their own, which speak RESP2.
async function bull() {
  const exercise = async () => {
    const queue = new Bull('work', { redis: { port } });
    queue.on('error', () => {}).setMaxListeners(0);
    const order = [];
    let tries = 0;
    queue.process('double', 2, async (job) => {
      if (job.data.flaky && (tries += 1) < 3) throw new Error('as it was meant to');
      await job.progress(50);
      order.push(job.data.n);
      return job.data.n * 2;
    });
    const jobs = await Promise.all(Array.from({ length: 30 }, (_, n) => queue.add('double', { n })));
    check('30 jobs', await Promise.all(jobs.map((job) => job.finished())), Array.from({ length: 30 }, (_, n) => 2 * n));
    check('a delayed one', await (await queue.add('double', { n: 4 }, { delay: 50 })).finished(), 8);
    const flaky = await queue.add('double', { n: 5, flaky: true }, { attempts: 3 });
    check('a job is tried again', [await flaky.finished(), tries], [10, 3]);
    await queue.pause();
    const paused = await queue.add('double', { n: 6 }, { priority: 2 });
    check('paused', await queue.getPausedCount(), 1);
    await queue.resume();
    check('resumed', await paused.finished(), 12);
    await queue.add('double', { n: 100 }, { repeat: { every: 50, limit: 2 } });
    check('a job that repeats', await eventually(() => order.filter((n) => n === 100).length === 2), true);
    check('cleaned', (await queue.clean(0, 'completed')).length > 30, true);
    await queue.obliterate({ force: true });
    await queue.close();
  };
  return [exercise, async () => {}];
}

async function beeQueue() {
  const exercise = async () => {
    const queue = new BeeQueue('work', { redis: { port }, activateDelayedJobs: true, nearTermWindow: 100, removeOnSuccess: false });
    queue.on('error', () => {});
    await queue.ready();
    let tries = 0;
    queue.process(3, async (job) => {
      if (job.data.flaky && (tries += 1) < 2) throw new Error('as it was meant to');
      return job.data.n + 1;
    });
    const run = async (job) => {
      const done = new Promise((resolve) => job.on('succeeded', resolve));
      await job.save();
      return done;
    };
    const jobs = Array.from({ length: 20 }, (_, n) => queue.createJob({ n }));
    check('20 jobs', await Promise.all(jobs.map(run)), Array.from({ length: 20 }, (_, n) => n + 1));
    check('a delayed one', await run(queue.createJob({ n: 5 }).delayUntil(Date.now() + 50)), 6);
    check('a job is tried again', [await run(queue.createJob({ n: 6, flaky: true }).retries(2)), tries], [7, 2]);
    await queue.checkStalledJobs();
    check('counts', (await queue.checkHealth()).succeeded, 22);
    await queue.close(1000);
  };
  return [exercise, async () => {}];
}

// --- locks ---------------------------------------------------------------------------------------

async function redlock(protocol) {
  const client = connect(protocol);
  const locks = new Redlock([client], { retryCount: 0 });
  const patient = new Redlock([client], { retryCount: 100, retryDelay: 10, retryJitter: 0 });

  const exercise = async () => {
    const lock = await locks.lock('resource', 5000);
    await rejects("another doesn't get it", locks.lock('resource', 5000), 'Exceeded 0 attempts to lock the resource "resource"');
    const extended = await lock.extend(20000);
    const left = await client.pttl('resource');
    check('extend', left > 19000 && left <= 20000, true);
    setTimeout(() => extended.unlock(), 30);
    const next = await patient.lock('resource', 5000);
    check('lock when it is released', await client.get('resource'), next.value);
    await rejects('unlock by another', extended.unlock(), 'Unable to fully release the lock on resource "resource"');
    await next.unlock();
    const both = await locks.lock(['a', 'b'], 5000);
    await rejects('one of two is taken', locks.lock(['b', 'c'], 5000), 'Exceeded 0 attempts');
    await both.unlock();
    check('none is left', await client.keys('*'), []);
  };
  return [exercise, async () => client.disconnect()];
}

async function semaphores(protocol) {
  const client = connect(protocol);
  const quick = { acquireTimeout: 50, retryInterval: 10, lockTimeout: 5000 };

  const exercise = async () => {
    const [mutex, other] = [new Mutex(client, 'door', quick), new Mutex(client, 'door', quick)];
    await mutex.acquire();
    const error = await other.acquire().catch((thrown) => thrown);
    check("another doesn't get the mutex", error instanceof TimeoutError, true);
    await mutex.release();
    check('released', await other.tryAcquire(), true);
    await other.release();
    const renewed = new Mutex(client, 'renewed', { lockTimeout: 600, refreshInterval: 100 });
    await renewed.acquire();
    await sleep(700);
    check('renewed in time', [renewed.isAcquired, await client.exists('mutex:renewed')], [true, 1]);
    await renewed.release();

    const three = Array.from({ length: 3 }, () => new Semaphore(client, 'seats', 2, quick));
    check('two of three', await Promise.all(three.map((seat) => seat.tryAcquire())), [true, true, false]);
    await three[0].release();
    check('and the third', await three[2].tryAcquire(), true);
    await Promise.all(three.map((seat) => seat.release()));
  };
  return [exercise, async () => client.disconnect()];
}

// --- rate limiters -------------------------------------------------------------------------------

async function rateLimiterFlexible(protocol) {
  const io = connect(protocol);
  const node = createClient({ RESP: protocol, socket: { port, reconnectStrategy: 20 } });
  node.on('error', () => {});
  await node.connect();
  const limiters = [
    ['ioredis', new RateLimiterRedis({ storeClient: io, points: 3, duration: 60, keyPrefix: 'io' })],
    ['node-redis', new RateLimiterRedis({ storeClient: node, useRedisPackage: true, points: 3, duration: 60, keyPrefix: 'node' })],
  ];

  const exercise = async () => {
    await eventually(() => io.status === 'ready' && node.isReady);
    for (const [name, limiter] of limiters) {
      const consume = (points) => limiter.consume('user', points).then((left) => left.remainingPoints, (refusal) => -refusal.consumedPoints);
      check(`${name}: consume`, [await consume(), await consume(), await consume(), await consume()], [2, 1, 0, -4]);
      const { msBeforeNext, consumedPoints } = await limiter.get('user');
      check(`${name}: get`, [msBeforeNext > 58000 && msBeforeNext <= 60000, consumedPoints], [true, 4]);
      check(`${name}: reward`, (await limiter.reward('user', 2)).consumedPoints, 2);
      check(`${name}: block`, [(await limiter.block('user', 100)).msBeforeNext, await consume()], [100000, -5]);
      check(`${name}: delete`, [await limiter.delete('user'), await limiter.get('user')], [true, null]);
    }
  };
  const close = async () => {
    io.disconnect();
    node.destroy();
  };
  return [exercise, close];
}

async function bottleneck(protocol) {
  const exercise = async () => {
    // It loads its scripts once and has no answer to NOSCRIPT: a new limiter each time.
    const options = { id: 'jobs', datastore: 'ioredis', Redis, clearDatastore: true, clientOptions: { port, protocol } };
    const limiter = new Bottleneck({ ...options, maxConcurrent: 2, minTime: 10, reservoir: 12 });
    await limiter.ready();
    let running = 0;
    let most = 0;
    const job = async (n) => {
      running += 1;
      most = Math.max(most, running);
      await sleep(20);
      running -= 1;
      return n * n;
    };
    const results = await Promise.all(Array.from({ length: 10 }, (_, n) => limiter.schedule(job, n)));
    check('10 jobs', results, Array.from({ length: 10 }, (_, n) => n * n));
    check('two at a time', most, 2);
    check('what is left', [await limiter.currentReservoir(), await limiter.running(), await limiter.done()], [2, 0, 10]);
    check('check', [await limiter.check(2), await limiter.check(3)], [true, false]);
    await limiter.disconnect(false);
  };
  return [exercise, async () => {}];
}

await runLibraries({ bullmq, bull, 'bee-queue': beeQueue, redlock, 'redis-semaphore': semaphores, 'rate-limiter-flexible': rateLimiterFlexible, bottleneck });
