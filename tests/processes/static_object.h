/* SPDX-License-Identifier: MIT */
/*
 * static_object.h - static objects of C++ that hold a plugin: their destructors close
 * it.
 */
#ifndef PROCESSES_STATIC_OBJECT_H
#define PROCESSES_STATIC_OBJECT_H

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the plugin @path; NULL if that fails.  @closed is told what dlclose() said. */
typedef void *static_object_func(const char *path, void (*closed)(int err));

/* An object of the module, and one of a function, that is made when first called. */
static_object_func static_object_of_module, static_object_of_function;

#ifdef __cplusplus
}
#endif

#endif /* PROCESSES_STATIC_OBJECT_H */
