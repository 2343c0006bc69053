#!/bin/sh
# Starts VPP and keeps it configured; ends when either of the two does.
set -eu
mkdir -p /run/vpp
vpp -c /startup.conf &
vpp=$!
trap 'kill "$vpp" 2>/dev/null || :' EXIT
trap 'exit 143' TERM INT
usrsp-app vpp --watch --timeout 0 --dir "/var/run/vpp/cni/$(usrsp-app id)" &
app=$!
while kill -0 "$vpp" 2>/dev/null && kill -0 "$app" 2>/dev/null; do sleep 1; done
kill "$app" 2>/dev/null || :
exit 1
