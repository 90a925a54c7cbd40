/* SPDX-License-Identifier: MIT */
/* page.h - how large a page can be. */
#ifndef SC_PAGE_H
#define SC_PAGE_H

/* No kernel that we know has larger ones.  Static room for whole pages is aligned so. */
#define SC_PAGE_MAX	(64ul << 10)

#endif
