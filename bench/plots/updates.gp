# SPDX-License-Identifier: MIT
set output "updates.svg"
set title "One update of many sites"
set ylabel "microseconds"
set xlabel "call sites; threads that run them all the time"
set logscale y
set yrange [1:*]
u = "update-inline:"
all = u."library|".u."int3|".u."mprotect"
alone = "1; 0 busy|100 in a row; 0 busy|100 on 100 pages; 0 busy|10000 in a row; 0 busy"
beside = "1; 1 busy|100 in a row; 1 busy|100 on 100 pages; 1 busy|10000 in a row; 1 busy"
data = rows(all, alone."|".beside, 5)
plot data using 2:xtic(1) title "library" lc rgb blue, \
	data using 3 title "int3 protocol" lc rgb red, \
	data using 4 title "mprotect and stores, unsafe" lc rgb grey
