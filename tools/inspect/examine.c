/* SPDX-License-Identifier: MIT */
/*
 * examine.c - finds the keys and the places of a process, and what they hold.
 *
 * The file says what a place is; memory says what has become of it.  A place and
 * its key are brought together by the trampoline, as the library does it.
 */
#include <stdlib.h>
#include <string.h>

#include <static_call/format.h>

#include "elf/branches.h"
#include "inspect/view.h"

enum { TRAMP_BYTES = 16 };

struct examiner {
	struct sc_view *view;
	struct sc_process *process;
	const struct sc_loaded *loaded;	/* that is looked at */
	enum sc_backend backend;	/* of it */
	int err;
};

static void no_memory(struct examiner *examiner)
{
	examiner->err = sc_error(examiner->process->name, "out of memory");
}

/* ------------------------------------------------------------- the keys */

/* The key of a trampoline, and what it holds: 0 where that cannot be read. */
static uint64_t key_of(struct examiner *examiner, uint64_t tramp)
{
	uint64_t place = tramp + STATIC_CALL_TRAMP_KEY, key;
	uint32_t data[2];

	if (!tramp ||
	    !sc_process_read(examiner->process, place, data, sizeof(data)) ||
	    data[1] != STATIC_CALL_TRAMP_MAGIC)
		return 0;
	place += (uint64_t)(int64_t)(int32_t)data[0];
	return sc_process_read64(examiner->process, place, &key) ? key : 0;
}

static uint64_t held_by(struct examiner *examiner, uint64_t key)
{
	uint64_t func;

	return key && sc_process_read64(examiner->process, key, &func) ? func : 0;
}

static void add_key(struct examiner *examiner, uint64_t address,
		    const char *name, const struct sc_loaded *loaded)
{
	struct sc_view *view = examiner->view;
	struct sc_key_view *new = sc_pool_grow(&examiner->process->pool,
					       view->key, view->n_keys,
					       sizeof(*new));

	if (!new) {
		no_memory(examiner);
		return;
	}
	view->key = new;
	new[view->n_keys++] = (struct sc_key_view){
		.address = address, .name = name ? name : "?",
		.loaded = loaded, .backend = examiner->backend,
	};
}

/* ----------------------------------------------------------- the places */

/* Is it what the library writes for @kind? */
static bool holds(const struct sc_place_view *place, const struct sc_insn *insn,
		  const uint8_t *old, const uint8_t *now,
		  enum sc_target_kind kind)
{
	struct sc_target target = {
		.kind = kind,
		.null_stub = place->tramp + STATIC_CALL_TRAMP_NULL,
		.ret0_stub = place->tramp + STATIC_CALL_TRAMP_RET0,
	};
	uint8_t bytes[SC_INSN_ROOM];

	memcpy(bytes, old, SC_INSN_MAX);
	return !sc_insn_encode(insn->form, place->address, &target, NULL,
			       bytes) &&
	       !memcmp(bytes, now, insn->len);
}

static enum sc_state state_of(struct sc_place_view *place,
			      const struct sc_insn *insn, const uint8_t *old,
			      const uint8_t *now)
{
	uintptr_t target;

	if (!memcmp(now, old, insn->len))
		return SC_STATE_PRISTINE;
	if (holds(place, insn, old, now, SC_TARGET_NULL))
		return SC_STATE_NULL;
	if (holds(place, insn, old, now, SC_TARGET_RET0))
		return SC_STATE_RET0;
	if (sc_insn_branch(insn->form, now, place->address, &target)) {
		place->target = target;
		return SC_STATE_DIRECT;
	}
	return sc_insn_is_trap(now) ? SC_STATE_BREAKPOINT : SC_STATE_FOREIGN;
}

static void add_place(struct examiner *examiner, struct sc_place_view *place)
{
	struct sc_view *view = examiner->view;
	struct sc_place_view *new = sc_pool_grow(&examiner->process->pool,
						 view->place, view->n_places,
						 sizeof(*new));

	if (!new) {
		no_memory(examiner);
		return;
	}
	place->loaded = examiner->loaded;
	view->place = new;
	new[view->n_places++] = *place;
}

/*
 * Fills in what the file and memory hold, from the instruction on that changes:
 * that is the place.
 */
static void look(struct examiner *examiner, struct sc_place_view *place,
		 struct sc_insn *insn, const uint8_t *bytes)
{
	uint8_t old[SC_INSN_MAX] = { 0 }, now[SC_INSN_MAX];

	place->address += insn->skip;
	memcpy(old, bytes + insn->skip, insn->len);
	if (!sc_process_read(examiner->process, place->address, now,
			     insn->len)) {
		if (!examiner->process->ended)
			sc_error(place->loaded ? place->loaded->path :
						 examiner->loaded->path,
				 "cannot read the memory of %s at 0x%llx",
				 examiner->process->name,
				 (unsigned long long)place->address);
		examiner->process->err = -1;
		return;
	}
	place->form = sc_insn_name(insn->form);
	place->state = state_of(place, insn, old, now);
	place->reason = sc_reason_of(examiner->view, place, insn, old,
				     held_by(examiner, place->key));
	add_place(examiner, place);
}

static void look_at_site(struct examiner *examiner,
			 const struct sc_binary_site *site)
{
	const struct sc_binary *binary = &examiner->loaded->binary;
	uint64_t bias = examiner->loaded->bias;
	struct sc_place_view place = {
		.address = site->address + bias,
		.name = sc_binary_site_name(binary, site),
		.form = "?", .state = SC_STATE_FOREIGN,
		.reason = SC_REASON_FOREIGN,
	};
	size_t len = SC_INSN_MAX;
	const uint8_t *old = sc_binary_at(binary, site->address, len);
	struct sc_insn insn;

	/* The last instruction of a segment may be shorter. */
	if (!old)
		old = sc_binary_at(binary, site->address, --len);
	if (site->direct)
		place.tramp = site->slot + bias;
	else
		sc_process_read64(examiner->process, site->slot + bias,
				  &place.tramp);
	place.key = key_of(examiner, place.tramp);
	if (!old || sc_insn_decode(old, len, &insn)) {
		add_place(examiner, &place);
		return;
	}
	if (site->flags & STATIC_CALL_SITE_KEPT)
		insn.form = sc_insn_kept(insn.form);
	look(examiner, &place, &insn, old);
}

/* A call without a record goes through its trampoline, always. */
static void look_at_branch(struct examiner *examiner,
			   const struct sc_branch *branch, bool no_hook)
{
	uint64_t bias = examiner->loaded->bias;
	struct sc_place_view place = {
		.address = branch->address + bias, .name = branch->name,
		.form = "?", .state = SC_STATE_PRISTINE,
		.reason = no_hook ? SC_REASON_NO_HOOK : SC_REASON_NO_RECORD,
	};
	const uint8_t *bytes = sc_binary_at(&examiner->loaded->binary,
					    branch->address, SC_INSN_MAX);
	struct sc_insn insn;
	uint64_t to;

	if (bytes && !sc_insn_decode(bytes, SC_INSN_MAX, &insn)) {
		place.form = sc_insn_name(insn.form);
		to = sc_insn_leads_to(&insn, bytes + insn.skip,
				      place.address + insn.skip);
		if (insn.slot)
			sc_process_read64(examiner->process, to, &place.tramp);
		else
			place.tramp = to;
	}
	place.key = key_of(examiner, place.tramp);
	add_place(examiner, &place);
}

static void look_for_branches(struct examiner *examiner,
			      struct sc_binary *binary)
{
	struct sc_branches branches;
	bool no_hook;
	size_t i;

	if (sc_branches_find(binary, &branches)) {
		examiner->process->err = -1;
		return;
	}
	no_hook = sc_branches_without_hook(binary, &branches);
	for (i = 0; i < branches.n && branches.n_missing; i++)
		if (!sc_branches_recorded(binary, branches.branch[i].address))
			look_at_branch(examiner, &branches.branch[i], no_hook);
}

/* A trampoline is a place where no site is one. */
static void look_at_trampoline(struct examiner *examiner, uint64_t tramp,
			       const char *name)
{
	struct sc_place_view place = {
		.address = tramp, .tramp = tramp, .name = name,
		.key = key_of(examiner, tramp),
	};
	const uint8_t *old = sc_binary_at(&examiner->loaded->binary,
					  tramp - examiner->loaded->bias,
					  TRAMP_BYTES);
	struct sc_insn insn;

	if (old && !sc_insn_decode_tramp(old, TRAMP_BYTES, &insn))
		look(examiner, &place, &insn, old);
}

static void look_at_definition(struct examiner *examiner, uint64_t tramp,
			       const char *name)
{
	uint64_t key = key_of(examiner, tramp);

	if (key)
		add_key(examiner, key, name, examiner->loaded);
	if (examiner->backend == SC_BACKEND_TRAMPOLINE)
		look_at_trampoline(examiner, tramp, name);
}

/* ------------------------------------------------------------- the files */

static void look_at_definitions(struct examiner *examiner,
				const struct sc_binary *binary)
{
	uint64_t bias = examiner->loaded->bias, tramp;
	size_t i;

	for (i = 0; i < binary->slots.n && !examiner->process->ended; i++)
		if (binary->slots.name[i].defined &&
		    sc_process_read64(examiner->process,
				      binary->slots.name[i].value + bias,
				      &tramp))
			look_at_definition(examiner, tramp,
					   binary->slots.name[i].name);
	for (i = 0; i < binary->tramps.n && !examiner->process->ended; i++)
		if (binary->tramps.name[i].defined)
			look_at_definition(examiner,
					   binary->tramps.name[i].value + bias,
					   binary->tramps.name[i].name);
}

static int add_generic_key(void *context, const char *name, uint64_t value)
{
	struct examiner *examiner = context;

	add_key(examiner, value, name + STATIC_CALL_KEY_PREFIX_LEN,
		examiner->loaded);
	return examiner->err;
}

static bool is_generic(const struct sc_binary *binary)
{
	return !binary->n_sites &&
	       sc_binary_has_symbol(binary,
			"static_call_headers_are_for_backend_generic");
}

/* The generic backend has no notes: symbols tell, unless they were stripped. */
static void look_for_generic_keys(struct examiner *examiner)
{
	size_t before = examiner->view->n_keys;

	examiner->backend = SC_BACKEND_GENERIC;
	sc_process_each_symbol(examiner->process, examiner->loaded,
			       STATIC_CALL_KEY_PREFIX_STR, add_generic_key,
			       examiner);
	if (examiner->view->n_keys > before)
		return;
	sc_error(examiner->loaded->path, "%s", sc_symbols_are_there() ?
		 "its static calls cannot be shown: it is stripped, and the generic backend names them in the symbol table alone; 'strip --strip-debug' keeps that" :
		 "its static calls cannot be shown: it has the generic backend, for which static-call has to be built with libdw");
}

static void count_file(struct examiner *examiner, size_t before)
{
	struct sc_view *view = examiner->view;

	if (view->n_places + view->n_keys == before)
		return;
	if (!view->n_files++)
		view->first = examiner->loaded;
	view->has[examiner->backend] = true;
}

static void look_at_file(struct examiner *examiner, struct sc_loaded *loaded)
{
	struct sc_binary *binary = &loaded->binary;
	size_t before = examiner->view->n_places + examiner->view->n_keys, i;

	examiner->loaded = loaded;
	if (!binary->has_module && !binary->n_sites && !binary->slots.n &&
	    !binary->tramps.n)
		return;
	if (is_generic(binary)) {
		look_for_generic_keys(examiner);
		count_file(examiner, before);
		return;
	}
	examiner->backend = binary->n_sites ||
			    sc_branches_need_records(binary) ?
				    SC_BACKEND_INLINE : SC_BACKEND_TRAMPOLINE;
	look_at_definitions(examiner, binary);
	for (i = 0; i < binary->n_sites && !examiner->process->ended; i++)
		look_at_site(examiner, &binary->site[i]);
	if (examiner->backend == SC_BACKEND_INLINE && !examiner->process->ended)
		look_for_branches(examiner, binary);
	count_file(examiner, before);
}

/* -------------------------------------------------- bringing it together */

static int by_address(const void *left, const void *right)
{
	const struct sc_key_view *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

static int by_name(const void *left, const void *right)
{
	const struct sc_key_view *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : by_address(left, right);
}

static int by_key(const void *left, const void *right)
{
	const struct sc_place_view *a = left, *b = right;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->address < b->address ? -1 : a->address > b->address;
}

static void sort_keys(struct sc_view *view)
{
	size_t i, kept = 0;

	if (!view->n_keys)
		return;
	qsort(view->key, view->n_keys, sizeof(*view->key), by_address);
	for (i = 0; i < view->n_keys; i++)
		if (!kept || view->key[kept - 1].address != view->key[i].address)
			view->key[kept++] = view->key[i];
	view->n_keys = kept;
}

static struct sc_key_view *find_key(const struct sc_view *view, size_t n,
				    uint64_t address)
{
	struct sc_key_view key = { .address = address };

	return n ? bsearch(&key, view->key, n, sizeof(key), by_address) : NULL;
}

/* A slot that is not bound yet leads to no key: then the name tells, if any does. */
static void find_by_name(struct sc_view *view, struct sc_place_view *place)
{
	size_t i;

	for (i = 0; place->name && i < view->n_keys; i++)
		if (!strcmp(view->key[i].name, place->name)) {
			place->key = view->key[i].address;
			return;
		}
}

/* Keys that no file here defines, and calls of which nothing is known. */
static void add_missing_keys(struct examiner *examiner)
{
	struct sc_view *view = examiner->view;
	size_t i, known = view->n_keys;

	examiner->backend = SC_BACKEND_INLINE;
	for (i = 0; i < view->n_places && !examiner->err; i++)
		if (!view->place[i].key)
			find_by_name(view, &view->place[i]);
	if (view->n_places)
		qsort(view->place, view->n_places, sizeof(*view->place), by_key);
	for (i = 0; i < view->n_places && !examiner->err; i++) {
		const struct sc_place_view *place = &view->place[i];

		if ((i && place[-1].key == place->key) ||
		    find_key(view, known, place->key))
			continue;
		add_key(examiner, place->key, place->name, NULL);
	}
	if (view->n_keys)
		qsort(view->key, view->n_keys, sizeof(*view->key), by_address);
}

static bool is_direct(const struct sc_place_view *place)
{
	return place->state <= SC_STATE_RET0 && !place->reason;
}

static enum sc_target_is kind_of(struct examiner *examiner,
				 const struct sc_key_view *key)
{
	struct sc_symbol symbol;
	size_t i;

	if (!key->target)
		return SC_TARGET_IS_UNKNOWN;
	/* In a stripped program places may tell what symbols do not. */
	for (i = 0; i < key->n_places; i++)
		if (key->places[i].state == SC_STATE_NULL)
			return SC_TARGET_IS_NULL;
		else if (key->places[i].state == SC_STATE_RET0)
			return SC_TARGET_IS_RET0;
	symbol = sc_process_symbol(examiner->process, key->target);
	if (symbol.name && !symbol.offset) {
		if (!strcmp(symbol.name, "__static_call_nop"))
			return SC_TARGET_IS_NULL;
		if (!strcmp(symbol.name, "__static_call_return0"))
			return SC_TARGET_IS_RET0;
	}
	return SC_TARGET_IS_FUNCTION;
}

static void bring_together(struct examiner *examiner)
{
	struct sc_view *view = examiner->view;
	struct sc_key_view *key = NULL;
	size_t i;

	sort_keys(view);
	add_missing_keys(examiner);
	for (i = 0; i < view->n_places; i++) {
		struct sc_place_view *place = &view->place[i];

		if (!i || place[-1].key != place->key)
			key = find_key(view, view->n_keys, place->key);
		if (!key)
			continue;	/* out of memory, and said so */
		if (!key->n_places++)
			key->places = place;
		key->n_direct += is_direct(place);
		view->n_direct += is_direct(place);
	}
	for (i = 0; i < view->n_keys; i++) {
		key = &view->key[i];
		key->target = held_by(examiner, key->address);
		key->is = kind_of(examiner, key);
	}
	if (view->n_keys)
		qsort(view->key, view->n_keys, sizeof(*view->key), by_name);
}

int sc_view_make(struct sc_view *view, struct sc_process *process)
{
	struct examiner examiner = { .view = view, .process = process };
	size_t i;

	*view = (struct sc_view){ .process = process };
	for (i = 0; i < process->n_loaded && !process->ended; i++)
		if (process->loaded[i].binary.elf)
			look_at_file(&examiner, &process->loaded[i]);
	if (!process->ended)
		bring_together(&examiner);
	return process->ended || examiner.err ? -1 : 0;
}
