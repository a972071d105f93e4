/* SPDX-License-Identifier: ISC */
#include "edge/bird/limit.h"

void
limit_hit(struct limit *l, int64_t now)
{
	if (l->disabled)
		return;
	if (l->wait == 0 || now - l->until > LIMIT_WAIT_MAX_MS)
		l->wait = LIMIT_WAIT_FIRST_MS;
	else
		l->wait = l->wait * 2 > LIMIT_WAIT_MAX_MS ? LIMIT_WAIT_MAX_MS : l->wait * 2;
	l->disabled = true;
	l->until = now + l->wait;
}

bool
limit_over(struct limit *l, int64_t now)
{
	if (!l->disabled || now < l->until)
		return false;
	l->disabled = false;
	return true;
}

void
limit_forget(struct limit *l)
{
	*l = (struct limit){0};
}
