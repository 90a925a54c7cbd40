/* SPDX-License-Identifier: MIT */
/* inputfile.c - files of a link, looked at in memory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <static_call/types.h>

#include "inputfile.h"

static int map_fd(struct sc_inputfile *file, int fd)
{
	struct stat st;
	void *data;

	*file = (struct sc_inputfile){ NULL, 0 };
	if (fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (!st.st_size)
		return 0;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -1;
	file->data = data;
	file->size = (size_t)st.st_size;
	return 0;
}

int sc_inputfile_map(struct sc_inputfile *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 ? -1 : map_fd(file, fd);

	if (fd >= 0)
		close(fd);
	return error;
}

void sc_inputfile_unmap(struct sc_inputfile *file)
{
	if (file->size)
		munmap((void *)(uintptr_t)file->data, file->size);
	*file = (struct sc_inputfile){ NULL, 0 };
}

bool sc_inputfile_may_call(const struct sc_inputfile *file)
{
	return file->size && memmem(file->data, file->size,
				    STATIC_CALL_TRAMP_PREFIX_STR,
				    STATIC_CALL_TRAMP_PREFIX_LEN);
}

bool sc_inputfile_is_bitcode(const struct sc_inputfile *file)
{
	return file->size >= 4 && (!memcmp(file->data, "BC\xc0\xde", 4) ||
				   !memcmp(file->data, "\xde\xc0\x17\x0b", 4));
}

/* libelf wants a descriptor; it need not be a file on a disk. */
static int memory_file(const struct sc_inputfile *file)
{
	int fd = memfd_create("static-call", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	while (fd >= 0 && file && done < file->size) {
		n = write(fd, file->data + done, file->size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			close(fd);
			return -1;
		}
		done += (size_t)n;
	}
	return fd;
}

enum sc_annotate_result sc_inputfile_annotate(const struct sc_inputfile *file,
					      const char *name,
					      struct sc_inputfile *new)
{
	enum sc_annotate_result result = SC_ANNOTATE_ERROR;
	const char *why;
	int in, out;

	if (!sc_inputfile_may_call(file) || file->size < 4 ||
	    memcmp(file->data, "\177ELF", 4))
		return SC_ANNOTATE_OTHER;
	in = memory_file(file);
	out = memory_file(NULL);
	if (in < 0 || out < 0)
		sc_error_errno(name, "cannot copy");
	else
		result = sc_annotate_fd(in, out, name, &why);
	if (result == SC_ANNOTATE_DONE && map_fd(new, out)) {
		sc_error_errno(name, "cannot read the copy");
		result = SC_ANNOTATE_ERROR;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return result;
}
