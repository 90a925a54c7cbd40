/* SPDX-License-Identifier: MIT */
/* stress_plugin.h - what the stress program's plugin offers. */
#ifndef STRESS_PLUGIN_H
#define STRESS_PLUGIN_H

#include "stress.h"

struct stress_plugin {
	struct static_call_key *key;	/* the plugin's own static call */
	hook_fn *own[2];		/* calls of it */
	hook_fn *shared[4];		/* calls of the program's shared one */
};

#endif
