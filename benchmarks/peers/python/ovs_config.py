"""What the Userspace CNI plugin of 2018 ran for each action on Open vSwitch: a script that makes a command line of ovs-vsctl
and has a shell run it.

Arguments: REMOTE create BRIDGE NAME PATH | REMOTE delete BRIDGE NAME
"""

import shlex
import subprocess
import sys


def run(remote, *arguments):
    command = ["ovs-vsctl", "--db=" + remote, "--timeout=10", *arguments]
    return subprocess.run(shlex.join(command), shell=True, check=True, stdout=subprocess.DEVNULL)


def main():
    remote, action, bridge, name, *rest = sys.argv[1:]
    if action == "create":
        path = "options:vhost-server-path=" + rest[0]
        run(remote, "add-port", bridge, name, "--", "set", "Interface", name, "type=dpdkvhostuserclient", path)
    else:
        run(remote, "--if-exists", "del-port", bridge, name)


main()
