/* SPDX-License-Identifier: MIT */
/* show_json.c - what was seen of a process, for programs: static-call(1), JSON. */
#include "common/json.h"
#include "inspect/show.h"

static void put_address(struct sc_view *view, uint64_t address)
{
	struct sc_symbol symbol = sc_process_symbol(view->process, address);
	const struct sc_loaded *loaded = sc_process_file(view->process, address);

	sc_json_address("address", address);
	sc_json_string("symbol", symbol.name);
	if (symbol.name)
		sc_json_number("offset", symbol.offset);
	else
		sc_json_null("offset");
	sc_json_source(symbol.source, symbol.line);
	sc_json_string("file", loaded ? loaded->path : NULL);
}

static void put_target(struct sc_view *view, const struct sc_key_view *key)
{
	static const char *const kinds[] = {
		[SC_TARGET_IS_UNKNOWN] = "unknown",
		[SC_TARGET_IS_FUNCTION] = "function",
		[SC_TARGET_IS_NULL] = "NULL", [SC_TARGET_IS_RET0] = "RET0",
	};

	sc_json_object("target");
	sc_json_string("kind", kinds[key->is]);
	put_address(view, key->target);
	sc_json_close();
}

static void put_site(struct sc_view *view, const struct sc_place_view *place)
{
	sc_json_object(NULL);
	put_address(view, place->address);
	sc_json_string("form", place->form);
	sc_json_string("state", sc_state_name(place->state));
	sc_json_bool("direct", place->state <= SC_STATE_RET0 && !place->reason);
	sc_json_string("reason", sc_reason_word(place->reason));
	sc_json_string("why", place->reason ? sc_reason_text(view, place) : NULL);
	if (place->target)
		sc_json_address("calls", place->target);
	else
		sc_json_null("calls");
	sc_json_close();
}

static void put_key(struct sc_view *view, const struct sc_key_view *key)
{
	size_t i;

	sc_json_object(NULL);
	sc_json_string("name", key->name);
	if (key->address)
		sc_json_address("key", key->address);
	else
		sc_json_null("key");
	sc_json_string("file", key->loaded ? key->loaded->path : NULL);
	sc_json_string("backend", sc_backend_word(key->backend));
	put_target(view, key);
	sc_json_number("n_sites", key->n_places);
	sc_json_number("n_direct", key->n_direct);
	sc_json_array("sites");
	for (i = 0; i < key->n_places; i++)
		put_site(view, &key->places[i]);
	sc_json_close();
	sc_json_close();
}

void sc_show_json(const struct sc_show *show, struct sc_view *view)
{
	const struct sc_process *process = view->process;
	size_t i;

	sc_json_object(NULL);
	if (process->pid)
		sc_json_number("pid", process->pid);
	else
		sc_json_null("pid");
	sc_json_string("core", process->core ? process->name : NULL);
	sc_json_string("command",
		       process->command[0] ? process->command : NULL);
	sc_json_number("n_sites", view->n_places);
	sc_json_number("n_direct", view->n_direct);
	sc_json_string("waiting_for", view->waiting_for);
	sc_json_array("keys");
	for (i = 0; i < view->n_keys; i++)
		if (sc_show_wants(show, &view->key[i]))
			put_key(view, &view->key[i]);
	sc_json_close();
	sc_json_close();
}
