/* SPDX-License-Identifier: ISC */
/* network_report.c - when the edge reports: soon what the API shows, seldomer what it does not, and again what was
 * lost. */
#include <event2/event.h>

#include "base/log.h"
#include "edge/network_priv.h"

#define REPORT_GAP_MS 30        /* between reports of what the API shows */
#define REPORT_MINOR_MS 1000    /* and of what it does not */
#define REPORT_MINOR_EACH_MS 10 /* more for each session that has some */
#define REPORT_RETRY_MIN_MS 200
#define REPORT_REFUSED_MAX_MS 30000 /* dcaasd calls it broken: the next one will hardly be better */
#define FIRST_REPORT_MS 10000       /* it waits for a first apply, but no longer */

static bool
may_report(const struct network *n)
{
	return (n->applied && n->routing_known) || report_held(n->report) != NULL ||
	       monotonic_since(n->begun) >= FIRST_REPORT_MS;
}

static struct report_ports
ports_now(const struct network *n)
{
	struct report_ports ports = {0};

	ports.port = apply_ports(n->apply, &ports.port_count);
	return ports;
}

static void
send_report(struct network *n, bool minor, bool heartbeat)
{
	const struct report_ports ports = ports_now(n);

	report_build(n->report, n->state, &ports, minor || heartbeat, heartbeat);
	n->reported_at = monotonic_now();
	if (minor || heartbeat)
		n->minor_at = n->reported_at;
	channel_report(n->channel, report_next(n->report));
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Sends the news, or arranges to be called again in time. Sessions that do not come up have
 * news all the time: the more of them, the seldomer they are reported. */
void
network_consider_report(struct network *n)
{
	int64_t since = monotonic_since(n->reported_at), left = n->report_interval_ms - since, major_left, minor_left;
	struct report_ports ports;
	struct report_need need;

	if (!channel_can_report(n->channel) || n->report_failed)
		return;
	if (!may_report(n)) {
		network_timer(n, TIMER_REPORT, FIRST_REPORT_MS - monotonic_since(n->begun));
		return;
	}
	ports = ports_now(n);
	need = report_need(n->report, n->state, &ports);
	major_left = need.major ? REPORT_GAP_MS - since : left;
	minor_left = need.minor > 0
			 ? REPORT_MINOR_MS + REPORT_MINOR_EACH_MS * (int64_t)need.minor - monotonic_since(n->minor_at)
			 : left;
	if (major_left <= 0 || minor_left <= 0 || left <= 0)
		send_report(n, minor_left <= 0, left <= 0);
	else
		network_timer(n, TIMER_REPORT, least(left, least(major_left, minor_left)));
}

void
network_on_report(evutil_socket_t fd, short what, void *arg)
{
	struct network *n = arg;

	(void)fd;
	(void)what;
	n->report_failed = false;
	network_consider_report(n);
}

void
network_report_lost(struct network *n, int most)
{
	report_done(n->report, false);
	n->report_failed = true;
	n->report_retry_ms = n->report_retry_ms == 0 ? REPORT_RETRY_MIN_MS : 2 * n->report_retry_ms;
	if (n->report_retry_ms > most)
		n->report_retry_ms = most;
	network_timer(n, TIMER_REPORT, n->report_retry_ms);
}

/* A report that breaks a rule would break it again at once, and is of use to none but the readers of this log.
 */
void
network_report_refused(struct network *n, long status, const char *words)
{
	_cleanup_arena_ struct arena *arena = arena_new();

	network_report_lost(n, REPORT_REFUSED_MAX_MS);
	dc_log(LOG_ERR, "report refused", "status=%ld retry_ms=%d error=%s", status, n->report_retry_ms,
	    log_quote(arena, words));
}
