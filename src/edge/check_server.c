/* SPDX-License-Identifier: ISC */
/* The way to dcaasd: its address, its certificate, its answer. The credential is not tried: a poll of another process
 * than the edge's own would look like a second router. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "edge/check_priv.h"

#define SERVER_SECONDS 10L
#define CERTIFICATE_DAYS 14

struct answer {
	char why[CURL_ERROR_SIZE];
	long status;
	CURLcode code;
	time_t ends; /* of the server's certificate; 0: unknown */
};

static size_t
drop(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

/* Of "Date: Tue, 01 Dec 2026 00:00:00 GMT". */
static size_t
take_header(char *data, size_t size, size_t n, void *arg)
{
	struct check *c = arg;
	char text[64] = "";

	if (size * n < sizeof(text) && strncasecmp(data, "Date:", 5) == 0) {
		memcpy(text, data + 5, size * n - 5);
		text[strcspn(text, "\r\n")] = '\0';
		c->server_time = curl_getdate(text, NULL);
	}
	return size * n;
}

/* Of "Expire Date:2036-11-28 02:26:51 GMT"; versions of libcurl differ in the capitals. */
static time_t
certificate_ends(CURL *curl)
{
	struct curl_certinfo *chain = NULL;
	struct tm ends = {0};

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == NULL || chain->num_of_certs < 1)
		return 0;
	for (const struct curl_slist *line = chain->certinfo[0]; line != NULL; line = line->next)
		if (strncasecmp(line->data, "Expire date:", 12) == 0 &&
		    strptime(line->data + 12, "%Y-%m-%d %H:%M:%S", &ends) != NULL)
			return timegm(&ends);
	return 0;
}

static void
ask(struct check *c, struct answer *ret)
{
	const struct edge_settings *s = c->settings;
	CURL *curl = curl_easy_init();

	ret->code = CURLE_FAILED_INIT;
	if (curl == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_URL, arena_printf(c->arena, "%s/health", s->server));
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, ret->why);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, SERVER_SECONDS);
	curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
	if (s->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, s->ca_file);
	ret->code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
	ret->ends = certificate_ends(curl);
	curl_easy_cleanup(curl);
}

static const char *
remedy(const struct edge_settings *s, CURLcode code)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST)
		return "Write an address into [edge] server, or put its name into DNS or /etc/hosts";
	if (code == CURLE_SSL_CACERT_BADFILE)
		return "Set [edge] ca_file to a file with certificates (PEM)";
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return s->ca_file == NULL ? "Copy the server's certificate (tls.crt) here and set [edge] ca_file to it"
					  : "Compare [edge] ca_file with the server's certificate, and [edge] server "
					    "with the names in it "
					    "(tls_names of dcaasd.conf)";
	if (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT)
		return "Look whether dcaasd listens there (listen_tls in dcaasd.conf) and whether a firewall is "
		       "between";
	return "Compare [edge] server with listen and listen_tls of dcaasd.conf";
}

static void
check_certificate(struct check *c, const struct answer *a)
{
	long long days = (long long)(a->ends - time(NULL)) / 86400;

	if (strncmp(c->settings->server, "https://", 8) != 0)
		return;
	if (a->ends == 0)
		check_ok(c, "certificate", "trusted");
	else if (days < CERTIFICATE_DAYS)
		check_todo(c, "certificate", "trusted, and it ends in %lld days. Renew it on the server", days);
	else
		check_ok(c, "certificate", "trusted for %lld days", days);
}

void
check_server(struct check *c)
{
	struct answer a = {0};

	ask(c, &a);
	if (a.code != CURLE_OK) {
		check_todo(c, "server", "%s: %s. %s", c->settings->server,
		    a.why[0] != '\0' ? a.why : curl_easy_strerror(a.code), remedy(c->settings, a.code));
		return;
	}
	if (a.status == 200)
		check_ok(c, "server", "%s answers", c->settings->server);
	else if (a.status == 503)
		check_todo(
		    c, "server", "%s answers that it cannot write. Look at `dcaas health show`", c->settings->server);
	else
		check_todo(c, "server", "%s answers %ld and is no dcaasd. %s", c->settings->server, a.status,
		    remedy(c->settings, a.code));
	check_certificate(c, &a);
}
