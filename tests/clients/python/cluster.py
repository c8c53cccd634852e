"""Does redis-py's cluster client lose nothing while slots move and masters fail?

Each worker sets keys of its own to rising numbers and reads them back, until the file STOP exists. A
number counts as kept when WAIT has said that a replica has it. In the end each key is one that was kept
or sent later. SEEDS names nodes of the cluster.
"""

import os
import sys
import threading
import time

import redis
from redis.cluster import ClusterNode, RedisCluster

WORKERS = 2
KEYS = 50

lock = threading.Lock()
kept = errors = wrong = 0


def client():
    seeds = [seed.rsplit(":", 1) for seed in os.environ["SEEDS"].split(",")]
    nodes = [ClusterNode(host, int(port)) for host, port in seeds]
    while True:
        try:
            return RedisCluster(startup_nodes=nodes, socket_timeout=3, decode_responses=True)
        except redis.RedisError:
            time.sleep(0.1)


def expect(key, found, low, high):
    global wrong
    if not low <= found <= high:
        with lock:
            wrong += 1
        print(f"FAIL {key} is {found}, not between {low} and {high}")


def work(worker, ledger):
    global kept, errors
    cluster = client()
    number = 0
    while not os.path.exists(os.environ["STOP"]):
        number += 1
        for index in range(KEYS):
            key = f"python:{worker}:{index}"
            ledger[key][1] = number
            try:
                cluster.set(key, number)
                # The same node, and so the same connection, unless the slot has moved meanwhile.
                node = cluster.get_node_from_key(key)
                if cluster.wait(1, 50, target_nodes=[node]) >= 1:
                    ledger[key][0] = number
                    with lock:
                        kept += 1
                expect(key, int(cluster.get(key) or 0), ledger[key][0], number)
            except redis.RedisError:
                with lock:
                    errors += 1
                time.sleep(0.02)


def main():
    names = [[f"python:{worker}:{index}" for index in range(KEYS)] for worker in range(WORKERS)]
    ledgers = [{name: [0, 0] for name in worker} for worker in names]
    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cluster = client()
    for ledger in ledgers:
        for key, (low, high) in ledger.items():
            for attempt in range(50):
                try:
                    expect(key, int(cluster.get(key) or 0), low, high)
                    break
                except redis.RedisError:
                    if attempt == 49:
                        raise
                    time.sleep(0.1)
    print(f"{kept} kept, {errors} errors, {wrong} wrong")
    sys.exit(wrong > 0 or kept == 0)


main()
