/* SPDX-License-Identifier: MIT */
/*
 * trampoline.c - the backend that patches each trampoline into a direct jump.
 * The sites stay calls of the trampoline.
 */
#include "sc_config.h"

#include "places.h"

const char *sc_backend_name(void)
{
	return "trampoline";
}

size_t sc_places_max(const struct sc_image *image)
{
	return image->n_defines;
}

size_t sc_places_find(const struct sc_image *image, struct sc_text *texts,
		      struct sc_place *out)
{
	size_t i, n = 0;

	for (i = 0; i < image->n_defines; i++) {
		const struct sc_define *define = image->defines + i;
		struct sc_key *key = sc_registry_use(define->key,
						     define->tramp);

		if (key)
			sc_place_decode(out + n++, image, texts, define->tramp,
					define->tramp, key);
	}
	return n;
}
