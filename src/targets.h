/* SPDX-License-Identifier: MIT */
/* targets.h - what a static call is to do: call a function, nothing, or give 0. */
#ifndef SC_TARGETS_H
#define SC_TARGETS_H

#include <stdint.h>

enum sc_target_kind { SC_TARGET_FUNC, SC_TARGET_NULL, SC_TARGET_RET0 };

/* A target as an encoder wants it. */
struct sc_target {
	enum sc_target_kind kind;
	uintptr_t func;		/* SC_TARGET_FUNC */
	uintptr_t null_stub;	/* code that only returns, for forms that need
				   one; 0: there is none */
	uintptr_t ret0_stub;	/* code that returns 0; or 0 */
};

enum sc_target_kind sc_target_kind(const void *func);

#endif
