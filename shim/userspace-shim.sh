#!/bin/sh
# The CNI plugin "userspace" as a shim, for hosts without a compiler: needs jq, and socat or OpenBSD's nc. It does what
# userspace-shim.c does, see there; slower, as it starts a few programs.
set -u
socket=${VSWITCH_SOCKET:-/run/vswitch/vswitch.sock}
once=${USERSPACE_ONCE:-$(dirname "$0")/userspace-once}
config=$(cat)

run_once() {
  printf '%s' "$config" | "$once" "$@"
  exit
}

[ -n "${CNI_COMMAND:-}" ] && [ -S "$socket" ] && command -v jq >/dev/null || run_once "$@"
request=$(printf '%s' "$config" | jq -Rsc '{jsonrpc: "2.0", id: 1, method: ("cni." + (env.CNI_COMMAND | ascii_downcase)),
  params: {stdin: ., env: (env | with_entries(select(.key | test("^(CNI_|PATH$|TRACEPARENT$|TRACESTATE$|USERSPACE_|KUBE)"))))}}') || run_once "$@"

# Waits so many seconds for the answer.
ask() {
  if command -v socat >/dev/null; then
    socat -t "$1" - "UNIX-CONNECT:$socket" 2>/dev/null
  else
    nc -N -w "$1" -U "$socket" 2>/dev/null
  fi
}

# A socket may have been left behind by a service that died, or the service may hang.
printf '%s\n' '{"jsonrpc":"2.0","id":0,"method":"about"}' | ask "${GREETING_SECONDS:-5}" | grep -q cni.add || run_once "$@"
answer=$(printf '%s\n' "$request" | ask 110)

if code=$(printf '%s' "$answer" | jq -er '.result.exitCode' 2>/dev/null); then
  printf '%s' "$answer" | jq -j '.result.stderr' >&2
  printf '%s' "$answer" | jq -j '.result.stdout'
  exit "$code"
fi
# Refused: it did nothing. Anything else may have begun, and an ADD is not begun twice.
case $(printf '%s' "$answer" | jq -r '.error.code' 2>/dev/null) in
-32601 | -32602 | -32600 | -32700 | -32020) run_once "$@" ;;
esac
[ "$CNI_COMMAND" = ADD ] || run_once "$@"
printf '%s\n' '{"cniVersion":"1.0.0","code":11,"msg":"the service of vswitch-drivers has ended while it worked on this; delete the attachment and try again"}'
exit 1
