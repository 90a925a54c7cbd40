#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hosts.sh [-s] DIR: what configure says of hosts that cannot have everything, and of
# libraries and compilers that cannot be used.  -s: half of the cases, for "./dev
# check".
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
short=
[ "${1:-}" != -s ] || { short=1; shift; }
dir=${1:?}
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 1
CONFIG_SHELL=$(command -v dash || command -v sh)
export CONFIG_SHELL
unset CC CFLAGS CXX CXXFLAGS CPPFLAGS LDFLAGS
rc=0

# configure NAME ARGUMENT...: its output is in NAME/said.
configure()
{
	mkdir "$1" && cd "$1" || return
	shift
	"$CONFIG_SHELL" "$top/configure" "$@" >said 2>&1
	set -- $?
	cd .. && return "$1"
}

failed()
{
	echo "not so: $1" >&2
	tail -n 5 "${2:-.}/said" >&2
	rc=1
}

# refuses NAME TEXT ARGUMENT...: it fails, and says TEXT.
refuses()
{
	local name=$1 text=$2

	shift 2
	if configure "$name" "$@"; then
		failed "$name is refused" "$name"
	else
		says "$name" "$text"
	fi
}

says() # NAME TEXT
{
	grep -qF -- "$2" "$1/said" || failed "$1 is told: $2" "$1"
}

# What a host cannot have is refused with a list of what it can.  The generic
# backend on such a host: run.sh, and tests/install/cross.sh.
refuses aarch64 'choose one of: generic' --host=aarch64-linux-gnu CC=gcc \
	--with-backend=inline
if [ -z "$short" ]; then
	refuses freebsd 'choose one of: generic' CC=gcc --with-backend=inline \
		--host=x86_64-unknown-freebsd
	# What configure sees of x32 and of -m32.
	refuses x32 'choose one of: generic' CC='gcc -U__LP64__' \
		--with-backend=inline
	refuses not-elf 'has no ELF files' CC='gcc -U__ELF__'
fi

# pkg-config knows a libelf that cannot be linked; the C++ compiler is for another
# machine.
unusable=(CC=gcc CXX='g++ -m32' --with-backend=inline LIBELF_CFLAGS=' '
	LIBELF_LIBS=-lno_such_elf)
refuses unusable 'the inline backend needs libelf' "${unusable[@]}"
says unusable 'whether g++ -m32 works with gcc... no'

# A tool that runs here makes up for that.
mkdir -p given/stand-ins
printf '#!/bin/sh\n' >given/static-call
chmod +x given/static-call
[ -n "$short" ] || refuses no-hook 'no build hook' "${unusable[@]}" \
	--with-static-call="$dir/given/static-call"
touch given/stand-ins/hook.rsp
if configure tool "${unusable[@]}" --with-static-call="$dir/given/static-call"; then
	grep -qF "@$dir/given/stand-ins/hook.rsp" tool/libstaticcall.pc ||
		failed 'the flags lead to the hook of the tool' tool
else
	failed 'a tool of the build machine makes up for libelf' tool
fi

# The control: here nothing of that is missing.
configure here CC=gcc CXX=g++ || failed 'this host' here
says here 'whether g++ works with gcc... yes'
says here 'whether a program can use libelf... yes'
exit $rc
