"""Does cacheflow serve the Python libraries that live on Lua: task queues, locks, rate limiters?

Each library is a function that sets it up and gives back an exercise, which uses it as a program
would. The exercise runs three times with the same objects, so that what they remember of scripts is
no longer true: on a new server, after SCRIPT FLUSH, and after a restart. All of it in RESP2 and in
RESP3.
"""

import logging
import os
import threading
import time
from datetime import datetime, timedelta, timezone

from harness import PORT, check, connect, finish, raises, restart, set_prefix

ROUNDS = [("new", lambda: None), ("SCRIPT FLUSH", lambda: connect(2).script_flush()), ("restart", restart)]


def url(protocol, database=0):
    return f"redis://127.0.0.1:{PORT}/{database}?protocol={protocol}"


def eventually(condition, seconds=10):
    """Waits for what another thread is going to do."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# --- task queues ------------------------------------------------------------------------------


def add(a, b):
    """A job of rq, whose workers import it by name, as they do the next."""
    return a + b


def fail():
    raise ValueError("as it was meant to")


def rq(protocol):
    from rq import Queue, Retry, SimpleWorker
    from rq.job import Dependency, JobStatus
    from rq.scheduler import RQScheduler

    connection = connect(protocol, decode_responses=False)
    queue = Queue("work", connection=connection)

    def work():
        SimpleWorker([queue], connection=connection).work(burst=True, logging_level="CRITICAL")

    def exercise():
        jobs = queue.enqueue_many([Queue.prepare_data("libraries.add", (n, 1)) for n in range(20)])
        first = queue.enqueue("libraries.add", 1, 2)
        after = queue.enqueue("libraries.add", 3, 4, depends_on=Dependency([first]))
        failing = queue.enqueue("libraries.fail", retry=Retry(max=1))
        unique = queue.enqueue("libraries.add", 5, 6, job_id="only-one")
        check("queued", (len(queue), after.get_status()), (23, JobStatus.DEFERRED))
        work()
        check("results", [job.return_value() for job in jobs], list(range(1, 21)))
        check("a job after another", (first.return_value(), after.return_value()), (3, 7))
        check("a job that fails is tried again", failing.get_status(), JobStatus.FAILED)
        check("a failed job is kept", queue.failed_job_registry.get_job_ids(), [failing.id])
        check("a job of its own name", unique.return_value(), 11)
        later = queue.enqueue_in(timedelta(seconds=-1), "libraries.add", 1, 1)
        check("a job for later", (later.get_status(), len(queue)), (JobStatus.SCHEDULED, 0))
        scheduler = RQScheduler([queue], connection=connection)
        scheduler.acquire_locks()
        scheduler.enqueue_scheduled_jobs()
        scheduler.release_locks()
        work()
        check("its time has come", later.return_value(), 2)

    return exercise


def dramatiq(protocol):
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.rate_limits import ConcurrentRateLimiter, WindowRateLimiter
    from dramatiq.rate_limits.backends import RedisBackend as Limits
    from dramatiq.results import Results
    from dramatiq.results.backends import RedisBackend

    broker = RedisBroker(client=connect(protocol, decode_responses=False))
    results = RedisBackend(client=connect(protocol, decode_responses=False))
    broker.add_middleware(Results(backend=results))
    limits = Limits(client=connect(protocol, decode_responses=False))
    calls = []

    @dramatiq.actor(broker=broker, store_results=True)
    def double(n):
        return 2 * n

    @dramatiq.actor(broker=broker, max_retries=2, min_backoff=10, max_backoff=20)
    def flaky():
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("as it was meant to")

    def exercise():
        calls.clear()
        worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=4)
        worker.start()
        messages = [double.send(n) for n in range(50)]
        delayed = double.send_with_options(args=(100,), delay=50)
        flaky.send()
        got = [message.get_result(backend=results, block=True, timeout=10_000) for message in messages]
        check("50 messages", got, [2 * n for n in range(50)])
        check("a message for later", delayed.get_result(backend=results, block=True, timeout=10_000), 200)
        check("a message is tried again", (eventually(lambda: len(calls) >= 3), len(calls)), (True, 3))
        broker.join("default", timeout=10_000)
        worker.stop()
        check("nothing is left", [broker.client.llen(f"dramatiq:default{suffix}") for suffix in ("", ".DQ")], [0, 0])
        mutex = ConcurrentRateLimiter(limits, "mutex", limit=1)
        with mutex.acquire():
            with mutex.acquire(raise_on_failure=False) as second:
                check("a mutex", second, False)
        window = WindowRateLimiter(limits, "window", limit=3, window=60)
        got = []
        for _ in range(4):
            with window.acquire(raise_on_failure=False) as acquired:
                got.append(acquired)
        check("a window", got, [True, True, True, False])

    return exercise


def huey(protocol):
    from huey import PriorityRedisHuey, RedisHuey
    from huey.exceptions import TaskLockedException

    by_priority = protocol == 3
    queue = (PriorityRedisHuey if by_priority else RedisHuey)("check", url=url(protocol))

    @queue.task(retries=1)
    def add(a, b):
        return a + b

    def exercise():
        consumer = queue.create_consumer(workers=2, periodic=False, initial_delay=0.01, scheduler_interval=1)
        consumer.start()
        handles = [add(n, 1) for n in range(20)]
        check("20 tasks", [handle.get(blocking=True, timeout=10) for handle in handles], list(range(1, 21)))
        later = add.schedule((5, 5), delay=0.2)
        check("a task for later", later.get(blocking=True, timeout=10), 10)
        consumer.stop(graceful=True)
        for n in range(3):
            queue.enqueue(add.s(n, n, priority=n) if by_priority else add.s(n, n))
        check("their order", [queue.dequeue().args[0] for _ in range(3)], [2, 1, 0] if by_priority else [0, 1, 2])
        # What the scheduler does: one script reads and removes what is due.
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        queue.add_schedule(add.s(7, 7, eta=now - timedelta(seconds=1)))
        queue.add_schedule(add.s(8, 8, eta=now + timedelta(hours=30)))
        check("what is due", [task.args[0] for task in queue.read_schedule()], [7])
        check("what is not", [task.args[0] for task in queue.scheduled()], [8])
        with queue.lock_task("lock"):
            raises("a lock", TaskLockedException, "", queue.lock_task("lock").__enter__)

    return exercise


def celery(protocol):
    from celery import Celery, chord, group
    from celery.contrib.testing.worker import start_worker

    def exercise():
        # A worker that shares its client's process shares its connections, too, which only a test
        # does: an application for each round keeps those of before the restart out of it.
        app = Celery("check", broker=f"redis://127.0.0.1:{PORT}/0", backend=f"redis://127.0.0.1:{PORT}/1")

        @app.task(name="add")
        def add(a, b):
            return a + b

        @app.task(name="total")
        def total(numbers):
            return sum(numbers)

        with start_worker(app, pool="threads", concurrency=2, perform_ping_check=False, shutdown_timeout=20):
            check("a task", add.delay(2, 3).get(timeout=20), 5)
            check("a task for later", add.apply_async((1, 1), countdown=0.1).get(timeout=20), 2)
            check("a group", group(add.s(n, n) for n in range(5))().get(timeout=20), [0, 2, 4, 6, 8])
            check("a chain", (add.s(1, 2) | add.s(3)).delay().get(timeout=20), 6)
            check("a chord", chord([add.s(n, n) for n in range(5)])(total.s()).get(timeout=20), 20)

    return exercise


# --- locks ------------------------------------------------------------------------------------


def pottery(protocol):
    from pottery import NextID, Redlock, ReleaseUnlockedLock, TooManyExtensions

    masters = {connect(protocol)}
    ids = NextID(key="ids", masters=masters)

    def exercise():
        lock, other = (Redlock(key="thing", masters=masters, auto_release_time=5) for _ in range(2))
        check("acquire", (lock.acquire(), 4 < lock.locked() <= 5), (True, True))
        check("another doesn't get it", other.acquire(blocking=False), False)
        for _ in range(3):
            lock.extend()
        raises("extend too often", TooManyExtensions, "", lock.extend)
        check("release", (lock.release(), other.locked()), (None, 0))
        raises("release twice", ReleaseUnlockedLock, "", lock.release)
        check("ids", [next(ids) for _ in range(3)], [1, 2, 3])

    return exercise


def python_redis_lock(protocol):
    import redis_lock

    client = connect(protocol, decode_responses=False)
    redis_lock.reset_all(client)

    def exercise():
        lock, other = (redis_lock.Lock(client, "thing", expire=5) for _ in range(2))
        check("acquire", lock.acquire(blocking=False), True)
        check("another doesn't get it", other.acquire(blocking=False), False)
        check("extend", (lock.extend(20), 18 <= client.ttl("lock:thing") <= 20), (None, True))
        threading.Timer(0.05, lock.release).start()
        check("another is woken", other.acquire(timeout=5), True)
        raises("release by another", redis_lock.NotAcquired, "Lock(lock:thing) is not acquired", lock.release)
        other.release()
        with redis_lock.Lock(client, "renewed", expire=1, auto_renewal=True):
            time.sleep(1.1)
            check("renewed by its thread", client.exists("lock:renewed"), 1)
        held = [redis_lock.Lock(client, name) for name in "abc"]
        check("acquire three", [lock.acquire() for lock in held], [True] * 3)
        redis_lock.reset_all(client)
        check("reset all", [lock.locked() for lock in held], [False] * 3)

    return exercise


def django_redis(protocol):
    import django
    from django.conf import settings
    from django.core.cache import cache

    location = url(protocol)
    backend = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": location, "KEY_PREFIX": "site"}
    if not settings.configured:
        settings.configure(CACHES={"default": backend})
        django.setup()
    else:
        from django.core.cache import caches

        settings.CACHES = {"default": backend}
        caches._settings = caches.settings = caches.configure_settings(None)
        del caches["default"]

    def exercise():
        cache.set("n", 5, timeout=100)
        check("incr keeps the time to live", (cache.incr("n", 3), 98 <= cache.ttl("n") <= 100), (8, True))
        raises("incr of no key", ValueError, "Key", lambda: cache.incr("none"))
        check("incr that may create", cache.incr("created", 2, ignore_key_check=True), 2)
        with cache.lock("door", timeout=10):
            check("lock", cache.lock("door", timeout=10).acquire(blocking=False), False)
        check("unlocked", cache.lock("door", timeout=10).acquire(blocking=False), True)
        cache.set_many({f"user:{n}": {"id": n} for n in range(5)}, timeout=60)
        check("get_many", cache.get_many(["user:1", "user:9"]), {"user:1": {"id": 1}})
        check("delete_pattern", (cache.delete_pattern("user:*"), cache.get("user:1")), (5, None))

    return exercise


# --- rate limiters ----------------------------------------------------------------------------


def limits(protocol):
    from limits import RateLimitItemPerMinute
    from limits.storage import storage_from_string
    from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

    storage = storage_from_string(url(protocol))
    kinds = (FixedWindowRateLimiter, MovingWindowRateLimiter, SlidingWindowCounterRateLimiter)
    limiters = [kind(storage) for kind in kinds]

    def exercise():
        for limiter in limiters:
            name = type(limiter).__name__
            three = RateLimitItemPerMinute(3)
            check(f"{name}: hits", [limiter.hit(three, name) for _ in range(4)], [True, True, True, False])
            check(f"{name}: test", (limiter.test(three, name), limiter.test(three, "new")), (False, True))
            check(f"{name}: what is left", limiter.get_window_stats(three, name).remaining, 0)
            check(f"{name}: at a cost", [limiter.hit(three, "cost", name, cost=2) for _ in range(2)], [True, False])
            limiter.clear(three, name)
            check(f"{name}: clear", limiter.test(three, name), True)
        check("reset", (storage.reset() > 0, limiters[0].test(RateLimitItemPerMinute(2), "cost")), (True, True))

    return exercise


def flask_limiter(protocol):
    from flask import Flask
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = Flask("check")
    settings = {"storage_uri": url(protocol), "strategy": "moving-window", "headers_enabled": True}
    Limiter(get_remote_address, app=app, default_limits=["3 per minute"], **settings)

    @app.route("/")
    def index():
        return "welcome"

    def exercise():
        replies = [app.test_client().get("/") for _ in range(4)]
        check("pages", [reply.status_code for reply in replies], [200, 200, 200, 429])
        check("what is left", [reply.headers["X-RateLimit-Remaining"] for reply in replies], ["2", "1", "0", "0"])

    return exercise


def pyrate_limiter(protocol):
    from pyrate_limiter import Duration, Limiter, Rate, RedisBucket

    def exercise():
        # It loads its script once and has no answer to NOSCRIPT: a new bucket each time.
        bucket = RedisBucket.init([Rate(3, Duration.MINUTE), Rate(5, Duration.HOUR)], connect(protocol), "pyrate")
        limiter = Limiter(bucket)
        check("hits", [limiter.try_acquire("user", blocking=False) for _ in range(4)], [True, True, True, False])
        check("which rate", (bucket.failing_rate.limit, bucket.count()), (3, 3))
        bucket.flush()
        big = RedisBucket.init([Rate(5000, Duration.MINUTE)], connect(protocol), "big")
        check("thousands at once", Limiter(big).try_acquire("user", weight=3500, blocking=False), True)
        check("all of them", big.count(), 3500)

    return exercise


def redis_rate_limiters(protocol):
    from limiters import MaxSleepExceededError, SyncSemaphore, SyncTokenBucket

    client = connect(protocol)
    bucket = SyncTokenBucket(client, "bucket", capacity=2, refill_frequency=30.0, refill_amount=1, max_sleep=0.5)
    semaphore = SyncSemaphore(client, "semaphore", capacity=2, max_sleep=0.1)

    def exercise():
        def take():
            with bucket:
                pass

        take()
        take()
        raises("a bucket of two", MaxSleepExceededError, "Scheduled to sleep", take)
        with semaphore, semaphore:
            raises("a semaphore of two", MaxSleepExceededError, "Max sleep exceeded", semaphore.__enter__)
        with semaphore:
            check("free again", client.llen(semaphore.key), 1)

    return exercise


LIBRARIES = [rq, dramatiq, huey, celery, pottery, python_redis_lock, django_redis]
LIBRARIES += [limits, flask_limiter, pyrate_limiter, redis_rate_limiters]

# Celery's broker takes what redis-py takes by itself, and can't be told.
PROTOCOLS = {celery: (3,)}


def main():
    logging.disable(logging.CRITICAL)  # Jobs fail here on purpose.
    chosen = os.environ.get("LIBRARIES", "").split()
    for protocol in (2, 3):
        for library in LIBRARIES:
            if chosen and library.__name__ not in chosen or protocol not in PROTOCOLS.get(library, (2, 3)):
                continue
            set_prefix(f"RESP{protocol} {library.__name__}")
            begin = time.monotonic()
            try:
                connect(2).flushall()
                exercise = library(protocol)
                for name, prepare in ROUNDS:
                    set_prefix(f"RESP{protocol} {library.__name__}, {name}")
                    prepare()
                    connect(2).flushall()
                    exercise()
            except Exception as error:
                check("runs to its end", f"{type(error).__name__}: {error}", "no error")
            print(f"{library.__name__}: {time.monotonic() - begin:.1f} s")
    finish()


if __name__ == "__main__":
    main()
