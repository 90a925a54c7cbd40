/* SPDX-License-Identifier: MIT */
/*
 * release.h - a program whose objects were compiled with headers of three
 * releases, called old, now and new: release.c once with each.
 */
#ifndef RELEASE_H
#define RELEASE_H

#include <static_call.h>

/* Sites in release.c, and files made of it. */
#define RELEASE_SITES 3
#define RELEASE_FILES 3

/* What one release's structures say. */
struct release_seen {
	size_t keys, sites, patched, crossing;
	size_t named; /* keys that the walk named */
};

int release_one_more(int x);
int release_ten_more(int x);

#define RELEASE_DECLARE(r)                      \
	int r##_sum(int x);                     \
	int r##_update(void);                   \
	int r##_see(struct release_seen *seen); \
	DECLARE_STATIC_CALL(r##_call, release_one_more)

RELEASE_DECLARE(old);
RELEASE_DECLARE(now);
RELEASE_DECLARE(new);

#endif /* RELEASE_H */
