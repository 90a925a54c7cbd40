# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# session.sh - runs the commands that a text shows and compares what they print with
# what the text shows; sourced by the tests of examples and of manual pages.
#
# In a text, the lines of a session begin with a tab.  A line with "$ " behind it is a
# command, which goes on behind a backslash; the lines up to the next command or the end
# of the block are what it prints.  "..." there stands for anything.  Behind a line
# "folded", up to the end of the block, it does not matter how lines are broken, and
# which addresses and numbers of processes they have.
#
# In the commands, cc, c++, pkg-config and static-call are those of the build tree.

bin=$work/bin
mkdir "$bin" "$work/pc" || exit 99
export LC_ALL=C

# stand_in NAME COMMAND ARGUMENT...: a command of this name.
stand_in()
{
	local name=$1 command

	command=$(command -v "$2") || return 0
	shift 2
	set -- "$command" "$@"
	{ echo '#!/bin/sh'
		printf 'exec'
		printf " '%s'" "$@"
		echo ' "$@"'
	} >"$bin/$name"
	chmod +x "$bin/$name"
}

# emulated NAME: what this compiler links is for another machine; in its place stands
# a script that runs it in the emulator.
emulated()
{
	[ ${#emulator[@]} -gt 0 ] && [ -e "$bin/$1" ] || return
	mv "$bin/$1" "$bin/$1-itself"
	cat >"$bin/$1" <<END2
#!$BASH
"$bin/$1-itself" "\$@" || exit
program=a.out
while [ \$# -gt 0 ]; do
	case \$1 in
	-c | -E | -S | -shared) exit ;;
	-o) program=\$2 ;;
	esac
	shift
done
mv "\$program" "\$program.itself" &&
	printf '#!/bin/sh\nexec %s "%s" "\$@"\n' '${emulator[*]}' \
		"\$(realpath "\$program.itself")" >"\$program" &&
	chmod +x "\$program"
END2
	chmod +x "$bin/$1"
}
stand_in cc "${cc[@]}"
stand_in c++ "${cxx[@]}"
emulated cc
emulated c++
stand_in pkg-config "${PKG_CONFIG:-pkg-config}"
export PKG_CONFIG_PATH=$work/pc${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PATH=$bin:$abs_top_builddir/tools:$PATH

needs_hook=
[ -z "$hook" ] || needs_hook=-DSTATIC_CALL_HOOK
cat >"$work/pc/libstaticcall.pc" <<END2
includedir=$abs_top_srcdir/include
backend=$backend
Name: libstaticcall
Description: of the build tree
Version: 0.1
Cflags: -I$abs_top_builddir/include/$backend -I\${includedir} $needs_hook
libdir=$libs
hook=$hook
Libs: -L$libs -lstaticcall-$backend -Wl,-rpath,$libs $hook
END2
sed 's/^Name:.*/&-nohook/; /^Cflags:/s/-DSTATIC_CALL_HOOK/-DSTATIC_CALL_NO_HOOK/; /^Libs:/s/@.*//' \
	"$work/pc/libstaticcall.pc" >"$work/pc/libstaticcall-nohook.pc"

# unfolded TEXT: one line, without what differs from run to run.
unfolded()
{
	sed -E 's/0x[0-9a-f]+/0x/g; s/^[0-9]+ ([a-z]+:)/\1/' <<<"$1" | tr -s ' \n' ' '
}

# shown_as TEXT SHOWN: TEXT is what is shown.
shown_as()
{
	local pattern

	[ -z "$folded" ] || set -- "$(unfolded "$1")" "$(unfolded "$2")"
	[ "$1" = "$2" ] && return
	pattern=$(sed 's/[][\\*?()|+@!]/\\&/g; s/\.\.\./*/g' <<<"$2")
	# shellcheck disable=SC2053 # a pattern
	[[ $1 == $pattern ]]
}

# lacking COMMAND: what this machine has not, and the command needs.
lacking()
{
	case $1 in
	'cc '*config.c* | ./config) echo '#include <valgrind/helgrind.h>' |
		"${cc[@]}" -E -x c - >/dev/null 2>&1 ||
		echo 'no header of valgrind' ;;
	'./checksum checksum.c') [ -z "${SC_VALGRIND:-}" ] ||
		echo 'it measures' ;;
	*rcu*) [ ${#emulator[@]} -eq 0 ] && pkg-config --exists liburcu ||
		echo 'no liburcu' ;;
	'c++ '* | ./events*) "${cxx[@]}" --version >/dev/null 2>&1 ||
		echo 'no C++ compiler' ;;
	*'static-call status'*jq*) command -v jq >/dev/null || echo 'no jq'
		may_look ;;
	*'static-call status'*) may_look ;;
	esac
}

# may_look: why no process can be shown as the manual shows one.
may_look()
{
	if [ -n "${SC_VALGRIND:-}" ]; then
		echo 'it is valgrind that would be seen'
	elif ! static-call status $$ >/dev/null 2>&1; then
		echo 'no process may be looked at'
	elif [[ $(static-call --version) != *libdw* ]]; then
		echo 'the tool has no libdw'
	fi
}

# run_shown WHERE COMMAND SHOWN: one result.
run_shown()
{
	local name="$1: ${2%%$'\n'*}" command=$2 shown=$3 out why

	why=$(lacking "$command")
	if [ -n "$why" ]; then
		skip "$name" "$why"
		return
	fi
	# What valgrind translates is the program, not the compiler.
	case ${SC_VALGRIND:+$command} in
	./*) command="$SC_VALGRIND $command" ;;
	esac
	# Not a pipe: valgrind keeps one open in a daemon, and it would be waited for.
	timeout -k 10 $patience "$BASH" -c "$command" >"$work/out" 2>&1 </dev/null
	out=$(cat "$work/out")
	if shown_as "$out" "$shown"; then
		report ok "$name"
		return
	fi
	{ echo "printed:"; echo "$out"; echo "shown:"; echo "$shown"; } \
		>"$work/session.log"
	report 'not ok' "$name" "$work/session.log"
}

# sessions WHERE: run those of a text on standard input, here.
sessions()
{
	local where=$1 line command='' shown='' more=0 folded=

	while IFS= read -r line || [ -n "$line" ]; do
		if [ $more = 1 ]; then
			command+=$'\n'${line#$'\t'}
		elif [[ $line == $'\t$ '* ]]; then
			[ -z "$command" ] ||
				run_shown "$where" "$command" "$shown"
			command=${line#$'\t$ '} shown=''
		elif [[ $line == $'\t'* ]] && [ -n "$command" ]; then
			shown+=${shown:+$'\n'}${line#$'\t'}
		else
			[ -z "$command" ] ||
				run_shown "$where" "$command" "$shown"
			command='' folded=
			[ "$line" != folded ] || folded=yes
		fi
		more=0
		[[ $command == *\\ ]] && [ -z "$shown" ] && more=1
	done
	[ -z "$command" ] || run_shown "$where" "$command" "$shown"
}
