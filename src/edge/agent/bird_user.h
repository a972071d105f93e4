/* SPDX-License-Identifier: ISC */
/* bird_user.h - who BIRD of an instance is, what it may write, and the user namespace that its capabilities end in.
 *
 * Of the numbers in [edge] bird_ids the first is the group of all control sockets, to which the network half belongs,
 * too; instance N has the Nth after it, as its user and as the group that may enter its folder:
 *
 *	<state_dir>/bird/N	network half : N's group	0750	bird.conf
 *	<state_dir>/bird/N/run	network half : control group	0770	bird.ctl, bird.pid, bird.log
 *
 * So BIRD reads its configuration and cannot replace it, and of another instance it reaches nothing, not even the
 * socket. BIRD is started in its folder and given names without a path: <state_dir> stays closed to it. */
#ifndef DC_AGENT_BIRD_USER_H
#define DC_AGENT_BIRD_USER_H

#include "edge/agent/host.h"

struct bird_user {
	uid_t uid;
	gid_t group;   /* the same number: of its folder */
	gid_t control; /* its files' */
};

/* EUSERS when bird_ids has no number for that instance. */
int bird_user_find(const struct host *, uint32_t instance, struct bird_user *ret, struct fault *);
/* Makes the folders, or gives those that the network half has made their owners. */
int bird_user_keep_folder(const struct host *, uint32_t instance, struct fault *);
/* Removes what an earlier BIRD has left in its folder. boot: the mark of its start, too, so that the next one is
 * started without recovery. */
void bird_user_clear(const struct host *, uint32_t instance, bool boot);

/* Makes a user namespace that knows these numbers only, and in it a network namespace, and enters the latter: the
 * caller keeps its capabilities over both, who is inside has none outside. */
int bird_user_unshare(const struct bird_user *, struct fault *);
/* Whether that user can be in the user namespace of that network namespace; one of an earlier version has none. */
bool bird_user_fits(const struct bird_user *, int netns);
/* The calling process, which is in the network namespace already, becomes that user inside, with NET_ADMIN, NET_RAW and
 * NET_BIND_SERVICE over the network namespace, which outlive exec. 0, or -1 with errno. Cannot be undone. */
int bird_user_become(const struct bird_user *, int netns);

#endif
