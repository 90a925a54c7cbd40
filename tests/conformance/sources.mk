# SPDX-License-Identifier: MIT
# Every file of the conformance suite.

conformance_files = \
	many.h \
	many_here.c \
	many_there.c \
	suite.c \
	suite.h \
	suite_sites.c \
	test_call.c \
	test_forms.c \
	test_many.c \
	test_tail.c \
	test_values.c
