/* SPDX-License-Identifier: ISC */
#include "edge/echo_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

enum { ECHO_REPLY_4 = 0, ECHO_REQUEST_4 = 8, ECHO_REQUEST_6 = 128, ECHO_REPLY_6 = 129 };

struct echo { /* the head of both messages; the kernel fills sum and id */
	uint8_t type, code;
	uint16_t sum, id, sequence;
};

void
echo_send(int fd, bool v4, uint32_t sequence)
{
	struct echo request = {.type = v4 ? ECHO_REQUEST_4 : ECHO_REQUEST_6, .sequence = htons((uint16_t)sequence)};

	(void)!send(fd, &request, sizeof(request), MSG_NOSIGNAL);
}

void
echo_take(int fd, bool v4, uint32_t sent, uint64_t *seen)
{
	struct echo answer;
	ssize_t n;

	while ((n = recv(fd, &answer, sizeof(answer), 0)) != 0) {
		uint16_t sequence = ntohs(answer.sequence);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n < (ssize_t)sizeof(answer)) /* an ICMP error, which is no answer */
			continue;
		if (answer.type == (v4 ? ECHO_REPLY_4 : ECHO_REPLY_6) && sequence < sent && sequence < ECHO_MOST)
			*seen |= UINT64_C(1) << sequence;
	}
}
