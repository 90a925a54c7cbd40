# SPDX-License-Identifier: MIT
# Every file of the conformance suite.

conformance_files = \
	suite.c \
	suite.h \
	test_call.c \
	test_forms.c \
	test_values.c
