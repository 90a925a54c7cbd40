dnl SPDX-License-Identifier: MIT
dnl Find libstaticcall from a program's configure.ac.
dnl
dnl LIBSTATICCALL_CHECK([VERSION], [IF-FOUND], [IF-NOT-FOUND])
dnl Sets and substitutes LIBSTATICCALL_CFLAGS and LIBSTATICCALL_LIBS.  Use the first
dnl for each object with static calls, and the second for each link: it carries the
dnl build hook that makes call sites patchable.  With --disable-static-call-hook it
dnl carries none, and STATIC_CALL_ANNOTATE is the command to run on each object.
AC_DEFUN([LIBSTATICCALL_CHECK], [
AC_ARG_ENABLE([static-call-hook],
	[AS_HELP_STRING([--disable-static-call-hook],
		[do not annotate call sites while linking])],
	[], [enable_static_call_hook=yes])
AS_IF([test "x$enable_static_call_hook" = xno],
	[libstaticcall_module=libstaticcall-nohook],
	[libstaticcall_module=libstaticcall])
PKG_CHECK_MODULES([LIBSTATICCALL],
	[$libstaticcall_module]m4_ifnblank([$1], [ >= $1]),
	[PKG_CHECK_VAR([STATIC_CALL_ANNOTATE], [$libstaticcall_module], [annotate])
	 $2],
	m4_ifnblank([$3], [[$3]]))
])
