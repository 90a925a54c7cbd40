/* SPDX-License-Identifier: MIT */
/*
 * fuzz.c - a target for libFuzzer: any bytes may be given to the tool.
 *
 * Beyond not crashing, an object that was annotated must be sound: annotated
 * again, nothing is left to do.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "annotate.h"
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_image(int fd)
{
	struct sc_image image;
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	Elf64_Ehdr *ehdr = elf ? elf64_getehdr(elf) : NULL;
	size_t i;

	if (ehdr) {
		if (!sc_image_open(&image, elf, "fuzz"))
			for (i = 0; i < image.nr_sites; i++)
				sc_image_site_name(&image, image.site[i].slot);
		sc_image_close(&image);
	}
	elf_end(elf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	const char *why;

	sc_quiet = true;
	if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size)
		abort();
	if (sc_annotate_fd(in, out, "fuzz", &why) == SC_ANNOTATE_DONE &&
	    sc_annotate_fd(out, -1, "fuzz", &why) != SC_ANNOTATE_NOTHING)
		abort();
	read_image(in);
	close(in);
	close(out);
	return 0;
}
