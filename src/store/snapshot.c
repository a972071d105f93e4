/* SPDX-License-Identifier: ISC */
/* snapshot.c - snapshots, as far as no backend is concerned: which one has them, and the epochs that have ended. */
#include "store/snapshot.h"

#include <string.h>

#include "store/store_priv.h"

void
store_end_epoch(struct store *st)
{
	memcpy(st->ended[st->ended_n++ % EPOCHS_ENDED_MAX], st->epoch, sizeof(st->epoch));
}

bool
tx_epoch_was_ended(const struct tx *tx, const char *epoch)
{
	const struct store *st = tx->store;

	for (size_t i = 0; epoch != NULL && i < st->ended_n && i < EPOCHS_ENDED_MAX; i++)
		if (strcmp(st->ended[i], epoch) == 0)
			return true;
	return false;
}

static enum dc_code
no_snapshots(struct dc_error *err)
{
	return dc_fail(err, DC_E_POLICY, NULL, "The database of this server has no snapshots: they need SQLite");
}

enum dc_code
store_snapshot_take(struct store *st, struct store_snapshot **ret, struct dc_error *err)
{
	return st->ops->take != NULL ? st->ops->take(st, ret, err) : no_snapshots(err);
}

enum dc_code
store_snapshot_restore(
    struct store *st, const struct store_snapshot *from, const struct store_restoring *work, struct dc_error *err)
{
	return st->ops->restore != NULL ? st->ops->restore(st, from, work, err) : no_snapshots(err);
}
