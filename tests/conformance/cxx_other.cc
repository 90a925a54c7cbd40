/* SPDX-License-Identifier: MIT */
/* cxx_other.cc - a second C++ file with calls of the same static calls. */
#include "cxx.h"

int other_file_calls(int x)
{
	holder h = { 100 };

	return add_n<1000>(x) + h.call(0);
}
