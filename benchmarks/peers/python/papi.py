"""Talks to VPP with its own Python client, vpp_papi.

Arguments: SOCKET API_DIRECTORY
"""

import glob
import json
import platform
import resource
import sys
import time

import vpp_papi

SAMPLE_ID = 500


def _mac(index):
    return "02:fe:00:00:%02x:%02x" % (index >> 8, index & 255)


def _ports():
    return [{"context": 0, "sw_if_index": port, "shg": 0} for port in range(4)]


NO_MAC = "00:00:00:00:00:00"

# The messages of benchmarks/support/vpp-samples.ts.
SAMPLES = {
    "sw_interface_details": lambda i: {
        "sw_if_index": i,
        "sup_sw_if_index": i,
        "l2_address": _mac(i),
        "flags": 3,
        "link_mtu": 9000,
        "mtu": [9000, 0, 0, 0],
        "b_dmac": NO_MAC,
        "b_smac": NO_MAC,
        "interface_name": "memif%d/%d" % (i % 7, i),
        "interface_dev_type": "memif",
        "tag": "lab:net%d" % i,
    },
    "control_ping": lambda i: {},
    "create_loopback_reply": lambda i: {"sw_if_index": i},
    "sw_interface_set_flags": lambda i: {"sw_if_index": i, "flags": 1},
    "sw_interface_event": lambda i: {"pid": 1, "sw_if_index": i, "flags": 3},
    "sw_interface_add_del_address": lambda i: {
        "sw_if_index": i,
        "is_add": True,
        "prefix": "10.9.%d.%d/24" % (i >> 8, i & 255),
    },
    "memif_create_v2": lambda i: {
        "rx_queues": 1,
        "tx_queues": 1,
        "id": i,
        "socket_id": i,
        "ring_size": 1024,
        "buffer_size": 2048,
        "hw_addr": _mac(i),
    },
    "memif_details": lambda i: {
        "sw_if_index": i,
        "hw_addr": _mac(i),
        "id": i,
        "zero_copy": True,
        "socket_id": i,
        "ring_size": 1024,
        "buffer_size": 2048,
        "flags": 1,
        "if_name": "memif%d/0" % i,
    },
    "bridge_domain_add_del_v2": lambda i: {
        "bd_id": i,
        "flood": True,
        "uu_flood": True,
        "forward": True,
        "learn": True,
        "bd_tag": "lab:bridge%d" % i,
    },
    "bridge_domain_details": lambda i: {
        "bd_id": i,
        "flood": True,
        "uu_flood": True,
        "forward": True,
        "learn": True,
        "bd_tag": "lab:bridge%d" % i,
        "bvi_sw_if_index": 0xFFFFFFFF,
        "uu_fwd_sw_if_index": 0xFFFFFFFF,
        "n_sw_ifs": 4,
        "sw_if_details": _ports(),
    },
    "af_packet_create_v3": lambda i: {
        "mode": 1,
        "hw_addr": _mac(i),
        "host_if_name": "veth%d" % i,
        "rx_frame_size": 2048,
        "tx_frame_size": 2048,
        "rx_frames_per_block": 1024,
        "tx_frames_per_block": 1024,
        "flags": 1,
    },
    "cli_inband_reply": lambda i: {"reply": ("vpp v26.06-release, line %d\n" % i) * 4},
}


def _cpu_us():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return round((usage.ru_utime + usage.ru_stime) * 1e6)


class Client:
    def __init__(self, socket, directory):
        files = glob.glob(directory + "/**/*.api.json", recursive=True)
        self.vpp = vpp_papi.VPPApiClient(apifiles=files, server_address=socket)

    def open(self):
        self.vpp.connect("benchmark")

    def close(self):
        self.vpp.disconnect()

    def _measure(self, count, act):
        times = []
        before = _cpu_us()
        for _ in range(count):
            start = time.perf_counter_ns()
            act()
            times.append(time.perf_counter_ns() - start)
        return {"ns": times, "cpuUs": _cpu_us() - before}

    def connect(self, count):
        times = []
        before = _cpu_us()
        for _ in range(count):
            start = time.perf_counter_ns()
            self.open()
            times.append(time.perf_counter_ns() - start)
            self.close()
        return {"ns": times, "cpuUs": _cpu_us() - before}

    def ping(self, window, count):
        if window > 1:
            return {"cannot": "its calls wait for their answers"}

        def act():
            for _ in range(count):
                if self.vpp.api.control_ping().retval != 0:
                    raise ValueError("a ping was refused")

        return self._measure(1, act)

    def dump(self, count):
        found = []

        def act():
            found[:] = self.vpp.api.sw_interface_dump(
                sw_if_index=0xFFFFFFFF, name_filter_valid=False, name_filter=""
            )

        return {**self._measure(count, act), "details": len(found)}

    def _pack(self, name, index):
        header = {"_vl_msg_id": SAMPLE_ID, "client_index": 0, "context": 0}
        return self.vpp.messages[name].pack({**header, **SAMPLES[name](index)})

    def bytes(self):
        return {name: bytes(self._pack(name, 7)).hex() for name in SAMPLES}

    def codec(self, count):
        found = {}
        # Enough of them to measure: it is about a hundred times slower.
        count = max(1, count // 100)
        for name in SAMPLES:
            message = self.vpp.messages[name]
            header = {"_vl_msg_id": SAMPLE_ID, "client_index": 0, "context": 0}
            values = [{**header, **SAMPLES[name](i)} for i in range(min(count, 1000))]
            packed = [bytes(message.pack(value)) for value in values]
            before = _cpu_us()
            for i in range(count):
                message.pack(values[i % len(values)])
            between = _cpu_us()
            for i in range(count):
                message.unpack(packed[i % len(packed)])
            end = _cpu_us()
            found[name] = {
                "encodeNs": (between - before) * 1000 / count,
                "decodeNs": (end - between) * 1000 / count,
            }
        return found


def _answer(client, command):
    verb, *numbers = command.split()
    if verb not in ("open", "connect", "ping", "dump", "bytes", "codec", "close"):
        raise ValueError("no such command: " + command)
    answer = getattr(client, verb)(*map(int, numbers))
    return {} if answer is None else answer


def _reply(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main():
    client = Client(*sys.argv[1:])
    version = getattr(vpp_papi, "__version__", "unknown")
    _reply({"versions": {"python": platform.python_version(), "vpp_papi": version}})
    for command in sys.stdin:
        try:
            _reply(_answer(client, command))
        except Exception as error:  # whatever it is, the benchmark reports it and ends
            _reply({"error": "%s: %s" % (type(error).__name__, error)})


main()
