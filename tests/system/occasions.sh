#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# occasions.sh - the table of system calls in libstaticcall(7) against what programs of
# the conformance suite and of tests/processes are seen to do: a call that the table
# lacks is a fault; a row that nothing was seen of is named.

# Functions are run by name.
# shellcheck disable=SC2317

# shellcheck source=tests/system/common.sh
. "${abs_top_srcdir:?}/tests/system/common.sh"

if ! strace -f -o "$work/log" true 2>/dev/null; then
	echo '1..0 # SKIP no strace, or it may not trace here'
	exit 0
fi
preload=$here/.libs/occasions.so
[ -e "$preload" ] || { echo "$preload is not there"; exit 99; }
# A debugger's environment would follow the program.
unset LD_PRELOAD
export SC_TEST_SHORT=1

# rows: "occasion call" of the manual, one a line
rows()
{
	awk '/^\.Ss System calls/ { on = 1; next }
		/^\.S[sh] / { on = 0 }
		on && /^\.It Li / {
			sub(/^\.It Li /, "")
			gsub(/"/, "")
			split($0, column, / Ta( |$)/)
			n = split(column[1], names, /, /)
			m = split(column[2], letters, "")
			for (i = 1; i <= n; i++)
				for (j = 1; j <= m; j++)
					print letters[j], names[i]
		}' "$abs_top_srcdir/doc/libstaticcall.7" |
		sed 's/^S /start /; s/^U /update /; s/^L /load /
			s/^X /unload /; s/^C /child /; s/^R /report /' |
		grep -E '^[a-z]+ ' | sort -u
}

# seen PROGRAM [ARGUMENT...]: adds what it does, and who it is, to $work/seen; it must
# come to its end, with 77 where this machine cannot do it
seen()
{
	local rc

	timeout 300 strace -f -o "$work/trace" -E "LD_PRELOAD=$preload" "$@" \
		>"$work/said" 2>&1
	rc=$?
	grep -q 'begin start' "$work/trace" || [ $rc = 77 ] ||
		{ echo "$*: no occasion was marked"; return 1; }
	awk -f "$abs_top_srcdir/tests/system/occasions.awk" "$work/trace" |
		sort -u | sed "s|$|	$*|" >>"$work/seen"
	[ $rc = 0 ] || [ $rc = 77 ] || { cat "$work/said"; return $rc; }
}

# all_seen DIRECTORY PROGRAM...: those of them that were built
all_seen()
{
	local directory=$1 program failed=0
	shift

	cd "$directory" || return
	for program; do
		[ -x "./$program" ] || continue
		seen "./$program" || failed=1
	done
	return $failed
}

# What systems forbid leads to the calls that are made in their stead.
odd_seen()
{
	local what failed=0

	cd "$here" || return
	for what in mlockall 'mlockall on fault'; do
		seen "./locked_$1" "$what" threads || failed=1
	done
	seen "./locked_$1" 'ioctl: EPERM' threads || failed=1
	cd "$tests/$1" || return
	seen env STATIC_CALL_DEBUG=1 ./showinfo || failed=1
	return $failed
}

# starts_with_few BACKEND MOST: a program with two call sites
starts_with_few()
{
	cd "$tests/$1" || return
	timeout 300 strace -f -o "$work/trace" -E "LD_PRELOAD=$preload" ./showinfo \
		>"$work/said" 2>&1 || { cat "$work/said"; return 1; }
	awk -f "$abs_top_srcdir/tests/system/occasions.awk" "$work/trace" |
		grep '^start ' >"$work/start"
	sort "$work/start" | uniq -c
	[ -s "$work/start" ] && [ "$(wc -l <"$work/start")" -le "$2" ]
}

# Without it a start reads the text of the mappings.
has_query()
{
	strace -f -e trace=ioctl -o "$work/trace" "$tests/$1/showinfo" >"$work/said" &&
		grep -Eq 'ioctl\(.*(0x66, 0x11|PROCMAP_QUERY).* = 0$' "$work/trace"
}

table_has_all()
{
	cut -f 1 "$work/seen" | sort -u >"$work/sorted"
	comm -23 "$work/sorted" "$work/rows" >"$work/lacking"
	grep -wFf "$work/lacking" "$work/seen"
	[ -s "$work/sorted" ] && [ ! -s "$work/lacking" ]
}

# Without this row the same trace has a call too many.
table_is_read()
{
	comm -12 "$work/sorted" "$work/rows" | head -n 1 >"$work/one"
	grep -vxFf "$work/one" "$work/rows" >"$work/fewer"
	[ "$(comm -23 "$work/sorted" "$work/fewer")" = "$(cat "$work/one")" ]
}

rows >"$work/rows"
check 'the manual has a table of system calls' [ -s "$work/rows" ]
: >"$work/seen"
for b in $(built); do
	check "$b: the conformance suite" all_seen "$tests/$b" \
		test_{batch,dso,fork,info,init,plugin,threads}
	check "$b: programs that fork, load and end" \
		all_seen "$tests/processes/$b" fork_audit recover unload_cxx
	check "$b: programs that are refused something" odd_seen "$b"
done
for b in trampoline inline; do
	[ -x "$tests/$b/showinfo" ] || continue
	if has_query $b; then
		check "$b: a start has at most 24 system calls" starts_with_few $b 24
		check_fails "$b: control: it has some" 'start membarrier' starts_with_few $b 5
	else
		skip "$b: a start has at most 24 system calls" \
			'this kernel has no PROCMAP_QUERY'
	fi
done
check 'the table has all that was seen' table_has_all
check 'control: a row that is missing is noticed' table_is_read
comm -13 "$work/sorted" "$work/rows" | sed 's/^/# never seen: /'
finish
