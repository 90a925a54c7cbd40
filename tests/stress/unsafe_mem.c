/* SPDX-License-Identifier: MIT */
/* unsafe_mem.c - live text is written through /proc/self/mem. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "unsafe.h"

void unsafe_start(void)
{
}

void unsafe_write(const struct sc_change *changes, size_t n)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	size_t i;

	for (i = 0; i < n; i++)
		if (pwrite(fd, changes[i].wanted, changes[i].place->len,
			   (off_t)(uintptr_t)changes[i].place->addr) != changes[i].place->len)
			abort();
	close(fd);
}
