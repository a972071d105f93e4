#include "dcaasd/listener.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

int listeners_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS"), *bad_pid = NULL, *bad_fds = NULL;
	int n = 0;

	if (pid != NULL && fds != NULL && strtonum(pid, 1, INT_MAX, &bad_pid) == getpid())
		n = (int)strtonum(fds, 0, LISTENERS_MAX, &bad_fds);
	if (bad_pid != NULL || bad_fds != NULL)
		n = 0;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (int i = 0; i < n; i++)
		fcntl(LISTENERS_FIRST + i, F_SETFD, FD_CLOEXEC);
	return n;
}
