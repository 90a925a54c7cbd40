# SPDX-License-Identifier: MIT
# make check-valgrind-memcheck, check-valgrind-helgrind: programs under valgrind.
# make check-valgrind: both, one after the other.
#
# The including makefile sets
#	valgrind_programs	what runs under valgrind
#	valgrind_memcheck_programs	what runs under memcheck alone
#	valgrind_scripts	what runs its programs by $SC_VALGRIND itself
#	valgrind_left_out	what does not run, and why
#	valgrind_short		environment of programs in a short run
# SC_TEST_SHORT=1 in the environment makes it a short run.  Scripts of the suites are
# left out: they run compilers, not the library.
#
# Where Check forks for each test, the child that has an error fails.  Leaks are
# not looked for: what the library has at its end, it has by design.  So the C
# library's memory is not freed at the end of each process either; that takes locks,
# and a child that clone() made may have them from a thread which it does not have.

valgrind_command = $(TEST_LIMIT) $(VALGRIND) -q --error-exitcode=1 --smc-check=all \
	--fair-sched=try --num-callers=16 --trace-children=yes \
	--run-libc-freeres=no --run-cxx-freeres=no \
	--trace-children-skip=/bin/true,/usr/bin/true
valgrind_memcheck = --tool=memcheck --leak-check=no
valgrind_helgrind = --tool=helgrind --history-level=approx

# valgrind_run TOOL OPTIONS PROGRAMS
valgrind_run = \
	run() { \
		what='$(valgrind_left_out)'; \
		test -z "$$what" || echo "left out: $$what"; \
		short=$${SC_TEST_SHORT:+$(valgrind_short)}; \
		$(MAKE) $(AM_MAKEFLAGS) check TESTS="$$3 $(valgrind_scripts)" \
			TEST_SUITE_LOG="test-suite-$$1.log" \
			LOG_COMPILER='$(valgrind_command)' LOG_FLAGS="$$2" \
			TESTS_ENVIRONMENT="CK_TIMEOUT_MULTIPLIER=10 $$short SC_VALGRIND='$(valgrind_command) $$2' SC_VALGRIND_TOOL=$$1"; \
	}; run
valgrind_missing = { echo 'Not run: valgrind was not found, or is disabled.'; \
	exit 0; }

check-valgrind-memcheck-local:
	+@test '$(ENABLE_VALGRIND_memcheck)' = yes || $(valgrind_missing); \
		$(valgrind_run) memcheck '$(valgrind_memcheck)' \
		'$(valgrind_memcheck_programs) $(valgrind_programs)'

check-valgrind-helgrind-local:
	+@test '$(ENABLE_VALGRIND_helgrind)' = yes || $(valgrind_missing); \
		$(valgrind_run) helgrind '$(valgrind_helgrind)' \
		'$(valgrind_programs)'

# One after the other: both write the same logs.
check-valgrind-local:
	@rc=0; for tool in memcheck helgrind; do \
		$(MAKE) $(AM_MAKEFLAGS) check-valgrind-$$tool-local || rc=1; \
	done; exit $$rc

MOSTLYCLEANFILES = test-suite-memcheck.log test-suite-helgrind.log
