/* SPDX-License-Identifier: ISC */
/* name.h - which names of network devices are taken, by one rule: the edge's network half reads them from dcaasd, the
 * agent hands them to the kernel, and names of our own are written into BIRD's configuration. */
#ifndef DC_NAME_H
#define DC_NAME_H

#include <stdbool.h>

#define NAME_SIZE 16 /* of a device, with its end: IFNAMSIZ */

/* One that dcaasd gives out ("dcr1", "dcv12"): a letter, then letters, digits and '_'. */
bool name_is_ours(const char *);
/* One that a router's owner may have given a port: letters, digits, '_', '.', '-' and '@', '.' and '-' not first. */
bool name_is_port(const char *);

#endif
