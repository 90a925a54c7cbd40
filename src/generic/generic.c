/* SPDX-License-Identifier: MIT */
/*
 * generic.c - the backend that patches nothing: every call goes through its
 * key, which the header reads.
 *
 * It is the smallest backend there is.  An update is the store of the key alone,
 * so there is nothing that could fail, be undone, or be repaired in a child.
 */
#include "sc_config.h"

#include "backend.h"
#include "usdt.h"

const char *sc_backend_name(void)
{
	return "generic";
}

void sc_backend_start(const char *forbidden)
{
	(void)forbidden;
}

void sc_backend_rest(void)
{
}

const char *sc_backend_reason(void)
{
	return "the generic backend calls through the keys";
}

const char *sc_backend_trouble(void)
{
	return NULL;
}

int sc_backend_read(struct sc_module *m)
{
	(void)m;
	return 0;
}

void sc_backend_forget(struct sc_module *m)
{
	(void)m;
}

/* Its file and its definitions are not known here. */
int sc_backend_add(struct sc_module *m, struct sc_plan *plan)
{
	(void)m;
	(void)plan;
	SC_USDT3(module_added, "", (size_t)0, (size_t)0);
	return 0;
}

int sc_backend_remove(struct sc_module *m, struct sc_plan *plan)
{
	(void)m;
	(void)plan;
	return 0;
}

bool sc_backend_is_mapped(const struct sc_module *m)
{
	(void)m;
	return false;
}

void sc_backend_drop(struct sc_module *m)
{
	(void)m;
}

void sc_backend_orphan(struct sc_key *key, struct sc_plan *plan)
{
	(void)key;
	(void)plan;
}

int sc_backend_prepare(struct sc_plan *plan)
{
	(void)plan;
	return 0;
}

void sc_backend_commit(void)
{
}

bool sc_backend_retry(void)
{
	return false;
}

void sc_backend_repair(struct sc_module *modules)
{
	(void)modules;
}

void sc_backend_end(void)
{
}

void sc_backend_sum(const struct sc_module *m, struct sc_module_sum *sum)
{
	(void)m;
	(void)sum;
}

void sc_backend_count(struct static_call_info *info)
{
	(void)info;
}

size_t sc_backend_patched(const struct sc_key *key)
{
	(void)key;
	return 0;
}

bool sc_backend_next_site(struct sc_site_cursor *c,
			  struct static_call_site_info *out)
{
	(void)c;
	(void)out;
	return false;
}

bool sc_backend_reserved(const void *start, const void *end)
{
	(void)start;
	(void)end;
	return false;
}
