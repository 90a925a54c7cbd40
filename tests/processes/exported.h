/* SPDX-License-Identifier: MIT */
/*
 * exported.h - a static call that the program exports, and plugins that call it: its
 * places come and go with them.
 */
#ifndef PROCESSES_EXPORTED_H
#define PROCESSES_EXPORTED_H

#include <static_call.h>

int exported_1(int x);
DECLARE_STATIC_CALL(exported, exported_1);

/* ---- in the program */

int exported_update(unsigned int n);
/* 0: the program's own sites run target @n. */
int exported_check(unsigned int n);

/* ---- in a plugin */

/* 0: the plugin's sites run target @n; to be looked up by dlsym(). */
#define EXPORTED_CHECK	"plugin_exported_check"
typedef int exported_check_func(unsigned int n);

/*
 * What target @n returns.  An even one is RET0: plugins are too far from the program for
 * calls to its functions to be direct, and so each update changes their places, too.
 */
static inline int exported_result(unsigned int n, int x)
{
	return n % 2 ? x + 100 + (int)(n % 4) : 0;
}

#endif /* PROCESSES_EXPORTED_H */
