/* SPDX-License-Identifier: MIT */
/* late_updates.h - updates in a destructor. */
#ifndef PROCESSES_LATE_UPDATES_H
#define PROCESSES_LATE_UPDATES_H

#include "subject.h"

/* What an update returned, and whether the calls followed it. */
#define LATE_DONE	"# done\n"
#define LATE_REFUSED	"# refused\n"
#define LATE_STALE	"# stale\n"

/* Writes one of these lines to standard output. */
void late_updates(const struct subject *subject);

#endif /* PROCESSES_LATE_UPDATES_H */
