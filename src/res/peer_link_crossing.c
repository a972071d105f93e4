/* SPDX-License-Identifier: ISC */
#include "res/peer_link_crossing.h"

#include <string.h>

#include "api/crud.h"
#include "res/project_pair.h"

#define MEMBER "peer_link.peer_site.project_id"

bool
peer_link_is_received(const struct call *call, const struct peer_link *link)
{
	return call->project != NULL && link->receiver_id.set == GIVEN &&
	       strcmp(call->project, link->receiver_id.v) == 0;
}

enum dc_code
peer_link_crossing_check(struct tx *tx, const struct call *call, struct peer_link *link, struct dc_error *err)
{
	const char *near = link->tenant_id.v, *far = link->peer_project_id.v;

	if (strcmp(near, far) == 0)
		return DC_OK;
	link->receiver_id = link->peer_project_id;
	return project_pair_check(tx, call, near, far, MEMBER, err);
}

/* The text is the other project's own. */
void
peer_link_show_received(struct peer_link *link)
{
	struct peer_site *site = link->peer_site.v;
	struct f_text own = link->peer_gateway_id;

	site->gateway_id = link->global_dc_gateway_id;
	site->project_id = link->tenant_id;
	F_SET_TEXT(site->type, "GDGW");
	link->global_dc_gateway_id = own;
	F_SET_NULL(link->description);
}

enum dc_code
peer_link_tell_receiver(
    struct tx *tx, const struct call *call, const struct peer_link *link, const char *action, struct dc_error *err)
{
	if (link->receiver_id.set != GIVEN)
		return DC_OK;
	return event_add_for(tx, call, link->receiver_id.v, action, "peer_link", link->id.v, err);
}
