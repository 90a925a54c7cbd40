#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# static-call status says of each place of a running process what the process
# itself says of it.
. "$(dirname "$0")/annotate.sh"

cc="${CC%% *}"
if ! "$tool" status $$ >/dev/null 2>status.err; then
	skip "status" "$(head -n 1 status.err)"
	finish
fi

cat >waits.c <<'END_C'
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <static_call.h>

static long one(long x) { return x + 1; }
static long two(long x) { return x + 2; }
DEFINE_STATIC_CALL(func, one);
DEFINE_STATIC_CALL(null, one);
DEFINE_STATIC_CALL(zero, one);
DEFINE_STATIC_CALL(away, one);
DEFINE_STATIC_CALL(stop, one);
DEFINE_STATIC_CALL(junk, one);

#define OWN __attribute__((noinline, used))
OWN long calls(long x)
{
	long y = static_call(func)(x) + static_call(away)(x);

	static_call(null)(x);
	return y + static_call(zero)(x) + 1;
}
OWN long tail_func(long x) { return static_call(func)(x); }
OWN long tail_null(long x) { return static_call(null)(x); }
OWN long tail_zero(long x) { return static_call(zero)(x); }
/* Some compilers make a conditional jump of a tail call. */
#define COND(name) __asm__(".text\n.globl cond_" #name "\ncond_" #name ":\n\t" \
	"cmp $3, %rdi\n\tjg __SCT__" #name "@PLT\n\tret");
COND(func)
COND(null)
COND(zero)
OWN long stopped(long x) { return static_call(stop)(x) + 1; }
OWN long spoilt(long x) { return static_call(junk)(x) + 1; }

static int memory;

/* What the place should be, by the state it has and the target of its key. */
static int print(const struct static_call_site_info *site, void *arg)
{
	static const char *const forms[] = {
		"call", "call", "jump", "jump", "jcc", "trampoline",
	};
	void *func = site->key->func;
	const char *state = "direct";
	unsigned char junk[5] = { 0xcc, 0x90, 0x90, 0x90, 0x90 };

	(void)arg;
	if (!strcmp(site->name, "null"))
		state = "NULL";
	if (!strcmp(site->name, "zero"))
		state = "RET0";
	if (site->state != STATIC_CALL_SITE_PATCHED)
		state = "pristine";
	/* Behind the library's back: a debugger's mark, and garbage. */
	if (!strcmp(site->name, "stop")) {
		state = "breakpoint";
		pwrite(memory, junk, 1, (long)site->addr);
	}
	if (!strcmp(site->name, "junk")) {
		state = "foreign";
		pwrite(memory, junk + 1, 4, (long)site->addr);
	}
	printf("%p %s %s %s", site->addr, forms[site->kind], site->name, state);
	if (!strcmp(state, "direct") ||
	    (!strcmp(state, "pristine") && strcmp(site->name, "null") &&
	     strcmp(site->name, "zero")))
		printf(" %p", func);
	printf("\n");
	return 0;
}

static void *wait_alone(void *arg)
{
	pause();
	return arg;
}

/* The main thread ends, and another stays. */
static void leave(void)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, wait_alone, NULL))
		pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	memory = open("/proc/self/mem", O_RDWR);
	static_call_update(func, two);
	static_call_update(null, NULL);
	static_call_update(zero, (void *)__static_call_return0);
	static_call_update(away, labs);
	(void)argc;
	static_call_for_each_site(print, NULL);
	fflush(stdout);
	if (argv[1])
		unlink(argv[1]);
	if (getenv("LEAVE"))
		leave();
	pause();
	return 0;
}
END_C
libs=$abs_top_builddir/src/.libs
build()
{
	"$cc" "@$hook/hook.rsp" -w -g -O2 $include waits.c "$@" -lpthread
}

# start PROGRAM...: in the background, until it has said all; its pid is $pid.  Then
# its main thread sleeps, or has ended before another that sleeps.
at_rest=S
start()
{
	rm -f said
	# The shell's child becomes the program, so $! is the program.
	"$@" >said 2>start.err &
	pid=$!
	until [ -s said ] &&
		[ "$(awk '{ print $3 }' "/proc/$pid/stat" 2>/dev/null)" = "$at_rest" ]; do
		if ! kill -0 "$pid" 2>/dev/null; then
			echo "# did not start: $*"
			return
		fi
		sleep 0.05
	done
}

end()
{
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# The places, from the JSON of status: "ADDRESS FORM NAME STATE", and the target of
# those that have one.  NULL and RET0 that are pristine lead to something in the
# library that the program does not know.
seen()
{
	awk -F'"' '
		$2 == "target" { of_key = 1 }
		$2 == "name" { name = $4 }
		$2 == "address" && of_key { target = $4; of_key = 0; next }
		$2 == "address" { address = $4 }
		$2 == "form" { form = $4 }
		$2 == "state" { state = $4 }
		$2 == "calls" {
			if (state == "direct")
				to = " " $4
			else if (state == "pristine" && name !~ /null|zero/)
				to = " " target
			else
				to = ""
			print address " " form " " name " " state to
		}' "$1" | sort
}

# agree NAME: what status prints is what the program says.
agree()
{
	"$tool" status --json "$pid" >status.out 2>status.err
	same "$1: exit status" $? 0
	same "$1: each place is as the program says" "$(seen status.out)" \
		"$(sort said)"
	same "$1: no message" "$(cat status.err)" ""
}

for flags in "" "-static" "-fno-plt" "-no-pie" "-fcf-protection=full"; do
	# shellcheck disable=SC2086 # a list of flags
	build $flags "$libs/libstaticcall-inline.a" -o waits 2>cc.err || {
		skip "inline $flags" "it does not link"
		continue
	}
	start ./waits
	agree "inline $flags"
	check "inline $flags: all places were seen" test "$(wc -l <said)" -ge 9
	end
done
build "$libs/libstaticcall-inline.a" -o waits
start ./waits
"$tool" status --sites "$pid" >status.out
for state in direct pristine NULL RET0 breakpoint foreign; do
	check "a place that is $state was among them" \
		grep -q "^    0x[0-9a-f]* [a-z]* $state" status.out
done
if "$tool" --version | grep -q libdw; then
	check "targets have names and lines, here" \
		grep -q '^  func -> two (waits\.c:[0-9]*), 3 of 3 ' status.out
	check "and in other libraries" \
		grep -qE '^  away -> [a-z]*labs.* in /.*/libc.so.6, 0 of 1' \
		status.out
else
	skip "names" "the tool has no libdw"
fi
check "far is the reason" grep -q 'pristine in .*: the target is out of reach' \
	status.out
stopped=$(awk '/^State/ { print $2 }' "/proc/$pid/status")
same "the process goes on: it still sleeps, untraced" "$stopped" S
check "two processes" "$BASH" -c "[ \$('$tool' status $pid $pid |
	grep -c '^$pid waits: inline backend, 6 static calls in 1 files') = 2 ]"
end

strip -s waits
start ./waits
agree "stripped"
end
start env STATIC_CALL_PATCH=0 ./waits
sed -i 's/direct/pristine/; s/ NULL$/ pristine/; s/ RET0$/ pristine/' said
agree "nothing is patched"
end

build -fuse-ld=bfd "$libs/libstaticcall-inline.so" -o waits
start env LD_LIBRARY_PATH="$libs" ./waits
agree "with the shared library"
end

# The trampoline backend: no site has a record, the trampolines are patched.
"$cc" -w -O2 "-I$abs_top_builddir/include/trampoline" \
	"-I$abs_top_srcdir/include" waits.c "$libs/libstaticcall-trampoline.a" \
	-lpthread -o waits
start ./waits
agree "trampoline backend"
end

# A library that is loaded twice, and has its own calls.
cat >plugin.c <<'END_C'
#include <static_call.h>
static long one(long x) { return x + 1; }
DEFINE_STATIC_CALL(plugged, one);
long plugin(long x) { return static_call(plugged)(x) + 1; }
END_C
cat >host.c <<'END_C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	(void)argc;
	if (dlopen(argv[1], RTLD_NOW) && dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW))
		puts("both");
	else
		puts(dlerror());
	fflush(stdout);
	pause();
	return 0;
}
END_C
"$cc" "@$hook/hook.rsp" -O2 $include -fPIC -shared plugin.c \
	"$libs/libstaticcall-inline.so" -o plugin.so
"$cc" host.c -ldl -o host
"$cc" "$abs_top_srcdir/tests/annotate/zombie.c" -o zombie
start env LD_LIBRARY_PATH="$libs" ./host "$PWD/plugin.so"
"$tool" status --sites "$pid" >status.out
same "a library loaded twice has its places twice ($(cat said))" \
	"$(grep -cE '0x[0-9a-f]* call direct in (plugin|0x)' status.out)" 2
end

# Text that has moved, for another thread was there: what the library maps for that
# is no second program.
cat >beside.c <<'END_C'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <static_call.h>
static long one(long x) { return x + 1; }
static long two(long x) { return x + 2; }
DEFINE_STATIC_CALL(func, one);
static void *wait_here(void *arg) { pause(); return arg; }
__attribute__((noinline)) long calls(long x) { return static_call(func)(x) + 1; }
int main(void)
{
	pthread_t thread;
	int i;

	pthread_create(&thread, NULL, wait_here, NULL);
	for (i = 0; i < 3; i++)
		static_call_update(func, i % 2 ? one : two);
	printf("%ld\n", calls(1));
	fflush(stdout);
	pause();
	return 0;
}
END_C
"$cc" "@$hook/hook.rsp" -O2 $include beside.c "$libs/libstaticcall-inline.so" \
	-lpthread -o beside
start env LD_LIBRARY_PATH="$libs" ./beside
same "text that moved: one program, one site" \
	"$("$tool" status "$pid" | sed -n 's/.* backend, //p')" \
	"1 static calls in 1 files, 1 of 1 sites direct"
end

# The main thread of a daemon may end.
build "$libs/libstaticcall-inline.a" -o waits
at_rest=Z
start env LEAVE=1 ./waits
at_rest=S
agree "a program whose main thread has ended"
end

# Deleted, and replaced.
build "$libs/libstaticcall-inline.a" -o waits
cp waits doomed
start ./doomed ./doomed
agree "a program whose file is deleted"
end

# As another user, who has no map_files: by name, and the name may mislead.
other="setpriv --reuid=65534 --regid=65534 --clear-groups"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 .
	cp "$tool" waits .
	cp "$libs/libstaticcall-inline.so.0" "$scratch/"
	# shellcheck disable=SC2086 # words
	start $other ./waits
	# shellcheck disable=SC2086 # words
	check "no root: one's own process" $other ./static-call status "$pid"
	end
	start ./waits
	# shellcheck disable=SC2086 # words
	check "no root: another's" fails 3 "Permission denied" $other \
		./static-call status "$pid"
	end
	# shellcheck disable=SC2086 # words
	start $other ./zombie
	# shellcheck disable=SC2086 # words
	check "no root: a zombie has nothing to show" fails 1 "has no memory" \
		$other ./static-call status "$(cat said)"
	end
	# shellcheck disable=SC2086 # words
	start $other env LD_LIBRARY_PATH="$scratch" ./host "$PWD/plugin.so"
	# shellcheck disable=SC2086 # words
	check "no root: a library" grep -q 'plugged -> .* 1 of 1' \
		<($other ./static-call status "$pid")
	cp plugin.so new.so && mv new.so plugin.so
	# shellcheck disable=SC2086 # words
	check "the same library, put there anew" grep -q 'plugged -> .* 1 of 1' \
		<($other ./static-call status "$pid")
	"$cc" "@$hook/hook.rsp" -O1 $include -fPIC -shared plugin.c -DX \
		-Wl,--build-id=0x1234 "$libs/libstaticcall-inline.so" -o new.so
	mv new.so plugin.so
	# shellcheck disable=SC2086 # words
	check "another library of that name" fails 3 "deleted or replaced since" \
		$other ./static-call status "$pid"
	same "the message names it" "$(grep -c "$PWD/plugin.so" fails.err)" 1
	check "root still sees the old one" grep -q 'plugged -> .* 1 of 1' \
		<("$tool" status "$pid")
	rm plugin.so
	# shellcheck disable=SC2086 # words
	check "no library of that name" fails 3 "cannot open what process" \
		$other ./static-call status "$pid"
	end

	# In a root directory of its own, with no /proc, so nothing is patched.
	mkdir -p jail
	"$cc" "@$hook/hook.rsp" -O2 $include -fPIC -shared plugin.c \
		"$libs/libstaticcall-inline.so" -o plugin.so
	for file in ./host "$libs/libstaticcall-inline.so.0"; do
		ldd "$file"
	done | awk '/ => \// { print $3 } /^\t\/.* \(/ { print $1 }' | sort -u |
		xargs -I{} cp -L --parents {} jail
	cp host plugin.so jail
	cp "$libs/libstaticcall-inline.so.0" \
		"$(dirname "$(find jail -name libc.so.6)")"
	start chroot --userspec=65534:65534 jail /host /plugin.so
	rm -f plugin.so
	# shellcheck disable=SC2086 # words
	check "no root: a process in a root directory of its own" \
		grep -q 'plugged -> .* of 1 ' \
		<($other ./static-call status "$pid")
	end
else
	skip "another user" "needs root to become somebody else"
fi

start ./waits
end
check "a process that has ended" fails 1 "there is no such process" \
	"$tool" status "$pid"
check "no name" fails 1 "no process has this name; status takes the number or the name of a process" \
	"$tool" status no-such-name
check "a path" fails 2 "not a file: for a core try --core ./waits" \
	"$tool" status ./waits
check "no process" fails 2 "status takes the number or the name of a process: try 'static-call status --all'" \
	"$tool" status
start ./zombie
check "a zombie has nothing to show" fails 1 "has no memory" "$tool" status \
	"$(cat said)"
end

# Programs that come and go while they are looked at.
for _ in 1 2 3 4 5; do
	"$BASH" -c 'for i in 1 2 3 4 5 6 7 8; do ./waits & p=$!; sleep 0.0$i
		kill $p; done' >/dev/null 2>&1 &
	parent=$!
	while kill -0 $parent 2>/dev/null; do
		for child in $(pgrep -P $parent); do
			"$tool" status "$child" >/dev/null 2>>race.err
			[ $? -lt 128 ] || echo "$child: $?" >>race.log
		done
	done
	wait $parent 2>/dev/null
done
check "processes that end meanwhile do no harm" test ! -e race.log
same "and all that is said is understood" "$(grep -vE \
	'no such process|has ended|has no memory|No such process|cannot open|cannot read' \
	race.err)" ""
finish
