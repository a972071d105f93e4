/* SPDX-License-Identifier: ISC */
#include "edge/intake.h"

#include <string.h>

static bool
is_confirmed(const struct intake_self *self, const struct wire_desired *d)
{
	return d->confirm_epoch.set == GIVEN && d->confirm_revision.set == GIVEN &&
	       strcmp(d->confirm_epoch.v, self->epoch) == 0 && d->confirm_revision.v == self->revision;
}

enum intake
intake_decide(const struct intake_self *self, const struct wire_desired *d, struct arena *arena, const char **why)
{
	bool same_epoch = strcmp(d->epoch.v, self->epoch) == 0, confirmed = is_confirmed(self, d);
	bool other_edge =
	    same_epoch && self->edge != NULL && d->edge.set == GIVEN && strcmp(d->edge.v, self->edge) != 0;

	if (d->version.set == GIVEN && d->version.v > WIRE_VERSION) {
		*why = arena_printf(arena, "dcaasd speaks version %lld of the protocol, this edge knows %d",
		    (long long)d->version.v, WIRE_VERSION);
		return INTAKE_HOLD;
	}
	if (other_edge && !self->empty && !confirmed) {
		*why = arena_printf(arena, "the credential is that of another edge, %s", d->edge.v);
		return INTAKE_HOLD;
	}
	if (!d->full.v)
		return same_epoch && !self->lost && !other_edge && d->revision.v >= self->revision ? INTAKE_CHANGES
												   : INTAKE_ANEW;
	if (confirmed)
		return INTAKE_SNAPSHOT;
	if (self->lost) {
		*why = "what should be here is not known any more, and the snapshot would delete what is here";
		return INTAKE_IF_HARMLESS;
	}
	if (self->empty)
		return INTAKE_SNAPSHOT;
	if (!same_epoch) {
		*why = "dcaasd has another database than the one that ordered what is here";
		return INTAKE_HOLD;
	}
	if (d->revision.v < self->revision) {
		*why = arena_printf(arena, "dcaasd's database is older than what is here (revision %lld, here %lld)",
		    (long long)d->revision.v, (long long)self->revision);
		return INTAKE_HOLD;
	}
	return INTAKE_SNAPSHOT;
}
