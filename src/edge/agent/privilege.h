/* SPDX-License-Identifier: ISC */
/* privilege.h - what each process of the edge may do: the agent what op.h names, BIRD three capabilities, the
 * unprivileged half nothing. All return 0, or -1 with errno. None of them can be undone. */
#ifndef DC_AGENT_PRIVILEGE_H
#define DC_AGENT_PRIVILEGE_H

#include <sys/types.h>

/* The agent: root without all the other capabilities, for itself and all that it starts. */
int privilege_limit(void);
/* The unprivileged half: uid and gid, nothing else; not to be looked into by others of that uid. */
int privilege_drop(uid_t, gid_t);
/* BIRD, to be called right before exec: uid and gid, with NET_ADMIN, NET_RAW and NET_BIND_SERVICE that outlive exec. */
int privilege_become_daemon(uid_t, gid_t);

#endif
