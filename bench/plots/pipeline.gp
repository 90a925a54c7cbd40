# SPDX-License-Identifier: MIT
set output "pipeline.svg"
set title "A pipeline of 200 stages, 4000 call sites: time for a packet"
set ylabel "beside static calls"
many = "pipeline with 32 packets in a row:"
one = "pipeline with 1 packet between others:"
data = rows(many."plain|".one."plain|".many."retpoline|".one."retpoline", "", 6)
plot data using 2:xtic(1) title "plain, 32 packets in a row" lc rgb grey, \
	data using 3 title "plain, 1 packet between others" lc rgb blue, \
	data using 4 title "retpolines, 32 in a row" lc rgb "#ddaa33", \
	data using 5 title "retpolines, 1 between others" lc rgb red
