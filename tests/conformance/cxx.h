/* SPDX-License-Identifier: MIT */
/* cxx.h - static calls shared between a C file and two C++ files. */
#ifndef CONFORMANCE_CXX_H
#define CONFORMANCE_CXX_H

#include <static_call.h>

#ifdef __cplusplus
extern "C" {
#endif

int cxx_default(int x);
int cxx_in_c(int x);

DECLARE_STATIC_CALL(defined_in_c, cxx_in_c);
DECLARE_STATIC_CALL(defined_in_cxx, cxx_default);

/* The part that a C file sees. */
int c_calls_cxx(int x);
int c_updates_cxx(int (*func)(int));

#ifdef __cplusplus
}

/* A site in each file that instantiates it. */
template <int N> static inline int add_n(int x)
{
	return static_call(defined_in_cxx)(x) + N;
}

struct holder {
	int offset;
	int call(int x) const
	{
		return static_call(defined_in_c)(x) + offset;
	}
};

int other_file_calls(int x);
#endif

#endif /* CONFORMANCE_CXX_H */
