/* SPDX-License-Identifier: ISC */
/* vif_diagnosis.h - why an interface does not work: the layers from the order to the routes, each with what is known of
 * it at this moment, and the first that fails with what to do. Nothing of it is stored. */
#ifndef DC_VIF_DIAGNOSIS_H
#define DC_VIF_DIAGNOSIS_H

#include "res/res.h"

extern const struct resource vif_diagnosis_resource;

#endif
