/* SPDX-License-Identifier: MIT */
/* meter.h - the shared library of a small consumer project. */
#ifndef METER_H
#define METER_H

#include <static_call.h>

int meter_once(int x);
int meter_plain(int x);
int meter_double(int x);

DECLARE_STATIC_CALL(meter, meter_plain);

/* Two calls: what meter_twice() returns is meter(meter(x)). */
int meter_twice(int x);

#endif /* METER_H */
