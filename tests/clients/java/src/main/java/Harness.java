import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Objects;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

import org.newsclub.net.unix.AFUNIXSocket;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
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

    /** How the server is reached: DOOR is empty, unix, tls or tls-certificate. */
    static Jedis connect(RedisProtocol protocol) {
        String door = System.getenv().getOrDefault("DOOR", "");
        var config = DefaultJedisClientConfig.builder().protocol(protocol).clientName("java-check");
        if (door.isEmpty()) {
            return new Jedis(new HostAndPort("127.0.0.1", PORT), config.build());
        }
        if (door.equals("unix")) {
            return new Jedis(Harness::socketOfThisMachine, config.build());
        }
        config.ssl(true).sslSocketFactory(sockets(door.equals("tls-certificate")));
        return new Jedis(new HostAndPort("localhost", Integer.parseInt(System.getenv("TLS_PORT"))), config.build());
    }

    private static Socket socketOfThisMachine() {
        try {
            return AFUNIXSocket.connectTo(AFUNIXSocketAddress.of(Path.of(System.getenv("SOCKET"))));
        } catch (IOException error) {
            throw new JedisConnectionException(error);
        }
    }

    private static SSLSocketFactory sockets(boolean withCertificate) {
        try {
            KeyStore believed = KeyStore.getInstance("PKCS12");
            believed.load(null, null);
            believed.setCertificateEntry("authority", certificate("ca.crt"));
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(believed);
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            if (withCertificate) {
                own.setKeyEntry("own", key("client.key"), new char[0], new Certificate[] {certificate("client.crt")});
            }
            var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException | IOException error) {
            throw new IllegalStateException(error);
        }
    }

    private static Path file(String name) {
        return Path.of(System.getenv("CERTIFICATES"), name);
    }

    private static Certificate certificate(String name) throws GeneralSecurityException, IOException {
        try (var in = Files.newInputStream(file(name))) {
            return CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static Key key(String name) throws GeneralSecurityException, IOException {
        String text = Files.readString(file(name)).replaceAll("-----[A-Z ]+-----", "");
        var encoded = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text));
        return KeyFactory.getInstance("EC").generatePrivate(encoded);
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
