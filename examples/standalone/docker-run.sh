#!/bin/sh
# Starts a docker container with an interface of the plugin, without Kubernetes: a sleeping container owns the id, the real one
# joins it. Everything is taken away when it ends.
#
#   docker-run.sh CONFIGURATION DOCKER_RUN_ARGUMENTS...     e.g. docker-run.sh ../cni/90-userspace.conf -it userspace-vpp
set -eu

[ $# -ge 2 ] || {
  sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
conf=$1
shift
id=$(docker run -d --net=none registry.k8s.io/pause:3.10)
plugin() {
  CNI_COMMAND=$1 CNI_CONTAINERID=$id CNI_NETNS=/proc/$(docker inspect -f '{{.State.Pid}}' "$id")/ns/net \
    CNI_IFNAME=net0 CNI_PATH=${CNI_PATH:-/opt/cni/bin:/usr/lib/cni} "${USERSPACE:-userspace}" <"$conf"
}
finish() {
  plugin DEL || :
  docker rm -f "$id" >/dev/null
}
trap finish EXIT
plugin ADD
docker run --rm --net="container:$id" --device=/dev/hugepages:/dev/hugepages \
  -v /var/run/vpp/cni:/var/run/vpp/cni -v /var/lib/cni/vhostuser:/vhu "$@"
