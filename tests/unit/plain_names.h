/* SPDX-License-Identifier: MIT */
/*
 * plain_names.h - included before all else in every file here: functions of the
 * C library keep the names that the sources give them.
 *
 * The linker's --wrap finds a function by its name.  Fortified, open() becomes
 * __open_2(), and with 64-bit offsets asked for it becomes open64(): a hook of
 * wrap.c would then be passed by.  Flags may come from CPPFLAGS, CFLAGS and the
 * compiler itself; what is undefined here holds against all of them.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
