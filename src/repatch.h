/* SPDX-License-Identifier: MIT */
/* repatch.h - all calls become direct again. */
#ifndef SC_REPATCH_H
#define SC_REPATCH_H

/*
 * With the lock held, between updates: each place gets what its key says, as when
 * its module came.  Not an error if it fails: pristine text is right, and only
 * slower.
 */
void sc_patch_again(void);

#endif
