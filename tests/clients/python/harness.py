"""What both Python programs share: counting, connecting, the server's restart, the closing line."""

import os
import sys
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PORT = int(os.environ["PORT"])

passed = failed = 0
prefix = ""


def set_prefix(text):
    """What every check's name begins with from here on."""
    global prefix
    prefix = text


def check(name, got, want):
    """Compares and counts: everything goes through here, so nothing can be forgotten."""
    global passed, failed
    if got == want and type(got) is type(want):
        passed += 1
        print(f"PASS {prefix}: {name}")
    else:
        failed += 1
        print(f"FAIL {prefix}: {name}: got {got!r:.300}, want {want!r:.300}")


def raises(name, kind, text, call):
    """Checks the type of an error and the start of its text."""
    try:
        got = call()
    except Exception as error:
        check(name, (type(error), str(error)[: len(text)]), (kind, text))
    else:
        check(name, got, kind)


def way_in():
    """How the server is reached: DOOR is empty, unix, tls or tls-certificate."""
    door = os.environ.get("DOOR", "")
    if door == "unix":
        return {"unix_socket_path": os.environ["SOCKET"]}
    if not door:
        return {"port": PORT}
    files = os.environ["CERTIFICATES"]
    options = {"port": int(os.environ["TLS_PORT"]), "ssl": True, "ssl_ca_certs": f"{files}/ca.crt"}
    if door == "tls-certificate":
        options |= {"ssl_certfile": f"{files}/client.crt", "ssl_keyfile": f"{files}/client.key"}
    return options


def connect(protocol, **options):
    options.setdefault("decode_responses", True)
    return redis.Redis(protocol=protocol, **way_in(), **options)


def restart():
    """Has the server save and end, which tests/clients/run answers by starting it again.

    Nothing is tried twice here, lest the new server be sent its SHUTDOWN, too.
    """
    with connect(2, retry=Retry(NoBackoff(), 0)) as client:
        client.shutdown(save=True)
    deadline = time.monotonic() + 20
    while True:
        try:
            with connect(2, retry=Retry(NoBackoff(), 0)) as client:
                client.ping()
                return
        except redis.RedisError:  # Not there yet, or still loading.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def finish():
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
