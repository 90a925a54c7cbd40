/* SPDX-License-Identifier: MIT */
/*
 * backing.c - the file behind text: asked for its pages before anybody runs into
 * them, and mapped again where text was lost.
 */
#include "sc_config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine.h"
#include "why.h"

/* No view of the file could be had. */
#define NO_VIEW		((uintptr_t)MAP_FAILED)

/*
 * 0, -EIO, or 1 where the kernel does not say: a part may not be read, or the
 * kernel is older than 5.14, and a read finds out.
 */
static int fault_in(uintptr_t start, size_t len)
{
	if (madvise((void *)start, len, MADV_POPULATE_READ) == 0)
		return 0;
	if (errno != EFAULT && errno != EHWPOISON)
		return 1;
	return sc_why_note("read text from its file", NULL, -EIO);
}

static int fault_in_run(struct sc_text *text, uintptr_t start, uintptr_t end)
{
	int err = fault_in(start, end - start);

	if (err > 0)
		text->readable = false;
	return err < 0 ? err : 0;
}

/*
 * A place that is pristine, or was made so by somebody, is read from its file.
 * If the disk fails that kills this thread, so the kernel is asked first.  That
 * also tells whether text is still readable: the program may have made a part of
 * it execute-only.
 */
int sc_fault_in_changes(void)
{
	const struct sc_change *changes = sc_tx->changes, *last = NULL;
	uintptr_t start = 0, end = 0;
	size_t i;

	for (i = 0; i < sc_tx->n_changes; i = sc_change_behind(i, end)) {
		const struct sc_change *c = changes + i;
		uintptr_t page = sc_page_of(c->addr);

		if (last && c->place->text == last->place->text &&
		    page <= end + SC_RANGE_GAP) {
			end = page + SC_PAGE;
			continue;
		}
		if (last && fault_in_run(last->place->text, start, end))
			return -EIO;
		if (!last || c->place->text != last->place->text)
			c->place->text->readable = true;
		last = c;
		start = page;
		end = page + SC_PAGE;
	}
	return last ? fault_in_run(last->place->text, start, end) : 0;
}

/*
 * The file that @text was mapped from, by its path; -1: it is another now, as
 * after an upgrade.  NONBLOCK: the path may lead to a pipe by now.
 */
static int open_file_of(const struct sc_text *text)
{
	int fd = open(text->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && st.st_ino == text->inode)
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

/*
 * A second view of the file, by which its pages can be brought into memory
 * before the places show them.  A file that was deleted or replaced has none;
 * then a caller meets a disk that fails in that moment.
 */
static void open_view(struct sc_text *text)
{
	int fd = open_file_of(text);
	uintptr_t view = NO_VIEW;

	if (fd >= 0)
		view = (uintptr_t)mmap(NULL, text->end - text->start, PROT_READ,
				       MAP_PRIVATE, fd, (off_t)text->offset);
	/* What was short may be there at the next update. */
	if (view != NO_VIEW || (errno != EMFILE && errno != ENFILE &&
				errno != ENOMEM))
		text->view = view;
	if (fd >= 0)
		close(fd);
}

/* Forgotten first: a child must not unmap what is another mapping by then. */
void sc_view_close(struct sc_text *text)
{
	uintptr_t view = text->view;

	text->view = 0;
	if (view && view != NO_VIEW)
		munmap((void *)view, text->end - text->start);
}

int sc_fault_in_range(struct sc_range *r)
{
	struct sc_text *text = r->text;

	if (!text->view)
		open_view(text);
	if (!text->view || text->view == NO_VIEW)
		return 0;
	if (fault_in(text->view + (r->start - text->start), r->len) < 0)
		return -EIO;
	return 0;
}

int sc_fault_in_place(const struct sc_range *r)
{
	if (madvise((void *)r->start, r->len, MADV_POPULATE_READ) < 0 &&
	    (errno == EFAULT || errno == ENOMEM || errno == EHWPOISON))
		return sc_why_note("read text from its file", NULL, -EIO);
	return 0;
}

int sc_map_file_back(const struct sc_range *r)
{
	int fd = open_file_of(r->text), err = -EIO;
	int prot = PROT_EXEC | (r->flags & SC_VMA_READ ? PROT_READ : 0);

	if (fd < 0)
		return -EIO;
	if (mmap((void *)r->start, r->len, prot, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)(r->text->offset + (r->start - r->text->start))) !=
	    MAP_FAILED)
		err = 0;
	close(fd);
	return err;
}
