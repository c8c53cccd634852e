import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.ListPosition;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XReadGroupParams;

/**
 * Does cacheflow serve Jedis?
 *
 * <p>Each group of features is a method that uses the client as a program would and checks what it
 * gets back. FEATURES=basic,lists chooses groups, PORT says where the server listens. Every group
 * runs in RESP2 and in RESP3 on an empty database. What is tested is the client's view (handshake,
 * reply types, typed errors), not every option of a command: that is what tests/scripts are for.
 */
public final class Check extends Harness {
    private interface Group {
        void run(Jedis jedis, RedisProtocol protocol) throws Exception;
    }

    public static void main(String[] args) {
        Map<String, Group> groups = new LinkedHashMap<>();
        groups.put("basic", Check::basic);
        groups.put("lists", Check::lists);
        groups.put("hashes", Check::hashes);
        groups.put("sets", Check::sets);
        groups.put("sortedsets", Check::sortedSets);
        groups.put("streams", Check::streams);
        groups.put("transactions", Check::transactions);
        groups.put("pubsub", Check::pubSub);
        groups.put("blocking", Check::blocking);
        groups.put("scripting", Check::scripting);

        String features = Objects.requireNonNullElse(System.getenv("FEATURES"), "basic,lists");
        for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
            for (String name : features.split(",")) {
                prefix = protocol + " " + name;
                try (Jedis jedis = connect(protocol)) {
                    jedis.flushDB();
                    groups.get(name).run(jedis, protocol);
                } catch (Exception error) {
                    check("runs to its end", error.toString(), "no error");
                }
            }
        }
        finish();
    }

    private static void basic(Jedis r, RedisProtocol protocol) throws Exception {
        check("PING", r.ping(), "PONG");
        check("CLIENT GETNAME", r.clientGetname(), "java-check");
        check("SET", r.set("k", "v"), "OK");
        check("GET", r.get("k"), "v");
        check("GET of no key", r.get("none"), null);
        check("SET NX refuses", r.set("k", "w", SetParams.setParams().nx()), null);
        byte[] binary = {0, -1, 13, 10, 0};
        r.set(binary, binary);
        check("binary key and value", Arrays.equals(r.get(binary), binary), true);
        String large = "x".repeat(3 << 20);
        r.set("large", large);
        check("3 MB value", large.equals(r.get("large")), true);
        check("INCRBY", r.incrBy("n", 41), 41L);
        check("INCRBYFLOAT", r.incrByFloat("n", 0.5), 41.5);
        check("MSET", r.mset("a", "1", "b", "2"), "OK");
        check("MGET", r.mget("a", "none", "b"), Arrays.asList("1", null, "2"));
        r.set("e", "v", SetParams.setParams().ex(100));
        check("TTL", r.ttl("e") >= 98 && r.ttl("e") <= 100, true);
        check("PERSIST", r.persist("e") + r.ttl("e"), 0L);
        r.set("soon", "v", SetParams.setParams().px(30));
        Thread.sleep(60);
        check("expired", r.exists("soon"), false);
        check("DEL", r.del("a", "b", "none"), 2L);

        r.rpush("l", "x");
        rejects("WRONGTYPE", "WRONGTYPE Operation against", () -> r.get("l"));
        rejects("not an integer", "ERR value is not an integer or out of range", () -> r.incr("k"));
        check("the connection survives errors", r.ping(), "PONG");

        Pipeline pipe = r.pipelined();
        List<Response<Long>> replies = new ArrayList<>();
        for (int i = 0; i < 10000; i++) {
            replies.add(pipe.incr("pipelined"));
        }
        pipe.sync();
        boolean ordered = true;
        for (int i = 0; i < replies.size(); i++) {
            ordered &= replies.get(i).get() == i + 1;
        }
        check("10000 pipelined INCR in order", ordered, true);

        r.flushDB();
        for (int i = 0; i < 1000; i++) {
            r.set("scan:" + i, "v");
        }
        Set<String> seen = new HashSet<>();
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            var page = r.scan(cursor, new ScanParams().match("scan:*").count(50));
            seen.addAll(page.getResult());
            cursor = page.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        check("SCAN finds every key", seen.size(), 1000);

        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            workers.add(new Thread(() -> {
                try (Jedis own = connect(protocol)) {
                    for (int j = 0; j < 200; j++) {
                        own.incr("shared");
                    }
                }
            }));
        }
        workers.forEach(Thread::start);
        for (Thread worker : workers) {
            worker.join();
        }
        check("20 threads, no increment lost", r.get("shared"), "4000");

        try (Jedis victim = connect(protocol)) {
            victim.ping();
            var others = new ClientKillParams().type(ClientType.NORMAL).skipMe(ClientKillParams.SkipMe.YES);
            check("CLIENT KILL", r.clientKill(others) > 0, true);
            boolean cut = false;
            try {
                victim.ping();
            } catch (JedisConnectionException error) {
                cut = true;
            }
            check("the victim notices", cut, true);
        }
        try (Jedis next = connect(protocol)) {
            check("a new connection works", next.get("shared"), "4000");
        }
    }

    private static void lists(Jedis r, RedisProtocol protocol) {
        check("RPUSH", r.rpush("l", "a", "b", "c"), 3L);
        check("LRANGE", r.lrange("l", 0, -1), List.of("a", "b", "c"));
        check("LPOP", r.lpop("l"), "a");
        check("RPOP count", r.rpop("l", 2), List.of("c", "b"));
        check("LPOP of no key", r.lpop("l"), null);
        r.rpush("m", "x", "y", "x");
        check("LREM", r.lrem("m", 0, "x"), 2L);
        check("LINSERT", r.linsert("m", ListPosition.BEFORE, "y", "w"), 2L);
        check("LSET", r.lset("m", -1, "Y"), "OK");
        check("LINDEX", r.lindex("m", 1), "Y");
        check("LPOS", r.lpos("m", "Y"), 1L);
        check("LMOVE", r.lmove("m", "n", ListDirection.LEFT, ListDirection.RIGHT), "w");
        check("LMPOP", r.lmpop(ListDirection.LEFT, "none", "m").getValue(), List.of("Y"));
        rejects("LSET of no key", "ERR no such key", () -> r.lset("none", 0, "x"));
    }

    private static void hashes(Jedis r, RedisProtocol protocol) {
        check("HSET", r.hset("h", Map.of("a", "1", "b", "2")), 2L);
        check("HGETALL", r.hgetAll("h"), Map.of("a", "1", "b", "2"));
        check("HMGET", r.hmget("h", "a", "none"), Arrays.asList("1", null));
        check("HINCRBYFLOAT", r.hincrByFloat("h", "a", 0.5), 1.5);
        check("HKEYS", r.hkeys("h"), Set.of("a", "b"));
    }

    private static void sets(Jedis r, RedisProtocol protocol) {
        check("SADD", r.sadd("s", "a", "b"), 2L);
        check("SMEMBERS", r.smembers("s"), Set.of("a", "b"));
        check("SMISMEMBER", r.smismember("s", "a", "z"), List.of(true, false));
        r.sadd("t", "b", "c");
        check("SINTER", r.sinter("s", "t"), Set.of("b"));
    }

    private static void sortedSets(Jedis r, RedisProtocol protocol) {
        check("ZADD", r.zadd("z", Map.of("one", 1.0, "two", 2.5)), 2L);
        check("ZSCORE", r.zscore("z", "two"), 2.5);
        var pairs = r.zrangeWithScores("z", 0, -1);
        check("ZRANGE WITHSCORES", pairs.get(1).getElement() + pairs.get(1).getScore(), "two2.5");
        check("ZINCRBY", r.zincrby("z", 3, "one"), 4.0);
        check("ZRANK", r.zrank("z", "one"), 1L);
        check("ZPOPMIN", r.zpopmin("z").getElement(), "two");
    }

    private static void streams(Jedis r, RedisProtocol protocol) {
        check("XADD", r.xadd("x", new StreamEntryID("1-1"), Map.of("f", "v")).toString(), "1-1");
        check("XRANGE", r.xrange("x", "-", "+").get(0).getFields(), Map.of("f", "v"));
        check("XGROUP CREATE", r.xgroupCreate("x", "g", new StreamEntryID("0-0"), false), "OK");
        var unread = Map.of("x", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY);
        var read = r.xreadGroup("g", "c", XReadGroupParams.xReadGroupParams().count(1), unread);
        check("XREADGROUP", read.get(0).getValue().get(0).getID().toString(), "1-1");
        check("XACK", r.xack("x", "g", new StreamEntryID("1-1")), 1L);
    }

    private static void transactions(Jedis r, RedisProtocol protocol) {
        Transaction transaction = r.multi();
        transaction.set("t", "1");
        transaction.incr("t");
        check("MULTI/EXEC", transaction.exec(), List.of("OK", 2L));
        r.watch("t");
        try (Jedis other = connect(protocol)) {
            other.set("t", "changed");
        }
        transaction = r.multi();
        transaction.set("t", "lost");
        check("WATCH notices a change", transaction.exec(), null);
        check("and nothing was executed", r.get("t"), "changed");
    }

    private static void pubSub(Jedis r, RedisProtocol protocol) throws Exception {
        CountDownLatch subscribed = new CountDownLatch(1);
        List<String> messages = new ArrayList<>();
        Thread listener = new Thread(() -> {
            try (Jedis own = connect(protocol)) {
                own.subscribe(new JedisPubSub() {
                    @Override
                    public void onSubscribe(String channel, int count) {
                        subscribed.countDown();
                    }

                    @Override
                    public void onMessage(String channel, String message) {
                        messages.add(channel + " " + message);
                        unsubscribe();
                    }
                }, "news");
            }
        });
        listener.start();
        check("SUBSCRIBE", subscribed.await(5, TimeUnit.SECONDS), true);
        check("PUBLISH", r.publish("news", "hello"), 1L);
        listener.join(5000);
        check("message", messages, List.of("news hello"));
    }

    private static void blocking(Jedis r, RedisProtocol protocol) throws Exception {
        check("BLPOP times out", r.blpop(0.1, "q"), null);
        Thread pusher = new Thread(() -> {
            try (Jedis own = connect(protocol)) {
                Thread.sleep(50);
                own.rpush("q", "job");
            } catch (InterruptedException ignored) {
                Thread.currentThread().interrupt();
            }
        });
        pusher.start();
        var served = r.blpop(5.0, "q", "p");
        check("BLPOP is served", served.getKey() + " " + served.getValue(), "q job");
        pusher.join();
    }

    private static void scripting(Jedis r, RedisProtocol protocol) throws Exception {
        String lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}";
        check("EVAL", r.eval(lua, 1, "k", "arg"), List.of("k", "arg", 1L));
        String sha = r.scriptLoad(lua);
        check("EVALSHA", r.evalsha(sha, 1, "k", "arg"), List.of("k", "arg", 2L));
        check("EVALSHA with lists", r.evalsha(sha, List.of("k"), List.of("arg")), List.of("k", "arg", 3L));
        check("SCRIPT EXISTS", r.scriptExists(sha, "0".repeat(40)), List.of(true, false));
        check("EVAL_RO", r.evalReadonly("return redis.call('GET', KEYS[1])", List.of("k"), List.of()), "3");
        rejects("EVAL_RO refuses to write", "ERR Write commands are not allowed from read-only scripts.",
            () -> r.evalReadonly(lua, List.of("k"), List.of("arg")));
        rejects("EVALSHA_RO, too", "ERR Write commands are not allowed", () -> r.evalshaReadonly(sha, List.of("k"), List.of("arg")));
        Object converted = r.eval("return {1, 3.99, 'text', true, {2, {3}}}");
        check("conversions", converted, List.of(1L, 3L, "text", 1L, List.of(2L, List.of(3L))));
        check("a double", r.eval("redis.setresp(3); return {double = 0.5}"), protocol == RedisProtocol.RESP3 ? (Object) 0.5 : "0.5");
        rejects("redis.error_reply", "MINE own", () -> r.eval("return redis.error_reply('MINE own')"));
        rejects("an error inside a script", "WRONGTYPE Operation against", () -> r.eval("return redis.call('LPUSH', KEYS[1], 1)", 1, "k"));

        check("SCRIPT FLUSH", r.scriptFlush(), "OK");
        String text = "no error";
        try {
            r.evalsha(sha, 1, "k", "arg");
        } catch (JedisNoScriptException error) {
            text = error.getMessage();
        }
        check("NOSCRIPT", text, "NOSCRIPT No matching script. Please use EVAL.");
        r.scriptLoad(lua);
        Pipeline pipe = r.pipelined();
        List<Response<Object>> replies = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            replies.add(pipe.evalsha(sha, 1, "many", "x"));
        }
        pipe.sync();
        boolean ordered = true;
        for (int i = 0; i < replies.size(); i++) {
            ordered &= replies.get(i).get().equals(List.of("many", "x", i + 1L));
        }
        check("1000 pipelined EVALSHA in order", ordered, true);
        Transaction transaction = r.multi();
        transaction.evalsha(sha, 1, "t", "x");
        transaction.eval(lua, 1, "t", "y");
        check("MULTI", transaction.exec(), List.of(List.of("t", "x", 1L), List.of("t", "y", 2L)));
        functions(r, protocol);
    }

    private static void functions(Jedis r, RedisProtocol protocol) throws Exception {
        String code = "#!lua name=adds\n"
            + "redis.register_function('add', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)\n"
            + "redis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, "
            + "flags={'no-writes'}}";
        r.functionFlush();
        check("FUNCTION LOAD", r.functionLoad(code), "adds");
        rejects("FUNCTION LOAD twice", "ERR Library 'adds' already exists", () -> r.functionLoad(code));
        check("FUNCTION LOAD REPLACE", r.functionLoadReplace(code), "adds");
        check("FCALL", r.fcall("add", List.of("f"), List.of("5")), 5L);
        check("FCALL_RO", r.fcallReadonly("peek", List.of("f"), List.of()), "5");
        rejects("FCALL_RO refuses to write", "ERR Can not execute a script with write flag using *_ro command.",
            () -> r.fcallReadonly("add", List.of("f"), List.of("5")));
        var library = r.functionListWithCode("ad*").get(0);
        check("FUNCTION LIST", List.of(library.getLibraryName(), library.getEngine(), library.getLibraryCode()),
            List.of("adds", "LUA", code));
        check("its functions", library.getFunctions().size(), 2);
        check("FUNCTION STATS", r.functionStats().getEngines().get("LUA").get("functions_count"), 2L);
        byte[] dump = r.functionDump();
        check("FUNCTION DELETE", r.functionDelete("adds"), "OK");
        check("FUNCTION RESTORE", r.functionRestore(dump), "OK");
        restart();
        try (Jedis next = connect(protocol)) {
            check("FCALL after a restart", next.fcall("add", List.of("f"), List.of("1")), 6L);
            check("FUNCTION FLUSH", next.functionFlush(), "OK");
        }
    }
}
