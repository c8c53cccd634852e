import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.exceptions.JedisDataException;

/** What both Java programs share: counting, connecting, the server's restart, the closing line. */
class Harness {
    static final int PORT = Integer.parseInt(System.getenv("PORT"));

    static int passed;
    static int failed;
    static String prefix;

    /** Compares and counts: everything goes through here, so nothing can be forgotten. */
    static void check(String name, Object got, Object want) {
        if (Objects.equals(got, want)) {
            passed++;
            System.out.println("PASS " + prefix + ": " + name);
        } else {
            failed++;
            System.out.println("FAIL " + prefix + ": " + name + ": got " + got + ", want " + want);
        }
    }

    /** Checks the start of the text of a server's error. */
    static void rejects(String name, String want, Runnable call) {
        String text = "no error";
        try {
            call.run();
        } catch (JedisDataException error) {
            text = error.getMessage();
        }
        check(name, text.substring(0, Math.min(want.length(), text.length())), want);
    }

    static Jedis connect(RedisProtocol protocol) {
        var config = DefaultJedisClientConfig.builder().protocol(protocol).clientName("java-check").build();
        return new Jedis(new HostAndPort("127.0.0.1", PORT), config);
    }

    /** Sends one inline command on a connection of its own; the first line that comes back, or "". */
    private static String say(String command) {
        try (Socket socket = new Socket("127.0.0.1", PORT)) {
            socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
            StringBuilder reply = new StringBuilder();
            for (int next = socket.getInputStream().read(); next >= 0 && next != '\n'; next = socket.getInputStream().read()) {
                reply.append((char) next);
            }
            return reply.toString().strip();
        } catch (IOException error) {
            return "";
        }
    }

    /** Has the server save and end, which tests/clients/run answers by starting it again. */
    static void restart() throws InterruptedException {
        say("SHUTDOWN SAVE");
        for (int tries = 0; tries < 1000; tries++) {
            if (say("PING").equals("+PONG")) {
                return;
            }
            Thread.sleep(20);
        }
        check("the server comes back", false, true);
    }

    static void finish() {
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed > 0 ? 1 : 0);
    }
}
