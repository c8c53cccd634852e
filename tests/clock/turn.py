"""Ten years, an hour, and a counter that ages, over the wire: sockets, and no library.

    turn.py PORT        of a server whose clock stands, with enable-debug-command
"""

import socket
import sys
import time

port = int(sys.argv[1])


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.socket.makefile("rb")

    def send(self, *words):
        parts = [f"*{len(words)}\r\n"]
        for word in words:
            parts.append(f"${len(str(word))}\r\n{word}\r\n")
        self.socket.sendall("".join(parts).encode())

    def read(self):
        line = self.file.readline().rstrip(b"\r\n").decode()
        kind, rest = line[0], line[1:]
        if kind == "*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        if kind == "$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        return int(rest) if kind == ":" else rest

    def ask(self, *words):
        self.send(*words)
        return self.read()

    def has_a_reply(self):
        self.socket.setblocking(False)
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(60)


def expect(what, is_so):
    if not is_so:
        sys.exit(f"wrong: {what}")


client, waiting, listener = Client(), Client(), Client()
client.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu", "notify-keyspace-events", "Ex")
listener.ask("SUBSCRIBE", "__keyevent@0__:expired")
client.ask("SET", "ten-years", "v", "EX", 10 * 365 * 86400)
client.ask("SET", "used", "v")
for _ in range(5000):
    client.send("GET", "used")
for _ in range(5000):
    client.read()
waiting.send("BLPOP", "queue", 3600)
while "blocked_clients:1\r\n" not in client.ask("INFO", "clients"):
    pass

begun = time.monotonic()
used = client.ask("OBJECT", "FREQ", "used")
expect("nobody is answered too early", not waiting.has_a_reply())
expect("an hour passes", client.ask("DEBUG", "CLOCK", "ADVANCE", 3600 * 1000) == "OK")
expect("BLPOP has its answer already", waiting.has_a_reply() and waiting.read() is None)
expect("the counter has aged", client.ask("OBJECT", "FREQ", "used") == max(0, used - 60))
expect("the key is there", client.ask("EXISTS", "ten-years") == 1)
expect("ten years pass", client.ask("DEBUG", "CLOCK", "ADVANCE", 10 * 365 * 86400 * 1000) == "OK")
expect("the event has come already", listener.has_a_reply())
expect("it is the key's", listener.read() == ["message", "__keyevent@0__:expired", "ten-years"])
expect("the key is gone", client.ask("DBSIZE") == 1)
took = time.monotonic() - begun
print(f"from Python: ten years, an hour, and an LFU counter: {took * 1000:.1f} ms")
expect("it took real time", took < 30)
