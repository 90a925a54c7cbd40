/* SPDX-License-Identifier: MIT */
/* meter.c - a library that defines, exports and makes a static call. */
#include "meter.h"

int meter_plain(int x)
{
	return x + 1;
}

int meter_double(int x)
{
	return 2 * x;
}

DEFINE_STATIC_CALL(meter, meter_plain);
EXPORT_STATIC_CALL(meter);

int meter_once(int x)
{
	return static_call(meter)(x);
}

int meter_twice(int x)
{
	int y = static_call(meter)(x);

	return static_call(meter)(y);
}
