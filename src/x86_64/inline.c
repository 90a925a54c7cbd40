/* SPDX-License-Identifier: MIT */
/*
 * inline.c - the backend that patches each call site into a direct call.
 *
 * Trampolines stay pristine, jumping through the key: only calls that were not
 * annotated or whose target is out of reach go through them, and patching them
 * too would cost another page in each update.
 */
#include "sc_config.h"

#include "x86_64/patch.h"

const char *sc_backend_name(void)
{
	return "inline";
}

size_t sc_places_max(const struct sc_image *image)
{
	return image->n_sites;
}

static uintptr_t place_relative(const int32_t *field)
{
	return (uintptr_t)field + (uintptr_t)(intptr_t)*field;
}

static void find_in_run(struct sc_finding *finding, const struct sc_run *run)
{
	uintptr_t last_slot = 0, tramp = 0;
	struct sc_key *key = NULL;
	size_t i;

	for (i = 0; i < run->n; i++) {
		const struct static_call_site *site = run->sites + i;
		uintptr_t slot = place_relative(&site->tramp) &
				 ~(uintptr_t)STATIC_CALL_SITE_FLAGS;

		if (slot != last_slot) {
			struct static_call_key *found;

			last_slot = slot;
			tramp = *(const uintptr_t *)slot;
			found = sc_tramp_key(tramp);
			key = found ? finding->registrar->use(found) : NULL;
		}
		if (key)
			sc_patch_found(finding, place_relative(&site->addr),
				       tramp, key);
	}
}

void sc_places_find(struct sc_finding *finding)
{
	size_t i;

	for (i = 0; i < finding->image->n_runs; i++)
		find_in_run(finding, finding->image->runs + i);
}
