# SPDX-License-Identifier: MIT
# stages.awk - makes stages.h, the stages of bench/pipeline: 200 functions, each with
# 10 operations and 10 hooks, and one that runs them all.  What includes it defines
# NAME(), OP() and HOOK(), and may do so more than once.

# The next of a fixed sequence that looks random, below n.
function next_below(n)
{
	state = (state * 69069 + 1) % 2147483648
	return int(state / 65536) % n
}

function stage(number,	i)
{
	printf "static __attribute__((noinline)) void NAME(stage%d)(struct packet *p)\n{\n",
		number
	printf "\tuint32_t x = %d;\n\n\tif (p->length < %d)\n\t\treturn;\n",
		next_below(30000), 20 + number
	for (i = 0; i < 10; i++) {
		printf "\tHOOK(0%o, p);\n", next_below(32)
		printf "\tOP(0%o, p);\n", next_below(64)
		printf "\tx = (x ^ p->word[%d]) * %d;\n", next_below(16),
			2 * next_below(16384) + 1
	}
	printf "\tp->word[%d] = x;\n}\n\n", next_below(16)
}

BEGIN {
	state = 1
	print "/* SPDX-License-Identifier: MIT */"
	print "/* stages.h - made by stages.awk. */"
	for (i = 0; i < 200; i++)
		stage(i)
	print "static void NAME(stages)(struct packet *p)\n{"
	for (i = 0; i < 200; i++)
		printf "\tNAME(stage%d)(p);\n", i
	print "}"
}
