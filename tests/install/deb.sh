#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# deb.sh DIRECTORY ARCHIVE [PART...]: Debian's packages, from the release archive
# and debian/, in clean chroots.  Needs root, mmdebstrap and a mirror.
#
#	build		source package, then as an ordinary user, without a network,
#			with the tests of the build
#	lint		lintian: no error and no warning, and overrides say why
#	install		in a clean system, and removed again without a trace
#	tests		debian/tests, as an ordinary user
#	reproducible	once more with another path, time, umask, locale, user and
#			host name: the same bytes
#	watch		debian/watch finds the archive on a server of this machine
#	cross		for arm64 on this machine; both architectures together; a link
#			by the hook of the other one
#
# All of them if none is named.  DIRECTORY keeps logs and packages, and what was
# downloaded.  DEB_SUITE=sid takes another suite than this machine's.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(mkdir -p "$1" && cd "$1" && pwd) || exit 99
archive=$(realpath "$2") || exit 99
shift 2
[ $# -gt 0 ] || set -- build lint install tests reproducible watch cross
# shellcheck source=/dev/null # names of this system
suite=${DEB_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")}
native=$(dpkg --print-architecture)
foreign=arm64 foreign_gnu=aarch64-linux-gnu
[ "$native" != arm64 ] || foreign=armhf foreign_gnu=arm-linux-gnueabihf

source=libstaticcall
version=$(basename "$archive" .tar.xz)
version=${version#"$source"-}
tree=$source-$version
passed=() failed=()

# ---- chroots ----------------------------------------------------------------

# base: the system that each chroot begins as, a day old at most.
base()
{
	base=$dir/base-$suite.tar
	[ -z "$(find "$base" -mtime -1 2>/dev/null)" ] || return 0
	mmdebstrap --format=tar --variant=apt "$suite" "$base.new" &&
		mv "$base.new" "$base"
}

# fresh NAME: a clean chroot.
fresh()
{
	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1" "$dir/cache/partial" &&
		tar -xf "$base" -C "$dir/$1" &&
		cp -L /etc/resolv.conf /etc/hosts "$dir/$1/etc/" &&
		echo force-unsafe-io >"$dir/$1/etc/dpkg/dpkg.cfg.d/unsafe"
}

# inside NAME OPTION COMMAND...: run it there as root, with /proc and devices of its
# own, which go when it ends.  OPTION goes to unshare(1).
inside()
{
	local root=$dir/$1 option=$2

	shift 2
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --pid --fork --uts "$option" sh -c '
		root=$1 cache=$2
		shift 2
		mount --make-rprivate / &&
		mount -t proc proc "$root/proc" &&
		mount -t sysfs -o ro sysfs "$root/sys" &&
		mount --rbind /dev "$root/dev" &&
		mount --bind "$cache" "$root/var/cache/apt/archives" &&
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
		' sh "$root" "$dir/cache" "$@" </dev/null
}

# apt NAME ARGUMENT...: apt-get there.
apt()
{
	local name=$1

	shift
	inside "$name" --ipc apt-get -q -y --no-install-recommends "$@"
}

# user NAME UID USER HOME: an ordinary user.
user()
{
	inside "$1" --ipc useradd -m -u "$2" -d "$4" "$3"
}

# as NAME OPTION UID COMMAND...: as that user.
as()
{
	local name=$1 option=$2 uid=$3

	shift 3
	inside "$name" "$option" setpriv --reuid="$uid" --regid="$uid" \
		--clear-groups "$@"
}

# ---- parts ------------------------------------------------------------------

# The source package's parts, in the home of the one who builds: the release
# archive under Debian's name, and debian/ beside it.
sources()
{
	rm -rf "${1:?}/$tree"
	cp "$archive" "$1/${source}_$version.orig.tar.xz" &&
		tar -xJf "$archive" -C "$1" &&
		rm -rf "${1:?}/$tree/debian" &&
		tar -C "$top" -cf - debian | tar -C "$1/$tree" -xf -
}

part_build()
{
	local home=$dir/build/home/one

	if [ "$(sed -n "1s/^$source (\(.*\)-[^-]*).*/\1/p" \
		"$top/debian/changelog")" != "$version" ]; then
		echo "debian/changelog is not about $version"
		return 1
	fi
	fresh build && apt build update && user build 1001 one /home/one &&
		sources "$home" &&
		apt build install build-essential fakeroot &&
		apt build build-dep "/home/one/$tree" &&
		chown -R 1001:1001 "$home" || return 1
	rm -rf "$dir/debs"
	# shellcheck disable=SC2016 # for the inner shell
	as build --net 1001 env HOME=/home/one DEB_BUILD_OPTIONS=parallel=2 \
		sh -c 'umask 022 && cd "$HOME/$1" && dpkg-buildpackage -us -uc' \
		sh "$tree" || return 1
	mkdir "$dir/debs" && find "$home" -maxdepth 1 -type f -name "$source*" \
		-exec cp {} "$dir/debs" \;
	! grep -qE '^# (FAIL|XPASS|ERROR): +[1-9]' "$dir/build.log" &&
		grep -qE '^# PASS: +[1-9]' "$dir/build.log"
}

# unexplained FILE...: overrides that no comment precedes.
unexplained()
{
	awk 'FNR == 1 { said = 0 }
		/^#/ { said = 1; next }
		/^$/ { said = 0; next }
		!said { print FILENAME ": " $0 }' "$@"
}

part_lint()
{
	local overrides

	mapfile -t overrides < <(find "$top/debian" -name '*lintian-overrides')
	[ -z "$(unexplained /dev/null "${overrides[@]}")" ] || {
		unexplained /dev/null "${overrides[@]}"
		return 1
	}
	# Releasing it, and the bug that the first upload closes, are a maintainer's:
	# README.source.  Overrides are not shown, for what is shown counts as a failure.
	lintian --fail-on error,warning --suppress-tags \
		unreleased-changes,initial-upload-closes-no-bugs \
		--display-info \
		--tag-display-limit 0 --allow-root \
		"$dir/debs/${source}_${version}"-*.changes
}

# listing NAME: the files of the chroot, but for those that package managers keep
# about their own work.
listing()
{
	inside "$1" --ipc find / -xdev \( -path /proc -o -path /sys -o -path /dev \
		-o -path /tmp -o -path /var/cache -o -path /var/log \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /packages \
		\) -prune -o -print | grep -v '^/etc/ld.so.cache$' | sort
}

# packages NAME: those of this architecture, for apt in the chroot.
packages()
{
	mkdir -p "$dir/$1/packages" && cp "$dir/debs/"* "$dir/$1/packages" ||
		return 1
	debs=()
	for deb in "$dir/debs/"*_"${2:-$native}".deb; do
		case $deb in
		*-dbgsym_*) ;;
		*) debs+=("/packages/${deb##*/}") ;;
		esac
	done
}

# of_these PACKAGE...: those of $debs.
of_these()
{
	local name

	for name; do
		printf '%s\n' "${debs[@]}" | grep "^/packages/${name}_"
	done
}

part_install()
{
	fresh install && apt install update && packages install &&
		listing install >"$dir/before" &&
		apt install install "${debs[@]}" &&
		inside install --ipc dpkg --verify &&
		inside install --ipc static-call --version &&
		apt install purge --autoremove "$source*" &&
		listing install >"$dir/after" && diff "$dir/before" "$dir/after" &&
		apt install install "${debs[@]}"
}

# stanza FIELD: of each test in debian/tests/control, one a line.
stanza()
{
	awk -v field="$1:" '
		/^$/ { if (text) print text; text = "" }
		/^[^ ]/ { on = $1 == field; sub(/^[^ ]+ */, on ? "" : "& ") }
		on { text = text " " $0 }
		END { if (text) print text }' "$top/debian/tests/control"
}

part_tests()
{
	local names needs i rc=0

	[ -d "$dir/install/packages" ] || part_install || return 1
	mapfile -t names < <(stanza Tests | tr -d ' ')
	mapfile -t needs < <(stanza Depends)
	[ "${#names[@]}" -gt 0 ] && [ "${#names[@]}" = "${#needs[@]}" ] || return 1
	user install 1002 tester /home/tester
	sources "$dir/install/home/tester" &&
		chown -R 1002:1002 "$dir/install/home/tester" || return 1
	for i in "${!names[@]}"; do
		# shellcheck disable=SC2086 # words
		apt install install ${needs[i]//,/ } || return 1
		# shellcheck disable=SC2016,SC2086 # for the inner shell; a word
		if as install --net 1002 env HOME=/home/tester bash -c '
			export AUTOPKGTEST_TMP=$(mktemp -d) &&
			cd "$HOME/$1" && "debian/tests/$2"' \
			sh "$tree" ${names[i]}; then
			echo "autopkgtest ${names[i]}: passed"
		else
			echo "autopkgtest ${names[i]}: FAILED"
			rc=1
		fi
	done
	return "$rc"
}

# Another path, time, umask, locale, time zone, user, host name, number of
# processes.  The tests have been run.
part_reproducible()
{
	local home='/srv/another one' deb rc=0

	[ -d "$dir/build/home/one" ] && [ -d "$dir/debs" ] || part_build || return 1
	home=${home// /-}/deeper/still
	apt build install faketime locales &&
		inside build --ipc localedef -i tr_TR -f UTF-8 tr_TR.UTF-8 || return 1
	mkdir -p "$dir/build${home%/*}" && rm -rf "${dir:?}/build$home"
	user build 2345 two "$home"
	cp "$dir/debs/"*.dsc "$dir/debs/"*.tar.xz "$dir/build$home" &&
		chown -R 2345:2345 "$dir/build$home" || return 1
	# shellcheck disable=SC2016 # for the inner shell
	inside build --net sh -c 'hostname elsewhere &&
		exec setpriv --reuid=2345 --regid=2345 --clear-groups \
		env HOME="$1" LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 \
		LANGUAGE=tr_TR:tr TZ=Pacific/Kiritimati EXTRA=variable \
		DEB_BUILD_OPTIONS="nocheck parallel=3" faketime "+400 days" \
		sh -c "umask 0077 && cd && dpkg-source -x *.dsc && cd libstaticcall-* &&
			date && dpkg-buildpackage -b -us -uc"' sh "$home" || return 1
	for deb in "$dir/debs/"*.deb; do
		if cmp "$deb" "$dir/build$home/${deb##*/}"; then
			sha256sum "$deb" "$dir/build$home/${deb##*/}"
		else
			rc=1
		fi
	done
	return "$rc"
}

# The archive, newer than the changelog's version and under the address that the
# maintainer fills in, comes as the orig archive.
part_watch()
{
	local home=$dir/watch/home/one

	fresh watch && apt watch update && user watch 1001 one /home/one &&
		sources "$home" && mkdir -p "$home/www/$source" &&
		cp "$archive" "$home/www/$source/" &&
		rm "$home/${source}_$version.orig.tar.xz" &&
		chown -R 1001:1001 "$home" &&
		apt watch install devscripts libwww-perl python3 || return 1
	# shellcheck disable=SC2016 # for the inner shell
	as watch --ipc 1001 env HOME=/home/one bash -c '
		cd && python3 -u -m http.server 0 --bind 127.0.0.1 -d www >port 2>&1 &
		cd && until port=$(grep -m 1 -o "port [0-9]*" port); do sleep 1; done
		cd "$1" && sed -i "s|https://[a-z.]*invalid|http://127.0.0.1:${port#* }|" \
			debian/watch &&
		sed -i "1s/(.*)/(0~before-1)/" debian/changelog &&
		uscan --verbose --destdir .. && cmp ../*.orig.tar.xz ../www/*/*.xz
		' bash "$tree"
}

# The packages of another architecture, made on this one.
cross_build()
{
	local home=$dir/cross/home/one

	fresh cross && inside cross --ipc dpkg --add-architecture $foreign &&
		apt cross update && user cross 1001 one /home/one &&
		sources "$home" &&
		apt cross install build-essential crossbuild-essential-$foreign &&
		apt cross build-dep -a$foreign -Pcross,nocheck "/home/one/$tree" &&
		chown -R 1001:1001 "$home" || return 1
	# shellcheck disable=SC2016 # for the inner shell
	as cross --net 1001 env HOME=/home/one \
		DEB_BUILD_OPTIONS='nocheck parallel=2' \
		sh -c 'umask 022 && cd "$HOME/$1" &&
			dpkg-buildpackage -us -uc -b -a"$2" -Pcross,nocheck' \
		sh "$tree" $foreign || return 1
	cp "$home"/*_$foreign.deb "$dir/debs/"
}

# A program for the other architecture, by its packages beside this one's.
cross_program()
{
	local pc=/usr/lib/$foreign_gnu/pkgconfig ours=()

	packages cross && apt cross install "${debs[@]}" || return 1
	packages cross $foreign || return 1
	mapfile -t ours < <(of_these "${source}0" "$source-dev")
	apt cross install "${ours[@]}" pkgconf qemu-user || return 1
	# shellcheck disable=SC2016 # for the inner shell
	as cross --net 1001 env HOME=/home/one PKG_CONFIG_LIBDIR="$pc" \
		sh -c 'cd "$HOME/$1/tests/install" &&
		"$2-gcc" -O2 consumer.c meter.c \
			$(pkg-config --cflags --libs libstaticcall) \
			-o ~/consumer && file=$(mktemp) &&
		case $3 in arm64) qemu=qemu-aarch64 ;; *) qemu=qemu-arm ;; esac &&
		$qemu ~/consumer 0 generic' sh "$tree" $foreign_gnu $foreign
}

# A program for this architecture, by the hook of the other one: an emulator runs
# it, and what it runs in turn is this machine's linker.
cross_hook()
{
	[ "$native" = amd64 ] || return 0
	packages cross $foreign &&
		apt cross install "$(of_these "$source-tools")" &&
		inside cross --ipc dpkg -s "$source-dev:$native" >/dev/null || return 1
	# shellcheck disable=SC2016 # for the inner shell
	inside cross --ipc sh -c '
		program=/usr/libexec/libstaticcall/static-call-hook
		mv $program $program.real
		printf "#!/bin/bash\nexec -a x qemu-aarch64 -0 \"%s\" %s \"\$@\"\n" \
			"\$0" $program.real >$program
		chmod 755 $program' || return 1
	# shellcheck disable=SC2016 # for the inner shell
	as cross --net 1001 env HOME=/home/one sh -c '
		cd "$HOME/$1/tests/install" &&
		cc -O2 consumer.c meter.c \
			$(pkg-config --cflags --libs libstaticcall) \
			-o ~/hooked && ~/hooked 5 inline' sh "$tree"
}

part_cross()
{
	[ -d "$dir/debs" ] || part_build || return 1
	cross_build && cross_program && cross_hook
}

# ---- all --------------------------------------------------------------------

for tool in mmdebstrap lintian dpkg-deb; do
	command -v "$tool" >/dev/null && continue
	echo "deb.sh: $tool is missing"
	exit 77
done
[ "$(id -u)" = 0 ] || {
	echo "deb.sh: only root can make chroots"
	exit 77
}
for part; do
	declare -F "part_$part" >/dev/null || {
		echo "deb.sh: no part is called $part" >&2
		exit 2
	}
done
base >"$dir/base.log" 2>&1 || {
	tail -n 20 "$dir/base.log"
	exit 1
}
for part; do
	began=$SECONDS
	if "part_$part" >"$dir/$part.log" 2>&1; then
		passed+=("$part")
		echo "deb $part: passed, $((SECONDS - began)) s"
	else
		failed+=("$part")
		echo "deb $part: FAILED; the end of $dir/$part.log:"
		tail -n 40 "$dir/$part.log"
	fi
done
echo "deb, $suite, $source $version: passed: ${passed[*]:-none};" \
	"failed: ${failed[*]:-none}"
[ "${#failed[@]}" = 0 ]
