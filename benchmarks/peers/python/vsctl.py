"""ovs-vsctl as its users run it: one process for each change.

Started by posix_spawn from a small process, which is the cheapest start there is.
Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY
"""

import os
import shutil
import subprocess
import sys

import contestant


class Ports:
    """Creates and deletes ports, each by one run of ovs-vsctl."""

    def __init__(self, program, remote, bridge, wait, socket_directory):
        self._command = [program, "--db=" + remote, "--timeout=10"] + ([] if wait else ["--no-wait"])
        self._bridge = bridge
        self._socket_directory = socket_directory
        self._quiet = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]

    def open(self):
        pass

    def close(self):
        pass

    def create(self, name):
        # yapf: disable
        self._run(["add-port", self._bridge, name, "--",
                   "set", "Interface", name, "type=dpdkvhostuserclient",
                   "options:vhost-server-path=%s/%s.sock" % (self._socket_directory, name)])

    def delete(self, name):
        self._run(["del-port", self._bridge, name])

    def _run(self, arguments):
        command = self._command + arguments
        pid = os.posix_spawn(command[0], command, os.environ, file_actions=self._quiet)
        _, status = os.waitpid(pid, 0)
        if status != 0:
            raise RuntimeError("%s ended with %d" % (" ".join(command), os.waitstatus_to_exitcode(status)))


def main():
    remote, bridge, mode, socket_directory = sys.argv[1:]
    program = shutil.which("ovs-vsctl")
    if program is None:
        raise FileNotFoundError("ovs-vsctl is not in PATH")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    versions = {"ovs-vsctl": version.splitlines()[0].split()[-1]}
    contestant.serve(Ports(program, remote, bridge, mode == "wait", socket_directory), versions)


main()
