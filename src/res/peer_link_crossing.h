/* SPDX-License-Identifier: ISC */
/* peer_link_crossing.h - peer links to another project's gateway. Both projects see such a link and may end it; the one
 * that has ordered it names and describes it. doc/decisions/links-across-projects.md has the reasons. */
#ifndef DC_PEER_LINK_CROSSING_H
#define DC_PEER_LINK_CROSSING_H

#include "res/peer_link_row.h"

/* Whether the caller is the project of the far gateway. */
bool peer_link_is_received(const struct call *, const struct peer_link *);
/* What may not be, before the far gateway is looked for; names the project that sees the link, too. */
enum dc_code peer_link_crossing_check(struct tx *, const struct call *, struct peer_link *, struct dc_error *err);
/* The link as the far gateway's project reads it: from its own end. */
void peer_link_show_received(struct peer_link *);
/* An event for the far gateway's project; of other links none. */
enum dc_code peer_link_tell_receiver(
    struct tx *, const struct call *, const struct peer_link *, const char *action, struct dc_error *err);

#endif
