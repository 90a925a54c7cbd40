# SPDX-License-Identifier: MIT
# The parts of "./dev check", as many at a time as make -j says: each takes one of
# make's places, and the makes below it share what is left.
#
# DEV is the script; "list" prints the parts.

# With a tree of their own, the longest first.
alone = gcc-O2 clang-O0 sanitize-address sanitize-thread s390x i386 model \
	host-table
# In the tree of gcc-O2.
tests = annotate system inline gcc-O0 trampoline generic processes unit stress \
	lint
later = matrix installed

# make looks for what may begin in this order: the package is the longest.
parts = $(alone) packaged clang-O2 $(tests) $(later) valgrind

# A part that hangs has failed.  One that does not never takes so long, however busy
# the machine is.
limit = $(shell command -v timeout >/dev/null && echo timeout -k 30 8h)

all: $(parts)

packaged $(tests) $(later): gcc-O2
clang-O2: clang-O0
# The same logs.
valgrind: unit inline stress system

$(parts):
	+@$(limit) $(DEV) part $@

list:
	@echo $(parts)

.PHONY: all list $(parts)
