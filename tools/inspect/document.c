/* SPDX-License-Identifier: MIT */
/* document.c - text in colours, or one JSON document with the messages in it. */
#include <string.h>

#include "common/json.h"
#include "common/tool.h"
#include "inspect/document.h"

bool sc_report_json;
bool sc_report_colour;

static struct sc_pool pool;		/* the messages of this document */
static char **message;
static size_t n_messages;

static void keep(const char *text)
{
	char **new = sc_pool_grow(&pool, message, n_messages, sizeof(*new));
	char *copy = sc_pool_string(&pool, "%s", text);

	if (!new)
		return;
	message = new;
	if (copy)
		new[n_messages++] = copy;
}

void sc_report_begin(const char *command, const char *list)
{
	if (!sc_report_json)
		return;
	sc_message_hook = keep;
	sc_json_object(NULL);
	sc_json_string("command", command);
	sc_json_array(list);
}

void sc_report_end(void)
{
	size_t i;

	if (!sc_report_json)
		return;
	sc_json_close();
	sc_json_array("errors");
	for (i = 0; i < n_messages; i++)
		sc_json_string(NULL, message[i]);
	sc_json_close();
	sc_json_close();
	sc_message_hook = NULL;
	message = NULL;
	n_messages = 0;
	sc_pool_empty(&pool);
}

const char *sc_colour(enum sc_colour colour)
{
	static const char *const codes[] = {
		[SC_COLOUR_NAME] = "\033[1m", [SC_COLOUR_GOOD] = "\033[32m",
		[SC_COLOUR_BAD] = "\033[33m", [SC_COLOUR_OFF] = "\033[0m",
	};

	return sc_report_colour ? codes[colour] : "";
}
