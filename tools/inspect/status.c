/* SPDX-License-Identifier: MIT */
/*
 * status.c - prints what each call site of a running process holds now:
 * "PID: FILE: ADDRESS FORM NAME STATE", and the target behind it.
 *
 * The file says what a site is; memory says what has become of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <static_call/format.h>

#include "insn.h"
#include "elf/branches.h"
#include "inspect/commands.h"
#include "inspect/process.h"

enum state { DIRECT, PRISTINE, CALLS_NULL, CALLS_RET0, BREAKPOINT, FOREIGN,
	     N_STATES };

static const char *const state_names[N_STATES] = {
	"direct", "pristine", "NULL", "RET0", "breakpoint", "foreign",
};

enum { TRAMP_BYTES = 16 };

struct status {
	struct sc_process *process;
	const struct sc_loaded *loaded;
	size_t count[N_STATES], n, files;
};

struct place {
	uint64_t address;		/* of the record, in memory */
	uint64_t tramp, target;		/* 0: not known */
	const char *name, *form;
	uint8_t old[SC_INSN_MAX], now[SC_INSN_MAX];
	struct sc_insn insn;
	enum state state;
};

/* Is it what the library writes for @kind? */
static bool holds(const struct place *place, enum sc_target_kind kind)
{
	struct sc_target target = {
		.kind = kind,
		.null_stub = place->tramp + STATIC_CALL_TRAMP_NULL,
		.ret0_stub = place->tramp + STATIC_CALL_TRAMP_RET0,
	};
	uint8_t bytes[SC_INSN_ROOM];

	memcpy(bytes, place->old, SC_INSN_MAX);
	return !sc_insn_encode(place->insn.form,
			       place->address, &target, NULL, bytes) &&
	       !memcmp(bytes, place->now, place->insn.len);
}

static enum state state_of(struct place *place)
{
	uintptr_t target;

	if (!memcmp(place->now, place->old, place->insn.len))
		return PRISTINE;
	if (holds(place, SC_TARGET_NULL))
		return CALLS_NULL;
	if (holds(place, SC_TARGET_RET0))
		return CALLS_RET0;
	if (sc_insn_branch(place->insn.form, place->now, place->address, &target)) {
		place->target = target;
		return DIRECT;
	}
	return sc_insn_is_trap(place->now) ? BREAKPOINT : FOREIGN;
}

/* What the key of the trampoline holds; 0 where that cannot be found. */
static uint64_t key_target(struct status *status, uint64_t tramp)
{
	uint64_t place = tramp + STATIC_CALL_TRAMP_KEY, key, func;
	uint32_t data[2];

	if (!tramp ||
	    !sc_process_read(status->process, place, data, sizeof(data)) ||
	    data[1] != STATIC_CALL_TRAMP_MAGIC)
		return 0;
	place += (uint64_t)(int64_t)(int32_t)data[0];
	return sc_process_read64(status->process, place, &key) &&
	       sc_process_read64(status->process, key, &func) ? func : 0;
}

static void print_target(struct status *status, uint64_t target)
{
	const struct sc_binary_function *function;
	const struct sc_loaded *loaded;

	printf(" 0x%" PRIx64, target);
	function = sc_process_function(status->process, target, &loaded);
	if (!function)
		return;
	printf(" %s", function->name);
	target -= loaded->bias + function->address;
	if (target)
		printf("+0x%" PRIx64, target);
}

static void print_place(struct status *status, struct place *place)
{
	uint64_t wanted = key_target(status, place->tramp);

	printf("%s: %s: 0x%" PRIx64 " %s %s %s", status->process->name,
	       status->loaded->path, place->address, place->form,
	       place->name ? place->name : "?", state_names[place->state]);
	if (place->state == DIRECT)
		print_target(status, place->target);
	else if (place->state == PRISTINE && wanted)
		print_target(status, wanted);
	if (place->state == DIRECT && wanted && wanted != place->target) {
		printf(", the key says");
		print_target(status, wanted);
	}
	putchar('\n');
	status->count[place->state]++;
	status->n++;
}

/*
 * Fills in what the file and memory hold, from the instruction on that changes:
 * that is the place.
 */
static void show_place(struct status *status, struct place *place,
		       const uint8_t *old)
{
	place->address += place->insn.skip;
	memcpy(place->old, old + place->insn.skip, place->insn.len);
	if (!sc_process_read(status->process, place->address, place->now,
			     place->insn.len)) {
		if (!status->process->ended)
			sc_error(status->loaded->path,
				 "cannot read the memory of process %s at 0x%"
				 PRIx64, status->process->name,
				 place->address);
		status->process->err = -1;
		return;
	}
	place->form = sc_insn_name(place->insn.form);
	place->state = state_of(place);
	print_place(status, place);
}

static void show_site(struct status *status, const struct sc_binary *binary,
		      const struct sc_binary_site *site)
{
	uint64_t bias = status->loaded->bias;
	struct place place = {
		.address = site->address + bias,
		.name = sc_binary_site_name(binary, site),
		.form = "?", .state = FOREIGN,
	};
	size_t len = SC_INSN_MAX;
	const uint8_t *old = sc_binary_at(binary, site->address, len);

	/* The last instruction of a segment may be shorter. */
	if (!old)
		old = sc_binary_at(binary, site->address, --len);
	if (site->direct)
		place.tramp = site->slot + bias;
	else
		sc_process_read64(status->process, site->slot + bias,
				  &place.tramp);
	if (!old || sc_insn_decode(old, len, &place.insn)) {
		print_place(status, &place);
		return;
	}
	if (site->flags & STATIC_CALL_SITE_KEPT)
		place.insn.form = sc_insn_kept(place.insn.form);
	show_place(status, &place, old);
}

/* The trampoline of a call that is defined in this file. */
static void show_trampoline(struct status *status, const struct sc_binary *binary,
			    const struct sc_binary_name *definition)
{
	uint64_t bias = status->loaded->bias, tramp;
	struct place place = { .name = definition->name };
	const uint8_t *old;

	if (!sc_process_read64(status->process, definition->value + bias,
			       &tramp))
		return;
	old = sc_binary_at(binary, tramp - bias, TRAMP_BYTES);
	place.address = tramp;
	place.tramp = tramp;
	if (old && !sc_insn_decode_tramp(old, TRAMP_BYTES, &place.insn))
		show_place(status, &place, old);
}

/* Says so of a file that makes static calls and has no record. */
static void show_without_hook(const struct status *status,
			      struct sc_binary *binary)
{
	struct sc_branches branches;

	if (!binary->n_sites && binary->slots.n &&
	    !sc_branches_find(binary, &branches) &&
	    sc_branches_without_hook(binary, &branches))
		printf("%s: %s: " SC_WITHOUT_HOOK "\n", status->process->name,
		       status->loaded->path);
}

static void show_loaded(struct status *status, struct sc_loaded *loaded)
{
	struct sc_binary *binary = &loaded->binary;
	size_t before = status->n, i;

	status->loaded = loaded;
	for (i = 0; i < binary->n_sites && !status->process->ended; i++)
		show_site(status, binary, &binary->site[i]);
	/* Where no site is noted, all calls go through the trampolines. */
	for (i = 0; !binary->n_sites && i < binary->slots.n &&
	     !status->process->ended; i++)
		if (binary->slots.name[i].defined)
			show_trampoline(status, binary, &binary->slots.name[i]);
	if (!status->process->ended)
		show_without_hook(status, binary);
	status->files += status->n > before;
}

int sc_status_show(struct sc_process *process)
{
	struct status status = { .process = process };
	size_t i;

	for (i = 0; i < process->n_loaded; i++)
		show_loaded(&status, &process->loaded[i]);
	if (process->ended)
		return -sc_error(process->name,
				 "has ended, or begun another program, meanwhile");
	printf("%s: %zu places in %zu files:", process->name, status.n,
	       status.files);
	for (i = 0; i < N_STATES; i++)
		printf(" %zu %s%s", status.count[i], state_names[i],
		       i + 1 < N_STATES ? "," : "\n");
	return process->err ? 1 : 0;
}

int sc_status_process(const char *pid)
{
	struct sc_process process;
	int result = 1;

	if (!sc_process_open(&process, pid))
		result = sc_status_show(&process);
	sc_process_close(&process);
	return result;
}
