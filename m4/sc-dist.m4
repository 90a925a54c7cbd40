dnl SPDX-License-Identifier: MIT
dnl How "make dist" writes the archive: the same tree gives the same bytes.

dnl SC_DIST
dnl Sets am__tar, automake's variable for the command that writes an archive, where
dnl tar knows the options.  Names are sorted, files are owned by nobody in
dnl particular, modes do not depend on the umask.  The makefile sets SC_DIST_EPOCH.
AC_DEFUN([SC_DIST], [
AC_REQUIRE([AM_INIT_AUTOMAKE])
AC_CACHE_CHECK([whether tar can write the same archive twice],
	[sc_cv_tar_same],
	[sc_cv_tar_same=no
	 AS_IF([LC_ALL=C tar --format=ustar --sort=name --owner=0 --group=0 \
			--numeric-owner --mtime=@1 --mode=u+rw,go=u,go-w \
			-cf - /dev/null >/dev/null 2>&1],
		[sc_cv_tar_same=yes])])
AS_IF([test "x$sc_cv_tar_same" = xyes],
	[am__tar='LC_ALL=C $${TAR-tar} --format=ustar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@$(SC_DIST_EPOCH) --mode=u+rw,go=u,go-w -chf - "$$tardir"'])
])
