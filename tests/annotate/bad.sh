#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bad input is refused with a message and exit status 1, and stays as it was.
. "$(dirname "$0")/annotate.sh"
include+=$without_hook

cc="${CC%% *}"
cat >small.c <<'END'
#include <static_call.h>
int add(int x);
DECLARE_STATIC_CALL(there, add);
__asm__(".pushsection .text.group, \"axG\", @progbits, sig, comdat\n"
	"in_group: call __SCT__there\n"
	"	ret\n"
	".popsection");
int f(int x) { return static_call(there)(x) + 1; }
END
cc "$cc" -O1 -c small.c -o small.o
cp small.o done.o
"$tool" annotate done.o
same "the sample has calls in a group and outside" \
	"$(objdump_sites small.o | wc -l) $(readelf -gW small.o |
		grep -c 'COMDAT group.*sig')" "2 1"

# refused NAME TEXT FILE
refused()
{
	local sum

	sum=$(sha256sum <"$3")
	check "$1: is refused, and says why" fails 3 "$2" "$tool" annotate "$3"
	same "$1: the message names it" "$(grep -c "^static-call: $3: " fails.err)" 1
	same "$1: stays as it was" "$(sha256sum <"$3")" "$sum"
}

echo 'no object' >text.o
refused "a text" "is not an ELF file" text.o
: >empty.o
refused "an empty file" "is not an ELF file" empty.o
head -c 40 small.o >header.o
refused "half a header" "" header.o
cp small.o class.o; printf '\1' | dd of=class.o bs=1 seek=4 conv=notrunc 2>dd.err
refused "a 32-bit object" "is not a 64-bit object" class.o
cp small.o big.o; printf '\2' | dd of=big.o bs=1 seek=5 conv=notrunc 2>dd.err
refused "a big-endian object" "is not little-endian" big.o
cp small.o arm.o; printf '\267' | dd of=arm.o bs=1 seek=18 conv=notrunc 2>dd.err
refused "another machine's object" "is not for x86-64" arm.o
"$cc" -shared -nostdlib -o shared.o -xc - </dev/null
refused "a shared library" "is not a relocatable object" shared.o
ar rc archive.o small.o
refused "an archive" "is an archive" archive.o
mkdir directory.o
check "a directory" fails 3 "is not a regular file" "$tool" annotate directory.o
check "a file that is not there" fails 3 "No such file" "$tool" annotate none.o
check "a device" fails 3 "is not a regular file" "$tool" annotate /dev/null
mkfifo fifo.o
check "a pipe does not hang" fails 3 "is not a regular file" \
	timeout "$patience" "$tool" annotate fifo.o
cp small.o good.o
check "one bad file" fails 3 "text.o" "$tool" annotate text.o good.o
check "does not keep the others from being annotated" cmp good.o done.o
for bad in "" "frobnicate x" "annotate" "--frobnicate"; do
	# shellcheck disable=SC2086 # words
	check "usage: '$bad'" fails 2 "Try 'static-call --help'" "$tool" $bad
done

# As another user, since root may write anywhere.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 . && mkdir -m 555 locked && cp small.o locked/one.o
	cp small.o mine.o; chmod 444 mine.o; mkdir -m 777 open
	cp small.o open/two.o; chmod 444 open/two.o
	user="setpriv --reuid=65534 --regid=65534 --clear-groups"
	# shellcheck disable=SC2086 # words
	check "no permission for the file" fails 3 "cannot write" $user "$tool" \
		annotate open/two.o
	chmod 666 locked/one.o
	# shellcheck disable=SC2086 # words
	check "no permission for the directory" fails 3 \
		"cannot make a file beside it" $user "$tool" annotate locked/one.o
	check "both stay as they were" "$BASH" -c \
		"cmp small.o open/two.o && cmp small.o locked/one.o"
else
	skip "permissions" "needs root to become somebody else"
fi

# A disk that is full: the limit on the size of files does the same.
cp small.o full.o
check "no room for the result" "$BASH" -c "trap '' XFSZ; ulimit -f 1
	! '$tool' annotate full.o && cmp small.o full.o &&
	test -z \"\$(find . -name 'full.o.*')\""
check "a full standard output" "$BASH" -c "! '$tool' list done.o >/dev/full"

"$cc" -O1 "$abs_top_srcdir/tests/annotate/corrupt.c" -o corrupt

# each OUTPUT COMMAND: on all files of directory broken.
each()
{
	find broken -name '*.o' -print0 | sort -z |
		timeout "$patience" xargs -0 -n 500 "$tool" "$2" >"$1" 2>&1
	# 123: some were refused.  More: killed, by a signal or by the clock.
	[ $? -le 123 ] || echo "$2 was killed: $(tail -n 1 "$1")"
}

# damaged NAME FILE KIND N LEAST: each copy is refused and stays as it was, or
# it is annotated, and then it is sound; there are so many.
damaged()
{
	rm -rf broken before
	mkdir broken
	./corrupt "$2" broken "$3" "$4"
	cp -r broken before
	{
		each said.one annotate
		sed -n 's/^static-call: \(broken[^:]*\): .*/\1/p' said.one |
			sort -u >refused
		diff -rq broken before | awk '{ print $2 }' | sort >changed
		comm -12 refused changed | sed 's/$/: refused, and changed/'
		cp -r broken once
		each said.two annotate
		diff -rq once broken
		diff <(grep '^static-call' said.one) \
			<(grep '^static-call' said.two)
		each said.list list
		each said.verify verify
	} >damaged.log
	rm -rf once
	same "$1: refused and untouched, or done" "$(cat damaged.log)" ""
	check "$1: there were many" test "$(find broken -type f | wc -l)" -ge "$5"
	check "$1: many were refused" test "$(wc -l <refused)" -ge $(($5 / 5))
}

damaged "truncated at every byte" small.o cut 1 1500
same "truncated at every byte: each is refused" "$(wc -l <refused)" \
	"$(find broken -type f | wc -l)"
damaged "absurd headers" small.o headers 0 1000
damaged "absurd headers of an annotated object" done.o headers 0 1000
# Groups as C++ makes them, one of them with two functions.
cat >groups.c <<'END'
#include <static_call.h>
int add(int x);
DECLARE_STATIC_CALL(there, add);
#define IN(group, name) __asm__(".pushsection .text." #name		\
	", \"axG\", @progbits, " #group ", comdat\n"			\
	#name ": call __SCT__there\n"					\
	"	ret\n"							\
	".popsection");
IN(one, a)
IN(one, b)
IN(two, c)
END
cc "$cc" -O1 -c groups.c -o groups.o
damaged "broken groups" groups.o groups 0 800
# 14 things about the whole, 5 * 43 about the signature, 43 about the flags, and
# the third wrong number of 43 for its first member.
check "a group that has itself for a member is refused" \
	grep -qx broken/$((14 + 5 * 43 + 43 + 2)).o refused
cp groups.o groups_done.o
"$tool" annotate groups_done.o
damaged "broken groups of an annotated object" groups_done.o groups 0 1300
damaged "random damage" small.o random 2000 2000
damaged "random damage of an annotated object" done.o random 2000 2000

# The hook reads objects in memory, where such a table is not aligned.
"$cc" -O1 "$abs_top_srcdir/tests/annotate/odd.c" -o odd
./odd small.o odd.o
cp odd.o odd_done.o
check "an object with its section table at an odd place" \
	"$tool" annotate odd_done.o
same "has a record of each call, too" "$(tool_sites odd_done.o recorded)" \
	"$(objdump_sites small.o)"
ld -shared odd_done.o -o odd_before.so
check "and the hook makes the same of it" "$hook/ld" -shared odd.o -o odd.so
check "as the tool does" cmp odd_before.so odd.so

# Section numbers where objects with more than 65,279 sections have them.
"$cc" -O1 "$abs_top_srcdir/tests/annotate/wide.c" -o wide
./wide small.o wide.o
cp wide.o wide_done.o
check "an object with a table of section numbers" "$tool" annotate wide_done.o
same "has a record of each call" "$(tool_sites wide_done.o recorded)" \
	"$(objdump_sites small.o)"
cp wide_done.o again.o
check "annotated again" "$tool" annotate again.o
check "it stays as it is" cmp wide_done.o again.o
damaged "absurd headers of it" wide.o headers 0 1000
damaged "random damage of it" wide.o random 1000 1000
same "no temporary file is left" "$(find . -name '*.o.*')" ""

cc "$cc" -O2 one.c two.c library.c -o program
rm -rf broken && mkdir broken
./corrupt program broken cut 31
same "programs cut short" "$(each said.list list; each said.verify verify)" ""
./corrupt program broken headers 0
same "programs with absurd headers" \
	"$(each said.list list; each said.verify verify)" ""
finish
