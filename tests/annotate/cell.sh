# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# One cell of the matrix: one program, one compiler, linker, way of compiling,
# way of linking and set of options.  Sourced, after annotate.sh.
#
# What is expected is counted without the hook and by objdump's mnemonics: in
# the objects, or, where the linker makes the code, in a program linked without
# the hook.  Beside that stands a least number, so that neither the program nor
# the counting can shrink unseen.

# ---- the program --------------------------------------------------------------

# part.c and two.c are C; first.cc and second.cc share inline functions and
# templates; main.c says what the library knows, and what it did.
write_program()
{
	# What a program calls in a library, whatever the visibility.
	cat >seen.h <<-'END'
	#define SEEN __attribute__((visibility("default")))
	#ifdef __cplusplus
	extern "C" {
	#endif
	SEEN int run(int, char **);
	SEEN int plain(int), elsewhere(int), first(int), second(int);
	SEEN int set_here(void), set_there(void);
	#ifdef __cplusplus
	}
	#endif
	END
	{
		echo '#include "seen.h"'
		sed 's/^int main(/int run(/' one.c
		cat <<-'END'
		static int large(int x) { return x + 100; }
		int set_here(void) { return static_call_update(here, large); }
		END
	} >part.c
	sed -i '1i #include "seen.h"' two.c
	cat >>two.c <<-'END'
	static int large(int x) { return x + 100; }
	int set_there(void) { return static_call_update(there, large); }
	__attribute__((visibility("hidden"))) int dead_c(int x)
	{
		return static_call(there)(x) + 1;
	}
	END
	cat >both.h <<-'END'
	#include "seen.h"
	#include <static_call.h>
	#define NOINLINE __attribute__((noinline))
	#define HIDDEN __attribute__((visibility("hidden")))
	extern "C" int add(int);
	DECLARE_STATIC_CALL(here, add);
	DECLARE_STATIC_CALL(there, add);
	template <int N> NOINLINE int tmpl(int x)
	{
		return static_call(here)(x) + N;
	}
	template <int N> HIDDEN NOINLINE int dead_tmpl(int x)
	{
		return static_call(here)(x) + N;
	}
	inline NOINLINE int in_both(int x) { return static_call(there)(x) * 2; }
	struct adder {
		int n;
		NOINLINE int sum(int x) const { return static_call(here)(x) + n; }
	};
	END
	cat >first.cc <<-'END'
	#include "both.h"
	extern "C" int first(int x)
	{
		adder a = { 1 };

		return tmpl<1>(x) + in_both(x) + a.sum(x);
	}
	extern "C" HIDDEN int dead_first(int x) { return dead_tmpl<2>(x) + 1; }
	END
	cat >second.cc <<-'END'
	#include "both.h"
	extern "C" int second(int x)
	{
		adder a = { 2 };

		return tmpl<1>(x) + in_both(x) + a.sum(x);
	}
	extern "C" HIDDEN int dead_second(int x)
	{
		return dead_tmpl<2>(x) + static_call(there)(x);
	}
	END
	cat >main.c <<-'END'
	#include <stdio.h>
	#include <static_call.h>
	int run(int, char **), elsewhere(int), plain(int);
	int set_here(void), set_there(void);
	static int small(int x) { return x + 1; }
	static int large(int x) { return x + 100; }
	DEFINE_STATIC_CALL(own, small);
	#ifdef CXX_TOO
	int first(int), second(int);
	#else
	static int first(int x) { return x == 1 ? 10 : 0; }
	static int second(int x) { return x == 1 ? 11 : 0; }
	#endif
	static int wrong(void)
	{
		volatile int one = 1;
		int bad = run(one, 0) || elsewhere(one) != 3 ||
			  first(one) != 10 || second(one) != 11 ||
			  static_call(own)(one) != 2;

		bad |= set_here() || set_there() ||
		       static_call_update(own, large);
		bad |= plain(one) != 202 || elsewhere(one) != 102 ||
		       static_call(own)(one) != 101;
	#ifdef CXX_TOO
		bad |= first(one) != 101 + 1 + 202 + 101 + 1 ||
		       second(one) != first(one) + 1;
	#endif
		return bad;
	}
	int main(void)
	{
		struct static_call_info info = { .size = sizeof(info) };
		int bad = wrong();

		static_call_get_info(&info);
		printf("%zu %zu %zu %s\n", info.sites, info.sites_patched,
		       info.sites_crossing, info.patching ? "" : info.reason);
		return bad;
	}
	END
}

# No fewer can be right: one for each function that cannot be left out.  Calls
# that no record can name, see static-call(1), CAVEATS, leave those of main.c.
least()
{
	case "$cc $flags" in
	*musl*-O0)
		echo 16 ;;	# of C: all that the sources have
	*-O0)
		echo 21 ;;	# and of C++
	*-mcmodel=large* | *-mindirect-branch*-fno-plt* | *-mretpoline*-fno-plt*)
		echo 2 ;;
	*clang*-fno-plt*)
		echo 6 ;;
	*musl*)
		echo 10 ;;
	*)
		echo 13 ;;
	esac
}

# ---- compiling ----------------------------------------------------------------

# The C++ compiler that belongs to $1, if it is there.
cxx_of()
{
	local cxx

	case $1 in
	*musl*) return ;;
	*clang*) cxx=${1/clang/clang++} ;;
	*) cxx=${1/gcc/g++} ;;
	esac
	command -v "$cxx"
}

ar_of()
{
	case $1 in
	*musl*) echo ar ;;
	*clang*) command -v "${1/clang/llvm-ar}" || echo ar ;;
	*) command -v "${1/gcc/gcc-ar}" || echo ar ;;
	esac
}

# The options for file $1: "mixed" leaves link-time optimisation to a part;
# main.c takes part in nothing else, and so is compiled once.
options_for()
{
	case $flags:$1 in
	mixed*:two.c | mixed*:second.cc) sed 's/-f[^ ]*lto[^ ]*//g' <<<"${flags#mixed}" ;;
	*-flto*) echo "${flags#mixed}" ;;
	*:main.c) echo "-O2" ;;
	*) echo "$flags" ;;
	esac
}

# compile_file FILE DIR
compile_file()
{
	local file=$1 object=$2/${1%.*}.o driver=$cc options main

	options=$(options_for "$file")
	if [ "$file$options" = main.c-O2 ]; then
		main=main$pic.o
		# shellcheck disable=SC2086 # a list of options
		[ -e "$main" ] || "$cc" ${cxx:+-DCXX_TOO} "$pic" -O2 \
			$include -c "$scratch/main.c" -o "$main"
		cp "$main" "$object"
		return
	fi
	[ "${file##*.}" = c ] || { driver=$cxx options+=" -fno-exceptions"; }
	# shellcheck disable=SC2086 # lists of options
	"$driver" ${cxx:+-DCXX_TOO} "$pic" $options $include \
		-c "$scratch/$file" -o "$object"
}

# compile_all DIR: objects in DIR.  The hook has no part in it.
compile_all()
{
	local dir=$1 file

	mkdir -p "$dir"
	for file in main.c part.c two.c ${cxx:+first.cc second.cc}; do
		compile_file "$file" "$dir" || return 1
	done
}

# The calls in objects of $1; what two C++ objects share counts once.
count_objects()
{
	local object

	for object in "$1"/*.o; do
		objdump_sites "$object" 2>/dev/null | sed "/_Z/!s|^|$object:|"
	done | sort -u
}

# compiled: makes the objects of this compiler, $pic and $flags, once, in
# $objects/all.  Fails if the compiler cannot.
compiled()
{
	objects=objects/$pic${flags//[ \/]/_}
	[ -e "$objects/made" ] && return 0
	[ -e "$objects/cannot" ] && return 1
	mkdir -p "$objects"
	compile_all "$objects/all" 2>"$objects/cannot" || return 1
	count_objects "$objects/all" >"$objects/made"
}

# ---- linking ------------------------------------------------------------------

# In the place of the hook: what else would define the symbol that it defines.
without=-Wl,--defsym=__static_call_needs_the_build_hook__see_static_call_1=1

# The options of link-time optimisation and of optimising, for ld -r.
lto_options()
{
	grep -oE -- '-(flto|O|ffat)[^ ]*' <<<"${flags#mixed}" | tr '\n' ' '
}

# gold cannot keep relocations of what it drops or folds (an internal error).
relocs()
{
	case $ld:$flags in
	gold:*--gc-sections* | gold:*--icf*) ;;
	*) echo -Wl,--emit-relocs ;;
	esac
}

# link_program USE: ./program of the objects, libpart.so too, with the hook or
# with $without.
link_program()
{
	local dir=$objects/all mode=-$form parts=() link relocs

	rm -f program libpart.* all.o
	relocs=$(relocs)
	parts=("$dir"/part.o "$dir"/two.o)
	[ -z "$cxx" ] || parts+=("$dir"/first.o "$dir"/second.o)
	# shellcheck disable=SC2206 # lists of options
	link=("$cc" "$1" -fuse-ld="$ld" $pic)
	# What UBSan asks of C++ is in a library that only that driver adds.
	[[ -z $cxx || $flags != *undefined* ]] || link[0]=$cxx
	# With any -B musl-gcc loses the directory of gcc's own libraries.
	[[ $cc != *musl* ]] ||
		link+=("-L$(dirname "$("$cc" -print-libgcc-file-name)")")
	case $form in
	shared)
		# shellcheck disable=SC2086 # a list of options
		"${link[@]}" -shared ${flags#mixed} $relocs \
			"${parts[@]}" -o libpart.so || return 1
		parts=(./libpart.so) mode=-pie ;;
	reloc)
		# shellcheck disable=SC2046 # lists of options
		"${link[@]}" $(lto_options) -r -nostdlib "${parts[@]}" \
			-o all.o || return 1
		parts=(all.o) mode=-pie ;;
	archive)
		"$ar" rcs libpart.a "${parts[@]}" || return 1
		parts=(libpart.a) mode=-pie ;;
	thin)
		"$ar" rcsT libpart.a "${parts[@]}" || return 1
		parts=(libpart.a) mode=-pie ;;
	esac
	# shellcheck disable=SC2086 # a list of options
	"${link[@]}" $mode ${flags#mixed} $relocs "$dir/main.o" \
		"${parts[@]}" "$library" -lpthread -o program
}

# Does it work without the hook?  If not, this says nothing about it.
works_without()
{
	link_program "$without" 2>plain.log &&
		{ ./program >plain.out 2>>plain.log; } 2>/dev/null
}

# The calls in files that are linked, by the relocations that only a call has,
# which compilers without -fno-plt make; by mnemonics if there are none.
count_linked()
{
	local file

	for file in program libpart.so; do
		[ -e $file ] || continue
		if [ "$(relocs)" ]; then
			readelf -rW $file | grep 'R_X86_64_PLT32 .* __SCT__'
		else
			objdump -d $file |
				grep -E '(call|j[a-z]+) .*<__SCT__[a-z]+>'
		fi
	done | wc -l
}

# Sets $expected, the sites that are live, and $most, all there are.  What the
# linker makes or drops is counted in a program that the hook has no part in.
expect()
{
	case $flags in
	*-flto*)
		link_program "$without" 2>plain.log || return 1
		expected=$(count_linked) most=$expected ;;
	*--gc-sections*)
		works_without || return 1
		expected=$(count_linked) most=$(wc -l <"$objects/made") ;;
	*)
		expected=$(wc -l <"$objects/made") most=$expected ;;
	esac
}

# ---- the cell -----------------------------------------------------------------

# The first words of a tool's complaint.
complaint()
{
	grep -iE 'error|unknown|unsupported|unrecognized|invalid|cannot|undefined|fatal|not |[a-z]' "$1" |
		head -n 1 | sed -E "s|$scratch/?||g; s/^[^ ]*: //; s/\`/'/g" |
		cut -c 1-70
}

# measure: sets $found, $there, $sites, $patched, $crossing, $reason, $right.
measure()
{
	local file calls records

	found=0 there=0 right=yes
	for file in program libpart.so; do
		[ -e $file ] || continue
		if [ "$(relocs)" ]; then
			read -r _ calls _ records _ < \
				<("$tool" verify $file 2>verify.log)
		else
			records=$("$tool" list $file | wc -l) calls=$records
		fi
		there=$((there + calls)) found=$((found + records))
	done
	{ ./program >run.out 2>run.log; } 2>/dev/null || right=NO
	read -r sites patched crossing reason <run.out
}

# Says what is wrong, or nothing.
judge()
{
	[ "$right" = yes ] || echo -n "runs wrong; "
	[ "$found" -ge "$expected" ] && [ "$found" -le "$most" ] ||
		echo -n "records; "
	# After ld -r, and with mold, no call's note can go with its function.
	if [ "$found" -gt "$expected" ] && [ "$form" != reloc ] &&
		[ "$ld" != mold ]; then
		echo -n "dead calls stay; "
	fi
	[ "$there" = "$found" ] || echo -n "verify: $there calls; "
	[ "$sites" = "$found" ] || echo -n "at run time: $sites; "
	[ "$((patched + crossing))" = "$sites" ] || echo -n "patched; "
	[ "$expected" -ge "$(least)" ] || echo -n "fewer than $(least); "
	[ -z "$reason" ] || echo -n "$reason"
}

# mold 1 merges sections of one name with ld -r, of different groups too, so
# objects of C++ are broken by it.  Those with records are; the hook says so.
broken_by_mold()
{
	[ "$ld $form" = "mold reloc" ] && grep -q 'bad group member' link.log
}

# row VERDICT REASON: a line of the table, and of the file for the summary.
row()
{
	printf '%-9s %-7s %-8s %-10s %-39s %5s %5s %7s %5s  %s %s\n' \
		"${cc##*/}" "$ld" "$pic" "$form" "$flags" "${expected:--}" \
		"${found:--}" "${patched:--}" "${right:--}" "$1" "$2"
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "${cc##*/}" "$ld" "$form" \
		"$flags" "$1" "${expected:-0}" "${found:-0}" "${patched:-0}" \
		"$2" >>"$scratch/results"
}

# cell COMPILER LINKER PIC FORM FLAGS
cell()
{
	local cc=$1 ld=$2 pic=$3 form=$4 flags=$5 cxx ar objects what
	local library=${library:-$build/src/.libs/libsc-inline.a}
	local expected='' most='' found='' there='' sites='' patched=''
	local crossing='' reason='' right=''

	cxx=$(cxx_of "$cc") ar=$(ar_of "$cc")
	[[ $cc != *musl* ]] || library=$scratch/musl/libsc-inline.a
	if ! compiled; then
		row cannot "$(complaint "$objects/cannot")"
	elif ! expect; then
		row cannot "$(complaint plain.log)"
	elif ! link_program "$use" 2>link.log; then
		if broken_by_mold; then
			row cannot "mold -r merges groups; the hook refuses it"
		elif works_without; then
			row FAILED "link: $(complaint link.log)"
		else
			row cannot "$(complaint plain.log)"
		fi
	else
		measure
		what=$(judge)
		if [ -z "$what" ]; then
			row ok ''
		elif [ $right = NO ] && ! works_without; then
			right='' found='' patched=''
			row cannot "runs wrong without the hook: $(complaint plain.log)"
		else
			row FAILED "$what"
		fi
	fi
}
