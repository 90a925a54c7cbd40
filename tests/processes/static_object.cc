/* SPDX-License-Identifier: MIT */
/* static_object.cc - static objects of C++ that hold a plugin. */
#include <dlfcn.h>

#include "static_object.h"

#define EXPORT	__attribute__((visibility("default")))

namespace {

class plugin {
	void *handle;
	void (*closed)(int err);

public:
	plugin() : handle(), closed() {}
	~plugin()
	{
		if (handle)
			closed(dlclose(handle));
	}

	void *open(const char *path, void (*func)(int err))
	{
		handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		closed = func;
		return handle;
	}
};

plugin of_module;

} // namespace

extern "C" EXPORT void *static_object_of_module(const char *path,
						void (*closed)(int err))
{
	return of_module.open(path, closed);
}

extern "C" EXPORT void *static_object_of_function(const char *path,
						  void (*closed)(int err))
{
	static plugin of_function;

	return of_function.open(path, closed);
}
