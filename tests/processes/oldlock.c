/* SPDX-License-Identifier: MIT */
/* oldlock.c - a lock that is held across fork(), for controls. */
#include <pthread.h>

#include "oldlock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void old_lock(void)
{
	pthread_mutex_lock(&lock);
}

void old_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

void old_lock_start(void)
{
	pthread_atfork(old_lock, old_unlock, old_unlock);
}
