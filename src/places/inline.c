/* SPDX-License-Identifier: MIT */
/*
 * inline.c - the backend that patches each call site into a direct call.
 *
 * Trampolines stay pristine, jumping through the key: only calls that were not
 * annotated or whose target is out of reach go through them, and patching them
 * too would cost another page in each update.
 */
#include "sc_config.h"

#include "places.h"

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

/*
 * Records of one call lie together: its slot is looked at once.  A record that
 * leads to no trampoline of ours, or a key of another copy of the library, is
 * passed over: the call goes where the linker sent it.
 */
static size_t find_in_run(const struct sc_image *image, struct sc_text *texts,
			  const struct sc_run *run, struct sc_place *out)
{
	uintptr_t last = 0, tramp = 0;
	struct sc_key *key = NULL;
	size_t i, n = 0;

	for (i = 0; i < run->n; i++) {
		const struct static_call_site *site = run->sites + i;
		uintptr_t to = place_relative(&site->tramp);
		bool kept = to & STATIC_CALL_SITE_KEPT;

		to &= ~(uintptr_t)STATIC_CALL_SITE_FLAGS;

		if (to != last) {
			struct static_call_key *found;

			last = to;
			tramp = run->direct ? to :
					      sc_image_slot_value(image, to);
			found = sc_tramp_key(image, tramp);
			key = found ? sc_registry_use(found, tramp) : NULL;
		}
		if (!key)
			continue;
		sc_place_decode(out + n, image, texts,
				place_relative(&site->addr), tramp, key);
		if (kept)
			out[n].form = (uint8_t)sc_insn_kept(
				(enum sc_form)out[n].form);
		n++;
	}
	return n;
}

size_t sc_places_find(const struct sc_image *image, struct sc_text *texts,
		      struct sc_place *out)
{
	size_t i, n = 0;

	for (i = 0; i < image->n_runs; i++)
		n += find_in_run(image, texts, image->runs + i, out + n);
	return n;
}
