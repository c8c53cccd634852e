import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Does Jedis' cluster client lose nothing while slots move and masters fail?
 *
 * <p>Each worker sets keys of its own to rising numbers and reads them back, until the file STOP
 * exists. A number counts as kept when WAIT has said that a replica has it. In the end each key is
 * one that was kept or sent later. SEEDS names nodes of the cluster.
 */
public final class ClusterCheck {
    private static final int WORKERS = 2;
    private static final int KEYS = 50;

    private static final AtomicLong KEPT = new AtomicLong();
    private static final AtomicLong ERRORS = new AtomicLong();
    private static final AtomicLong WRONG = new AtomicLong();

    private static JedisCluster connect() throws InterruptedException {
        Set<HostAndPort> seeds = new HashSet<>();
        for (String seed : System.getenv("SEEDS").split(",")) {
            seeds.add(HostAndPort.from(seed));
        }
        DefaultJedisClientConfig config =
            DefaultJedisClientConfig.builder().socketTimeoutMillis(3000).connectionTimeoutMillis(1000).build();
        while (true) {
            try {
                return new JedisCluster(seeds, config, 16, Duration.ofSeconds(10));
            } catch (JedisException error) {
                Thread.sleep(100);
            }
        }
    }

    private static void expect(String key, long found, long low, long high) {
        if (found < low || found > high) {
            WRONG.incrementAndGet();
            System.out.printf("FAIL %s is %d, not between %d and %d%n", key, found, low, high);
        }
    }

    private static long number(String text) {
        return text == null ? 0 : Long.parseLong(text);
    }

    /** A worker with a client, and so a connection to each node, of its own. */
    private static final class Worker extends Thread {
        private final int worker;
        private final long[] low = new long[KEYS];
        private final long[] high = new long[KEYS];

        Worker(int worker) {
            this.worker = worker;
        }

        String key(int index) {
            return "java:" + worker + ":" + index;
        }

        @Override
        public void run() {
            File stop = new File(System.getenv("STOP"));
            try (JedisCluster cluster = connect()) {
                for (long round = 1; !stop.exists(); round++) {
                    for (int index = 0; index < KEYS; index++) {
                        set(cluster, index, round);
                    }
                }
            } catch (InterruptedException error) {
                throw new IllegalStateException(error);
            }
        }

        private void set(JedisCluster cluster, int index, long round) throws InterruptedException {
            high[index] = round;
            try {
                cluster.set(key(index), Long.toString(round));
                if (cluster.waitReplicas(key(index), 1, 50) >= 1) {
                    low[index] = round;
                    KEPT.incrementAndGet();
                }
                expect(key(index), number(cluster.get(key(index))), low[index], round);
            } catch (JedisException error) {
                ERRORS.incrementAndGet();
                Thread.sleep(20);
            }
        }

        void check(JedisCluster cluster) throws InterruptedException {
            for (int index = 0; index < KEYS; index++) {
                for (int attempt = 0;; attempt++) {
                    try {
                        expect(key(index), number(cluster.get(key(index))), low[index], high[index]);
                        break;
                    } catch (JedisException error) {
                        if (attempt == 50) {
                            throw error;
                        }
                        Thread.sleep(100);
                    }
                }
            }
        }
    }

    public static void main(String[] args) throws InterruptedException {
        List<Worker> workers = new ArrayList<>();
        for (int worker = 0; worker < WORKERS; worker++) {
            workers.add(new Worker(worker));
        }
        workers.forEach(Thread::start);
        for (Worker worker : workers) {
            worker.join();
        }
        try (JedisCluster cluster = connect()) {
            for (Worker worker : workers) {
                worker.check(cluster);
            }
        }
        System.out.printf("%d kept, %d errors, %d wrong%n", KEPT.get(), ERRORS.get(), WRONG.get());
        System.exit(WRONG.get() > 0 || KEPT.get() == 0 ? 1 : 0);
    }
}
