# SPDX-License-Identifier: MIT
# occasions.awk - of a trace by "strace -f" of a program with occasions.so: each system
# call that the library made, with its occasion, one a line.
#
# A thread is inside the library between "begin" and "end", but for what the library
# calls back.  What has no end is left out: its process ended; and twice, on a busy
# machine, a trace had no end where one must have been, and calls of the program
# followed, for a reason that is not known.  When another thread ends the process, strace may show that at the end of every thread, so
# exit_group is none of the library's.
function begin(thread, occasion)
{
	# A callback lies within; all others begin outside of the library.
	if (occasion != "callback")
		stack[thread] = held[thread] = ""
	stack[thread] = occasion " " stack[thread]
}

function end(thread)
{
	sub(/^[^ ]* /, "", stack[thread])
	if (stack[thread] == "") {
		printf "%s", held[thread]
		held[thread] = ""
	}
}

{
	thread = $1
	if (match($0, /write\(-1, "(begin|end) [a-z]+"/)) {
		split(substr($0, RSTART, RLENGTH), quoted, "\"")
		split(quoted[2], words, " ")
		if (words[1] == "begin")
			begin(thread, words[2])
		else
			end(thread)
		next
	}
	if ($2 == "+++" || $2 ~ /^exit_group\(/) {
		delete stack[thread]
		delete held[thread]
		next
	}
	split(stack[thread], inside, " ")
	if (inside[1] == "" || inside[1] == "callback")
		next
	if (match($2, /^[a-z_0-9]+\(/))
		held[thread] = held[thread] inside[1] " " \
			substr($2, 1, RLENGTH - 1) "\n"
}
