#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A library that uses static calls, with a .pc file of its own, and a program that
# does not know libstaticcall: the rules of static-call(1), LIBRARIES.
. "$(dirname "$0")/install.sh"

project others
cd "$tmp/others" || exit 99
unset MAKEFLAGS MAKELEVEL MFLAGS
cc=${CC%% *}
mkdir pc
export PKG_CONFIG_PATH=$PWD/pc:$PKG_CONFIG_PATH LD_LIBRARY_PATH=$PWD:$LD_LIBRARY_PATH

# flags ARGUMENT...: words of pkg-config.
flags()
{
	"$PKG_CONFIG" "$@"
}

# use NAME ARGUMENT...: the program, with the flags that these are for.
use()
{
	local name=$1

	shift
	rm -f program
	# shellcheck disable=SC2046 # words
	try "$name: builds" "$cc" main.c $(flags "$@") -o program &&
		try "$name: calls are patched" ./program
}

# Shared: its users need no flag for it.
# shellcheck disable=SC2046 # words
"$cc" -O2 -fPIC $(flags --cflags libstaticcall) -c calls.c
# shellcheck disable=SC2046 # words
try "shared: the library" "$cc" -shared calls.o \
	$(flags --libs libstaticcall) -o libcalls.so
cat >pc/calls.pc <<END
Name: calls
Description: a library with static calls inside
Version: 1
Requires.private: libstaticcall
Libs: -L$PWD -lcalls
END
use "shared" --libs calls
if [ -n "$(command -v nm)" ]; then
	try "shared: shows no name of static calls" test -z \
		"$(nm -D --defined-only libcalls.so | grep -E '__SC[KT]__|build_hook')"
fi
rm libcalls.so

[ -e "$libdir/libstaticcall.a" ] || [ -e "$libdir/libstaticcall.so" ] || finish

# Static, annotated when it is made: its users need no hook.
# shellcheck disable=SC2046 # words
"$cc" -O2 -fPIC $(flags --cflags libstaticcall-nohook) -c calls.c
annotate=$(flags --variable=annotate libstaticcall-nohook)
[ "$backend" != inline ] || $annotate calls.o
rm -f libcalls.a
ar rcs libcalls.a calls.o
cat >pc/calls.pc <<END
Name: calls
Description: a static library whose objects have their records
Version: 1
Requires.private: libstaticcall-nohook
Libs: -L$PWD -lcalls
END
use "static, annotated" --static --libs calls
try "static, annotated: linked through the hook all the same" "$BASH" -c \
	"'$cc' main.c $(flags --static --libs calls) \
		$(flags --variable=hook libstaticcall) -o program && ./program"

# Static, to be optimised at the link: nothing can be noted before, so the flags
# of the hook go to its users.
if [[ $cc == *gcc* ]] && command -v gcc-ar >/dev/null; then
	# shellcheck disable=SC2046 # words
	"$cc" -O2 -flto $(flags --cflags libstaticcall) -c calls.c
	rm -f libcalls.a
	gcc-ar rcs libcalls.a calls.o
	sed -i 's/-nohook//' pc/calls.pc
	use "static, LTO" --static --libs calls
	if grep -rqs build_hook "$(flags --variable=includedir libstaticcall)"
	then
		# shellcheck disable=SC2046 # words
		"$cc" main.c -L. -lcalls \
			$(flags --libs libstaticcall-nohook) -o program \
			>link.log 2>&1
		try "static, LTO: without the hook it is refused, by name" \
			grep -q build_hook link.log
	fi
fi

finish
