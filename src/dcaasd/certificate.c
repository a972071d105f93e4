/* SPDX-License-Identifier: ISC */
#include "dcaasd/certificate.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ip.h"
#include "base/log.h"

#define NAMES_MAX 128

struct names {
	struct arena *arena;
	const char *v[NAMES_MAX + 1]; /* NULL-terminated */
	size_t n;
};

static void
add(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcasecmp(names->v[i], name) == 0)
			return;
	if (name[0] != '\0' && names->n < NAMES_MAX)
		names->v[names->n++] = arena_strdup(names->arena, name);
}

static void
add_socket_address(struct names *names, const struct sockaddr *address)
{
	struct ip_addr ip = {0};
	char text[IP_TEXT_SIZE];

	if (address->sa_family == AF_INET) {
		ip.family = IP_V4;
		memcpy(ip.byte, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	} else if (address->sa_family == AF_INET6) {
		const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		if (IN6_IS_ADDR_LINKLOCAL(v6))
			return; /* of no meaning without the client's own interface */
		ip.family = IP_V6;
		memcpy(ip.byte, v6, 16);
	} else {
		return;
	}
	ip_format_addr(&ip, text);
	add(names, text);
}

static void
add_machine(struct names *names)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0) {
		dc_log(LOG_WARNING, "addresses of this machine are not known", "error=%s",
		    log_quote(names->arena, strerror(errno)));
		return;
	}
	for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && (i->ifa_flags & IFF_UP))
			add_socket_address(names, i->ifa_addr);
	freeifaddrs(all);
}

static void
add_host(struct names *names)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
	struct addrinfo *found = NULL;
	char host[256] = "";

	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		return;
	add(names, host);
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return;
	if (found != NULL && found->ai_canonname != NULL)
		add(names, found->ai_canonname);
	freeaddrinfo(found);
}

/* By blanks and commas, as settings_load() has checked them. */
static void
add_list(struct names *names, const char *text)
{
	while (text != NULL && *(text += strspn(text, " \t,")) != '\0') {
		size_t len = strcspn(text, " \t,");

		add(names, arena_strndup(names->arena, text, len));
		text += len;
	}
}

const char *const *
certificate_names(const struct settings *s, struct arena *arena)
{
	struct names *names = arena_new_of(arena, struct names);
	const char *address = s->https.address;

	names->arena = arena;
	add_list(names, s->tls_names);
	add(names, "localhost");
	add(names, "127.0.0.1");
	add(names, "::1");
	/* An inherited listener may have any address. */
	if (address[0] == '\0' || strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0)
		add_machine(names);
	else
		add(names, address);
	add_host(names);
	return names->v;
}

void
certificate_paths(const struct settings *s, struct arena *arena, const char **certificate, const char **key)
{
	*certificate = s->tls_certificate;
	*key = s->tls_key;
	if (*certificate == NULL) {
		*certificate = arena_printf(arena, "%s/tls.crt", s->state_dir);
		*key = arena_printf(arena, "%s/tls.key", s->state_dir);
	}
}

static enum dc_code
make(const struct settings *s, const char *certificate, const char *key, struct arena *arena, struct dc_error *err)
{
	const char *const *names = certificate_names(s, arena);
	enum dc_code rc = tls_self_signed(certificate, key, names, err);
	const char *text = "";

	if (rc != DC_OK)
		return rc;
	for (size_t i = 0; names[i] != NULL; i++)
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", names[i]);
	dc_log(LOG_INFO, "self-signed certificate made", "file=%s names=%s", log_quote(arena, certificate),
	    log_quote(arena, text));
	return DC_OK;
}

/* The server never replaces it by itself: clients trust exactly the one that is there. */
static void
log_missing(struct tls *tls, const char *certificate, const char *const *names, struct arena *arena)
{
	const char *text = "";

	for (; *names != NULL; names++)
		if (!tls_is_for(tls, *names))
			text = arena_printf(arena, "%s%s%s", text, text[0] != '\0' ? " " : "", *names);
	if (text[0] != '\0')
		dc_log(LOG_WARNING, "certificate lacks names", "file=%s names=%s", log_quote(arena, certificate),
		    log_quote(arena, text));
}

enum dc_code
certificate_open(const struct settings *s, struct arena *arena, struct tls **ret, struct dc_error *err)
{
	const char *certificate, *key;
	bool made = false;
	enum dc_code rc;

	certificate_paths(s, arena, &certificate, &key);
	if (s->tls_certificate == NULL && (made = access(certificate, F_OK) != 0) &&
	    (rc = make(s, certificate, key, arena, err)) != DC_OK)
		return rc;
	if ((rc = tls_open(certificate, key, ret, err)) == DC_OK && s->tls_certificate == NULL && !made)
		log_missing(*ret, certificate, certificate_names(s, arena), arena);
	return rc;
}
