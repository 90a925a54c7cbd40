# SPDX-License-Identifier: MIT
# Build and run the conformance suite with one backend.
#
# The including makefile sets "backend", and "hook" where call sites are to be
# annotated.  Sources are links to ../conformance, so that each backend has
# objects of its own.

include $(top_srcdir)/tests/tap.mk
include $(top_srcdir)/tests/conformance/sources.mk

# A program is one source file and the common ones, unless it says more.
common = suite.c suite_sites.c

check_PROGRAMS = \
	test_call \
	test_forms \
	test_many \
	test_tail \
	test_values

nodist_test_call_SOURCES = test_call.c $(common)
nodist_test_forms_SOURCES = test_forms.c $(common)
nodist_test_many_SOURCES = test_many.c many_here.c many_there.c $(common)
nodist_test_tail_SOURCES = test_tail.c $(common)
nodist_test_values_SOURCES = test_values.c $(common)

TESTS = $(check_PROGRAMS)

# ---- how they are built -----------------------------------------------------

BUILT_SOURCES = $(conformance_files)
CLEANFILES = $(conformance_files)

$(conformance_files):
	$(AM_V_GEN)rm -f $@ && \
		$(LN_S) $(abs_top_srcdir)/tests/conformance/$@ $@

# Nothing of the library but its public header.
AM_CPPFLAGS = -I$(top_builddir)/include/$(backend) -I$(top_srcdir)/include
AM_CFLAGS = $(SC_CFLAGS) $(CHECK_CFLAGS) $(hook)
AM_CXXFLAGS = -Wall -Wextra $(CHECK_CFLAGS) $(hook)
# A plain program, not a script of libtool's, so that a debugger can run it.
AM_LDFLAGS = -no-install $(hook)
LDADD = $(top_builddir)/src/libstaticcall-$(backend).la $(CHECK_LIBS)

AM_TESTS_ENVIRONMENT += SC_TEST_BACKEND='$(backend)'; export SC_TEST_BACKEND;

# ---- under valgrind ---------------------------------------------------------

# Short: valgrind runs one thread at a time.  Check forks for each test, so
# errors are seen in the children; leaks are another pass with CK_FORK=no.
VALGRIND_FLAGS = --smc-check=all --trace-children=yes -q
VALGRIND_memcheck_FLAGS = --leak-check=no
VALGRIND_TESTS_ENVIRONMENT = SC_TEST_SHORT=1
@VALGRIND_CHECK_RULES@
