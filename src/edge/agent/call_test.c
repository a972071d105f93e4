/* SPDX-License-Identifier: ISC */
/* Replies as the other half gets them, packet by packet, by its own client. */
#include <setjmp.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "edge/agent/host.h"
#include "edge/agent_client.h"

/* The other end, in a process of its own: answers hello, and then one request by act. */
static struct agent *
serve(void (*act)(struct call *), pid_t *child)
{
	struct agent *agent = NULL;
	struct dc_error err = {0};
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	*child = fork();
	assert_true(*child >= 0);
	if (*child == 0) {
		close(ends[1]);
		for (int i = 0; i < 2; i++) {
			_Alignas(8) char packet[512];
			struct call call = {.arena = arena_new(), .fd = ends[0], .items = {.max = 1 << 20}};
			ssize_t n = recv(ends[0], packet, sizeof(packet), 0);

			if (n < (ssize_t)sizeof(call.header))
				_exit(1);
			memcpy(&call.header, packet, sizeof(call.header));
			if (i == 0) {
				call_reply(&call, sizeof(struct reply_hello));
				call_finish(&call, 0);
			} else
				act(&call);
			arena_free(call.arena);
		}
		_exit(0);
	}
	close(ends[0]);
	assert_int_equal(agent_connect(ends[1], &agent, &err), DC_OK);
	return agent;
}

static void
finish(struct agent *agent, pid_t child)
{
	int status;

	agent_close(agent);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
give_many(struct call *call)
{
	for (uint32_t i = 0; i < 2 * OP_BATCH_MAX + 7; i++) {
		struct item_instance item = {.instance = i, .daemon = i * 3};

		call_item(call, &item, sizeof(item));
	}
	call_finish(call, 0);
}

static void
a_long_list_arrives_whole_in_several_packets(void **state)
{
	struct arena *arena = arena_new();
	struct op_none ask = {0};
	struct dc_error err = {0};
	void *items = NULL;
	size_t n = 0;
	pid_t child;
	struct agent *agent = serve(give_many, &child);

	(void)state;
	assert_int_equal(
	    agent_list(agent, OP_INSTANCES, &ask, sizeof(ask), sizeof(struct item_instance), arena, &items, &n, &err),
	    DC_OK);
	assert_int_equal(n, 2 * OP_BATCH_MAX + 7);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(((struct item_instance *)items)[i].instance, i);
		assert_int_equal(((struct item_instance *)items)[i].daemon, i * 3);
	}
	finish(agent, child);
	arena_free(arena);
}

static void
give_batch(struct call *call)
{
	for (uint32_t i = 0; i < OP_BATCH_MAX; i++)
		call_item(call, &(struct item_instance){.instance = i}, sizeof(struct item_instance));
	call_finish(call, 0);
}

static void
give_nothing(struct call *call)
{
	call_finish(call, 0);
}

static void
lists_of_none_and_of_one_packet_end(void **state)
{
	void (*const acts[])(struct call *) = {give_nothing, give_batch};
	const size_t counts[] = {0, OP_BATCH_MAX};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct arena *arena = arena_new();
		struct op_none ask = {0};
		struct dc_error err = {0};
		void *items = NULL;
		size_t n = 99;
		pid_t child;
		struct agent *agent = serve(acts[i], &child);

		assert_int_equal(agent_list(agent, OP_INSTANCES, &ask, sizeof(ask), sizeof(struct item_instance), arena,
				     &items, &n, &err),
		    DC_OK);
		assert_int_equal(n, counts[i]);
		finish(agent, child);
		arena_free(arena);
	}
}

static void
give_failure(struct call *call)
{
	call_reply(call, sizeof(struct reply_tcp));
	fault_set(&call->fault, ENODEV, "there is no device %s", "x");
	call_finish(call, fault_prefix(&call->fault, "reading"));
}

static void
a_failure_is_reported_in_the_agents_words(void **state)
{
	struct op_tcp ask = {.instance = 1};
	struct dc_error err = {0};
	struct reply_tcp reply;
	pid_t child;
	struct agent *agent = serve(give_failure, &child);

	(void)state;
	assert_int_equal(agent_ask(agent, OP_TCP_STATE, &ask, sizeof(ask), &reply, sizeof(reply), &err), DC_E_KERNEL);
	assert_string_equal(err.text, "reading: there is no device x");
	finish(agent, child);
}

static void
give_state(struct call *call)
{
	struct reply_tcp *reply = call_reply(call, sizeof(*reply));

	reply->state = 1;
	reply->has_key = 1;
	call_finish(call, 0);
}

static void
a_fixed_reply_arrives(void **state)
{
	struct op_tcp ask = {.instance = 1};
	struct reply_tcp reply = {0};
	struct dc_error err = {0};
	pid_t child;
	struct agent *agent = serve(give_state, &child);

	(void)state;
	assert_int_equal(agent_ask(agent, OP_TCP_STATE, &ask, sizeof(ask), &reply, sizeof(reply), &err), DC_OK);
	assert_int_equal(reply.state, 1);
	assert_int_equal(reply.has_key, 1);
	finish(agent, child);
}

static void
a_reply_to_nobody_marks_the_call_as_broken(void **state)
{
	struct call call = {.arena = arena_new(), .items = {.max = 1 << 20}};
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	close(ends[1]);
	call.fd = ends[0];
	call_finish(&call, 0);
	assert_true(call.broken);
	close(ends[0]);
	arena_free(call.arena);
}

static void
words_that_are_too_long_are_cut(void **state)
{
	struct fault fault = {0};
	char many[2 * OP_TEXT_MAX];

	(void)state;
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_int_equal(fault_set(&fault, 0, "%s", many), EINVAL); /* never 0 */
	assert_int_equal(strlen(fault.text), OP_TEXT_MAX - 1);
	fault_prefix(&fault, "before");
	assert_int_equal(strncmp(fault.text, "before: xxx", 11), 0);
	assert_int_equal(strlen(fault.text), OP_TEXT_MAX - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_long_list_arrives_whole_in_several_packets),
	    cmocka_unit_test(lists_of_none_and_of_one_packet_end),
	    cmocka_unit_test(a_failure_is_reported_in_the_agents_words),
	    cmocka_unit_test(a_fixed_reply_arrives),
	    cmocka_unit_test(a_reply_to_nobody_marks_the_call_as_broken),
	    cmocka_unit_test(words_that_are_too_long_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
