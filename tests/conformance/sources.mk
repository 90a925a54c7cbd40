# SPDX-License-Identifier: MIT
# Every file of the conformance suite.

conformance_files = \
	confdso.c \
	confplugin.c \
	cxx.h \
	cxx_in_c.c \
	cxx_other.cc \
	dso.h \
	edited.c \
	edited_host.c \
	edited_stub.c \
	fallback.c \
	mangle.c \
	many.h \
	many_here.c \
	many_there.c \
	release.c \
	release.h \
	release_main.c \
	seeded.c \
	showinfo.c \
	suite.c \
	suite.h \
	suite_sites.c \
	tap.sh \
	test_batch.c \
	test_call.c \
	test_compile.sh \
	test_cxx.cc \
	test_dso.c \
	test_edited.sh \
	test_environment.sh \
	test_fallback.sh \
	test_fork.c \
	test_forms.c \
	test_group.sh \
	test_idioms.c \
	test_info.c \
	test_init.c \
	test_language.sh \
	test_link.sh \
	test_mangled.sh \
	test_many.c \
	test_messages.sh \
	test_modes.sh \
	test_names.sh \
	test_placement.c \
	test_plugin.c \
	test_releases.sh \
	test_seeded.sh \
	test_signals.c \
	test_static.sh \
	test_tail.c \
	test_threads.c \
	test_unhooked.sh \
	test_values.c
