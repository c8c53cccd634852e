import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.LogManager;

import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.FlushMode;
import io.lettuce.core.FunctionRestoreMode;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.ProtocolVersion;
import org.redisson.Redisson;
import org.redisson.api.FunctionMode;
import org.redisson.api.FunctionResult;
import org.redisson.api.RLock;
import org.redisson.api.RRateLimiter;
import org.redisson.api.RScript;
import org.redisson.api.RateType;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.Protocol;

import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;

/**
 * Does cacheflow serve Redisson, nearly all of whose objects are Lua scripts, Bucket4j, and the scripts of
 * Lettuce?
 *
 * <p>Each client is set up once, and then used as a program would three times with the same objects, so
 * that what it remembers of scripts is no longer true: on a new server, after SCRIPT FLUSH, and after
 * a restart. All of it in RESP2 and in RESP3.
 */
public final class Libraries extends Harness {
    private interface Part {
        void run() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        LogManager.getLogManager().reset(); // Lettuce reports there that it connects again.
        for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
            Config config = new Config();
            config.setProtocol(protocol == RedisProtocol.RESP3 ? Protocol.RESP3 : Protocol.RESP2);
            config.setCodec(StringCodec.INSTANCE);
            config.setLockWatchdogTimeout(1000);
            config.useSingleServer().setAddress("redis://127.0.0.1:" + PORT).setConnectionMinimumIdleSize(2)
                .setSubscriptionConnectionMinimumIdleSize(1);
            RedissonClient redisson = Redisson.create(config);
            RedisClient lettuce = RedisClient.create(RedisURI.create("127.0.0.1", PORT));
            lettuce.setOptions(ClientOptions.builder()
                .protocolVersion(protocol == RedisProtocol.RESP3 ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2).build());
            var texts = lettuce.connect();
            var buckets = Bucket4jLettuce.casBasedBuilder(lettuce).build();
            for (String round : List.of("new", "SCRIPT FLUSH", "restart")) {
                if (round.equals("restart")) {
                    restart();
                }
                try (Jedis jedis = connect(protocol)) {
                    jedis.flushAll();
                    if (round.equals("SCRIPT FLUSH")) {
                        jedis.scriptFlush();
                    }
                }
                part(protocol, round, "Redisson\'s locks", () -> locks(redisson));
                part(protocol, round, "Redisson\'s semaphores", () -> semaphores(redisson));
                part(protocol, round, "Redisson\'s rate limiter", () -> rateLimiter(redisson));
                part(protocol, round, "Redisson\'s collections", () -> collections(redisson));
                part(protocol, round, "Redisson\'s queues", () -> queues(redisson));
                part(protocol, round, "Redisson\'s scripts", () -> scripts(redisson));
                part(protocol, round, "Lettuce", () -> lettuce(texts.sync(), protocol));
                part(protocol, round, "Bucket4j", () -> bucket4j(buckets));
            }
            lettuce.shutdown(0, 1, TimeUnit.SECONDS);
            redisson.shutdown(0, 1, TimeUnit.SECONDS);
        }
        finish();
    }

    private static void part(RedisProtocol protocol, String round, String name, Part part) {
        prefix = protocol + " " + name + ", " + round;
        try {
            part.run();
        } catch (Exception error) {
            check("runs to its end", error.toString(), "no error");
        }
    }

    /** What a thread of its own gets: locks belong to threads. */
    private static <T> T elsewhere(Callable<T> call) throws Exception {
        var task = new FutureTask<>(call);
        new Thread(task).start();
        return task.get(20, TimeUnit.SECONDS);
    }

    private static void locks(RedissonClient redisson) throws Exception {
        RLock lock = redisson.getLock("lock");
        lock.lock(10, TimeUnit.SECONDS);
        lock.lock(10, TimeUnit.SECONDS);
        check("held twice", lock.getHoldCount(), 2);
        check("another doesn't get it", elsewhere(() -> lock.tryLock(20, TimeUnit.MILLISECONDS)), false);
        check("its time to live", lock.remainTimeToLive() > 9000, true);
        String text = elsewhere(() -> {
            try {
                lock.unlock();
                return "no error";
            } catch (IllegalMonitorStateException error) {
                return error.getMessage().substring(0, 23);
            }
        });
        check("unlock by another", text, "attempt to unlock lock,");
        lock.unlock();
        check("still held", lock.isLocked(), true);
        var waiting = new FutureTask<>(() -> {
            boolean got = lock.tryLock(10, 10, TimeUnit.SECONDS);
            lock.unlock();
            return got;
        });
        new Thread(waiting).start();
        Thread.sleep(30);
        lock.unlock();
        check("another is woken", waiting.get(20, TimeUnit.SECONDS), true);
        lock.lock();
        Thread.sleep(1100);
        check("renewed by the watchdog", lock.isHeldByCurrentThread(), true);
        lock.unlock();

        RLock fair = redisson.getFairLock("fair");
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> {
                fair.lock(10, TimeUnit.SECONDS);
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                inside.decrementAndGet();
                fair.unlock();
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join(20_000);
        }
        check("a fair lock: one at a time, and free again", List.of(most.get(), fair.isLocked()), List.of(1, false));

        var both = redisson.getReadWriteLock("both");
        both.readLock().lock(10, TimeUnit.SECONDS);
        check("two read", elsewhere(() -> {
            both.readLock().lock(10, TimeUnit.SECONDS);
            both.readLock().unlock();
            return true;
        }), true);
        check("but none writes", elsewhere(() -> both.writeLock().tryLock()), false);
        both.readLock().unlock();
        check("until they are done", both.writeLock().tryLock(0, 10, TimeUnit.SECONDS), true);
        both.writeLock().unlock();
        RLock all = redisson.getMultiLock(redisson.getLock("a"), redisson.getLock("b"));
        check("several at once", all.tryLock(1, 10, TimeUnit.SECONDS), true);
        all.unlock();
        var fenced = redisson.getFencedLock("fenced");
        long first = fenced.lockAndGetToken();
        fenced.unlock();
        check("tokens that grow", fenced.lockAndGetToken() - first, 1L);
        fenced.unlock();
    }

    private static void semaphores(RedissonClient redisson) throws Exception {
        var seats = redisson.getSemaphore("seats");
        check("set", seats.trySetPermits(3), true);
        check("acquire", List.of(seats.tryAcquire(2), seats.tryAcquire(2), seats.availablePermits()), List.of(true, false, 1));
        seats.release(2);
        check("release", seats.drainPermits(), 3);
        var permits = redisson.getPermitExpirableSemaphore("permits");
        permits.trySetPermits(1);
        String permit = permits.acquire(10, TimeUnit.SECONDS);
        check("a permit that expires", permits.tryAcquire(20, TimeUnit.MILLISECONDS), null);
        check("is lengthened", permits.updateLeaseTime(permit, 60, TimeUnit.SECONDS), true);
        check("and released", List.of(permits.tryRelease(permit), permits.tryRelease(permit)), List.of(true, false));
        var latch = redisson.getCountDownLatch("latch");
        latch.trySetCount(2);
        new Thread(() -> {
            latch.countDown();
            latch.countDown();
        }).start();
        check("a latch", latch.await(10, TimeUnit.SECONDS), true);
    }

    private static void rateLimiter(RedissonClient redisson) throws Exception {
        RRateLimiter limiter = redisson.getRateLimiter("limiter");
        check("set", limiter.trySetRate(RateType.OVERALL, 3, Duration.ofMinutes(1)), true);
        check("set again", limiter.trySetRate(RateType.OVERALL, 5, Duration.ofMinutes(1)), false);
        List<Boolean> got = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            got.add(limiter.tryAcquire());
        }
        check("acquire", got, List.of(true, true, true, false));
        check("what is left", limiter.availablePermits(), 0L);
        RRateLimiter quick = redisson.getRateLimiter("quick");
        quick.setRate(RateType.OVERALL, 1, Duration.ofMillis(100));
        quick.acquire();
        check("the next is waited for", quick.tryAcquire(1, Duration.ofSeconds(5)), true);
        check("its configuration", quick.getConfig().getRateInterval(), 100L);
    }

    private static void collections(RedissonClient redisson) throws Exception {
        var map = redisson.<String, String>getMapCache("map");
        check("put with a time to live", map.put("a", "1", 50, TimeUnit.MILLISECONDS), null);
        map.fastPut("b", "2", 10, TimeUnit.SECONDS);
        check("putIfAbsent", map.putIfAbsent("b", "3"), "2");
        check("replace", map.replace("b", "2", "4"), true);
        map.putAll(Map.of("c", "5", "d", "6"));
        Thread.sleep(80);
        check("one has expired", List.of(map.containsKey("a"), map.containsKey("b")), List.of(false, true));
        check("compute", map.merge("b", "x", String::concat), "4x");
        check("remove", List.of(map.remove("c", "wrong"), map.fastRemove("c", "d", "none")), List.of(false, 2L));
        var set = redisson.<String>getSetCache("set");
        check("add with a time to live", List.of(set.add("a", 10, TimeUnit.SECONDS), set.add("a"), set.contains("a")),
            List.of(true, false, true));
        var counts = redisson.<String, Integer>getMap("counts");
        check("addAndGet", List.of(counts.addAndGet("n", 5), counts.addAndGet("n", 2)), List.of(5, 7));
        var bucket = redisson.<String>getBucket("bucket");
        bucket.set("old");
        check("compareAndSet", List.of(bucket.compareAndSet("wrong", "new"), bucket.compareAndSet("old", "new"), bucket.get()),
            List.of(false, true, "new"));
        var number = redisson.getAtomicLong("number");
        check("AtomicLong", List.of(number.compareAndSet(0, 7), number.getAndDelete(), number.get()), List.of(true, 7L, 0L));
        var list = redisson.<String>getList("list");
        list.addAll(List.of("a", "b", "c", "b"));
        list.add(1, "x");
        check("a list", List.of(list.remove(0), list.lastIndexOf("b"), list.subList(0, 2)), List.of("a", 3, List.of("x", "b")));
        var sorted = redisson.<String>getScoredSortedSet("sorted");
        sorted.addAll(Map.of("a", 1.5, "b", 2.5));
        check("a sorted set", List.of(sorted.addScore("a", 2), sorted.replace("b", "c"), sorted.rank("a")), List.of(3.5, true, 1));
        var multi = redisson.<String, String>getListMultimap("multi");
        multi.putAll("k", List.of("a", "b"));
        check("a multimap", List.of(multi.size(), multi.get("k").readAll(), multi.fastRemove("k")), List.of(2, List.of("a", "b"), 1L));
        var bloom = redisson.<String>getBloomFilter("bloom");
        check("a bloom filter", List.of(bloom.tryInit(1000, 0.01), bloom.add("a"), bloom.contains("a"), bloom.contains("b")),
            List.of(true, true, true, false));
        var batch = redisson.createBatch();
        batch.<String, String>getMapCache("map").fastPutAsync("e", "7");
        batch.getAtomicLong("number").incrementAndGetAsync();
        check("a batch", batch.execute().getResponses(), List.of(true, 1L));
        check("the map", Set.copyOf(map.readAllKeySet()), Set.of("b", "e"));
    }

    private static void queues(RedissonClient redisson) throws Exception {
        var bounded = redisson.<String>getBoundedBlockingQueue("bounded");
        check("a bounded queue", List.of(bounded.trySetCapacity(2), bounded.offer("a"), bounded.offer("b"), bounded.offer("c")),
            List.of(true, true, true, false));
        check("poll", List.of(bounded.poll(1, TimeUnit.SECONDS), bounded.remainingCapacity()), List.of("a", 1));
        var target = redisson.<String>getBlockingQueue("target");
        var ring = redisson.<String>getRingBuffer("ring");
        ring.trySetCapacity(2);
        ring.addAll(List.of("a", "b", "c"));
        check("a ring", ring.readAll(), List.of("b", "c"));
        var priority = redisson.<String>getPriorityQueue("priority");
        priority.addAll(List.of("c", "a", "b"));
        check("a priority queue", List.of(priority.poll(), priority.poll(), priority.poll()), List.of("a", "b", "c"));
        target.addAll(List.of("x", "y", "z"));
        var drained = new ArrayList<String>();
        check("drain", List.of(target.drainTo(drained, 2), drained, target.size()), List.of(2, List.of("x", "y"), 1));
        var stamp = redisson.getIdGenerator("ids");
        stamp.tryInit(10, 100);
        check("ids", List.of(stamp.nextId(), stamp.nextId()), List.of(10L, 11L));
    }

    private static void scripts(RedissonClient redisson) {
        RScript script = redisson.getScript();
        String lua = "return {KEYS[1], ARGV[1]}";
        List<Object> keys = List.of("k");
        check("EVAL", script.eval(RScript.Mode.READ_ONLY, lua, RScript.ReturnType.LIST, keys, "x"), List.of("k", "x"));
        String sha = script.scriptLoad(lua);
        check("EVALSHA", script.evalSha(RScript.Mode.READ_WRITE, sha, RScript.ReturnType.LIST, keys, "x"), List.of("k", "x"));
        check("SCRIPT EXISTS", script.scriptExists(sha), List.of(true));
        var function = redisson.getFunction();
        function.flush();
        function.load("adds", "redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)");
        Object sum = function.call(FunctionMode.WRITE, "add", FunctionResult.LONG, List.of("f"), "5");
        check("FCALL", sum, 5L);
        check("FUNCTION LIST", function.list().get(0).getName(), "adds");
        byte[] dump = function.dump();
        function.restoreAfterFlush(dump);
        check("FUNCTION STATS", function.stats().getEngines().get("LUA").getFunctions(), 1L);
        function.delete("adds");
    }

    private static void lettuce(RedisCommands<String, String> r, RedisProtocol protocol) {
        // A script of its own for each protocol, since the first one's is still there for the second.
        String lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])} -- " + protocol;
        String[] keys = {"counted"};
        String sha = r.digest(lua);
        String text = "no error";
        try {
            r.evalsha(sha, ScriptOutputType.MULTI, keys, "x");
        } catch (RedisNoScriptException error) {
            text = error.getMessage();
        }
        check("NOSCRIPT", text, "NOSCRIPT No matching script. Please use EVAL.");
        check("EVAL", r.<Object>eval(lua, ScriptOutputType.MULTI, keys, "x"), List.of("counted", "x", 1L));
        check("EVALSHA", r.<Object>evalsha(sha, ScriptOutputType.MULTI, keys, "x"), List.of("counted", "x", 2L));
        check("EVAL_RO", r.<Object>evalReadOnly("return redis.call('GET', KEYS[1])", ScriptOutputType.VALUE, keys), "2");
        check("a status", r.<Object>eval("return redis.call('SET', KEYS[1], '5')", ScriptOutputType.STATUS, keys), "OK");
        check("a boolean", r.<Object>eval("return redis.call('EXISTS', KEYS[1]) == 1", ScriptOutputType.BOOLEAN, keys), true);
        Object map = r.eval("redis.setresp(3); return {map = {a = 'b'}}", ScriptOutputType.OBJECT, keys);
        check("a map", map, protocol == RedisProtocol.RESP3 ? Map.of("a", "b") : List.of("a", "b"));
        r.functionFlush(FlushMode.SYNC);
        String code = "#!lua name=adds\nredis.register_function('add', "
            + "function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)";
        check("FUNCTION LOAD", r.functionLoad(code), "adds");
        check("FCALL", r.<Object>fcall("add", ScriptOutputType.INTEGER, keys, "5"), 10L);
        List<?> listed = r.functionList();
        check("FUNCTION LIST", listed.toString().contains("library_name") && listed.toString().contains("adds"), true);
        byte[] dump = r.functionDump();
        check("FUNCTION RESTORE", r.functionRestore(dump, FunctionRestoreMode.REPLACE), "OK");
        try {
            r.fcallReadOnly("add", ScriptOutputType.INTEGER, keys, "5");
        } catch (RedisCommandExecutionException error) {
            text = error.getMessage();
        }
        check("FCALL_RO refuses to write", text, "ERR Can not execute a script with write flag using *_ro command.");
        r.functionFlush(FlushMode.ASYNC);
    }

    private static void bucket4j(ProxyManager<byte[]> buckets) {
        var limit = Bandwidth.builder().capacity(3).refillIntervally(3, Duration.ofMinutes(1)).build();
        var configuration = BucketConfiguration.builder().addLimit(limit).build();
        var bucket = buckets.builder().build("bucket4j".getBytes(), () -> configuration);
        check("tokens", List.of(bucket.tryConsume(1), bucket.tryConsume(2), bucket.tryConsume(1)), List.of(true, true, false));
        bucket.addTokens(2);
        check("what is left", bucket.getAvailableTokens(), 2L);
        var probe = bucket.tryConsumeAndReturnRemaining(2);
        check("a probe", List.of(probe.isConsumed(), probe.getRemainingTokens()), List.of(true, 0L));
    }
}
