/* SPDX-License-Identifier: ISC */
/* uplink.h - the BGP sessions of an attachment behind a connect gateway: its next hops hear of the gateway's global
 * EIPs, and are not listened to. */
#ifndef DC_UPLINK_H
#define DC_UPLINK_H

#include "res/gateway.h"

/* Gives the attachment ids for its sessions, when it is to have any and has none. */
void uplink_fill(struct attachment *, struct arena *);
/* AS number, password and next hops. */
enum dc_code uplink_check(struct call *, const struct attachment *, const struct gateway *, struct dc_error *err);
/* Puts the sessions. number: that of the attachment's device. */
void uplink_put(struct work_view *, struct arena *, const struct attachment *, const struct gateway *, int64_t number);
/* An attachment that works otherwise is DOWN while a session of it is. */
enum dc_code uplink_judge(struct tx *, struct attachment *, struct dc_error *err);
/* Once the edge has let go. */
enum dc_code uplink_forget(struct tx *, const struct attachment *, struct dc_error *err);

#endif
