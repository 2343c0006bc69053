"""A replica of the database Bench with Open vSwitch's own Python IDL: Debian's package python3-openvswitch.

Arguments: REMOTE sync. Prints what benchmarks/ovsdb.ts reads.
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


def fetch_schema(remote):
    error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(remote))
    if error:
        raise OSError(error, os.strerror(error))
    connection = ovs.jsonrpc.Connection(stream)
    error, reply = connection.transact_block(ovs.jsonrpc.Message.create_request("get_schema", ["Bench"]))
    connection.close()
    if error:
        raise OSError(error, os.strerror(error))
    return reply.result


def cpu_ms():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


remote = sys.argv[1]
cpu = cpu_ms()
start = time.perf_counter()
helper = ovs.db.idl.SchemaHelper(schema_json=fetch_schema(remote))
helper.register_all()
idl = ovs.db.idl.Idl(remote, helper)
while not idl.has_ever_connected():
    if not idl.run():
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
rows = idl.tables["Item"].rows
total = sum(row.n + len(row.opts) + len(row.tags) for row in rows.values())
elapsed = (time.perf_counter() - start) * 1000
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"ms": elapsed, "cpuMs": cpu_ms() - cpu, "peakMiB": peak, "rows": len(rows), "sum": total}))
