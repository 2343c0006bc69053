#!/bin/sh
# Asks the service of vswitch-drivers (`vswitch serve`) from a shell, with socat or OpenBSD's nc.
#
#   client.sh METHOD [PARAMS]     e.g. client.sh getInterface '{"name":"net0"}'
#
# Prints the answer as it comes: one line of JSON, with "result" or "error". With jq it is easy to take apart.
set -eu

[ $# -ge 1 ] || {
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
method=$1
params=${2:-'{}'}
socket=${VSWITCH_SOCKET:-/run/vswitch/vswitch.sock}
# Whoever closes its side after asking still gets the answer, so nothing here has to wait.
request="{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$method\",\"params\":$params}"

if command -v socat >/dev/null; then
  printf '%s\n' "$request" | socat -t 30 - "UNIX-CONNECT:$socket"
elif command -v nc >/dev/null; then
  printf '%s\n' "$request" | nc -N -U "$socket"
else
  echo "client.sh: neither socat nor nc is here: install one, or use client.py" >&2
  exit 127
fi
