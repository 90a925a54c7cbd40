#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What people and scripts get from list, verify and status: JSON that a parser reads,
# reasons, exit statuses, messages with a cure, cores, --watch, and completion.
. "$(dirname "$0")/annotate.sh"

cc=${CC%% *}
libs=$abs_top_builddir/src/.libs
tap_pids=()
trap 'kill "${tap_pids[@]}" 2>/dev/null; rm -rf "$scratch" "$memory"' EXIT

# ---- a program with a call of each kind, and a site that crosses a page --------

cat >answers.c <<'END_C'
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <static_call.h>
static int one(int x) { return x + 1; }
static int two(int x) { return x + 2; }
DEFINE_STATIC_CALL(handle, one);
DEFINE_STATIC_CALL(handle_off, one);
DEFINE_STATIC_CALL(zero, one);
DEFINE_STATIC_CALL(away, one);
#define OWN __attribute__((noinline, used))
OWN int calls_handle(int x) { return static_call(handle)(x) + 1; }
OWN int calls_off(int x) { return static_call(handle_off)(x) + 1; }
OWN int calls_zero(int x) { return static_call(zero)(x) + 1; }
OWN int calls_away(int x) { return static_call(away)(x) + 1; }
#ifdef __x86_64__
#ifdef CROSSING
__asm__(".text\n.balign 4096\n.skip 4094\n.globl crosses\n.type crosses,@function\n"
	"crosses:\n\tcall __SCT__handle@PLT\n\tret\n.size crosses, .-crosses");
#endif
#endif
int main(int argc, char **argv)
{
	static_call_update(handle_off, NULL);
	static_call_update(zero, (void *)__static_call_return0);
	static_call_update(away, abs);
	if (argc > 1)
		abort();
	puts(argv[0]);
	fflush(stdout);
	while (getchar() != EOF) {
		static_call_update(handle, two);
		puts("updated");
		fflush(stdout);
	}
	pause();
	return 0;
}
END_C

# build NAME BACKEND FLAG...: linked with the shared library, so that abs is far.
build()
{
	local name=$1 backend=$2

	shift 2
	"$cc" "-I$abs_top_builddir/include/$backend" "-I$abs_top_srcdir/include" \
		-g -O2 -w answers.c "$@" "$libs/libstaticcall-$backend.a" \
		-lpthread -o "$name"
}

# start NAME COMMAND...: in the background, until it has said something; its number is
# in $pid, and what is written to descriptor 9 is its input.
start()
{
	rm -f said fifo
	mkfifo fifo
	"$@" <fifo >said 2>start.err &
	pid=$!
	tap_pids+=("$pid")
	exec 9>fifo
	until [ -s said ] || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.02
	done
}

stop()
{
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	exec 9>&-
}

# json FILE EXPRESSION: what Python makes of it; d is the document.
# The interpreter itself: what stands for it may be a script.
if python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null); then
	json()
	{
		"$python" -S -E -c 'import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
keys = {k["name"]: k for p in d.get("processes", []) for k in p["keys"]}
print(eval(sys.argv[2]))' "$@"
	}
else
	python=
	skip "JSON" "there is no python3"
fi

# parsed NAME FILE EXPRESSION VALUE
parsed()
{
	[ -z "$python" ] || same "$1" "$(json "$2" "$3" 2>&1)" "$4"
}

lines=yes
"$tool" --version | grep -q libdw || lines=

# ---- list and verify -----------------------------------------------------------

cc "$cc" -O2 -fPIC -g -c one.c
cc "$cc" -O2 -fPIC -c two.c
"$cc" -c -fPIC library.c
n=$(objdump_sites one.o | wc -l)
"$tool" list --json one.o two.o >list.json
parsed "list: command and files" list.json \
	'd["command"], [f["file"] for f in d["files"]], d["errors"]' \
	"('list', ['one.o', 'two.o'], [])"
parsed "list: as many sites as objdump sees" list.json \
	'len(d["files"][0]["sites"]), d["files"][0]["unrecorded"]' "($n, $n)"
same "list: the same places as the text" "$("$tool" list one.o | wc -l)" "$n"
parsed "list: what a site has" list.json 'sorted(d["files"][1]["sites"][0])' \
	"['form', 'name', 'offset', 'recorded', 'section']"
"$tool" list --json none.o one.o >list.json 2>list.err
same "list: a missing file is trouble" $? 3
parsed "list: errors are in the document, which is whole" list.json \
	'len(d["files"]), d["errors"][0].startswith("none.o: cannot open")' \
	"(1, True)"
name=$(printf 'odd\377"\\\n\303\251.o')
cp one.o "$name"
"$tool" list -j "$name" >list.json
parsed "a name of any bytes comes back" list.json \
	'__import__("os").fsencode(d["files"][0]["file"])' \
	"b'odd\\xff\"\\\\\\n\\xc3\\xa9.o'"

"$cc" -g one.o two.o library.o -Wl,--defsym=__static_call_needs_the_build_hook__see_static_call_1=0 \
	-o plain 2>link.err
"$tool" verify -j plain >verify.json 2>verify.err
same "verify: missing records are a no" $? 1
parsed "verify: each is named" verify.json \
	'len(d["files"][0]["missing"]) == d["files"][0]["n_missing"] == d["files"][0]["calls"] > 5, d["files"][0]["complete"], d["files"][0]["without_hook"]' \
	"(True, False, True)"
[ -z "$lines" ] ||
	parsed "verify: with its source line" verify.json \
		'sorted({m["source"] for m in d["files"][0]["missing"] if m["source"]})' \
		"['one.c']"
"$cc" "@$hook/hook.rsp" one.o two.o library.o -o hooked
"$tool" verify --json hooked >verify.json
same "verify: complete is a yes" $? 0
parsed "verify: complete" verify.json 'd["files"][0]["complete"]' True
check "verify: what is no program is trouble" fails 3 \
	"an object is shown by 'static-call list'" "$tool" verify one.o

# ---- the command line ------------------------------------------------------------

check "an unknown command: which there are" fails 2 \
	"unknown command stat: the commands are annotate, list, verify and status" "$tool" stat
check "an option of another command" fails 2 "list takes no option --watch" \
	"$tool" list --watch one.o
check "an option that there is not" fails 2 "unknown option --sitez" "$tool" \
	status --sitez
check "a letter that there is not" fails 2 "unknown option -x" "$tool" list -xj
check "a value that an option does not take" fails 2 \
	"--json=3: this option takes no value" "$tool" list --json=3
check "a value that an option without a letter does not take" fails 2 \
	"--check=5: this option takes no value" "$tool" status --check=5
check "a letter that there is not, behind an option" fails 2 \
	"unknown option -x" "$tool" status --sites -xj
check "a number that is none" fails 2 "try --watch=2" "$tool" status --watch=x 1
check "--all and --core" fails 2 "exclude each other" "$tool" status -a -c x
if [ -n "$lines" ]; then
	check "a core that is an object" fails 3 "is not the core of a process" \
		"$tool" status --core one.o
	check "a file that is not there" fails 3 "cannot open: No such file" \
		"$tool" status --core none
else
	check "a core, without libdw" fails 3 "built without libdw" \
		"$tool" status --core none
fi

# ---- status ----------------------------------------------------------------------

if ! "$tool" status $$ >/dev/null 2>status.err; then
	skip "status" "$(head -n 1 status.err)"
	finish
fi

build answers inline -DCROSSING "@$hook/hook.rsp" -fPIE -pie
start ./answers
"$tool" status "$pid" >status.out 2>status.err
same "status: exit status" $? 0
check "a key and its sites" grep -qE \
	'^  handle -> (one|0x[0-9a-f]+)( \(answers.c:5\))?, 1 of 2 direct$' status.out
check "a site that crosses a page says so" grep -qE \
	' pristine in .*: crosses a page' status.out
check "a far one says so" grep -q 'pristine in .*: the target is out of reach' \
	status.out
check "NULL and RET0" test "$(grep -cE '^  (handle_off -> NULL|zero -> RET0), 1 of 1' \
	status.out)" = 2
same "without --sites no direct site is shown" \
	"$(grep -cE '^    0x[0-9a-f]* [a-z]* (direct|NULL|RET0) ' status.out)" 0
same "with it all are" "$("$tool" status -s "$pid" |
	grep -cE '^    0x[0-9a-f]* [a-z]* (direct|NULL|RET0) ')" 3
"$tool" status --json "$pid" >status.json
parsed "status: JSON: the keys" status.json 'sorted(keys)' \
	"['away', 'handle', 'handle_off', 'zero']"
parsed "status: JSON: the reasons" status.json \
	'sorted(s["reason"] for k in keys.values() for s in k["sites"] if s["reason"])' \
	"['crossing', 'far']"
parsed "status: JSON: numbers" status.json \
	'[(p["pid"], p["command"], p["n_sites"], p["n_direct"]) for p in d["processes"]]' \
	"[($pid, 'answers', 5, 3)]"
if [ -n "$lines" ]; then
	parsed "status: JSON: a target by name and line" status.json \
		'[keys["handle"]["target"][m] for m in ("kind", "symbol", "offset", "source", "line")]' \
		"['function', 'one', 0, 'answers.c', 5]"
	parsed "status: JSON: a site by name and line" status.json \
		'{(s["symbol"], s["source"], s["line"]) for s in keys["zero"]["sites"]}' \
		"{('calls_zero', 'answers.c', 14)}"
fi
check "a name" grep -q "^$pid answers: " <("$tool" status answers)
"$tool" status "$pid" handle >key.out
same "one key" "$(grep -c ' -> ' key.out)" 1
"$tool" status "$pid" 'handle*' zero >key.out
same "a pattern and a key" "$(grep -c ' -> ' key.out)" 3
check "a key that it does not have: which it has" fails 1 \
	"has no static call 'nothing'; it has away, handle, handle_off, zero" \
	"$tool" status "$pid" nothing
"$tool" status --check "$pid" >check.out
same "--check: not all are direct" $? 1
check "--check: these are" "$tool" status --check "$pid" zero handle_off
"$tool" status --all >all.out 2>all.err
check "--all has it" grep -q "^$pid answers: inline backend" all.out
same "--all has no process without static calls" \
	"$(grep -c 'no static call' all.out)" 0
same "no colour in a pipe" "$(grep -c "$(printf '\033')" status.out)" 0
check "colour if it is asked for" grep -q "$(printf '\033')\[33mpristine" \
	<("$tool" status --color=always "$pid")
if command -v script >/dev/null; then
	TERM=xterm script -qec "'$tool' status $pid" /dev/null >tty.out </dev/null
	check "colour on a terminal" grep -q "$(printf '\033')\[" tty.out
	TERM=xterm NO_COLOR=1 script -qec "'$tool' status $pid" /dev/null \
		>tty.out </dev/null
	same "NO_COLOR" "$(grep -c "$(printf '\033')" tty.out)" 0
else
	skip "colour on a terminal" "there is no script(1)"
fi

# --watch: the picture before an update, and the one after it has a mark.
"$tool" status --watch=0.05 "$pid" handle >watch.out 2>watch.err &
watcher=$!
tap_pids+=("$watcher")
until [ "$(grep -c ' handle -> ' watch.out)" -ge 2 ] ||
	! kill -0 $watcher 2>/dev/null; do
	sleep 0.02
done
echo >&9
until grep -q updated said; do
	sleep 0.02
done
enough=$(($(grep -c ' handle -> ' watch.out) + 10))
until grep -q '^\* handle -> ' watch.out ||
	[ "$(grep -c ' handle -> ' watch.out)" -ge $enough ]; do
	sleep 0.02
done
check "--watch: a change has a mark" grep -q '^\* handle -> ' watch.out
same "--watch: one change, one mark" "$(grep -c '^\* ' watch.out)" 1
same "the process was not stopped" "$(tail -n 1 said)" updated
stop
wait $watcher
same "--watch ends with the process" $? 1
check "and says why" grep -q "$pid: there is no such process\|has ended" watch.err

# The same for a program: a document on each line, and a last one that is whole.
start ./answers
"$tool" status --json --watch=0.05 "$pid" handle >watch.json 2>watch.err &
watcher=$!
tap_pids+=("$watcher")
# lines N: until there are so many, or nobody writes any more.
lines()
{
	until [ "$(wc -l <watch.json)" -ge "$1" ] ||
		! kill -0 $watcher 2>/dev/null; do
		sleep 0.02
	done
}
lines 2
echo >&9
until grep -q updated said; do
	sleep 0.02
done
lines $(($(wc -l <watch.json) + 3))
stop
wait $watcher
same "--watch --json ends with the process" $? 1
if [ -n "$python" ]; then
	"$python" -S -E -c 'import json, sys
docs = [json.loads(line) for line in open("watch.json", encoding="utf-8")]
keys = [d["processes"][0]["keys"] for d in docs if d["processes"]]
seen = [k[0]["target"]["address"] for k in keys]
print(len(docs) >= 6, {len(k) for k in keys}, {k[0]["name"] for k in keys})
print(len(set(seen)), seen == sorted(seen, key=seen.index))
print(docs[-1]["processes"], len(docs[-1]["errors"]))' >watch.said 2>&1
	same "--watch --json: each line is a document of what was asked for" \
		"$(sed -n 1p watch.said)" "True {1} {'handle'}"
	same "--watch --json: the old target, then the new one" \
		"$(sed -n 2p watch.said)" "2 True"
	same "--watch --json: the last one has no process, and says why" \
		"$(sed -n 3p watch.said)" "[] 1"
fi

# What the library waits for.
start env STATIC_CALL_PATCH=0 ./answers
"$tool" status --json "$pid" >status.json
parsed "patching is off" status.json \
	'{s["reason"] for s in keys["zero"]["sites"]}, d["processes"][0]["waiting_for"]' \
	"({'waiting'}, 'patching is off: the environment has STATIC_CALL_PATCH=0')"
stop
cp answers stripped
strip -s stripped
start env STATIC_CALL_PATCH=0 ./stripped
check "stripped: the environment tells" grep -q \
	': patching is off: the environment has STATIC_CALL_PATCH=0' \
	<("$tool" status "$pid")
stop

# The other backends, and no hook.
build unhooked inline -DSTATIC_CALL_NO_HOOK
start ./unhooked
"$tool" status --json "$pid" >status.json
parsed "no hook: each call says so" status.json \
	'{s["reason"] for k in keys.values() for s in k["sites"]}, d["processes"][0]["n_direct"], len(keys)' \
	"({'no-hook'}, 0, 4)"
stop
for backend in trampoline generic; do
	if [ ! -e "$libs/libstaticcall-$backend.a" ]; then
		skip "$backend" "it is not built"
		continue
	fi
	build "$backend" $backend
	start "./$backend"
	"$tool" status --json "$pid" >status.json 2>status.err
	[ -z "$lines" ] || parsed "$backend: keys and targets" status.json \
		'[(k["name"], k["backend"], k["target"]["kind"], k["target"]["symbol"] if k["name"] == "handle" else "") for k in keys.values()]' \
		"[('away', '$backend', 'function', ''), ('handle', '$backend', 'function', 'one'), ('handle_off', '$backend', 'NULL', ''), ('zero', '$backend', 'RET0', '')]"
	stop
	strip -s "$backend"
done

# clang leaves the lists out by which lines are found fastest.
if [ -z "$lines" ] || ! command -v clang >/dev/null; then
	skip "clang" "it is not there, or the tool has no libdw"
else
	before=$cc cc=clang
	build byclang inline "@$hook/hook.rsp"
	cc=$before
	start ./byclang
	check "clang: names and lines" grep -q '^  handle -> one (answers.c:5), ' \
		<("$tool" status "$pid")
	check "clang: lines of sites" grep -q ' calls_zero.* (answers.c:14)' \
		<("$tool" status --sites "$pid")
	stop
fi

# ---- a core ------------------------------------------------------------------------

# dump FILTER COMMAND...: its core, in "core"; fails where none can be had.
dump()
{
	local filter=$1

	shift
	rm -f core core.*
	# The shell inside says that it was aborted, and is not heard.
	"$BASH" -c 'echo "$1" >/proc/self/coredump_filter; ulimit -c unlimited
		shift; "$@"; :' sh "$filter" "$@" >/dev/null 2>&1
	[ -e core ] || mv core.* core 2>/dev/null
}

if [ -z "$lines" ]; then
	skip "a core" "the tool has no libdw"
elif ! dump 0x33 ./answers crash; then
	skip "a core" "the system keeps none here: $(cat /proc/sys/kernel/core_pattern)"
else
	"$tool" status --json --core core >core.json 2>core.err
	same "a core: exit status" $? 0
	parsed "a core: the same keys and reasons" core.json \
		'sorted(keys), sorted(s["reason"] for k in keys.values() for s in k["sites"] if s["reason"]), d["processes"][0]["n_direct"], d["processes"][0]["command"]' \
		"(['away', 'handle', 'handle_off', 'zero'], ['crossing', 'far'], 3, 'answers')"
	parsed "a core: a target by name and line" core.json \
		'[keys["handle"]["target"][m] for m in ("symbol", "line")]' "['one', 5]"
	dump 0x33 env STATIC_CALL_PATCH=0 ./answers crash
	check "a core: text that it lacks is as in the file, and said" \
		grep -q 'was taken from the files' <("$tool" status --core core)
	check "a core: what the library waited for" grep -q \
		'patching is off: the environment has STATIC_CALL_PATCH' \
		<("$tool" status --core core)
	# As -flto does.
	objcopy --redefine-sym sc_why_forbidden=sc_why_forbidden.lto_priv.0 \
		answers renamed
	dump 0x33 env STATIC_CALL_PATCH=0 ./renamed crash
	check "a core: the same of a variable with another name" grep -q \
		'patching is off: the environment has STATIC_CALL_PATCH' \
		<("$tool" status --core core)
	dump 0x30 ./answers crash
	check "a core without what the process has changed" fails 3 \
		"coredump_filter" "$tool" status --core core
	dump 0x33 ./answers crash
	mv answers moved
	check "a core whose program is gone" fails 3 "cannot find the file of" \
		"$tool" status --core core
	mv moved answers
	head -c 3000 core >part.core
	check "a core that was cut short" fails 3 "cut short" "$tool" status \
		--core part.core
fi

# ---- completion --------------------------------------------------------------------

# completes WORD... : what is offered for the last of them, sorted, on one line.
completes()
{
	"$BASH" -c '. "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) &&
		_static_call && printf "%s\n" "${COMPREPLY[@]}"' \
		"$abs_top_srcdir/tools/completion/static-call" "$@" |
		sort | tr '\n' ' '
}

same "completion: commands" "$(completes "$tool" '')" "annotate list status verify "
same "completion: options" "$(completes "$tool" status --co)" "--color --core "
same "completion: options of list" "$(completes "$tool" list --)" \
	"--color --help --json "
same "completion: a value" "$(completes "$tool" status --color = al)" "always "
same "completion: files" "$(completes "$tool" verify hook)" "hooked "
start ./answers
same "completion: a process" "$(completes "$tool" status answ)" "answers "
same "completion: a key" "$(completes "$tool" status "$pid" handle)" \
	"handle handle_off "
stop
check "completion: bash knows it after sourcing" "$BASH" -c \
	". '$abs_top_srcdir/tools/completion/static-call'; complete -p static-call"
finish
