#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The build hook in odd surroundings: with it all goes as without it, but for
# the records; what it cannot do fails the build, by name, and leaves nothing.
. "$(dirname "$0")/annotate.sh"

cc="${CC%% *}"
as=$hook/as
rsp=@$hook/hook.rsp
chmod 755 . "$memory"
export TMPDIR=$memory
to_assembly "$cc" one.c
cc "$cc" -O2 -c one.c -o raw.o
cc "$cc" -O2 -c two.c -o two_raw.o
"$tool" annotate two_raw.o
"$cc" -c library.c
ld -r library.o two_raw.o -o rest.o
cp raw.o done.o
"$tool" annotate done.o

all=$(cat <(tool_sites done.o) <(tool_sites two_raw.o) | wc -l)

# annotated NAME OBJECT: it is what the tool makes of raw.o.
annotated()
{
	rm -f seen.o
	cp "$2" seen.o
	same "$1" "$(tool_sites seen.o recorded)" "$(tool_sites done.o recorded)"
}

clean()
{
	same "$1: nothing is left behind" \
		"$(find "$memory" -mindepth 1; find . -name '*.o.*')" ""
}

# ---- the assembler's command line, which is that of gcc's link-time optimiser

check "as: no -o" "$as" one.s
annotated "as: no -o, a.out is annotated" a.out
check "as: -oFILE" "$as" -otogether.o one.s
annotated "as: -oFILE, annotated" together.o
check "as: -o twice" "$as" -o first.o one.s -o second.o
annotated "as: -o twice, the last is annotated" second.o
same "as: and the first is not made" "$(ls first.o 2>/dev/null)" ""
check "as: -o is the last word" "$BASH" -c "! '$as' one.s -o 2>/dev/null"
check "as: -o /dev/null" "$as" one.s -o/dev/null
check "as: it is still a device" test -c /dev/null
ln -s target.o link.o
as one.s -o link.o
plain=$(stat -c %F link.o)
rm -f link.o target.o && ln -s target.o link.o
check "as: a symbolic link" "$as" one.s -o link.o
same "as: stays one, or does not, as without the hook" "$(stat -c %F link.o)" \
	"$plain"
annotated "as: a symbolic link, annotated" link.o
# Not the one in /dev: an assembler that fails removes it, if root runs it.
ln -s /proc/self/fd/1 stdout
if as one.s -o stdout >out.o 2>/dev/null; then
	check "as: to stdout" "$BASH" -c "'$as' one.s -o stdout >out.o"
	annotated "as: to stdout, annotated" out.o
else
	skip "as: to stdout" "as cannot"
fi
cat >options.rsp <<'END_R'
-o "in a.rsp.o"
'one.s'
END_R
check "as: options in a file" "$as" @options.rsp
annotated "as: options in a file, annotated" "in a.rsp.o"
rm -f "in a.rsp.o"
odd=$'dir with \'quotes\', "these" and\na new line'
mkdir "$odd"
cp one.s raw.o rest.o "$odd"
check "as: odd names" "$as" "$odd/one.s" -o "$odd/one.o"
annotated "as: odd names, annotated" "$odd/one.o"
{
	seq -f '--defsym=s%.0f=1' 20000
	echo "one.s -o many.o"
} >many.rsp
check "as: very many words" "$as" @many.rsp
annotated "as: very many words, annotated" many.o
check "as: a long command line" "$as" one.s -o long.o \
	$(seq -f '--defsym=symbol_number%.0f=1' 4000)
annotated "as: a long command line, annotated" long.o
# Where no input has a static call, the real one takes the hook's place.
same "ld: gives way" "$(by "$hook/ld" rest.o -o plain)" itself
same "ld: does not, with static calls" "$(by "$hook/ld" raw.o -o plain)" child

rm -f a.out && cp raw.o a.out
for option in --version --help -v; do
	same "as $option: as without the hook" \
		"$("$as" $option -o v.o /dev/null 2>&1)" \
		"$("$(command -v as)" $option -o v.o /dev/null 2>&1)"
done
check "as --version: no object that lies there is touched" cmp raw.o a.out
same "ld -v: as without the hook" "$("$hook/ld" -v)" "$(ld -v)"
rm -f a.out
check "cc -###: runs nothing" "$cc" "$rsp" -### raw.o
same "cc -###: nothing is made" "$(ls a.out 2>/dev/null)" ""

for fd in "0<&-" "1>&-" "2>&-" "0<&- 1>&- 2>&-"; do
	rm -f closed.o closed
	"$BASH" -c "'$as' one.s -o closed.o $fd"
	same "as, $fd: exit status" $? 0
	annotated "as, $fd: annotated" closed.o
	"$BASH" -c "'$cc' '$rsp' raw.o rest.o -o closed $fd"
	same "ld, $fd: exit status" $? 0
	check "ld, $fd: it runs" ./closed
	same "ld, $fd: all are annotated" "$(calls closed)" \
		"$all"
	cp raw.o damaged.o
	truncate -s -100 damaged.o
	"$BASH" -c "'$cc' '$rsp' damaged.o rest.o -o closed $fd"
	same "ld, $fd: a broken object fails" $? 1
	clean "ld, $fd"
done

# ---- the linker's

check "ld: odd names" "$cc" "$rsp" "$odd/raw.o" "$odd/rest.o" -o "$odd/out"
mv "$odd/out" out
same "ld: odd names, all are annotated" "$(calls out)" \
	"$all"
mkdir "$odd/tmp"
seq -f '%.0f' 4000 | sed 's/.*/-Wl,--defsym=symbol_number_&=&/' >defsyms.rsp
check "ld: very many words, and an odd TMPDIR" env TMPDIR="$scratch/$odd/tmp" \
	"$cc" "$rsp" "$odd/raw.o" "$odd/rest.o" @defsyms.rsp -o long
check "ld: very many words: it runs" ./long
same "ld: very many words: all are annotated" "$(calls long)" \
	"$all"
same "ld: very many words: all came through" \
	"$(nm long | grep -c 'symbol_number_')" 4000
same "ld: nothing is left in the odd TMPDIR" "$(ls "$odd/tmp")" ""
mkdir -p x y
cp raw.o x/same.o
cp rest.o y/same.o
mkdir z
printf '#include <static_call.h>\nint add(int x);\nDECLARE_STATIC_CALL(here, add);\nint z(int x) { return static_call(here)(x) + 1; }\n' >z.c
cc "$cc" -O2 -c z.c -o z/same.o
check "ld: two objects of one name" "$cc" "$rsp" x/same.o z/same.o y/same.o \
	-o same
same "ld: two objects of one name: all are annotated" "$(calls same)" \
	$((all + 1))
check "ld: TMPDIR is not set" env -u TMPDIR "$cc" "$rsp" raw.o rest.o -o out
check "ld: TMPDIR is not there" env TMPDIR="$scratch/nowhere" "$cc" "$rsp" \
	raw.o rest.o -o out
clean "ld"

# ---- what is broken

# A tool that makes what it was given in $MADE, waits $WAIT, and ends.
mkdir fake
cat >fake/as <<'END_S'
#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && out=$2; shift; done
echo $$ >"$FAKE_PID"
[ -n "$WAIT" ] || exec cat "$MADE" >"$out"
cat "$MADE" >"$out"
exec sleep "$WAIT"
END_S
chmod +x fake/as
cp fake/as fake/ld
export FAKE_PID=$scratch/fake.pid
fake="env COMPILER_PATH=$scratch/fake MADE=$scratch"
# shellcheck disable=SC2086 # words
{
	check "as: makes a broken object" fails 1 "static-call: new.o: " \
		$fake/damaged.o "$as" one.s -o new.o
	same "as: and it does not stay" "$(ls new.o 2>/dev/null)" ""
	check "ld -r: makes a broken object" fails 1 "static-call: new.o: " \
		$fake/damaged.o "$hook/ld" -r raw.o -o new.o
	same "ld -r: and it does not stay" "$(ls new.o 2>/dev/null)" ""
	: >target.o
	ln -sf target.o link.o
	check "as: a broken object, by a link" fails 1 "static-call: link.o: " \
		$fake/damaged.o "$as" one.s -o link.o
	same "as: it is the object that does not stay" "$(ls target.o 2>/dev/null)" ""
	check "as: and the link does" test -L link.o
	rm link.o
	check "as: makes what is no object" $fake/one.c "$as" one.s -o text.o
	check "as: and that is none of the hook's business" cmp one.c text.o
}
check "ld: a broken object" fails 1 "static-call: damaged.o: " "$cc" "$rsp" \
	damaged.o rest.o -o out
rm -f broken.a
ar rcs broken.a damaged.o rest.o 2>/dev/null
check "ld: a broken member" fails 1 "static-call: broken.a(damaged.o): " "$cc" \
	"$rsp" library.o broken.a -o out
ar rcS cut.a raw.o
truncate -s -10 cut.a
check "ld: a library cut short" fails 1 "static-call: cut.a: " "$cc" "$rsp" \
	library.o cut.a -o out
cp raw.o gone.o
ar rcsT thin.a gone.o
rm gone.o
check "ld: a thin library without its member" fails 1 \
	"static-call: thin.a: cannot read member gone.o" "$cc" "$rsp" \
	library.o thin.a -o out
same "broken inputs stay as they are" \
	"$(ar p broken.a damaged.o | sha256sum)" "$(sha256sum <damaged.o)"
clean "broken"

# ---- signals: at any moment, on both sides

big=$scratch/big.o
{
	echo '#include <static_call.h>'
	echo 'int add(int x);'
	echo 'DECLARE_STATIC_CALL(there, add);'
	seq -f 'int f%.0f(int x) { return static_call(there)(x); }' 3000
} >big.c
cc "$cc" -O1 -g -c big.c -o big.o

# Until the tool has ended; a signal takes its time.  It has also when nobody has
# asked yet how.
tool_ends()
{
	local i state

	for ((i = 0; i < patience * 50; i++)); do
		[ -s "$FAKE_PID" ] &&
			read -r _ _ state _ 2>/dev/null \
				<"/proc/$(<"$FAKE_PID")/stat" &&
			[ "$state" != Z ] || return 0
		sleep 0.02
	done
	return 1
}

# A job of a shell that is no terminal ignores SIGINT; this one does not.
start()
{
	rm -f "$FAKE_PID"
	env --default-signal=INT,QUIT,HUP,TERM "$@" 2>signal.err &
	pid=$!
	# A shell that is not yet another program would end as this one does.
	while [ "/proc/$pid/exe" -ef "$BASH" ]; do
		sleep 0.001
	done
}

if env --default-signal=INT true 2>/dev/null; then
	for side in "as one.s -o slow.o" "ld raw.o -o slow"; do
		for signal in INT TERM HUP; do
			# shellcheck disable=SC2086 # words
			start $fake/one.c WAIT=7200 "$hook/${side%% *}" ${side#* }
			until [ -s "$FAKE_PID" ] || ! kill -0 $pid 2>/dev/null
			do
				sleep 0.05
			done
			kill -$signal $pid
			wait $pid
			same "${side%% *}, SIG$signal: it ends so" $? \
				$((128 + $(kill -l $signal)))
			check "${side%% *}, SIG$signal: the tool ends, too" \
				tool_ends
			clean "${side%% *}, SIG$signal"
		done
	done
	# At moments that differ, while there is much to annotate.
	bad=0
	for side in "as one.s -o new.o" "ld $big -o slow"; do
		for i in $(seq 30); do
			rm -f new.o
			# shellcheck disable=SC2086 # words
			start $fake/big.o "$hook/${side%% *}" ${side#* }
			sleep 0.0$((i / 10))$((i % 10))
			set -- INT TERM HUP
			shift $((i % 3))
			kill -"$1" $pid 2>/dev/null
			wait $pid 2>/dev/null
			rc=$?
			tool_ends
			case $rc in
			0 | 129 | 130 | 143) ;;
			*)
				bad=1
				echo "# $side: $rc"
				cat signal.err
				;;
			esac
			# Done, untouched, cut by the tool's end, or not there.
			[ ! -e new.o ] || [ $rc = 0 ] || cmp -s big.o new.o ||
				"$tool" annotate new.o 2>/dev/null ||
				[ "$(stat -c %s new.o)" -lt "$(stat -c %s big.o)" ] ||
				{ echo "# new.o is odd"; bad=1; }
		done
	done
	same "signals at any moment: it ends as told" $bad 0
	clean "signals at any moment"
else
	skip "signals" "env cannot reset them"
fi

# ---- disks: full, and read-only

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null &&
	mkdir -p disk && unshare -m mount -t tmpfs none disk 2>/dev/null; then
	size=$(($(stat -c %s big.o) / 1024))
	cat >full.sh <<-END_F
	set -u
	cd "$scratch"
	case \$1 in
	as) room=$((size + 4)) ;;	# the object, but not its records
	*) room=$((size * 3 / 2)) ;;
	esac
	mount -t tmpfs -o size=\${room}k none disk || exit 99
	case \$1 in
	tool)
		cp big.o disk/big.o
		"$tool" annotate disk/big.o; rc=\$?
		cmp big.o disk/big.o || rc=98
		;;
	as)
		MADE=$big COMPILER_PATH=$scratch/fake "$as" one.s -o disk/big.o
		rc=\$?
		[ ! -e disk/big.o ] || rc=97
		;;
	ld)
		cp big.o disk/other.o
		# With so few descriptors copies are no files in memory.
		ulimit -n 20
		TMPDIR=$scratch/disk "$cc" "$rsp" -shared big.o -o full.so
		rc=\$?
		rm disk/other.o
		;;
	esac
	rm -f disk/big.o
	[ -z "\$(ls -A disk)" ] || rc=96
	exit \$rc
	END_F
	for side in tool as ld; do
		rc=1
		[ $side != tool ] || rc=3
		check "$side: a full disk" fails $rc "No space left on device" \
			unshare -m "$BASH" full.sh $side
	done
	rm -f full.so
else
	skip "a full disk" "a file system cannot be mounted"
fi
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir -m 755 locked
	: >locked/one.o
	chmod 666 locked/one.o
	# shellcheck disable=SC2086 # words
	check "as: a directory that is read-only" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$as" one.s \
		-o locked/one.o
	annotated "as: a directory that is read-only, annotated" locked/one.o
else
	skip "as: a directory that is read-only" "needs root to become somebody else"
fi
clean "disks"
finish
