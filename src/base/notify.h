/* SPDX-License-Identifier: ISC */
/* notify.h - reports to the service manager, by systemd's protocol (sd_notify(3)); its library is not needed for
 * that. */
#ifndef DC_NOTIFY_H
#define DC_NOTIFY_H

/* state: lines as sd_notify(3) has them, "READY=1". Does nothing, and never fails, when no manager waits for it. Other
 * processes than the one that was started may call it, where the unit has NotifyAccess=all. */
void notify_manager(const char *state);

#endif
