/* SPDX-License-Identifier: ISC */
#include "dcaasd/listener.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names are separated by colons; missing ones name nothing. */
static void
take_names(const char *names, int n, bool tls[LISTENERS_MAX])
{
	for (int i = 0; i < n; i++) {
		size_t len = names != NULL ? strcspn(names, ":") : 0;

		tls[i] = len == strlen("https") && strncmp(names, "https", len) == 0;
		if (names != NULL)
			names = names[len] == ':' ? names + len + 1 : NULL;
	}
}

int
listeners_inherited(bool tls[LISTENERS_MAX])
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS"), *bad_pid = NULL, *bad_fds = NULL;
	int n = 0;

	if (pid != NULL && fds != NULL && strtonum(pid, 1, INT_MAX, &bad_pid) == getpid())
		n = (int)strtonum(fds, 0, LISTENERS_MAX, &bad_fds);
	if (bad_pid != NULL || bad_fds != NULL)
		n = 0;
	take_names(getenv("LISTEN_FDNAMES"), n, tls);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int i = 0; i < n; i++)
		fcntl(LISTENERS_FIRST + i, F_SETFD, FD_CLOEXEC);
	return n;
}
