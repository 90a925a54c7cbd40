/* SPDX-License-Identifier: MIT */
/* plughost.h - what the host offers to its plugins. */
#ifndef PLUGHOST_H
#define PLUGHOST_H

#include <static_call.h>

/* Called for each number; NULL while no plugin wants them.  Plugins set it. */
DECLARE_STATIC_CALL(on_number, void (*)(unsigned long number));

/* What a plugin has. */
typedef int plugin_start_fn(void);
typedef void plugin_stop_fn(void);

#endif
