/* SPDX-License-Identifier: MIT */
/* program_subject.c - the static calls of the program itself. */
#define SUBJECT program_subject
#include "subject.c"
