/* SPDX-License-Identifier: MIT */
/* targets.h - what a target is: a function, nothing, or 0. */
#ifndef SC_TARGETS_H
#define SC_TARGETS_H

enum sc_target_kind { SC_TARGET_FUNC, SC_TARGET_NULL, SC_TARGET_RET0 };

enum sc_target_kind sc_target_kind(const void *func);

#endif
