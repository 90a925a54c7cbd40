#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Instructions that bench/pipeline takes for a packet, by kind of call, as callgrind
# counts them.  pipeline.sh BUILD PROGRAM
set -eu

build=${1:?usage: pipeline.sh BUILD PROGRAM} program=${2:?usage: pipeline.sh BUILD PROGRAM}

# Those of a run of $2 packets by kind $1.
instructions()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" \
		"$1" "$2" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

if ! command -v valgrind >/dev/null; then
	echo "instructions for a packet: no valgrind here"
	exit 0
fi
# A stand-in of try.sh.
if head -c 2 "$program" | grep -q '#!'; then
	exit 0
fi
echo "instructions for a packet, $build"
first=
for kind in 'static calls' pointers 'nothing to choose'; do
	few=$(instructions "$kind" 10)
	more=$(instructions "$kind" 60)
	each=$(((more - few) / 50))
	first=${first:-$each}
	ratio=$(awk "BEGIN { printf \"%.3f\", $each / $first }")
	printf '  %-34s %6d     %6.2f x\n' "$kind" "$each" "$ratio"
	[ -z "${SC_BENCH_CSV-}" ] ||
		echo "pipeline,$kind,$build,instructions,$each,$ratio" \
			>>"$SC_BENCH_CSV"
done
