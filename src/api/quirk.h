/* SPDX-License-Identifier: ISC */
/* quirk.h - clients that cannot read an answer as the contract has it, and what they get instead. One table, each row
 * with its reason. */
#ifndef DC_QUIRK_H
#define DC_QUIRK_H

#include "field/field.h"

/* The quirks (enum field_quirk, or'ed) of the client that calls itself so; 0 for all others. */
unsigned quirks_of(const char *user_agent);

#endif
