/* SPDX-License-Identifier: MIT */
/*
 * audit.c - an auditing library of the dynamic linker (LD_AUDIT) with static calls of
 * its own, in a namespace of its own.  It hands its functions to the program by
 * binding the program's audited_subject() to one of them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <link.h>
#include <stdint.h>
#include <string.h>

#include "subject.h"

#define EXPORT	__attribute__((visibility("default")))

const struct subject *plugin_subject(void);

EXPORT unsigned int la_version(unsigned int version)
{
	return version < LAV_CURRENT ? version : LAV_CURRENT;
}

EXPORT unsigned int la_objopen(struct link_map *map, Lmid_t id,
			       uintptr_t *cookie)
{
	(void)map;
	(void)id;
	(void)cookie;
	return LA_FLG_BINDFROM | LA_FLG_BINDTO;
}

EXPORT uintptr_t la_symbind64(Elf64_Sym *sym, unsigned int index,
			      uintptr_t *from, uintptr_t *to,
			      unsigned int *flags, const char *name)
{
	(void)index;
	(void)from;
	(void)to;
	(void)flags;
	if (!strcmp(name, "audited_subject"))
		return (uintptr_t)plugin_subject;
	return sym->st_value;
}
