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

import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
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
import redis.clients.jedis.exceptions.JedisDataException;
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
public final class Check {
    private interface Group {
        void run(Jedis jedis, RedisProtocol protocol) throws Exception;
    }

    private static int passed;
    private static int failed;
    private static String prefix;

    /** Compares and counts: everything goes through here, so nothing can be forgotten. */
    private static void check(String name, Object got, Object want) {
        if (Objects.equals(got, want)) {
            passed++;
            System.out.println("PASS " + prefix + ": " + name);
        } else {
            failed++;
            System.out.println("FAIL " + prefix + ": " + name + ": got " + got + ", want " + want);
        }
    }

    /** Checks the start of the text of a server's error. */
    private static void rejects(String name, String want, Runnable call) {
        String text = "no error";
        try {
            call.run();
        } catch (JedisDataException error) {
            text = error.getMessage();
        }
        check(name, text.substring(0, Math.min(want.length(), text.length())), want);
    }

    private static Jedis connect(RedisProtocol protocol) {
        var config = DefaultJedisClientConfig.builder().protocol(protocol).clientName("java-check").build();
        return new Jedis(new HostAndPort("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), config);
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
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed > 0 ? 1 : 0);
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

    private static void scripting(Jedis r, RedisProtocol protocol) {
        String lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}";
        check("EVAL", r.eval(lua, 1, "k", "arg"), List.of("k", "arg", 1L));
        check("EVALSHA", r.evalsha(r.scriptLoad(lua), 1, "k", "arg"), List.of("k", "arg", 2L));
    }
}
