/* SPDX-License-Identifier: ISC */
/* test_machine.h - an interpreter of what the program uses of eBPF, and a router with tables for it. */
#ifndef DC_EDGE_FILTER_TEST_MACHINE_H
#define DC_EDGE_FILTER_TEST_MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum { CUSTOMER = 11, OTHER_LINE = 12, VPC = 13, NOBODYS = 14 }; /* devices */

struct frame {
	uint8_t data[512]; /* from the network header on */
	size_t len;
	uint16_t protocol; /* of what is there, ETH_P_... */
	size_t linear;     /* what lies in the first piece; 0: all */
};

enum { PASSES = -1 };

/* What the program answers to a frame on that device: TC_ACT_... */
int act(uint32_t ifindex, const struct frame *);
/* What becomes of the frame on that device: PASSES, or the reason by which it is counted. */
int verdict(uint32_t ifindex, const struct frame *);

#endif
