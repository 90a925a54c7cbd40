dnl SPDX-License-Identifier: MIT
dnl The backends of a host: which it can have, which is installed, and why.

dnl SC_HOST_TABLE
dnl Sets sc_backends (all that the host can have) and sc_auto (the best).
dnl THIS TABLE IS SORTED.  KEEP IT THAT WAY.
AC_DEFUN([SC_HOST_TABLE], [
AS_CASE([$host],
[x86_64-*-linux*],
	[AS_IF([test "x$sc_cv_elf64" = xyes],
		[sc_backends="generic trampoline inline" sc_auto=inline],
		[sc_backends=generic sc_auto=generic])],
[sc_backends=generic sc_auto=generic])
])

dnl SC_BACKENDS
dnl Sets SC_BACKEND, sc_backends and sc_why; conditional HAVE_PATCHING.
AC_DEFUN([SC_BACKENDS], [
AC_REQUIRE([AC_CANONICAL_HOST])
AC_CACHE_CHECK([whether the compiler makes 64-bit ELF code], [sc_cv_elf64],
	[AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __ELF__ || !defined __LP64__
#error "not ELF64: -m32, x32 or another system"
#endif
]])], [sc_cv_elf64=yes], [sc_cv_elf64=no])])
AC_CACHE_CHECK([whether the compiler makes ELF code], [sc_cv_elf],
	[AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#if !defined __ELF__
#error "not ELF"
#endif
]])], [sc_cv_elf=yes], [sc_cv_elf=no])])
AS_IF([test "x$sc_cv_elf" = xno],
	[AC_MSG_ERROR([$host has no ELF files, and every backend needs them; a project can ship static_call_fallback.h, which needs no library])])
SC_HOST_TABLE

AC_ARG_WITH([backend],
	[AS_HELP_STRING([--with-backend=auto|generic|trampoline|inline],
		[the backend to install; make check tests each one that this
		 host can have [auto: the fastest]])],
	[], [with_backend=auto])
AS_IF([test "x$with_backend" = xauto],
	[SC_BACKEND=$sc_auto
	 sc_why="the fastest that $host can have"],
	[SC_BACKEND=$with_backend sc_why="asked for"])
AS_CASE([" $sc_backends "], [*" $SC_BACKEND "*], [],
	[AC_MSG_ERROR([there is no backend '$SC_BACKEND' on $host as $CC compiles for it; choose one of: $sc_backends])])
AC_SUBST([SC_BACKEND])
AC_SUBST([SC_BACKENDS_BUILT], [$sc_backends])
AM_CONDITIONAL([HAVE_PATCHING], [test "x$sc_backends" != xgeneric])
])

dnl SC_TOOLS
dnl Conditionals BUILD_TOOLS, INSTALL_HOOK (the installed backend wants it) and
dnl TEST_INLINE (the inline backend's tests can be built and run here).
AC_DEFUN([SC_TOOLS], [
STATIC_CALL='$(top_builddir)/tools/static-call$(EXEEXT)'
HOOK_RSP='$(abs_top_builddir)/tools/stand-ins/hook.rsp'
sc_given_tool=no
AS_IF([test "x$with_static_call" != xno],
	[SC_GIVEN_TOOL
	 sc_given_tool=yes])
AS_IF([test "x$SC_BACKEND" = xinline && test "x$sc_have_libelf$sc_given_tool" = xnono],
	[AC_MSG_ERROR([the inline backend needs libelf for its tool, and pkg-config finds none that can be used; install pkg-config and libelf's development files, choose --with-backend=trampoline, or name a tool that runs here: --with-static-call=PATH])])
AC_SUBST([STATIC_CALL])
AC_SUBST([HOOK_RSP])
sc_test_inline=no
AS_CASE([$sc_backends:$sc_have_libelf:$cross_compiling:$sc_given_tool],
	[*inline*:yes:no:* | *inline*:*:yes], [sc_test_inline=yes])
dnl Only the inline backend's flags lead a link to the hook, and only its header
dnl refers to the symbol that the hook defines.
SC_HOOK_CFLAGS= SC_HOOK_LIBS= SC_HOOK_OPTION= SC_NOHOOK_CFLAGS=
AS_IF([test "x$SC_BACKEND" = xinline],
	[SC_HOOK_CFLAGS=' -DSTATIC_CALL_HOOK'
	 SC_HOOK_LIBS=' @${hookdir}/hook.rsp'
	 SC_HOOK_OPTION='-B${hookdir}'
	 SC_NOHOOK_CFLAGS=' -DSTATIC_CALL_NO_HOOK'])
dnl No hook of this host's own: a build uses the one that it was given.
AS_IF([test "x$SC_BACKEND$sc_have_libelf" = xinlineno],
	[SC_HOOK_LIBS=" @$HOOK_RSP"
	 SC_HOOK_OPTION="-B${HOOK_RSP%/*}"])
AC_SUBST([SC_HOOK_CFLAGS])
AC_SUBST([SC_HOOK_LIBS])
AC_SUBST([SC_HOOK_OPTION])
AC_SUBST([SC_NOHOOK_CFLAGS])
AM_CONDITIONAL([BUILD_TOOLS], [test "x$sc_have_libelf" = xyes])
AM_CONDITIONAL([INSTALL_HOOK],
	[test "x$SC_BACKEND$sc_have_libelf" = xinlineyes])
AM_CONDITIONAL([TEST_INLINE], [test "x$sc_test_inline" = xyes])
])

dnl SC_GIVEN_TOOL
dnl --with-static-call: the tool, and the hook that is beside it, in a build tree or
dnl where both are installed.
AC_DEFUN([SC_GIVEN_TOOL], [
AS_IF([test -f "$with_static_call" && test -x "$with_static_call"], [],
	[AC_MSG_ERROR([--with-static-call: $with_static_call is not a program])])
sc_tool_dir=`cd "\`dirname "$with_static_call"\`" && pwd`
STATIC_CALL=$sc_tool_dir/`basename "$with_static_call"`
HOOK_RSP=
for sc_file in "$sc_tool_dir"/stand-ins/hook.rsp \
	"$sc_tool_dir"/../lib*/$PACKAGE/hook/hook.rsp \
	"$sc_tool_dir"/../lib*/*/$PACKAGE/hook/hook.rsp; do
	AS_IF([test -z "$HOOK_RSP" && test -f "$sc_file"], [HOOK_RSP=$sc_file])
done
AS_IF([test -z "$HOOK_RSP"],
	[AC_MSG_ERROR([--with-static-call: no build hook (hook.rsp) belongs to $with_static_call])])
])

dnl SC_PROG_CXX_WORKS
dnl C++ is for tests of the header only: do without it where there is none, and
dnl where it is for another machine or C library than $CC is.
AC_DEFUN([SC_PROG_CXX_WORKS], [
AC_CACHE_CHECK([whether $CXX works with $CC], [sc_cv_cxx],
	[sc_cv_cxx=no
	 m4_define([sc_of_library], [[
#include <limits.h>
#ifdef __GLIBC__
#define of_c of_c_and_glibc
#endif
]])
	 AC_COMPILE_IFELSE([AC_LANG_SOURCE(sc_of_library [[
int of_c(void);
int of_c(void) { return 0; }
]])],
		[mv conftest.$ac_objext sc_of_c.$ac_objext
		 sc_save_libs=$LIBS
		 LIBS="sc_of_c.$ac_objext $LIBS"
		 AC_LANG_PUSH([C++])
		 AC_LINK_IFELSE([AC_LANG_PROGRAM(sc_of_library [[
extern "C" int of_c(void);
]], [[auto f = []{ return of_c(); }; return f();]])],
			[sc_cv_cxx=yes])
		 AC_LANG_POP([C++])
		 LIBS=$sc_save_libs
		 rm -f sc_of_c.$ac_objext])])
AM_CONDITIONAL([HAVE_CXX], [test "x$sc_cv_cxx" = xyes])
])

dnl SC_CHECK_MODULE(PREFIX, MODULES, VARIABLE, HEADER, CALL)
dnl As PKG_CHECK_MODULES, and VARIABLE is yes only if a program links with it: of a
dnl cross compiler pkg-config may find the build machine's.
AC_DEFUN([SC_CHECK_MODULE], [
PKG_CHECK_MODULES([$1], [$2], [$3=yes], [$3=no])
AS_IF([test "x$$3" = xyes],
	[AC_MSG_CHECKING([whether a program can use $2])
	 sc_save_cflags=$CFLAGS sc_save_libs=$LIBS
	 CFLAGS="$CFLAGS $$1_CFLAGS" LIBS="$$1_LIBS $LIBS"
	 AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <stddef.h>
#include <$4>
]], [[$5;]])], [], [$3=no])
	 CFLAGS=$sc_save_cflags LIBS=$sc_save_libs
	 AC_MSG_RESULT([$$3])])
AS_IF([test "x$$3" = xno], [$1_CFLAGS= $1_LIBS=])
])

dnl SC_REPORT
dnl What was chosen, for a reader.
AC_DEFUN([SC_REPORT], [
AS_IF([test "x$sc_have_check" = xyes], [sc_r_check="on"],
	[sc_r_check="OFF: no Check (pkg-config check) that can be used was found"])
AS_CASE([$sc_have_libelf:$sc_have_libdw],
	[yes:yes], [sc_r_tool="static-call, with libdw"],
	[yes:*], [sc_r_tool="static-call, without libdw: no source lines, no cores"],
	[sc_r_tool="none: no libelf that can be used was found"])
AS_CASE([$SC_BACKEND:$sc_have_libelf],
	[inline:yes], [sc_r_hook="installed; its flags are in libstaticcall.pc"],
	[inline:no], [sc_r_hook="$HOOK_RSP, in libstaticcall.pc"],
	[sc_r_hook="not needed by this backend"])
AS_IF([test "x$ac_cv_header_sys_sdt_h" = xyes], [sc_r_probes=yes],
	[sc_r_probes="no: <sys/sdt.h> is not there or not wanted"])
AS_IF([test "x$sc_test_inline" = xyes], [sc_r_tested=$sc_backends],
	[sc_r_tested=`echo "$sc_backends" | sed 's/ inline//'`])
AC_MSG_NOTICE([
  $PACKAGE_NAME $PACKAGE_VERSION
    backend installed    $SC_BACKEND ($sc_why)
    backends tested      $sc_r_tested
    tests                $sc_r_check
    tool                 $sc_r_tool
    build hook           $sc_r_hook
    valgrind requests    $ac_cv_header_valgrind_valgrind_h
    probes for tracers   $sc_r_probes
    prefix               $prefix
    libdir               $libdir
    includedir           $includedir
    compiler             $CC $CFLAGS
])
])
