/* SPDX-License-Identifier: ISC */
/* vif_peer_detection.h - detections: a peer's edge sends echo requests to the customer's router, once, and counts the
 * answers (semantics.md 5.9). */
#ifndef DC_VIF_PEER_DETECTION_H
#define DC_VIF_PEER_DETECTION_H

#include "field/resource.h"
#include "store/due.h"

extern const struct field_table peer_detection_table;
extern const struct resource peer_detection_resource;

/* The kind of due rows that ends a detection whose edge does not answer. */
#define PEER_DETECTION_END "peer_detection_end"
enum dc_code peer_detection_end(struct tx *, const struct due *, void *user, struct dc_error *err);

#endif
