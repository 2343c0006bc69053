"""A replica of a database with Open vSwitch's own Python IDL: Debian's package python3-openvswitch.

Arguments: REMOTE TASK, see benchmarks/ovsdb.ts for the tasks. Prints what that reads.
"""

import json
import os
import resource
import sys
import time

import ovs.db.idl
import ovs.jsonrpc
import ovs.poller
import ovs.stream


def fetch_schema(remote, database):
    error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(remote))
    if error:
        raise OSError(error, os.strerror(error))
    connection = ovs.jsonrpc.Connection(stream)
    error, reply = connection.transact_block(ovs.jsonrpc.Message.create_request("get_schema", [database]))
    connection.close()
    if error:
        raise OSError(error, os.strerror(error))
    return reply.result


class Follower(ovs.db.idl.Idl):
    """Notes how old each change is when it is told."""

    def __init__(self, remote, helper):
        self.lags = []
        self.is_over = False
        super().__init__(remote, helper)

    def notify(self, event, row, updates=None):
        if event != ovs.db.idl.ROW_UPDATE:
            return
        if row.n < 0:
            self.is_over = True
        else:
            self.lags.append(time.time() * 1000 - row.n / 10)


def open_idl(database, kind=ovs.db.idl.Idl):
    helper = ovs.db.idl.SchemaHelper(schema_json=fetch_schema(remote, database))
    helper.register_all()
    idl = kind(remote, helper)
    run_until(idl, idl.has_ever_connected)
    return idl


def run_until(idl, is_done):
    while not is_done():
        if not idl.run():
            poller = ovs.poller.Poller()
            idl.wait(poller)
            poller.block()


def cpu_ms():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def measure(work):
    cpu = cpu_ms()
    start = time.perf_counter()
    result = work()
    elapsed = (time.perf_counter() - start) * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"ms": elapsed, "cpuMs": cpu_ms() - cpu, "peakMiB": peak, **result}))


def read_items(idl):
    rows = idl.tables["Item"].rows
    return {"rows": len(rows), "sum": sum(row.n + len(row.opts) + len(row.tags) for row in rows.values())}


def sync():
    return read_items(open_idl("Bench"))


def replay():
    idl = open_idl("Bench", Follower)
    until_end(idl)
    return read_items(idl)


def ports():
    tables = open_idl("Open_vSwitch").tables
    rows = tables["Interface"].rows
    total = sum(port + len(row.statistics) for row in rows.values() for port in row.ofport)
    return {"rows": len(rows) + len(tables["Port"].rows), "sum": total}


def until_end(idl):
    run_until(idl, lambda: idl.is_over)
    lags = sorted(idl.lags)
    last = len(lags) - 1
    return {"rows": len(lags), "sum": 0, "lagMs": [lags[last // 2], lags[last * 99 // 100]]}


remote, task = sys.argv[1:3]
if task == "sync":
    measure(sync)
elif task == "ports":
    measure(ports)
elif task == "replay":
    measure(replay)
else:
    follower = open_idl("Bench", Follower)
    print("ready", flush=True)
    measure(lambda: until_end(follower))
