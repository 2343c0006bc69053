#!/bin/sh
# Waits for the pod's interfaces and forwards between them. INTERFACES: how many (default 2); CORES: a DPDK core list.
set -eu
cores=${CORES:-$(awk '/^Cpus_allowed_list/ {print $2}' /proc/self/status)}
vdevs=$(usrsp-app eal --dir "/vhu/$(usrsp-app id)" --count "${INTERFACES:-2}")
# shellcheck disable=SC2086  # one word an interface
exec dpdk-testpmd -l "$cores" -m 512 --file-prefix=testpmd_ --no-pci $vdevs -- \
  --no-lsc-interrupt --auto-start --tx-first --stats-period 1
