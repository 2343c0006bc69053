#!/bin/sh
# Tries the plugin without Kubernetes, or any container: a network namespace stands for one.
#
#   try.sh explain|add|del|status CONFIGURATION [CONTAINER_ID]    e.g. try.sh add ../cni/90-userspace.conf
#
# CNI_PATH: where the IPAM plugins are (default /opt/cni/bin:/usr/lib/cni). USERSPACE: the plugin (default: userspace in PATH).
# The namespace is made by add and removed by del; both want root, as the plugin does.
set -eu

[ $# -ge 2 ] || {
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
command=$1
conf=$2
id=${3:-try0000000001}
netns=/run/netns/$id

[ "$command" != explain ] || exec "${USERSPACE:-userspace}" explain <"$conf"
[ "$command" != add ] || [ -e "$netns" ] || ip netns add "$id"
status=0
CNI_COMMAND=$(printf '%s' "$command" | tr '[:lower:]' '[:upper:]') \
  CNI_CONTAINERID=$id CNI_NETNS=$netns CNI_IFNAME=${CNI_IFNAME:-net0} \
  CNI_PATH=${CNI_PATH:-/opt/cni/bin:/usr/lib/cni} "${USERSPACE:-userspace}" <"$conf" || status=$?
[ "$command" != del ] || [ ! -e "$netns" ] || ip netns delete "$id"
exit "$status"
