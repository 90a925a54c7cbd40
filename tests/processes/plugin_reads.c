/* SPDX-License-Identifier: MIT */
/* plugin_reads.c - a plugin that asks its library everything there is to ask. */
#include <static_call.h>

int plugin_reads(void);

static int see_key(const struct static_call_key_info *info, void *arg)
{
	*(size_t *)arg += info->name != NULL;
	return 0;
}

static int see_site(const struct static_call_site_info *info, void *arg)
{
	*(size_t *)arg += info->key != NULL;
	return 0;
}

/* 0, or the first error. */
__attribute__((visibility("default"))) int plugin_reads(void)
{
	struct static_call_info info = { .size = sizeof(info) };
	size_t seen = 0;
	int err = static_call_get_info(&info);

	if (!err)
		err = static_call_for_each_key(see_key, &seen);
	if (!err)
		err = static_call_for_each_site(see_site, &seen);
	if (!err)
		err = static_call_text_reserved(&info, &info);
	return err;
}
