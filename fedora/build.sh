#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh ARCHIVE DIR: Fedora's packages from the release archive, and what rpmlint
# says to them, in DIR.
#
# Works on Debian as well: there rpmbuild has its own macros, and knows none of the
# packages that BuildRequires names, hence --nodeps.  Root builds as nobody.
set -eu
archive=$(realpath "$1")
mkdir -p "$2"
dir=$(realpath "$2")
nobody=65534

for program in rpmbuild rpmlint; do
	command -v $program >/dev/null || {
		echo "no $program"
		exit 77
	}
done

# For a user who may not read where this tree lies.
work=$(mktemp -d "${TMPDIR:-/tmp}/sc-rpm.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$archive" "$work"
as=()
if [ "$(id -u)" = 0 ]; then
	chown -R $nobody:$nobody "$work"
	as=(setpriv "--reuid=$nobody" "--regid=$nobody" --clear-groups)
fi
(cd "$work" && "${as[@]}" env -u TMPDIR HOME="$work" rpmbuild -ta --nodeps \
	--define "_topdir $work/rpmbuild" \
	"${archive##*/}") >"$dir/rpmbuild.log" 2>&1 || {
	tail -n 40 "$dir/rpmbuild.log"
	exit 1
}
find "$work/rpmbuild" -name '*.rpm' -exec cp {} "$dir" \;
here=$(dirname "$0")
rpmlint -r "$here/libstaticcall.rpmlintrc" "$here/libstaticcall.spec" "$dir"/*.rpm
