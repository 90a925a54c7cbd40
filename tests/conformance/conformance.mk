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

tests = \
	test_batch \
	test_call \
	test_fork \
	test_forms \
	test_idioms \
	test_info \
	test_init \
	test_many \
	test_placement \
	test_signals \
	test_tail \
	test_threads \
	test_values

if HAVE_CXX
tests += test_cxx
endif

if SHARED
tests += test_dso test_plugin
# The longest first.
suite_scripts = \
	test_compile.sh \
	test_examples.sh \
	test_pages.sh \
	test_language.sh \
	test_edited.sh \
	test_mangled.sh \
	test_group.sh \
	test_static.sh \
	test_modes.sh \
	test_link.sh \
	test_releases.sh \
	test_unhooked.sh \
	test_messages.sh \
	test_names.sh \
	test_null.sh \
	test_environment.sh
endif

check_PROGRAMS = $(tests) showinfo seeded

nodist_showinfo_SOURCES = showinfo.c
showinfo_LDADD = $(tested_library)
nodist_seeded_SOURCES = seeded.c
seeded_LDADD = $(tested_library)
nodist_test_batch_SOURCES = test_batch.c $(common)
nodist_test_call_SOURCES = test_call.c $(common)
nodist_test_cxx_SOURCES = test_cxx.cc cxx_other.cc cxx_in_c.c $(common)
nodist_test_dso_SOURCES = test_dso.c $(common)
nodist_test_fork_SOURCES = test_fork.c $(common)
nodist_test_forms_SOURCES = test_forms.c $(common)
nodist_test_idioms_SOURCES = test_idioms.c $(common)
nodist_test_info_SOURCES = test_info.c $(common)
nodist_test_init_SOURCES = test_init.c $(common)
nodist_test_many_SOURCES = test_many.c many_here.c many_there.c $(common)
nodist_test_placement_SOURCES = test_placement.c $(common)
nodist_test_plugin_SOURCES = test_plugin.c $(common)
nodist_test_signals_SOURCES = test_signals.c $(common)
nodist_test_tail_SOURCES = test_tail.c $(common)
nodist_test_threads_SOURCES = test_threads.c $(common)
nodist_test_values_SOURCES = test_values.c $(common)

# A shared library with exported calls, and two plugins from one source.
check_LTLIBRARIES =
if SHARED
check_LTLIBRARIES += libconfdso.la confplugin.la confplugin2.la
endif
nodist_libconfdso_la_SOURCES = confdso.c
nodist_confplugin_la_SOURCES = confplugin.c
nodist_confplugin2_la_SOURCES = confplugin.c
confplugin2_la_CPPFLAGS = $(AM_CPPFLAGS) -DPLUGIN_ID=200

shared_only = -shared -avoid-version -rpath /nonexistent $(hook)
libconfdso_la_LDFLAGS = $(shared_only)
libconfdso_la_LIBADD = $(tested_la)
confplugin_la_LDFLAGS = -module $(shared_only)
confplugin_la_LIBADD = libconfdso.la $(tested_la)
confplugin2_la_LDFLAGS = -module $(shared_only)
confplugin2_la_LIBADD = libconfdso.la $(tested_la)

test_dso_LDADD = $(confdso) $(LDADD) -ldl
test_dso_DEPENDENCIES = libconfdso.la $(tested_library)
test_plugin_LDADD = $(confdso) $(LDADD) -ldl
test_plugin_DEPENDENCIES = libconfdso.la $(tested_library)
# The plugins find the calls that the program exports.
test_plugin_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic

TESTS = $(suite_scripts) $(tests)

check-scripts: $(check_PROGRAMS) $(check_LTLIBRARIES)
	@$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(suite_scripts)'

.PHONY: check-scripts

# ---- how they are built -----------------------------------------------------

BUILT_SOURCES = $(conformance_files)
CLEANFILES = $(conformance_files)

$(conformance_files):
	$(AM_V_GEN)rm -f $@ && \
		$(LN_S) $(abs_top_srcdir)/tests/conformance/$@ $@

# Nothing of the library but its public header.
AM_CPPFLAGS = -I$(top_builddir)/include/$(backend) -I$(top_srcdir)/include
AM_CFLAGS = $(SC_CFLAGS) $(CHECK_CFLAGS)
AM_CXXFLAGS = -Wall -Wextra $(CHECK_CFLAGS)
tested_la = $(top_builddir)/src/libstaticcall-$(backend).la
if SHARED
# Without libtool, which takes as long as everything else together.
libtool =
# Not by $ORIGIN: it needs /proc, and set-user-ID programs ignore it.
AM_LDFLAGS = $(hook) -Wl,-rpath,$(abs_top_builddir)/src/.libs \
	-Wl,-rpath,`pwd`/.libs
tested_library = $(top_builddir)/src/.libs/libstaticcall-$(backend).so
confdso = .libs/libconfdso.so
else
libtool = $(LIBTOOL) $(AM_LIBTOOLFLAGS) $(LIBTOOLFLAGS) --mode=link
# A plain program, not a script of libtool's, so that a debugger can run it.
AM_LDFLAGS = -no-install $(hook)
tested_library = $(tested_la)
endif
LINK = $(libtool) $(CC) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) \
	$(LDFLAGS) -o $@
CXXLINK = $(libtool) $(CXX) $(AM_CXXFLAGS) $(CXXFLAGS) $(AM_LDFLAGS) \
	$(LDFLAGS) -o $@
LDADD = $(tested_library) $(CHECK_LIBS)

AM_TESTS_ENVIRONMENT += \
	SC_TEST_BACKEND='$(backend)'; export SC_TEST_BACKEND; \
	SC_TEST_HOOK='$(hook)'; export SC_TEST_HOOK;

# ---- under valgrind ---------------------------------------------------------

# The longest first.
valgrind_programs = test_values $(tests:test_values=)
valgrind_scripts = test_seeded.sh test_examples.sh
# In each forked process valgrind translates the code once more.
valgrind_short = CK_FORK=no
include $(top_srcdir)/tests/valgrind.mk

# For tests/system/sanitize.sh: programs, not scripts.
list-programs:
	@echo $(tests)

.PHONY: list-programs
