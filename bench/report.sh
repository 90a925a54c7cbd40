#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs all benchmarks; text, CSV and plots go into a folder.
# report.sh BUILD FOLDER
#
# QUICK=1: a few rounds of each, which shows no more than that they run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: report.sh BUILD FOLDER}" && pwd)
mkdir -p "${2:?usage: report.sh BUILD FOLDER}"
folder=$(cd "$2" && pwd)
export LC_ALL=C
export SC_BENCH_CSV=$folder/performance.csv

first_line()
{
	"$@" 2>/dev/null | head -n 1
}

# cpu KEY: of the first processor.
cpu()
{
	sed -n "s/^$1[^:]*: *//p" /proc/cpuinfo | head -n 1
}

# Figures mean little without this.
machine()
{
	local virtual=

	! grep -qw hypervisor /proc/cpuinfo || virtual=' of a virtual machine'
	echo "# processors: $(nproc)$virtual, $(cpu 'model name'), family $(
		cpu 'cpu family'), model $(cpu model)"
	echo "# kernel: $(uname -s) $(uname -r | sed 's/-.*//')"
	echo "# compilers: $(first_line gcc --version); $(
		first_line clang --version || :)"
	echo "# C library: $(first_line ldd --version)"
	echo "# command: ./dev bench, on $(date +%Y-%m-%d)"
}

plot()
{
	local name

	if ! command -v gnuplot >/dev/null; then
		echo "no plots: no gnuplot here"
		return 0
	fi
	cd "$folder"
	for name in calls hooks hardened pipeline updates; do
		gnuplot -e "here='$here/plots'" "$here/plots/common.gp" \
			"$here/plots/$name.gp" || echo "no plot: $name"
	done
}

make -s -j"$(nproc)" -C "$build/bench" bench-programs
{
	machine
	echo "group,case,method,unit,value,ratio"
} >"$SC_BENCH_CSV"
{
	machine
	make -s -C "$build/bench" bench
} | tee "$folder/performance.txt"
plot
echo "In $folder:"
ls "$folder"
