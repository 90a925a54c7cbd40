# SPDX-License-Identifier: MIT
# Every test, program or script, speaks TAP.  Included by the makefiles here.

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
# It ends what hangs.  Nothing that does not comes near it, also on a machine that
# is busy with other things.
TEST_LIMIT = $(TIMEOUT_PROG:%=% -k 10 7200)
LOG_COMPILER = $(TEST_LIMIT)
SH_LOG_COMPILER = $(TEST_LIMIT) $(BASH_PROG)

AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; export CC; \
	CXX='$(CXX)'; export CXX; \
	CFLAGS='$(CFLAGS)'; export CFLAGS; \
	PKG_CONFIG='$(PKG_CONFIG)'; export PKG_CONFIG; \
	CHECK_CFLAGS='$(CHECK_CFLAGS)'; export CHECK_CFLAGS; \
	CHECK_LIBS='$(CHECK_LIBS)'; export CHECK_LIBS; \
	NM='$(NM)'; export NM; \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	SC_BACKENDS='$(SC_BACKENDS_BUILT)'; export SC_BACKENDS; \
	SC_BACKEND='$(SC_BACKEND)'; export SC_BACKEND;
