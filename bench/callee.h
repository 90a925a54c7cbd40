/* SPDX-License-Identifier: MIT */
/* callee.h - a small function in a shared library of its own. */
#ifndef CALLEE_H
#define CALLEE_H

unsigned int shared_callee(unsigned int x);

#endif
