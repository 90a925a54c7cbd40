/* SPDX-License-Identifier: MIT */
/*
 * edited_stub.c - a library in place of libstaticcall that reads nothing of a
 * module: what goes wrong with it too is the file's own fault.
 *
 * With -DCARELESS it believes all that the notes say.  A test that does not see
 * it fail sees nothing.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <string.h>

#include <static_call.h>

/* Each does as much with its arguments as the library's own. */

long __static_call_return0(void)
{
	return 0;
}

void __static_call_nop(void)
{
}

int __static_call_update(struct static_call_key *key, void *tramp, void *func)
{
	(void)tramp;
	__atomic_store_n(&key->func, func ? func : (void *)&__static_call_nop,
			 __ATOMIC_RELEASE);
	return 0;
}

int static_call_update_batch(const struct static_call_change *changes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		__static_call_update(changes[i].key, NULL, changes[i].func);
	return 0;
}

void *__static_call_query(const struct static_call_key *key)
{
	return key->func == (void *)&__static_call_nop ? NULL : key->func;
}

int static_call_get_info(struct static_call_info *info)
{
	memset((char *)info + sizeof(info->size), 0,
	       info->size - sizeof(info->size));
	return 0;
}

int static_call_for_each_site(int (*fn)(const struct static_call_site_info *,
					void *), void *arg)
{
	const struct static_call_site_info none = {
		.state = STATIC_CALL_SITE_FAR,
	};

	return fn(&none, arg);
}

int static_call_for_each_key(int (*fn)(const struct static_call_key_info *,
				       void *), void *arg)
{
	static struct static_call_key key;
	const struct static_call_key_info none = { .key = &key, .name = "-" };

	return fn(&none, arg);
}

void static_call_module_leave(char *state)
{
	*state = 0;
}

/* ---------------------------------------------------------- careless */

#ifdef CARELESS
static const char *leads_to(const char *field)
{
	int32_t offset;

	memcpy(&offset, field, sizeof(offset));
	return field + offset;
}

/* A definition, or a run of records. */
static int follow(const ElfW(Nhdr) *note, const char *desc)
{
	const struct static_call_key *key;
	const char *record = leads_to(desc + 4);
	uint32_t i, count;
	int sum = 0;

	if (note->n_type == 0x00020002) {
		memcpy(&key, leads_to(desc + 8), sizeof(key));
		((struct static_call_key *)(uintptr_t)key)->static_call_owner =
			NULL;
		return 0;
	}
	memcpy(&count, desc + 8, sizeof(count));
	for (i = 0; note->n_type == 0x00020001 && i < count; i++)
		sum += *leads_to(record + 8 * (size_t)i) +
		       *leads_to(record + 8 * (size_t)i + 4);
	return sum;
}

static int each_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	volatile int *sum = arg;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = info->dlpi_phdr + i;
		const char *p = (const char *)info->dlpi_addr + ph->p_vaddr;
		const char *end = p + ph->p_memsz;

		while (ph->p_type == PT_NOTE && p < end) {
			const ElfW(Nhdr) *note = (const void *)p;
			const char *name = (const char *)(note + 1);
			const char *desc = name + ((note->n_namesz + 3) & -4u);

			if (!strcmp(name, "StaticCall"))
				*sum += follow(note, desc);
			p = desc + ((note->n_descsz + 3) & -4u);
		}
	}
	return 0;
}

static void enter(void)
{
	volatile int sum = 0;

	dl_iterate_phdr(each_object, (void *)&sum);
}
#else
static void enter(void)
{
}
#endif

void static_call_define(struct static_call_definition *definition)
{
	(void)definition;
}

void static_call_undefine(struct static_call_definition *definition)
{
	(void)definition;
}

void static_call_headers_are_for_backend_generic(char *state)
{
	(void)state;
}

void static_call_headers_are_for_backend_trampoline(char *state)
{
	(void)state;
	enter();
}

void static_call_headers_are_for_backend_inline(char *state)
{
	(void)state;
	enter();
}
