"""Open vSwitch's own Python IDL on one connection: Debian's package python3-openvswitch.

Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY
"""

import os
import sys
import time

import ovs.db.idl
import ovs.json
import ovs.jsonrpc
import ovs.poller
import ovs.stream
import ovs.version

import contestant

TIMEOUT_S = 10


def fetch_schema(remote):
    error, stream = ovs.stream.Stream.open_block(ovs.stream.Stream.open(remote))
    if error:
        raise OSError(error, os.strerror(error))
    connection = ovs.jsonrpc.Connection(stream)
    request = ovs.jsonrpc.Message.create_request("get_schema", ["Open_vSwitch"])
    error, reply = connection.transact_block(request)
    connection.close()
    if error:
        raise OSError(error, os.strerror(error))
    return reply.result


class Ports:
    """Creates and deletes ports; the replica has only the columns that this needs."""

    def __init__(self, remote, bridge, wait, socket_directory):
        self._remote = remote
        self._bridge_name = bridge
        self._wait = wait
        self._socket_directory = socket_directory
        self._idl = None
        self._switch = None
        self._bridge = None

    def open(self):
        helper = ovs.db.idl.SchemaHelper(schema_json=fetch_schema(self._remote))
        helper.register_columns("Bridge", ["name", "ports"])
        helper.register_columns("Port", ["name", "interfaces", "external_ids"])
        interface = ["name", "type", "options", "external_ids"]
        if self._wait:
            helper.register_columns("Open_vSwitch", ["next_cfg", "cur_cfg"])
            helper.register_columns("Interface", interface + ["ofport", "error"])
        else:
            helper.register_columns("Interface", interface)
        self._idl = ovs.db.idl.Idl(self._remote, helper)
        self._block_until(self._idl.has_ever_connected)
        if self._wait:
            self._switch = next(iter(self._idl.tables["Open_vSwitch"].rows.values()))
        self._bridge = next(
            row for row in self._idl.tables["Bridge"].rows.values() if row.name == self._bridge_name
        )
        self._ports = {}

    def close(self):
        self._idl.close()

    def create(self, name):
        txn = ovs.db.idl.Transaction(self._idl)
        interface = txn.insert(self._idl.tables["Interface"])
        interface.name = name
        interface.type = "dpdkvhostuserclient"
        interface.options = {"vhost-server-path": "%s/%s.sock" % (self._socket_directory, name)}
        port = txn.insert(self._idl.tables["Port"])
        port.name = name
        port.interfaces = [interface]
        self._bridge.addvalue("ports", port.uuid)
        self._commit(txn)
        interface_row = self._idl.tables["Interface"].rows[txn.get_insert_uuid(interface.uuid)]
        self._ports[name] = txn.get_insert_uuid(port.uuid)
        if not self._wait:
            return None
        if not interface_row.ofport or interface_row.ofport[0] <= 0:
            raise RuntimeError("%s has no port number: %s" % (name, interface_row.error))
        return interface_row.ofport[0]

    def delete(self, name):
        txn = ovs.db.idl.Transaction(self._idl)
        self._bridge.delvalue("ports", self._ports.pop(name))
        self._commit(txn)

    def _commit(self, txn):
        if self._wait:
            self._switch.increment("next_cfg")
        status = txn.commit_block()
        if status != ovs.db.idl.Transaction.SUCCESS:
            raise RuntimeError("%s: %s" % (ovs.db.idl.Transaction.status_to_string(status), txn.get_error()))
        if self._wait:
            wanted = txn.get_increment_new_value()
            self._block_until(lambda: self._switch.cur_cfg >= wanted)

    def _block_until(self, satisfied):
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            self._idl.run()
            if satisfied():
                return
            if time.monotonic() > deadline:
                raise TimeoutError("no answer within %d s" % TIMEOUT_S)
            poller = ovs.poller.Poller()
            self._idl.wait(poller)
            poller.timer_wait(1000)
            poller.block()


def main():
    remote, bridge, mode, socket_directory = sys.argv[1:]
    versions = {
        "python": sys.version.split()[0],
        "python3-openvswitch": ovs.version.VERSION,
        "json parser": "C" if ovs.json.PARSER == "C" else "Python",
    }
    contestant.serve(Ports(remote, bridge, mode == "wait", socket_directory), versions)


main()
