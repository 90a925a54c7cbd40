/* SPDX-License-Identifier: MIT */
/* audited.c - a library whose one function an auditing library replaces. */
#include "subject.h"

const struct subject *audited_subject(void);
__attribute__((visibility("default"))) const struct subject *audited_subject(void)
{
	return 0;
}
