#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# verify, list and status on programs that were linked in any way: how many calls,
# how many records, and what to do; and calls whose types differ between files.
. "$(dirname "$0")/annotate.sh"
include+=$without_hook

rsp=@$hook/hook.rsp
cc=${CC%% *}
without="linked without the build hook"
cc "$cc" -O2 -fPIC -c one.c
cc "$cc" -O2 -fPIC -c two.c
"$cc" -O2 -fPIC -c library.c
all=$(cat <(objdump_sites one.o) <(objdump_sites two.o) | wc -l)
cp one.o noted.o
"$tool" annotate noted.o
some=$(objdump_sites one.o | wc -l)

# counts FILE: what verify prints of it.
counts()
{
	"$tool" verify "$1" 2>/dev/null | sed 's/^[^:]*: //'
}

# linked NAME WORD...: with the hook, without, and with a part of the records.
linked()
{
	local name=$1 file

	shift
	rm -f hooked plain part
	if ! "$cc" "$@" one.o two.o library.o -o plain 2>ld.err; then
		skip "$name" "it cannot: $(head -n 1 ld.err)"
		return
	fi
	"$cc" "$rsp" "$@" one.o two.o library.o -o hooked
	"$cc" "$@" noted.o two.o library.o -o part
	for file in hooked plain part; do
		strip -s $file -o $file.stripped
	done
	for file in "" .stripped; do
		same "$name$file, hook" "$(counts hooked$file)" \
			"$all calls, $all records, 0 missing"
		same "$name$file, no hook" "$(counts plain$file)" \
			"$all calls, 0 records, $all missing"
		same "$name$file, a part" "$(counts part$file)" \
			"$all calls, $some records, $((all - some)) missing"
		check "$name$file, hook: all is well" "$tool" verify hooked$file
		check "$name$file, no hook: is said, and what to do" \
			fails 1 "plain$file: $without: link it with the flags of pkg-config" \
			"$tool" verify plain$file
		check "$name$file, a part: is said, and what to do" \
			fails 1 "run static-call annotate on their objects" \
			"$tool" verify part$file
		same "$name$file, a part: not that it was without the hook" \
			"$(grep -c "$without" fails.err)" 0
		check "$name$file, no hook: list says so" \
			grep -q "plain$file: $without: $all calls" \
			<("$tool" list plain$file 2>&1)
		same "$name$file, hook: list does not" \
			"$("$tool" list hooked$file 2>&1 | grep -c "$without")" 0
	done
}

for ld in $(linkers "$cc"); do
	for mode in -pie -no-pie -static -shared "-pie -Wl,-z,now"; do
		# shellcheck disable=SC2086 # a list of flags
		linked "$ld $mode" -fuse-ld="$ld" $mode
	done
done

# Calls of another module's: by its slot, and through a PLT.
cat >exports.c <<'END'
#include <static_call.h>
static int add_one(int x) { return x + 1; }
DEFINE_STATIC_CALL(there, add_one);
EXPORT_STATIC_CALL(there);
END
cat >imports.c <<'END'
#include <static_call.h>
int add(int x);
DECLARE_STATIC_CALL(there, add);
int main(void) { return static_call(there)(1) + static_call(there)(2) - 5; }
END
cc "$cc" -O2 -fPIC -c exports.c
"$cc" -shared exports.o library.o -o libexports.so
for flags in "-O2 -fPIE" "-O2 -fPIE -fno-plt" "-O2 -fcf-protection -fPIE"; do
	# shellcheck disable=SC2086 # a list of flags
	cc "$cc" $flags -c imports.c
	for ld in $(linkers "$cc"); do
		for more in "" -Wl,-z,now; do
			# shellcheck disable=SC2086 # a word, or none
			"$cc" -fuse-ld="$ld" -pie $more imports.o ./libexports.so \
				-o plain
			same "$ld $flags $more: calls of a library's" \
				"$(counts plain)" "2 calls, 0 records, 2 missing"
			# shellcheck disable=SC2086 # a word, or none
			"$cc" "$rsp" -fuse-ld="$ld" -pie $more imports.o \
				./libexports.so -o hooked
			same "$ld $flags $more: the same, hook" \
				"$(counts hooked)" "2 calls, 2 records, 0 missing"
		done
	done
done

# No static call at all, and another backend, whose calls need no record.
"$cc" -xc - -o plain <<<'int main(void) { return 0; }'
same "no static call" "$(counts plain)" "0 calls, 0 records, 0 missing"
check "no static call: all is well" "$tool" verify plain
same "no static call: list is silent" "$("$tool" list plain 2>&1)" ""
if [ -d "$abs_top_builddir/include/trampoline" ]; then
	cat >other.c <<-'END'
	#include <static_call.h>
	static int inc(int x) { return x + 1; }
	DEFINE_STATIC_CALL(inc, inc);
	int main(void) { return static_call(inc)(1) - 2; }
	END
	"$cc" -O2 -I"$abs_top_builddir/include/trampoline" \
		-I"$abs_top_srcdir/include" other.c \
		"$abs_top_builddir/src/.libs/libstaticcall-trampoline.a" \
		-lpthread -o plain
	same "the trampoline backend: list is silent" \
		"$("$tool" list plain 2>&1)" ""
	check "the trampoline backend: verify has no complaint" "$tool" verify plain
fi

# status, of a process whose program was linked without the hook.
cat >waits.c <<'END'
#include <static_call.h>
#include <stdio.h>
#include <unistd.h>
static int inc(int x) { return x + 1; }
DEFINE_STATIC_CALL(inc, inc);
int main(void) { printf("%d\n", static_call(inc)(1)); fflush(stdout); pause(); return 0; }
END
for use in -DSTATIC_CALL_NO_HOOK "$rsp"; do
	"$cc" "$use" -O2 -DSTATIC_CALL_NO_HOOK $include waits.c \
		"$abs_top_builddir/src/.libs/libstaticcall-inline.a" -lpthread \
		-o waits
	rm -f said
	./waits >said &
	pid=$!
	until [ -s said ] || ! kill -0 $pid 2>/dev/null; do
		sleep 0.05
	done
	"$tool" status $pid >status.out
	expected=1
	[ "$use" = "$rsp" ] && expected=0
	same "status, ${use%%/*}: says whether it was linked without the hook" \
		"$(grep -c "$without" status.out)" "$expected"
	kill $pid
	wait $pid 2>/dev/null
done

# Types that differ; gcc describes the trampolines that a file calls.
if "$tool" --version | grep -q libdw && command -v gcc >/dev/null; then
	cat >def.c <<-'END'
	#include <static_call.h>
	typedef unsigned long word;
	struct s { int a; };
	static long f(long x, const struct s *p) { return x + p->a; }
	static word g(word x) { return x; }
	DEFINE_STATIC_CALL(differs, f);
	DEFINE_STATIC_CALL(agrees, g);
	long use(long x, struct s *p)
	{
		return static_call(differs)(x, p) + (long)static_call(agrees)(1);
	}
	END
	cat >decl.c <<-'END'
	#include <static_call.h>
	int f(int x);
	unsigned long g(unsigned long int);
	DECLARE_STATIC_CALL(differs, f);
	DECLARE_STATIC_CALL(agrees, g);
	int main(void) { return static_call(differs)(1) + (int)static_call(agrees)(1); }
	END
	for flags in "-g -O0" "-g -O2" "-g -O2 -gdwarf-4"; do
		for file in def decl; do
			# shellcheck disable=SC2086 # a list of flags
			cc gcc $flags -c $file.c
		done
		gcc "$rsp" def.o decl.o library.o -o typed
		check "types, $flags: verify fails and names both" fails 1 \
			"typed: differs has type 'long int (long int, const struct s *)' in one file ($PWD/def.c:6), and 'int (int)' in another ($PWD/decl.c:4)" \
			"$tool" verify typed
		same "types, $flags: and no other call" \
			"$(grep -c ' has type ' fails.err)" 1
	done
else
	skip "types" "the tool has no libdw, or there is no gcc"
fi
finish
