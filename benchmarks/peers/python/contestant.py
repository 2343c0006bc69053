"""The contestants' protocol of benchmarks/support/protocol.ts, for contestants written in Python."""

import json
import resource
import sys
import time


def _cpu_us():
    """CPU time of this process and of the ones it waited for, in microseconds."""
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return round(total * 1e6)


def _run(operator, count, prefix):
    create_ns = []
    delete_ns = []
    cpu = _cpu_us()
    for i in range(count):
        name = prefix + str(i)
        start = time.perf_counter_ns()
        operator.create(name)
        between = time.perf_counter_ns()
        operator.delete(name)
        end = time.perf_counter_ns()
        create_ns.append(between - start)
        delete_ns.append(end - between)
    return {"createNs": create_ns, "deleteNs": delete_ns, "cpuUs": _cpu_us() - cpu}


def _answer(operator, command):
    verb, *rest = command.split()
    if verb == "open":
        operator.open()
        return {}
    if verb == "create":
        return {"ofport": operator.create(rest[0])}
    if verb == "delete":
        operator.delete(rest[0])
        return {}
    if verb == "run":
        return _run(operator, int(rest[0]), rest[1])
    if verb == "close":
        operator.close()
        return {}
    raise ValueError("no such command: " + command)


def _reply(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def serve(operator, versions):
    """Answers the commands on the standard input until it ends."""
    _reply({"versions": versions})
    for command in sys.stdin:
        try:
            _reply(_answer(operator, command))
        except Exception as error:  # whatever it is, the benchmark reports it and ends
            _reply({"error": "%s: %s" % (type(error).__name__, error)})
