/* SPDX-License-Identifier: ISC */
#include "edge/settings.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/log.h"

#define SECTION "edge"
#define TOKEN_MAX 256

/* clang-format off */
const struct config_key edge_settings_keys[] = {
	{ SECTION, "server", NULL, "Address of dcaasd: http://host:port or https://host:port." },
	{ SECTION, "allow_plain", "no", "yes: the edge's credential may travel unencrypted, to a server with http:// that is not on loopback." },
	{ SECTION, "device", "", "Id of this edge, for the log." },
	{ SECTION, "token_file", "/etc/dcaas/token", "File with the edge's credential." },
	{ SECTION, "state_dir", "/var/lib/dcaas-edge", "Folder of the desired set, of the key that seals it, and of BIRD's files." },
	{ SECTION, "user", NULL, "User of the half that talks to the network; a name or a number." },
	{ SECTION, "ports", "*", "Devices of this router that may carry customers and VPCs: names, and patterns with * and ?, separated by blanks. Orders for other devices are refused." },
	{ SECTION, "bird_ids", "1900000000-1900009999", "User and group numbers of the routing daemons, FIRST-LAST. FIRST is the group of their control sockets; instance N runs as user FIRST + N. They need no account and must belong to nobody else." },
	{ SECTION, "bird_memory", "4096", "MiB that one routing daemon may take." },
	{ SECTION, "slow_retry_after", "300", "Seconds that a BGP neighbour is down before the edge tries to connect to it once a minute instead of every 4 s. The edge accepts the neighbour's own connection at any time. 0: never." },
	{ SECTION, "ca_file", NULL, "Certificates (PEM) that an https server is checked with. Without it the system's." },
	{ SECTION, "fabric", "linux", "linux: this router; sim: a simulated one." },
	{ SECTION, "sim_options", NULL, "Options of the simulated router (INI, section [sim]); read again when the file changes." },
	{ SECTION, "log", "info", "Least level that is logged: error, warning, info or debug." },
	{ 0 },
};
/* clang-format on */

static enum dc_code
take_log(const char *text, struct edge_settings *s, struct dc_error *err)
{
	static const struct {
		const char *name;
		int priority;
	} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(text, levels[i].name) == 0) {
			s->log_priority = levels[i].priority;
			return DC_OK;
		}
	return dc_fail(err, DC_E_PARAM, "log", "[edge] log must be error, warning, info or debug");
}

static enum dc_code
take_fabric(const char *text, struct edge_settings *s, struct dc_error *err)
{
	s->sim = strcmp(text, "sim") == 0;
	return s->sim || strcmp(text, "linux") == 0
		   ? DC_OK
		   : dc_fail(err, DC_E_PARAM, "fabric", "[edge] fabric must be linux or sim");
}

static bool
is_loopback(const char *host)
{
	struct ip_addr addr;
	char bare[64];

	if (strcmp(host, "localhost") == 0)
		return true;
	if (host[0] == '[' && strlen(host) < sizeof(bare)) { /* an IPv6 address */
		strlcpy(bare, host + 1, sizeof(bare));
		bare[strcspn(bare, "]")] = '\0';
		return strcmp(bare, "::1") == 0;
	}
	return ip_parse_addr(host, &addr) && addr.family == IP_V4 && addr.byte[0] == 127;
}

/* Its host is read by the library that will go there, so that no spelling means one host here and another there. */
static enum dc_code
take_server(struct edge_settings *s, struct dc_error *err)
{
	bool plain = s->server != NULL && strncmp(s->server, "http://", 7) == 0, allowed, fine = false, local = false;
	char *host = NULL;
	enum dc_code rc;

	if (s->server == NULL || (!plain && strncmp(s->server, "https://", 8) != 0))
		return dc_fail(err, DC_E_PARAM, "server", "[edge] server must begin with http:// or https://");
	if (s->server[strlen(s->server) - 1] == '/')
		return dc_fail(err, DC_E_PARAM, "server", "[edge] server must not end with a slash");
	if ((rc = config_bool(s->config, SECTION, "allow_plain", &allowed, err)) != DC_OK)
		return rc;
	CURLU *url = curl_url();

	if (url != NULL && curl_url_set(url, CURLUPART_URL, s->server, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		fine = true;
		local = is_loopback(host);
		curl_free(host);
	}
	curl_url_cleanup(url);
	if (!fine)
		return dc_fail(err, DC_E_PARAM, "server", "[edge] server is no address of a server");
	if (plain && !local && !allowed)
		return dc_fail(err, DC_E_PARAM, "server",
		    "[edge] server must begin with https://. The edge's credential would travel unencrypted to a "
		    "server that is "
		    "not on loopback; \"allow_plain = yes\" allows that");
	return DC_OK;
}

static enum dc_code
take_ports(struct edge_settings *s, struct dc_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@*? ";

	s->ports = config_get(s->config, SECTION, "ports");
	return strspn(s->ports, letters) == strlen(s->ports) ? DC_OK
							     : dc_fail(err, DC_E_PARAM, "ports",
								   "[edge] ports must be names of devices, with * and "
								   "? where any letters fit, separated by blanks");
}

static enum dc_code
take_bird(struct edge_settings *s, struct dc_error *err)
{
	const char *text = config_get(s->config, SECTION, "bird_ids"), *bad = "";
	char first[16] = "";
	size_t n = strcspn(text, "-");
	int64_t mib;
	enum dc_code rc;

	if (text[n] == '-' && n < sizeof(first)) {
		memcpy(first, text, n);
		s->bird_first = (uint32_t)strtonum(first, 1, UINT32_MAX - 1, &bad);
		if (bad == NULL)
			s->bird_last = (uint32_t)strtonum(text + n + 1, s->bird_first + 1LL, UINT32_MAX - 1, &bad);
	}
	if (bad != NULL)
		return dc_fail(err, DC_E_PARAM, "bird_ids", "[edge] bird_ids must be FIRST-LAST, two numbers of users");
	if ((rc = config_int(s->config, SECTION, "bird_memory", 64, 1 << 20, &mib, err)) == DC_OK)
		s->bird_memory = (uint64_t)mib << 20;
	if (rc == DC_OK)
		rc = config_int(s->config, SECTION, "slow_retry_after", 0, 86400, &s->slow_retry_after, err);
	return rc;
}

static enum dc_code
take(struct edge_settings *s, const char *fabric, struct dc_error *err)
{
	enum dc_code rc;

	s->server = config_get(s->config, SECTION, "server");
	s->device = config_get(s->config, SECTION, "device");
	s->token_file = config_get(s->config, SECTION, "token_file");
	s->state_dir = config_get(s->config, SECTION, "state_dir");
	s->user = config_get(s->config, SECTION, "user");
	s->ca_file = config_get(s->config, SECTION, "ca_file");
	s->sim_options = config_get(s->config, SECTION, "sim_options");
	if ((rc = take_server(s, err)) != DC_OK || (rc = take_ports(s, err)) != DC_OK ||
	    (rc = take_bird(s, err)) != DC_OK)
		return rc;
	if ((rc = take_fabric(fabric != NULL ? fabric : config_get(s->config, SECTION, "fabric"), s, err)) != DC_OK)
		return rc;
	return take_log(config_get(s->config, SECTION, "log"), s, err);
}

enum dc_code
edge_settings_load(const char *path, FILE *file, const char *fabric, struct edge_settings **ret, struct dc_error *err)
{
	struct edge_settings *s = calloc(1, sizeof(*s));
	enum dc_code rc;

	if (s == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if ((rc = config_load_file(file, path, edge_settings_keys, &s->config, err)) == DC_OK) {
		if ((rc = take(s, fabric, err)) == DC_OK) {
			*ret = s;
			return DC_OK;
		}
		config_locate(s->config, SECTION, err);
	}
	edge_settings_free(s);
	return rc;
}

struct edge_settings *
edge_settings_free(struct edge_settings *s)
{
	if (s != NULL) {
		config_free(s->config);
		free(s);
	}
	return NULL;
}

enum dc_code
edge_settings_token(const struct edge_settings *s, struct arena *arena, const char **ret, struct dc_error *err)
{
	char line[TOKEN_MAX] = "";
	FILE *f = fopen(s->token_file, "re");

	if (f == NULL)
		return dc_fail(err, DC_E_IO, "token_file", "%s: %s", s->token_file, strerror(errno));
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || strspn(line, "0123456789abcdefABCDEF") != strlen(line))
		return dc_fail(err, DC_E_PARAM, "token_file", "%s does not hold a credential", s->token_file);
	*ret = arena_strdup(arena, line);
	explicit_bzero(line, sizeof(line));
	return DC_OK;
}
