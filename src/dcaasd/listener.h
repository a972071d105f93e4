/* SPDX-License-Identifier: ISC */
/* listener.h - listeners that a parent opened for us (systemd's protocol, sd_listen_fds(3)). */
#ifndef DC_LISTENER_H
#define DC_LISTENER_H

#include <stdbool.h>

#define LISTENERS_MAX 8
#define LISTENERS_FIRST 3

/* Number of inherited listeners, file descriptors LISTENERS_FIRST and on; marks them close-on-exec and clears the
 * environment, so that no child takes them for its own. tls[i]: whether the nth is named "https" (LISTEN_FDNAMES). */
int listeners_inherited(bool tls[LISTENERS_MAX]);

#endif
