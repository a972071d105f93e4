/* SPDX-License-Identifier: ISC */
#include "dcaasd/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/store.h"

#define SECTION "dcaasd"

const struct config_key settings_keys[] = {
    {SECTION, "state_dir", "/var/lib/dcaas", "Folder of the database and of the key file for secrets."},
    {SECTION, "database", "sqlite",
	"sqlite: a file in state_dir, for one dcaasd. postgresql://HOST/NAME, no password: for any number of them."},
    {SECTION, "database_connections", "8",
	"Connections of one dcaasd to PostgreSQL for its jobs. One more carries the news of other servers."},
    {SECTION, "listen", "127.0.0.1:8080",
	"Address and port of the API; port 0: any free one; none: inherited listeners only."},
    {SECTION, "listen_tls", "none", "Address and port of the API over HTTPS; port 0: any free one; none: no HTTPS."},
    {SECTION, "tls_certificate", NULL,
	"Certificate chain (PEM) shown over HTTPS. Without it tls.crt in state_dir, made at the first start."},
    {SECTION, "tls_key", NULL, "Its key (PEM). Without it tls.key in state_dir."},
    {SECTION, "tls_names", NULL,
	"Further names and addresses of the certificate that is made at the first start, by blanks or commas."},
    {SECTION, "tls_port_file", NULL, "File that gets \"address:port\" once the API listens over HTTPS."},
    {SECTION, "port_file", NULL, "File that gets \"address:port\" once the API listens."},
    {SECTION, "identity", "builtin",
	"Who issues tokens: builtin (dcaasd), or keystone (an OpenStack Identity v3). Access keys work with both."},
    {SECTION, "keystone_url", NULL, "Address of Keystone for dcaasd: https://keystone.example.net:5000/v3."},
    {SECTION, "keystone_public_url", NULL, "Address of Keystone for clients, when it is another one."},
    {SECTION, "keystone_allow_plain", "no", "Whether keystone_url may be http:// to a host that is not on loopback."},
    {SECTION, "keystone_ca_file", NULL,
	"Certificates (PEM) that the one of Keystone is checked with. Without it those of the system."},
    {SECTION, "keystone_user", "dcaas", "Name of the user that dcaasd logs in to Keystone as, to check tokens."},
    {SECTION, "keystone_user_domain", "Default", "Name of the domain of keystone_user."},
    {SECTION, "keystone_project", "service", "Name of the project that keystone_user logs in to."},
    {SECTION, "keystone_project_domain", "Default", "Name of the domain of keystone_project."},
    {SECTION, "keystone_application_credential", NULL,
	"Id of an application credential that dcaasd logs in with, instead of keystone_user."},
    {SECTION, "keystone_password_file", NULL,
	"File with the password of keystone_user, or the secret of the application credential."},
    {SECTION, "keystone_operator_roles", "admin",
	"Roles of Keystone that make an operator of dcaas, on any project; by blanks or commas."},
    {SECTION, "keystone_member_roles", "member", "Roles of Keystone that make a member of the token's project."},
    {SECTION, "keystone_reader_roles", "reader", "Roles of Keystone that make a reader of the token's project."},
    {SECTION, "keystone_cache_seconds", "60",
	"Time after which dcaasd asks Keystone again; a revoked token works no longer than this."},
    {SECTION, "region_id", "region-1", "Name of this server's region."},
    {SECTION, "accept_unattached_vpc", "no", "Whether a gateway may name a VPC that is attached nowhere yet."},
    {SECTION, "accept_unknown_global_eip", "no",
	"Whether tenants may bind a global EIP that the operator enters later."},
    {SECTION, "access_keys_per_user", "5",
	"Access keys of one user, beyond which the user makes no further one. -1: no limit."},
    {SECTION, "peer_links_across_projects", "never",
	"Whether tenants may link gateways to those of other projects: never, listed (project-pairs) or all."},
    {SECTION, "limit_bandwidth", "always",
	"Which interfaces edges hold to their bandwidth: always, ordered (those with rate_limit) or never."},
    {SECTION, "connect_gateway_asn", "64512", "AS number of new connect gateways towards customers."},
    {SECTION, "test_double", "no",
	"Whether operators may order faults of calls, and restore snapshots of the service."},
    {SECTION, "accept_unsigned_payload", "no",
	"Whether a signature may leave the body out, as the PHP SDK's do; for HTTPS only."},
    {SECTION, "quota_connections", "10",
	"Connections of one project, as tenants read it; the operator may make more. -1: no limit."},
    {SECTION, "quota_virtual_gateways", "5", "Virtual gateways of one project; -1: no limit."},
    {SECTION, "quota_virtual_interfaces", "50", "Virtual interfaces of one project; -1: no limit."},
    {SECTION, "quota_global_dc_gateways", "5", "Global DC gateways of one project; -1: no limit."},
    {SECTION, "quota_peer_links", "3", "Peer links of one global DC gateway; -1: no limit."},
    {SECTION, "quota_gateway_routes", "100", "Routes in the table of one global DC gateway; -1: no limit."},
    {SECTION, "quota_connect_gateways", "5", "Connect gateways of one project; -1: no limit."},
    {SECTION, "quota_global_eips", "50", "Global EIPs that one project has bound; -1: no limit."},
    {SECTION, "quota_local_subnets", "50", "Local blocks of one gateway."},
    {SECTION, "quota_remote_subnets", "50", "Remote blocks of one interface."},
    {SECTION, "switchover_seconds", "3600",
	"Time after which a switchover test ends by itself, and the interface comes back."},
    {SECTION, "vrfs_per_instance", "100", "Gateways that share one routing daemon on an edge."},
    {SECTION, "neighbours_per_instance", "200",
	"BGP neighbours in one routing daemon, above which no other gateway joins it."},
    {SECTION, "internal_asn_first", "4290000000", "First AS number kept for links between gateways."},
    {SECTION, "internal_asn_last", "4294967294", "Last AS number kept for links between gateways."},
    {SECTION, "link_block_ipv4", "100.127.0.0/16", "IPv4 block for the subnets of links between gateways, /31 each."},
    {SECTION, "link_block_ipv6", "fd64:6361:6173::/64",
	"IPv6 block for the subnets of links between gateways, /127 each."},
    {SECTION, "router_ids", "10.255.0.0/16", "IPv4 block for the router ids of gateways."},
    {SECTION, "max_connections", "4096",
	"Connections at a time. Beyond them, the connection that has waited longest for its client is closed."},
    {SECTION, "max_per_address", "1024", "Connections at a time from one address; of IPv6 a /64 is one."},
    {SECTION, "max_calls_per_address", "512",
	"Calls from one address that run or stand in a queue at a time; waiting polls of edges are not counted."},
    {SECTION, "http_threads", "0",
	"Threads of each listener that serve HTTP; 0: as many as the machine has cores, at most 4."},
    {SECTION, "answer_memory", "32",
	"MiB for answers that are kept and sent again while nothing they rest on has changed; 0: none."},
    {SECTION, "idle_seconds", "60", "Idle connections are closed after this time."},
    {SECTION, "log", "info", "Least level that is logged: error, warning, info or debug."},
    {0},
};

/* Not read again by a reload. */
static const char *const fixed_keys[] = {"state_dir", "database", "database_connections", "listen", "listen_tls",
    "tls_certificate", "tls_key", "tls_names", "tls_port_file", "port_file", "identity", "keystone_url",
    "keystone_public_url", "keystone_allow_plain", "keystone_ca_file", "keystone_user", "keystone_user_domain",
    "keystone_project", "keystone_project_domain", "keystone_application_credential", "keystone_password_file",
    "keystone_operator_roles", "keystone_member_roles", "keystone_reader_roles", "keystone_cache_seconds",
    "test_double", "accept_unsigned_payload", "max_connections", "max_per_address", "max_calls_per_address",
    "http_threads", "answer_memory", "idle_seconds", NULL};

/* "127.0.0.1:8080", "[::1]:8080", "none" */
static enum dc_code
take_listen(const struct settings *s, const char *key, struct listen_at *ret, struct dc_error *err)
{
	const char *text = config_get(s->config, SECTION, key), *colon = strrchr(text, ':'), *why = "port";
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	struct ip_addr address;

	if (strcmp(text, "none") == 0)
		return DC_OK;
	if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (colon == NULL || len == 0 || len >= sizeof(ret->address))
		return dc_fail(err, DC_E_PARAM, key, "[dcaasd] %s must be address:port or none", key);
	memcpy(ret->address, text, len);
	ret->address[len] = '\0';
	ret->port = (uint16_t)strtonum(colon + 1, 0, 65535, &why);
	if (why != NULL || !ip_parse_addr(ret->address, &address))
		return dc_fail(
		    err, DC_E_PARAM, key, "[dcaasd] %s must be an IP address and a port from 0 to 65535", key);
	return DC_OK;
}

static enum dc_code
take_log(const char *text, struct settings *s, struct dc_error *err)
{
	static const struct {
		const char *name;
		int priority;
	} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			s->log_priority = levels[i].priority;
			return DC_OK;
		}
	}
	return dc_fail(err, DC_E_PARAM, "log", "[dcaasd] log must be error, warning, info or debug");
}

static enum dc_code
take_link_policy(const char *text, struct settings *s, struct dc_error *err)
{
	static const char *const words[] = {[LINKS_NEVER] = "never", [LINKS_LISTED] = "listed", [LINKS_ALL] = "all"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], text) == 0) {
			s->res.links_across_projects = (enum link_policy)i;
			return DC_OK;
		}
	return dc_fail(err, DC_E_PARAM, "peer_links_across_projects",
	    "[dcaasd] peer_links_across_projects must be never, listed or all");
}

static enum dc_code
take_limit_policy(const char *text, struct settings *s, struct dc_error *err)
{
	static const char *const words[] = {
	    [LIMIT_ALWAYS] = "always", [LIMIT_ORDERED] = "ordered", [LIMIT_NEVER] = "never"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], text) == 0) {
			s->res.limit_bandwidth = (enum limit_policy)i;
			return DC_OK;
		}
	return dc_fail(err, DC_E_PARAM, "limit_bandwidth", "[dcaasd] limit_bandwidth must be always, ordered or never");
}

static enum dc_code
take_numbers(struct settings *s, struct dc_error *err)
{
	int64_t connections, per_address, calls, idle, threads, memory, database;
	const struct {
		const char *key;
		int64_t lo, hi;
		int64_t *to;
	} numbers[] = {
	    {"quota_connections", -1, 1000000, &s->res.quota[QUOTA_CONNECTIONS]},
	    {"quota_virtual_gateways", -1, 1000000, &s->res.quota[QUOTA_VIRTUAL_GATEWAYS]},
	    {"quota_virtual_interfaces", -1, 1000000, &s->res.quota[QUOTA_INTERFACES]},
	    {"quota_global_dc_gateways", -1, 1000000, &s->res.quota[QUOTA_GLOBAL_GATEWAYS]},
	    {"quota_peer_links", -1, 1000000, &s->res.quota[QUOTA_PEER_LINKS]},
	    {"quota_gateway_routes", -1, 1000000, &s->res.quota[QUOTA_GATEWAY_ROUTES]},
	    {"quota_connect_gateways", -1, 1000000, &s->res.quota[QUOTA_CONNECT_GATEWAYS]},
	    {"quota_global_eips", -1, 1000000, &s->res.quota[QUOTA_GLOBAL_EIPS]},
	    {"connect_gateway_asn", 1, 4294967295, &s->res.connect_gateway_asn},
	    {"quota_local_subnets", 1, 1000, &s->res.quota[QUOTA_LOCAL_SUBNETS]},
	    {"quota_remote_subnets", 1, 1000, &s->res.quota[QUOTA_REMOTE_SUBNETS]},
	    {"access_keys_per_user", -1, 1000000, &s->res.access_keys_per_user},
	    {"switchover_seconds", 1, 86400, &s->res.switchover_seconds},
	    {"vrfs_per_instance", 1, 1000, &s->res.vrfs_per_instance},
	    {"neighbours_per_instance", 1, 100000, &s->res.neighbours_per_instance},
	    {"internal_asn_first", 1, 4294967294, &s->res.internal_asn_first},
	    {"internal_asn_last", 1, 4294967294, &s->res.internal_asn_last},
	    {"max_connections", 8, 100000, &connections},
	    {"max_per_address", 8, 100000, &per_address},
	    {"max_calls_per_address", 8, 100000, &calls},
	    {"idle_seconds", 1, 3600, &idle},
	    {"http_threads", 0, 64, &threads},
	    {"answer_memory", 0, 4096, &memory},
	    {"database_connections", 2, 100, &database},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		enum dc_code code =
		    config_int(s->config, SECTION, numbers[i].key, numbers[i].lo, numbers[i].hi, numbers[i].to, err);

		if (code != DC_OK)
			return code;
	}
	s->max_connections = (unsigned)connections;
	s->max_per_address = (unsigned)per_address;
	s->max_calls_per_address = (unsigned)calls;
	s->idle_seconds = (unsigned)idle;
	s->http_threads = (unsigned)threads;
	s->answer_memory = (size_t)memory << 20;
	s->database_connections = (unsigned)database;
	if (s->res.internal_asn_first > s->res.internal_asn_last)
		return dc_fail(
		    err, DC_E_PARAM, "internal_asn_first", "[dcaasd] internal_asn_first is above internal_asn_last");
	return DC_OK;
}

static enum dc_code
take_block(
    const struct settings *s, const char *key, enum ip_family family, struct ip_prefix *ret, struct dc_error *err)
{
	struct ip_prefix block;

	if (!ip_parse_prefix(config_get(s->config, SECTION, key), &block) || block.addr.family != family)
		return dc_fail(
		    err, DC_E_PARAM, key, "[dcaasd] %s must be an %s block", key, family == IP_V4 ? "IPv4" : "IPv6");
	if (block.len == ip_bits(family))
		return dc_fail(err, DC_E_PARAM, key, "[dcaasd] %s must be larger than one address", key);
	*ret = ip_network(&block);
	return DC_OK;
}

/* An IP address, or a name of DNS: its first label may be "*". */
static bool
is_host(const char *text, size_t len)
{
	char copy[254];
	struct ip_addr address;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (ip_parse_addr(copy, &address))
		return true;
	if (len > 2 && copy[0] == '*' && copy[1] == '.')
		return is_host(text + 2, len - 2);
	return strspn(copy, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == len &&
	       copy[0] != '.' && copy[0] != '-' && strstr(copy, "..") == NULL;
}

static enum dc_code
check_names(const char *list, struct dc_error *err)
{
	while (list != NULL && *(list += strspn(list, " \t,")) != '\0') {
		size_t len = strcspn(list, " \t,");

		if (!is_host(list, len))
			return dc_fail(err, DC_E_PARAM, "tls_names",
			    "[dcaasd] tls_names must be names or IP addresses, not %.*s", (int)(len < 80 ? len : 80),
			    list);
		list += len;
	}
	return DC_OK;
}

static enum dc_code
take(struct settings *s, struct dc_error *err)
{
	enum dc_code code;

	s->state_dir = config_get(s->config, SECTION, "state_dir");
	s->database = config_get(s->config, SECTION, "database");
	if (strcmp(s->database, "sqlite") == 0)
		s->database = NULL;
	else if ((code = store_check_database(s->database, err)) != DC_OK)
		return code;
	s->port_file = config_get(s->config, SECTION, "port_file");
	s->tls_port_file = config_get(s->config, SECTION, "tls_port_file");
	s->tls_certificate = config_get(s->config, SECTION, "tls_certificate");
	s->tls_key = config_get(s->config, SECTION, "tls_key");
	s->tls_names = config_get(s->config, SECTION, "tls_names");
	if ((code = check_names(s->tls_names, err)) != DC_OK ||
	    (code = identity_settings_take(s->config, &s->identity, err)) != DC_OK)
		return code;
	if ((s->tls_certificate == NULL) != (s->tls_key == NULL))
		return dc_fail(err, DC_E_PARAM, "tls_key", "[dcaasd] tls_certificate and tls_key go together");
	s->res.region_id = config_get(s->config, SECTION, "region_id");
	if ((code = take_numbers(s, err)) != DC_OK || (code = take_listen(s, "listen", &s->http, err)) != DC_OK ||
	    (code = take_listen(s, "listen_tls", &s->https, err)) != DC_OK ||
	    (code = take_log(config_get(s->config, SECTION, "log"), s, err)) != DC_OK)
		return code;
	if ((code = take_link_policy(config_get(s->config, SECTION, "peer_links_across_projects"), s, err)) != DC_OK)
		return code;
	if ((code = take_limit_policy(config_get(s->config, SECTION, "limit_bandwidth"), s, err)) != DC_OK)
		return code;
	if ((code = take_block(s, "router_ids", IP_V4, &s->res.router_ids, err)) != DC_OK ||
	    (code = take_block(s, "link_block_ipv4", IP_V4, &s->res.link_block_v4, err)) != DC_OK ||
	    (code = take_block(s, "link_block_ipv6", IP_V6, &s->res.link_block_v6, err)) != DC_OK)
		return code;
	if ((code = config_bool(s->config, SECTION, "test_double", &s->test_double, err)) != DC_OK)
		return code;
	if ((code = config_bool(s->config, SECTION, "accept_unsigned_payload", &s->unsigned_payload, err)) != DC_OK)
		return code;
	if ((code = config_bool(
		 s->config, SECTION, "accept_unknown_global_eip", &s->res.accept_unknown_global_eip, err)) != DC_OK)
		return code;
	return config_bool(s->config, SECTION, "accept_unattached_vpc", &s->res.accept_unattached_vpc, err);
}

enum dc_code
settings_load(const char *path, struct settings **ret, struct dc_error *err)
{
	struct settings *s = calloc(1, sizeof(*s));
	enum dc_code code;

	if (s == NULL)
		return dc_fail(err, DC_E_IO, NULL, "out of memory");
	if ((code = config_load(path, settings_keys, &s->config, err)) == DC_OK) {
		if ((code = take(s, err)) == DC_OK) {
			*ret = s;
			return DC_OK;
		}
		config_locate(s->config, SECTION, err);
	}
	settings_free(s);
	return code;
}

struct settings *
settings_free(struct settings *s)
{
	if (s != NULL) {
		config_free(s->config);
		free(s);
	}
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

const char *
settings_pending(const struct settings *at_start, const struct settings *fresh, struct arena *arena)
{
	const char *found = NULL;

	for (const char *const *key = fixed_keys; *key != NULL; key++) {
		const char *then = config_get(at_start->config, SECTION, *key);

		if (!same_text(then, config_get(fresh->config, SECTION, *key)))
			found = found != NULL ? arena_printf(arena, "%s, %s", found, *key) : *key;
	}
	return found;
}
