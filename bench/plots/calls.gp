# SPDX-License-Identifier: MIT
set output "calls.svg"
set title "A call, beside a direct call"
set ylabel "ratio of times"
data = rows("call in a loop:inline|4000 call sites:inline", "", 6)
plot data using 2:xtic(1) title "in a hot loop" lc rgb blue, \
	data using 3 title "4000 call sites" lc rgb red
