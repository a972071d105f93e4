/* SPDX-License-Identifier: ISC */
#include "dcaasd/identity_settings.h"

#include <string.h>

#include <curl/curl.h>

#include "base/ip.h"

#define SECTION "dcaasd"

static const char *
get(const struct config *c, const char *key)
{
	const char *text = config_get(c, SECTION, key);

	return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool
is_loopback(const char *host)
{
	struct ip_addr address;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return ip_parse_addr(host, &address) && address.family == IP_V4 && address.byte[0] == 127;
}

/* An address of a server, and nothing that would go astray when "/auth/tokens" is appended. */
static bool
take_apart(const char *text, bool *plain, bool *local)
{
	CURLU *url = curl_url();
	char *host = NULL, *none = NULL;
	bool good = url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		    curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;

	*plain = strncmp(text, "http://", strlen("http://")) == 0;
	good = good && (*plain || strncmp(text, "https://", strlen("https://")) == 0);
	good = good && curl_url_get(url, CURLUPART_USER, &none, 0) == CURLUE_NO_USER &&
	       curl_url_get(url, CURLUPART_QUERY, &none, 0) == CURLUE_NO_QUERY &&
	       curl_url_get(url, CURLUPART_FRAGMENT, &none, 0) == CURLUE_NO_FRAGMENT;
	*local = good && is_loopback(host);
	curl_free(host);
	curl_free(none);
	curl_url_cleanup(url);
	return good;
}

/* "https://host:5000", with or without "/v3" and a slash at the end; in `to` it ends in /v3. */
static enum dc_code
take_url(const struct config *c, const char *key, bool allow_plain, char to[KEYSTONE_URL_SIZE], struct dc_error *err)
{
	const char *text = config_get(c, SECTION, key), *version = "/v3";
	size_t len = strlen(text);
	bool plain, local;

	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len + strlen(version) >= KEYSTONE_URL_SIZE || !take_apart(text, &plain, &local))
		return dc_fail(
		    err, DC_E_PARAM, key, "[dcaasd] %s must be the address of a Keystone: https://HOST:PORT/v3", key);
	if (plain && !local && !allow_plain)
		return dc_fail(err, DC_E_PARAM, key,
		    "[dcaasd] %s must begin with https://. Tokens would travel unencrypted to a host that is not on "
		    "loopback; \"keystone_allow_plain = yes\" allows that",
		    key);
	memcpy(to, text, len);
	to[len] = '\0';
	if (len < strlen(version) || strcmp(to + len - strlen(version), version) != 0)
		strlcat(to, version, KEYSTONE_URL_SIZE);
	return DC_OK;
}

static enum dc_code
take_roles(const struct config *c, struct keystone_roles *ret, struct dc_error *err)
{
	ret->operator= get(c, "keystone_operator_roles");
	ret->member = get(c, "keystone_member_roles");
	ret->reader = get(c, "keystone_reader_roles");
	if (ret->operator!= NULL || ret->member != NULL || ret->reader != NULL)
		return DC_OK;
	return dc_fail(err, DC_E_PARAM, "keystone_member_roles",
	    "[dcaasd] keystone_member_roles: no role of Keystone is worth anything, so nobody could call");
}

static enum dc_code
take_keystone(const struct config *c, struct identity_settings *ret, struct dc_error *err)
{
	struct keystone_options *k = &ret->keystone;
	int64_t seconds;
	bool plain;
	enum dc_code rc;

	if (get(c, "keystone_url") == NULL)
		return dc_fail(
		    err, DC_E_PARAM, "keystone_url", "[dcaasd] keystone_url is needed for identity = keystone");
	if ((k->http.password_file = get(c, "keystone_password_file")) == NULL)
		return dc_fail(err, DC_E_PARAM, "keystone_password_file",
		    "[dcaasd] keystone_password_file is needed for identity = keystone");
	if ((rc = config_bool(c, SECTION, "keystone_allow_plain", &plain, err)) != DC_OK ||
	    (rc = take_url(c, "keystone_url", plain, ret->url, err)) != DC_OK)
		return rc;
	k->http.url = ret->url;
	if (get(c, "keystone_public_url") != NULL) {
		if ((rc = take_url(c, "keystone_public_url", true, ret->public_url, err)) != DC_OK)
			return rc;
		k->public_url = ret->public_url;
	}
	k->http.ca_file = get(c, "keystone_ca_file");
	k->http.user = config_get(c, SECTION, "keystone_user");
	k->http.user_domain = config_get(c, SECTION, "keystone_user_domain");
	k->http.project = config_get(c, SECTION, "keystone_project");
	k->http.project_domain = config_get(c, SECTION, "keystone_project_domain");
	k->http.application_credential = get(c, "keystone_application_credential");
	if ((rc = config_int(c, SECTION, "keystone_cache_seconds", 1, 3600, &seconds, err)) != DC_OK)
		return rc;
	k->cache_ms = seconds * 1000;
	return take_roles(c, &k->roles, err);
}

enum dc_code
identity_settings_take(const struct config *c, struct identity_settings *ret, struct dc_error *err)
{
	const char *identity = config_get(c, SECTION, "identity");

	if (strcmp(identity, "builtin") == 0)
		return DC_OK;
	if (strcmp(identity, "keystone") != 0)
		return dc_fail(err, DC_E_PARAM, "identity", "[dcaasd] identity must be builtin or keystone");
	ret->by_keystone = true;
	return take_keystone(c, ret, err);
}
