# SPDX-License-Identifier: MIT
set output "hardened.svg"
set title "Hardened builds: a call in a loop, beside a direct call of the same build"
set ylabel "ratio of times"
loop = "call in a loop:"
data = rows(loop."inline|".loop."retpoline|".loop."slh|".loop."cfi-icall", \
	"static call|function pointer|virtual function", 6)
plot data using 2:xtic(1) title "plain" lc rgb grey, \
	data using 3 title "retpolines" lc rgb red, \
	data using 4 title "speculative load hardening" lc rgb blue, \
	data using 5 title "cfi-icall" lc rgb "#ddaa33"
