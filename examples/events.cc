/* SPDX-License-Identifier: MIT */
/*
 * events.cc - static calls in C++: targets that are lambdas, templates and static
 * members, references as arguments, and an exception that passes through a call.
 *
 * A static call is found like a variable of the namespace that declares it, but has C
 * linkage.  So its name must be unique in the program: it begins with the namespace's.
 */
#include <iostream>
#include <stdexcept>
#include <string>

#include <static_call.h>

namespace events {

struct event {
	std::string name;
	int size;
};

void ignore(const event &) { }

DEFINE_STATIC_CALL(events_handle, ignore);

struct printer {
	static void handle(const event &e)
	{
		std::cout << "  " << e.name << ", " << e.size << '\n';
	}
};

template <int limit, bool loud>
void limited(const event &e)
{
	if (e.size > limit)
		throw std::length_error(e.name);
	if (loud)
		std::cout << "  " << e.name << " is not too large\n";
}

/* An error becomes an exception, where the program has them. */
void listen(void (*handler)(const event &))
{
	int err = static_call_update(events_handle, handler);

	if (err < 0)
		throw std::runtime_error("update: error " + std::to_string(-err));
}

void post(const event &e)
{
	static_call(events_handle)(e);
}

} /* namespace events */

int main()
{
	const events::event small = { "small", 1 }, large = { "large", 1000 };

	events::post(small);
	std::cout << "a static member:\n";
	events::listen(events::printer::handle);
	events::post(small);

	std::cout << "a template:\n";
	events::listen(events::limited<10, true>);
	try {
		events::post(small);
		events::post(large);
	} catch (const std::length_error &e) {
		std::cout << "  caught: " << e.what() << '\n';
	}

	/* One that captures nothing is a pointer to a function. */
	std::cout << "a lambda:\n";
	events::listen([](const events::event &e) {
		std::cout << "  size " << e.size << '\n';
	});
	events::post(large);
	return 0;
}
