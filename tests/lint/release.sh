#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One version everywhere, and a workflow that calls ./dev and nothing else.
. "$(dirname "$0")/lint.sh"

version=$(sed -n 's/^AC_INIT(\[[a-z]*\], \[\(.*\)\])$/\1/p' configure.ac)

# other WHAT VERSION: said where it is not the version of configure.ac.
other()
{
	[ "$2" = "$version" ] || echo "$1: $2, configure.ac: $version"
}

report "one version in configure.ac, NEWS and the packages" "$(
	other NEWS "$(sed -n 's/^\([0-9][0-9.]*\) - .*/\1/p' NEWS | head -n 1)"
	other spec "$(sed -n 's/^Version: *//p' fedora/libstaticcall.spec)"
	# The archive has no debian/.
	[ ! -e debian/changelog ] || other debian "$(sed -n \
		'1s/.*(\(.*\)-[^-]*).*/\1/p' debian/changelog)")"

workflow=.github/workflows/ci.yml
if [ -e $workflow ]; then
	report "the workflow calls commands of ./dev alone" "$(
		grep -nE '^ *(- )?run:' $workflow |
			grep -v 'run: \./dev \${{ matrix\.job }}$'
		sed -n 's/^ *job: \[\(.*\)\]/\1/p' $workflow | tr -d ' ' |
			tr ',' '\n' | while read -r job; do
			grep -q "^cmd_$job()" dev || echo "no ./dev $job"
		done)"
	if python3 -c 'import yaml' 2>/dev/null; then
		report "the workflow is YAML" "$(python3 -c \
			'import sys, yaml; yaml.safe_load(sys.stdin)' \
			<$workflow 2>&1)"
	else
		skip "the workflow is YAML" "no python3-yaml"
	fi
fi

finish
