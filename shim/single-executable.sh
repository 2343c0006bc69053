#!/bin/sh
# Makes the CNI plugin one executable for hosts without Node.js, with the Node.js that runs here in it:
#
#   single-executable.sh /opt/cni/bin/userspace [USERSPACE.CJS]
#
# See Node.js' documentation, "Single executable applications". Needs postject: $POSTJECT, else npx fetches it.
set -eu
out=${1:?usage: $0 OUTPUT [USERSPACE.CJS]}
plugin=$(readlink -f "${2:-$(dirname "$0")/../dist/cni/userspace.cjs}")
work=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$work"' EXIT

node=$(node -p process.execPath)
printf '{"main":"%s","output":"%s/blob","disableExperimentalSEAWarning":true}\n' "$plugin" "$work" >"$work/sea.json"
"$node" --experimental-sea-config "$work/sea.json"
cp "$node" "$work/userspace"
chmod 755 "$work/userspace"
# shellcheck disable=SC2086
${POSTJECT:-npx --yes postject@1.0.0-alpha.6} "$work/userspace" NODE_SEA_BLOB "$work/blob" \
  --sentinel-fuse NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2
# A program that runs is replaced by renaming, so that nobody starts half of one.
mv "$work/userspace" "$out"
