/* SPDX-License-Identifier: MIT */
/*
 * trampoline.c - the backend that patches each trampoline into a direct jump.
 * The sites stay calls of the trampoline.
 */
#include "sc_config.h"

#include "x86_64/patch.h"

const char *sc_backend_name(void)
{
	return "trampoline";
}

size_t sc_places_max(const struct sc_image *image)
{
	return image->n_defines;
}

void sc_places_find(struct sc_finding *finding)
{
	const struct sc_image *image = finding->image;
	size_t i;

	for (i = 0; i < image->n_defines; i++) {
		const struct sc_define *define = image->defines + i;
		struct sc_key *key = finding->registrar->use(define->key);

		if (key)
			sc_patch_found(finding, define->tramp, define->tramp,
				       key);
	}
}
