# SPDX-License-Identifier: MIT
# Fork, exit, load and unload, with one backend.
#
# The including makefile sets "backend"; "hook" where call sites are to be annotated;
# "library", the name of what is tested; "stopper_steps", the file that knows at what
# steps a thread can be stopped; and "programs", those to build and run.  Sources are
# links to the directory above, so that each backend has objects of its own.

include $(top_srcdir)/tests/tap.mk
include $(top_srcdir)/tests/processes/process_sources.mk

# A program is one source file and the common ones, unless it says more.
common = apart.c subject_load.c
with_calls = $(common) program_subject.c
stopper = stopper.c $(stopper_steps)

check_PROGRAMS = $(programs)
EXTRA_PROGRAMS = $(all_programs) fork_failed
all_programs = \
	copy_preloaded \
	exit_late \
	exit_sandboxed \
	exit_traced \
	fork_audit \
	fork_first_load \
	fork_handlers \
	fork_host \
	fork_kinds \
	fork_namespace \
	fork_steps \
	fork_storm \
	fork_stdio \
	fork_unwiped \
	hostile \
	plugin_needs \
	recover \
	sandbox_broker \
	start_up \
	start_up_late \
	target_left \
	unload \
	unload_copy \
	unload_steps

if HAVE_CXX
all_programs += unload_cxx
endif

TESTS = $(programs:exit_traced=) $(scripts)

nodist_copy_preloaded_SOURCES = copy_preloaded.c exported.c sandbox.c $(with_calls)
nodist_exit_late_SOURCES = exit_late.c $(with_calls)
nodist_exit_sandboxed_SOURCES = exit_sandboxed.c sandbox.c $(with_calls)
nodist_exit_traced_SOURCES = exit_traced.c program_subject.c
nodist_fork_audit_SOURCES = fork_audit.c $(with_calls)
# With lettered steps only.
nodist_fork_failed_SOURCES = fork_failed.c $(stopper) exported.c $(with_calls)
nodist_fork_first_load_SOURCES = fork_first_load.c oldlock.c $(stopper) apart.c
nodist_fork_handlers_SOURCES = fork_handlers.c oldlock.c $(with_calls)
nodist_fork_host_SOURCES = fork_host.c oldlock.c $(common)
nodist_fork_kinds_SOURCES = fork_kinds.c $(stopper) exported.c $(with_calls)
nodist_fork_namespace_SOURCES = fork_namespace.c $(with_calls)
nodist_fork_steps_SOURCES = fork_steps.c $(stopper) exported.c $(with_calls)
nodist_fork_storm_SOURCES = fork_storm.c exported.c $(with_calls)
nodist_fork_stdio_SOURCES = fork_stdio.c oldlock.c $(with_calls)
nodist_fork_unwiped_SOURCES = fork_unwiped.c $(with_calls)
nodist_hostile_SOURCES = hostile.c exported.c $(with_calls)
nodist_plugin_needs_SOURCES = plugin_needs.c $(with_calls)
nodist_recover_SOURCES = recover.c exported.c $(with_calls)
nodist_sandbox_broker_SOURCES = sandbox_broker.c $(with_calls)
nodist_start_up_SOURCES = start_up.c sandbox.c $(with_calls)
nodist_start_up_late_SOURCES = start_up.c sandbox.c $(common)
nodist_target_left_SOURCES = target_left.c $(common)
nodist_unload_SOURCES = unload.c exported.c $(with_calls)
nodist_unload_copy_SOURCES = unload_copy.c $(common)
nodist_unload_cxx_SOURCES = unload_cxx.c static_object.cc exported.c $(with_calls)
nodist_unload_steps_SOURCES = unload_steps.c $(stopper) exported.c $(common)

# The library's calls are bound to the stopper's functions.
copy_preloaded_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_failed_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_first_load_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_kinds_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_unwiped_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
recover_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
hostile_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_storm_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
unload_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
unload_copy_LDADD = -ldl
unload_copy_DEPENDENCIES =
unload_cxx_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
unload_steps_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
fork_steps_LDFLAGS = $(AM_LDFLAGS) -Wl,--export-dynamic
# Bound lazily, at the first call.
fork_audit_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,lazy
fork_audit_LDADD = .libs/libaudited.so $(LDADD)
fork_audit_DEPENDENCIES = libaudited.la $(tested_library)
exit_late_LDADD = .libs/liblateupdates.so .libs/liblate.so $(LDADD)
exit_late_DEPENDENCIES = liblateupdates.la liblate.la $(tested_library)
exit_sandboxed_LDADD = .libs/liblibrary.so $(LDADD)
exit_sandboxed_DEPENDENCIES = liblibrary.la $(tested_library)
fork_handlers_LDADD = .libs/libhandlers.so $(LDADD)
fork_handlers_DEPENDENCIES = libhandlers.la $(tested_library)
start_up_LDFLAGS = $(AM_LDFLAGS) $(need_all)
start_up_LDADD = .libs/liblate.so .libs/liblibrary.so $(LDADD)
start_up_DEPENDENCIES = liblate.la liblibrary.la $(tested_library)
start_up_late_LDFLAGS = $(AM_LDFLAGS) $(need_all)
start_up_late_LDADD = .libs/liblate.so -ldl
start_up_late_DEPENDENCIES = liblate.la
# Also where the linker leaves out what is not used.
need_all = -Wl,--no-as-needed

# ---- libraries and plugins --------------------------------------------------

check_LTLIBRARIES = libafter.la audit.la libaudited.la libdeep.la libdeeper.la \
	libfirst.la libhandlers.la liblate.la liblateupdates.la liblibrary.la \
	libsecond.la other/liblate.la plugin.la plugin_both.la plugin_copy.la \
	plugin_first.la plugin_late.la plugin_nodelete.la plugin_plain.la \
	plugin_second.la plugin_stuck.la preload_all.la preload_own.la
nodist_audit_la_SOURCES = audit.c subject.c
audit_la_LDFLAGS = -module $(shared_only)
audit_la_LIBADD = $(tested_la)
nodist_libaudited_la_SOURCES = audited.c
libaudited_la_LDFLAGS = $(shared_only)

nodist_libhandlers_la_SOURCES = handlers.c
libhandlers_la_LDFLAGS = $(shared_only)
nodist_liblate_la_SOURCES = late.c late_updates.c
liblate_la_LDFLAGS = $(shared_only)
# A library with static calls that is loaded with the program.
nodist_liblibrary_la_SOURCES = subject.c
liblibrary_la_CPPFLAGS = $(AM_CPPFLAGS) -DSUBJECT=library_subject
liblibrary_la_LDFLAGS = $(shared_only)
liblibrary_la_LIBADD = $(tested_la)
# The same, and a plugin, that update in their destructors.
nodist_liblateupdates_la_SOURCES = late_subject.c
liblateupdates_la_CPPFLAGS = $(AM_CPPFLAGS) -DSUBJECT=late_library_subject
liblateupdates_la_LDFLAGS = $(shared_only)
liblateupdates_la_LIBADD = liblate.la $(tested_la)
nodist_plugin_late_la_SOURCES = late_subject.c
plugin_late_la_LDFLAGS = -module $(shared_only)
plugin_late_la_LIBADD = liblate.la $(tested_la)
# One whose needs are its own, and leave with it.
nodist_libafter_la_SOURCES = late.c
libafter_la_LDFLAGS = $(shared_only)
nodist_plugin_stuck_la_SOURCES = subject.c plugin_exported.c plugin_after.c
plugin_stuck_la_LDFLAGS = -module $(shared_only)
plugin_stuck_la_LIBADD = libafter.la $(tested_la)
# One that has the library inside.
nodist_plugin_copy_la_SOURCES = subject.c plugin_after.c plugin_reads.c
plugin_copy_la_LDFLAGS = -module $(shared_only)
plugin_copy_la_LIBADD = libafter.la $(top_builddir)/src/libsc-$(backend).la
# The same to be preloaded: the dynamic linker binds the program to that copy, too; or
# the copy's functions are hidden.
nodist_preload_all_la_SOURCES = subject.c plugin_exported.c preload_copy.c
preload_all_la_LDFLAGS = -module $(shared_only)
preload_all_la_LIBADD = $(top_builddir)/src/libsc-$(backend).la
nodist_preload_own_la_SOURCES = subject.c plugin_exported.c preload_copy.c
preload_own_la_LDFLAGS = -module $(shared_only) -Wl,--exclude-libs,ALL
preload_own_la_LIBADD = $(top_builddir)/src/libsc-$(backend).la
nodist_plugin_plain_la_SOURCES = plugin_plain.c
plugin_plain_la_LDFLAGS = -module $(shared_only)
plugin_plain_la_LIBADD = $(tested_la)
nodist_plugin_la_SOURCES = subject.c
plugin_la_LDFLAGS = -module $(shared_only)
plugin_la_LIBADD = $(tested_la)
# The same with places of the program's call.
nodist_plugin_both_la_SOURCES = subject.c plugin_exported.c
plugin_both_la_LDFLAGS = -module $(shared_only)
plugin_both_la_LIBADD = $(tested_la)

# One that stays.
nodist_plugin_nodelete_la_SOURCES = subject.c
plugin_nodelete_la_LDFLAGS = -module $(shared_only) -Wl,-z,nodelete
plugin_nodelete_la_LIBADD = $(tested_la)
# One that has both names of what the program needs.
nodist_other_liblate_la_SOURCES = subject.c
other_liblate_la_LDFLAGS = -module $(shared_only)
other_liblate_la_LIBADD = $(tested_la)
# One without static calls that needs another, which needs one with static calls.
nodist_libdeep_la_SOURCES = deep.c
libdeep_la_CPPFLAGS = $(AM_CPPFLAGS) -DDEFINED=deep -DNEEDED=deeper
libdeep_la_LDFLAGS = $(shared_only)
libdeep_la_LIBADD = libdeeper.la
nodist_libdeeper_la_SOURCES = deep.c
libdeeper_la_CPPFLAGS = $(AM_CPPFLAGS) -DDEFINED=deeper -DNEEDED=library_subject
libdeeper_la_LDFLAGS = $(shared_only)
libdeeper_la_LIBADD = liblibrary.la
# Two that call each other, of which one brings the other.
nodist_libfirst_la_SOURCES = paired.c
libfirst_la_LDFLAGS = $(shared_only)
libfirst_la_LIBADD = $(tested_la)
nodist_libsecond_la_SOURCES = paired.c
libsecond_la_CPPFLAGS = $(AM_CPPFLAGS) -DPAIRED_IS_SECOND
libsecond_la_LDFLAGS = $(shared_only)
libsecond_la_LIBADD = $(tested_la)
nodist_plugin_first_la_SOURCES = paired.c subject.c
plugin_first_la_LDFLAGS = -module $(shared_only)
plugin_first_la_LIBADD = libsecond.la $(tested_la)
nodist_plugin_second_la_SOURCES = paired.c subject.c
plugin_second_la_CPPFLAGS = $(AM_CPPFLAGS) -DPAIRED_IS_SECOND
plugin_second_la_LDFLAGS = -module $(shared_only)
plugin_second_la_LIBADD = libfirst.la $(tested_la)

# One with a static object of C++.
if HAVE_CXX
check_LTLIBRARIES += plugin_cxx.la
endif
nodist_plugin_cxx_la_SOURCES = static_object.cc subject.c plugin_exported.c
# An object of its own, for that of the program is not made by libtool.
plugin_cxx_la_CXXFLAGS = $(AM_CXXFLAGS)
plugin_cxx_la_LDFLAGS = -module $(shared_only)
plugin_cxx_la_LIBADD = $(tested_la)

# ---- how they are built -----------------------------------------------------

shared_only = -shared -avoid-version -rpath /nonexistent $(hook)
BUILT_SOURCES = $(processes_files)
CLEANFILES = $(processes_files)

$(processes_files):
	$(AM_V_GEN)rm -f $@ && \
		$(LN_S) $(abs_top_srcdir)/tests/processes/$@ $@

# Nothing of the library but its public header.
AM_CPPFLAGS = -I$(top_builddir)/include/$(backend) -I$(top_srcdir)/include
AM_CFLAGS = $(SC_CFLAGS)
AM_CXXFLAGS = -Wall -Wextra
tested_la = $(top_builddir)/src/$(library).la
tested_library = $(top_builddir)/src/.libs/$(library).so
# Without libtool, which takes as long as everything else together.
AM_LDFLAGS = $(hook) -Wl,-rpath,$(abs_top_builddir)/src/.libs \
	-Wl,-rpath,`pwd`/.libs
LINK = $(CC) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $@
CXXLINK = $(CXX) $(AM_CXXFLAGS) $(CXXFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -o $@
LDADD = $(tested_library) -ldl

AM_TESTS_ENVIRONMENT += \
	SC_TEST_BACKEND='$(backend)'; export SC_TEST_BACKEND; \
	SC_TEST_HOOK='$(hook)'; export SC_TEST_HOOK;
