/* SPDX-License-Identifier: ISC */
/* raw_pg.c - the statements that the server runs for an order on PostgreSQL, by libpq alone.
 * raw_pg CONNECTION STATEMENTS CLIENTS SECONDS
 *
 * STATEMENTS: as of raw_sqlite.c, with parameters $1, $2, ... Each client has a connection, and prepares every
 * statement once. An order is all lines once, in a serializable transaction; one that the database refuses because of
 * another runs again. Prints orders a second. */
#include <err.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATEMENTS_MAX 128
#define PARAMETERS_MAX 8
#define CLIENTS_MAX 64

static struct {
	const char *connection;
	char *line[STATEMENTS_MAX];
	size_t n;
	double seconds, begun;
} job;

struct client {
	pthread_t thread;
	unsigned number;
	uint64_t first, orders;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* False: another transaction was in the way. */
static bool
is_good(PGconn *pg, PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!good && (state == NULL || (strcmp(state, "40001") != 0 && strcmp(state, "40P01") != 0)))
		errx(1, "%s", PQerrorMessage(pg));
	PQclear(res);
	return good;
}

static void
prepare_all(PGconn *pg)
{
	/* Text, also of those that a line leaves out. */
	static const Oid types[PARAMETERS_MAX] = {25, 25, 25, 25, 25, 25, 25, 25};
	char name[16];

	(void)is_good(
	    pg, PQexec(pg, "SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
			   "SET enable_sort = off"));
	for (size_t k = 0; k < job.n; k++) {
		snprintf(name, sizeof(name), "s%zu", k);
		(void)is_good(pg, PQprepare(pg, name, job.line[k], PARAMETERS_MAX, types));
	}
}

/* Values in the order of time, as the server's ids are. */
static bool
run_one(PGconn *pg, const struct client *c, size_t k)
{
	uint64_t order = c->first + c->orders;
	char name[16], text[PARAMETERS_MAX][64];
	const char *values[PARAMETERS_MAX];

	snprintf(name, sizeof(name), "s%zu", k);
	for (int i = 0; i < PARAMETERS_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "%08x-%04x-7%03x-8%03x-%04x%08x", (unsigned)(order >> 12),
		    (unsigned)(order & 0xfff), (unsigned)i + 1, (unsigned)i + 1, c->number,
		    (unsigned)(order * 2654435761u));
		values[i] = text[i];
	}
	return is_good(pg, PQexecPrepared(pg, name, PARAMETERS_MAX, values, NULL, NULL, 0));
}

static bool
run_order(PGconn *pg, const struct client *c)
{
	bool good = is_good(pg, PQexec(pg, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"));

	for (size_t k = 0; good && k < job.n; k++)
		good = run_one(pg, c, k);
	return is_good(pg, PQexec(pg, good ? "COMMIT" : "ROLLBACK")) && good;
}

static void *
client_main(void *arg)
{
	struct client *c = arg;
	PGconn *pg = PQconnectdb(job.connection);

	if (PQstatus(pg) != CONNECTION_OK)
		errx(1, "%s", PQerrorMessage(pg));
	prepare_all(pg);
	while (now() - job.begun < job.seconds)
		c->orders += run_order(pg, c);
	PQfinish(pg);
	return NULL;
}

static void
read_lines(const char *path)
{
	static char line[1 << 20];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		err(1, "%s", path);
	while (job.n < STATEMENTS_MAX && fgets(line, sizeof(line), file) != NULL)
		if ((job.line[job.n++] = strdup(line)) == NULL)
			err(1, "strdup");
	fclose(file);
}

int
main(int argc, char **argv)
{
	static struct client client[CLIENTS_MAX];
	unsigned clients;
	uint64_t orders = 0;

	if (argc != 5)
		errx(2, "usage: raw_pg CONNECTION STATEMENTS CLIENTS SECONDS");
	job.connection = argv[1];
	read_lines(argv[2]);
	clients = (unsigned)strtoul(argv[3], NULL, 10);
	job.seconds = strtod(argv[4], NULL);
	job.begun = now();
	for (unsigned i = 0; i < clients && i < CLIENTS_MAX; i++) {
		client[i].number = i + 1;
		client[i].first = (uint64_t)time(NULL) * 100000; /* an earlier run has other values */
		if (pthread_create(&client[i].thread, NULL, client_main, &client[i]) != 0)
			errx(1, "pthread_create");
	}
	for (unsigned i = 0; i < clients && i < CLIENTS_MAX; i++) {
		pthread_join(client[i].thread, NULL);
		orders += client[i].orders;
	}
	printf("%.1f\n", (double)orders / (now() - job.begun));
	return 0;
}
