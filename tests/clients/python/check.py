"""Does cacheflow serve redis-py?

Each group of features is a function that uses the client as a program would and checks what it
gets back. FEATURES=basic,lists chooses groups, PORT says where the server listens. Every group
runs in RESP2 and in RESP3 on an empty database. What is tested is the client's view (handshake,
reply types, typed errors), not every option of a command: that is what tests/scripts are for.
"""

import asyncio
import os
import threading
import time

import redis
import redis.asyncio
from harness import PORT, check, connect, finish, raises, restart, set_prefix


def basic(r, protocol):
    check("PING", r.ping(), True)
    named = connect(protocol, client_name="py-check", db=1)
    check("CLIENT GETNAME", named.client_getname(), "py-check")
    check("a handshake with SELECT 1", (named.set("only-in-1", 1), r.exists("only-in-1")), (True, 0))
    named.flushdb()
    check("SET", r.set("k", "v"), True)
    check("GET", r.get("k"), "v")
    check("GET of no key", r.get("none"), None)
    check("SET NX refuses", r.set("k", "w", nx=True), None)
    check("SET GET", r.set("k", "w", get=True), "v")
    raw = connect(protocol, decode_responses=False)
    binary = bytes(range(256))
    raw.set(binary, binary)
    check("binary key and value", raw.get(binary), binary)
    large = b"x" * (3 << 20)
    raw.set("large", large)
    check("3 MB value", raw.get("large") == large, True)
    check("INCRBY", r.incrby("n", 41), 41)
    check("INCRBYFLOAT", r.incrbyfloat("n", 0.5), 41.5)
    check("MSET", r.mset({"a": 1, "b": 2}), True)
    check("MGET", r.mget("a", "none", "b"), ["1", None, "2"])
    check("APPEND", r.append("a", "23"), 3)
    check("GETRANGE", r.getrange("a", 1, -1), "23")
    check("SET EX", r.set("e", "v", ex=100), True)
    check("TTL", 98 <= r.ttl("e") <= 100, True)
    check("PERSIST", (r.persist("e"), r.ttl("e")), (True, -1))
    r.set("soon", "v", px=30)
    time.sleep(0.06)
    check("expired", r.exists("soon"), 0)
    check("DEL", r.delete("a", "b", "none"), 2)
    check("TYPE", r.type("k"), "string")
    check("INFO is parsed", r.info("server")["redis_version"].split(".")[0], "7")

    r.rpush("l", "x")
    raises("WRONGTYPE", redis.ResponseError, "WRONGTYPE Operation against", lambda: r.get("l"))
    not_integer = "value is not an integer or out of range"
    raises("not an integer", redis.ResponseError, not_integer, lambda: r.incr("k"))
    unknown = "unknown command 'NOSUCH'"
    raises("unknown command", redis.ResponseError, unknown, lambda: r.execute_command("NOSUCH"))
    check("the connection survives errors", r.ping(), True)

    with r.pipeline(transaction=False) as pipe:
        for _ in range(10000):
            pipe.incr("pipelined")
        check("10000 pipelined INCR in order", pipe.execute() == list(range(1, 10001)), True)
    with r.pipeline(transaction=False) as pipe:
        replies = pipe.set("p", "v").lpush("p", "x").get("p").execute(raise_on_error=False)
    types = [type(reply) for reply in replies]
    check("an error inside a pipeline stays its own", types, [bool, redis.ResponseError, str])

    r.flushdb()
    r.mset({f"scan:{i}": i for i in range(1000)})
    check("SCAN finds every key", len(set(r.scan_iter("scan:*", count=50))), 1000)
    check("KEYS", len(r.keys("scan:99?")), 10)
    check("DBSIZE", r.dbsize(), 1000)

    workers = [threading.Thread(target=lambda: [r.incr("shared") for _ in range(200)]) for _ in range(20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    check("20 threads, no increment lost", r.get("shared"), "4000")

    killed = named.client_kill_filter(_type="normal", skipme=True)
    check("CLIENT KILL", killed > 0, True)
    check("reconnects after being cut off", r.get("shared"), "4000")


def lists(r, protocol):
    check("RPUSH", r.rpush("l", "a", "b", "c"), 3)
    check("LPUSH", r.lpush("l", "z"), 4)
    check("LRANGE", r.lrange("l", 0, -1), ["z", "a", "b", "c"])
    check("LPOP", r.lpop("l"), "z")
    check("RPOP count", r.rpop("l", 2), ["c", "b"])
    check("LLEN", r.llen("l"), 1)
    check("LPOP of no key", r.lpop("none"), None)
    r.rpush("m", "x", "y", "x")
    check("LREM", r.lrem("m", 0, "x"), 2)
    check("LINSERT", r.linsert("m", "BEFORE", "y", "w"), 2)
    check("LSET", r.lset("m", -1, "Y"), True)
    check("LINDEX", r.lindex("m", 1), "Y")
    check("LPOS", r.lpos("m", "Y"), 1)
    check("LMOVE", r.lmove("m", "l", "LEFT", "RIGHT"), "w")
    check("LMPOP", r.lmpop(2, "none", "l", direction="LEFT", count=5), ["l", ["a", "w"]])
    raises("LSET of no key", redis.ResponseError, "no such key", lambda: r.lset("none", 0, "x"))


def hashes(r, protocol):
    check("HSET", r.hset("h", mapping={"a": 1, "b": 2}), 2)
    check("HGETALL", r.hgetall("h"), {"a": "1", "b": "2"})
    check("HMGET", r.hmget("h", "a", "none"), ["1", None])
    check("HINCRBYFLOAT", r.hincrbyfloat("h", "a", 0.5), 1.5)
    check("HEXISTS", r.hexists("h", "none"), False)
    check("HSCAN", dict(r.hscan_iter("h")), {"a": "1.5", "b": "2"})
    check("HDEL", r.hdel("h", "a", "b"), 2)
    check("an empty hash is gone", r.exists("h"), 0)


def sets(r, protocol):
    check("SADD", r.sadd("s", "a", "b"), 2)
    check("SMEMBERS", set(r.smembers("s")), {"a", "b"})
    check("SISMEMBER", bool(r.sismember("s", "a")), True)
    check("SMISMEMBER", [int(found) for found in r.smismember("s", "a", "z")], [1, 0])
    r.sadd("t", "b", "c")
    check("SINTER", set(r.sinter("s", "t")), {"b"})
    check("SDIFFSTORE", r.sdiffstore("d", "s", "t"), 1)
    check("SPOP", r.spop("d"), "a")
    check("SINTERCARD", r.sintercard(2, ["s", "t"]), 1)


def sortedsets(r, protocol):
    check("ZADD", r.zadd("z", {"one": 1, "two": 2.5}), 2)
    check("ZSCORE", r.zscore("z", "two"), 2.5)
    pairs = [tuple(pair) for pair in r.zrange("z", 0, -1, withscores=True)]
    check("ZRANGE WITHSCORES", pairs, [("one", 1.0), ("two", 2.5)])
    check("ZINCRBY", r.zincrby("z", 3, "one"), 4.0)
    check("ZRANK", r.zrank("z", "one"), 1)
    check("ZRANGEBYSCORE", r.zrangebyscore("z", "(2", "+inf"), ["two", "one"])
    flat = ["two", 2.5] if protocol == 3 else [("two", 2.5)]
    check("ZPOPMIN", r.zpopmin("z"), flat)
    check("ZSCORE of no member", r.zscore("z", "two"), None)


def streams(r, protocol):
    check("XADD", [r.xadd("x", {"f": n}, id=f"{n}-1") for n in (1, 2)], ["1-1", "2-1"])
    entries = [(entry[0], dict(entry[1])) for entry in r.xrange("x")]
    check("XRANGE", entries, [("1-1", {"f": "1"}), ("2-1", {"f": "2"})])
    check("XGROUP CREATE", r.xgroup_create("x", "g", "0"), True)
    read = r.xreadgroup("g", "c", {"x": ">"}, count=1)
    check("XREADGROUP", bool(read) and "1-1" in repr(read) and "2-1" not in repr(read), True)
    check("XPENDING", r.xpending("x", "g")["pending"], 1)
    check("XACK", r.xack("x", "g", "1-1"), 1)
    check("XINFO GROUPS", r.xinfo_groups("x")[0]["last-delivered-id"], "1-1")
    check("XTRIM", r.xtrim("x", maxlen=1, approximate=False), 1)


def transactions(r, protocol):
    with r.pipeline() as pipe:
        check("MULTI/EXEC", pipe.set("t", 1).incr("t").execute(), [True, 2])
    with r.pipeline() as pipe:
        pipe.watch("t")
        r.set("t", "changed")
        pipe.multi()
        pipe.set("t", "lost")
        raises("WATCH notices a change", redis.WatchError, "", pipe.execute)
    check("and nothing was executed", r.get("t"), "changed")


def pubsub(r, protocol):
    subscription = r.pubsub()
    subscription.subscribe("news")
    subscription.psubscribe("n*")
    kinds = [subscription.get_message(timeout=5)["type"] for _ in range(2)]
    check("subscribed", kinds, ["subscribe", "psubscribe"])
    check("PUBLISH reaches both", r.publish("news", "hello"), 2)
    messages = [subscription.get_message(timeout=5) for _ in range(2)]
    texts = [(message["type"], message["data"]) for message in messages]
    check("messages", texts, [("message", "hello"), ("pmessage", "hello")])
    check("PUBSUB NUMSUB", [tuple(pair) for pair in r.pubsub_numsub("news")], [("news", 1)])
    subscription.unsubscribe("news")
    check("unsubscribed", subscription.get_message(timeout=5)["type"], "unsubscribe")
    check("PUBLISH reaches the pattern", r.publish("news", "again"), 1)
    subscription.close()


def blocking(r, protocol):
    check("BLPOP times out", r.blpop("q", timeout=0.1), None)
    pusher = threading.Timer(0.05, lambda: r.rpush("q", "job"))
    pusher.start()
    check("BLPOP is served", tuple(r.blpop(["q", "r"], timeout=5)), ("q", "job"))
    pusher.join()
    r.rpush("q", "more")
    check("BLMOVE", r.blmove("q", "r", 1), "more")


def scripting(r, protocol):
    lua = "return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}"
    script = r.register_script(lua)
    for name in ("EVAL after NOSCRIPT", "EVALSHA"):
        r.delete("k")
        check(name, script(keys=["k"], args=["arg"]), ["k", "arg", 1])
    check("SCRIPT EXISTS", r.script_exists(script.sha, "0" * 40), [True, False])
    check("EVAL_RO", r.eval_ro("return redis.call('GET', KEYS[1])", 1, "k"), "1")
    check("EVALSHA_RO", r.evalsha_ro(r.script_load("return ARGV[1]"), 0, "x"), "x")
    refused = "Write commands are not allowed from read-only scripts"
    raises("EVAL_RO refuses to write", redis.ResponseError, refused, lambda: r.eval_ro(lua, 1, "k", "x"))
    raises("a script's error", redis.ResponseError, "My own error", lambda: r.eval("return redis.error_reply('My own error')", 0))
    converted = r.eval("return {1, 3.99, 'text', true, false, {2, {3}}, redis.status_reply('FINE')}", 0)
    check("conversions", converted, [1, 3, "text", 1, None, [2, [3]], "FINE"])
    doubled = r.eval("redis.setresp(3); return {double = 0.5}", 0)
    check("a double", doubled, 0.5 if protocol == 3 else "0.5")
    counted = r.eval("redis.setresp(3); return {map = {a = 1}}", 0)
    check("a map", counted, {"a": 1} if protocol == 3 else ["a", 1])

    check("SCRIPT FLUSH", r.script_flush(), True)
    missing = redis.exceptions.NoScriptError
    raises("NOSCRIPT", missing, "No matching script. Please use EVAL.", lambda: r.evalsha(script.sha, 1, "k", "x"))
    for transaction in (False, True):
        r.script_flush()
        with r.pipeline(transaction=transaction) as pipe:
            for n in range(3):
                script(keys=["k"], args=[n], client=pipe)
            pipe.get("k")
            replies = pipe.execute()
        first = 2 + 3 * transaction
        want = [["k", str(n), first + n] for n in range(3)]
        check(f"scripts in a pipeline, MULTI {transaction}", replies, [*want, str(first + 2)])
    with r.pipeline(transaction=False) as pipe:
        for n in range(1000):
            pipe.evalsha(script.sha, 1, "many", n)
        check("1000 pipelined EVALSHA in order", [reply[2] for reply in pipe.execute()], list(range(1, 1001)))
    locks(r, protocol)
    asyncio.run(asynchronous(protocol))
    functions(r)


def locks(r, protocol):
    """The lock that redis-py brings along: acquire is a SET, everything else a script."""
    lock_error, not_owned = redis.exceptions.LockError, redis.exceptions.LockNotOwnedError
    lock, other = r.lock("lock", timeout=10), r.lock("lock", timeout=10, blocking_timeout=0.05)
    check("acquire", (lock.acquire(), lock.locked(), lock.owned()), (True, True, True))
    check("another has to wait", (other.acquire(), other.owned()), (False, False))
    check("extend", (lock.extend(20), 28_000 < r.pttl("lock") <= 30_000), (True, True))
    check("extend to a new time", (lock.extend(5, replace_ttl=True), 4_000 < r.pttl("lock") <= 5_000), (True, True))
    check("reacquire", (lock.reacquire(), 9_000 < r.pttl("lock") <= 10_000), (True, True))
    other.local.token = b"another's"
    raises("extend by another", not_owned, "Cannot extend a lock", lambda: other.extend(1))
    raises("reacquire by another", not_owned, "Cannot reacquire a lock", other.reacquire)
    raises("release by another", not_owned, "Cannot release a lock", other.release)
    r.script_flush()
    check("release after SCRIPT FLUSH", (lock.release(), r.exists("lock")), (None, 0))
    raises("release of what is free", lock_error, "Cannot release a lock that's not owned", lock.release)
    lock.acquire()
    token = lock.local.token

    def release():
        lock.local.token = token  # Belongs to the thread that acquired it.
        lock.release()

    releaser = threading.Timer(0.1, release)
    releaser.start()
    waiting = r.lock("lock", timeout=10, blocking_timeout=5, sleep=0.01)
    check("acquire when it's released", waiting.acquire(), True)
    releaser.join()
    restart()
    check("release after a restart", (waiting.release(), r.exists("lock")), (None, 0))


async def asynchronous(protocol):
    """The same client for asyncio, whose scripts and locks are code of their own."""
    r = redis.asyncio.Redis(port=PORT, protocol=protocol, decode_responses=True)
    await r.script_flush()
    script = r.register_script("return {KEYS[1], redis.call('INCR', KEYS[1])}")
    check("asyncio: a script", [await script(keys=["a"]), await script(keys=["a"])], [["a", 1], ["a", 2]])
    await r.script_flush()
    async with r.pipeline() as pipe:
        for _ in range(2):
            await script(keys=["a"], client=pipe)
        check("asyncio: scripts in MULTI after SCRIPT FLUSH", await pipe.execute(), [["a", 3], ["a", 4]])
    most = inside = 0

    async def enter():
        nonlocal most, inside
        async with r.lock("async", timeout=10, sleep=0.005) as lock:
            inside += 1
            most = max(most, inside)
            check("asyncio: extend", (await lock.extend(5), await lock.reacquire(), await lock.owned()), (True, True, True))
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))
    check("asyncio: one at a time", (most, await r.exists("async")), (1, 0))
    await r.aclose()


def functions(r):
    code = "#!lua name=%s\nredis.register_function('%s', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)"
    reader = "#!lua name=reads\nredis.register_function{function_name='peek', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}"
    r.function_flush()
    check("FUNCTION LOAD", [r.function_load(code % ("adds", "add")), r.function_load(reader)], ["adds", "reads"])
    again = "Library 'adds' already exists"
    raises("FUNCTION LOAD twice", redis.ResponseError, again, lambda: r.function_load(code % ("adds", "add")))
    check("FUNCTION LOAD REPLACE", r.function_load(code % ("adds", "plus"), replace=True), "adds")
    check("FCALL", r.fcall("plus", 1, "f", 5), 5)
    check("FCALL_RO", r.fcall_ro("peek", 1, "f"), "5")
    refused = "Can not execute a script with write flag using *_ro command."
    raises("FCALL_RO refuses to write", redis.ResponseError, refused, lambda: r.fcall_ro("plus", 1, "f", 5))
    raises("FCALL of none", redis.ResponseError, "Function not found", lambda: r.fcall("add", 1, "f", 5))
    listed = repr(r.function_list(library="ad*", withcode=True))
    found = [part in listed for part in ("adds", "plus", "LUA", "#!lua name=adds", "reads")]
    check("FUNCTION LIST", found, [True, True, True, True, False])
    stats = repr(r.function_stats())
    check("FUNCTION STATS", ["libraries_count" in stats, "functions_count" in stats], [True, True])
    with connect(2, decode_responses=False) as raw:
        dump = raw.function_dump()
        check("FUNCTION DELETE", r.function_delete("reads"), True)
        check("FUNCTION FLUSH", r.function_flush("SYNC"), True)
        check("FUNCTION RESTORE", raw.function_restore(dump), True)
    raises("FUNCTION RESTORE twice", redis.ResponseError, "Library", lambda: r.function_restore(dump, "APPEND"))
    raises("FUNCTION KILL", redis.ResponseError, "NOTBUSY No scripts in execution right now.", r.function_kill)
    restart()
    check("FCALL after a restart", (r.fcall("plus", 1, "f", 1), r.fcall_ro("peek", 1, "f")), (6, "6"))
    r.function_flush()


GROUPS = [basic, lists, hashes, sets, sortedsets, streams, transactions, pubsub, blocking, scripting]


def main():
    groups = {group.__name__: group for group in GROUPS}
    for protocol in (2, 3):
        for name in os.environ.get("FEATURES", "basic,lists").split(","):
            set_prefix(f"RESP{protocol} {name}")
            client = connect(protocol)
            try:
                client.flushdb()
                groups[name](client, protocol)
            except Exception as error:  # A reply of the wrong shape fails anywhere in the group.
                check("runs to its end", f"{type(error).__name__}: {error}", "no error")
            client.close()
    finish()


main()
