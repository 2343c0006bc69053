#!/usr/bin/env python3
"""Asks the service of vswitch-drivers (`vswitch serve`), with nothing but Python's own library.

    client.py METHOD [PARAMS]          one request; prints the result as JSON
    client.py watch                    prints every event until it is interrupted

PARAMS is a JSON object, such as '{"spec": {"type": "tap", "name": "t0", "attach": {"bridge": "br0"}}}'. The socket is
$VSWITCH_SOCKET, or /run/vswitch/vswitch.sock.
"""

import itertools
import json
import os
import socket
import sys


class ServiceError(Exception):
    """What the service answered instead of a result. `kind` says what a program may do about it."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        data = error.get("data")
        self.data = data if isinstance(data, dict) else {}
        self.kind = self.data.get("kind")


class VSwitch:
    """One connection. Use it as a context manager."""

    def __init__(self, path=None):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path or os.environ.get("VSWITCH_SOCKET") or "/run/vswitch/vswitch.sock")
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._ids = itertools.count(1)
        self._events = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def _read(self):
        line = self._lines.readline()
        if line == "":
            raise ConnectionError("the service has closed the connection")
        return json.loads(line)

    def call(self, method, **params):
        """Runs a method and gives its result; raises ServiceError."""
        number = next(self._ids)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self._read()
            if "method" in message:
                self._events.append(message["params"])
            elif message.get("id") in (number, None):
                if "error" in message:
                    raise ServiceError(message["error"])
                return message["result"]

    def watch(self):
        """Yields every event: what is there, `ready`, then the changes; after `lost` nothing comes."""
        number = self.call("watch")["watch"]
        while True:
            told = self._events.pop(0) if self._events else self._read().get("params", {})
            if told.get("watch") == number:
                yield told["event"]
                if told["event"]["kind"] == "lost":
                    return


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    try:
        with VSwitch() as vswitch:
            if arguments[0] == "watch":
                for event in vswitch.watch():
                    print(json.dumps(event), flush=True)
                return 1
            params = json.loads(arguments[1]) if len(arguments) > 1 else {}
            print(json.dumps(vswitch.call(arguments[0], **params), indent=2))
            return 0
    except ServiceError as error:
        print(f"{error.kind or error.code}: {error}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        pass
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
