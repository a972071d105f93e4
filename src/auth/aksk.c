/* SPDX-License-Identifier: ISC */
#include "auth/aksk.h"

#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <time.h>

#include "auth/percent.h"
#include "base/buf.h"
#include "base/uuid.h"

#define CANONICAL_MAX (256 * 1024)
#define QUERY_PAIRS_MAX 4096
#define SIGNED_HEADERS_MAX 64

struct pair {
	const char *key, *value; /* decoded; may hold NUL */
	size_t key_len, value_len;
	size_t position; /* in the request: qsort keeps no order */
};

static int
compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order != 0)
		return order;
	return a_len < b_len ? -1 : a_len > b_len;
}

static int
compare_as_sent(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = compare_bytes(x->key, x->key_len, y->key, y->key_len);

	if (order != 0)
		return order;
	return x->position < y->position ? -1 : x->position > y->position;
}

static int
compare_sorted(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int order = compare_bytes(x->key, x->key_len, y->key, y->key_len);

	if (order == 0)
		order = compare_bytes(x->value, x->value_len, y->value, y->value_len);
	return order != 0 ? order : compare_as_sent(a, b);
}

static size_t
query_pairs(const char *query, struct arena *arena, struct pair *pairs, size_t max)
{
	size_t n = 0;

	while (*query != '\0' && n < max) {
		size_t len = strcspn(query, "&");
		const char *equals = memchr(query, '=', len);
		size_t key_len = equals != NULL ? (size_t)(equals - query) : len;

		if (len > 0) {
			struct pair *p = &pairs[n];

			p->key = percent_decode(query, key_len, arena, &p->key_len);
			p->value =
			    equals == NULL ? "" : percent_decode(equals + 1, len - key_len - 1, arena, &p->value_len);
			p->position = n++;
		}
		query += len;
		if (*query == '&')
			query++;
	}
	return n;
}

/* The '=' is always written: Go sends a bare "marker" and signs "marker=". */
static void
add_query(struct buf *out, const char *query, bool sorted_values, struct arena *arena)
{
	size_t max = 1;
	struct pair *pairs;

	for (const char *c = query; *c != '\0'; c++)
		max += *c == '&';
	if (max > QUERY_PAIRS_MAX) {
		out->failed = true;
		return;
	}
	pairs = arena_array(arena, max, sizeof(*pairs));
	max = query_pairs(query, arena, pairs, max);
	qsort(pairs, max, sizeof(*pairs), sorted_values ? compare_sorted : compare_as_sent);
	for (size_t i = 0; i < max; i++) {
		if (i > 0)
			buf_putc(out, '&');
		percent_encode(out, pairs[i].key, pairs[i].key_len, "");
		buf_putc(out, '=');
		percent_encode(out, pairs[i].value, pairs[i].value_len, "");
	}
}

/* Decoded first: Go and Java send ':' and '@' as they are, Python sends a "/" of a parameter as %2F and signs it as a
 * separator. Nothing is collapsed: "//" stays. */
static void
add_path(struct buf *out, const char *raw, struct arena *arena)
{
	size_t len;
	const char *path = percent_decode(raw, strlen(raw), arena, &len);

	percent_encode(out, path, len, "/");
	if (len == 0 || path[len - 1] != '/')
		buf_putc(out, '/');
}

static void
add_trimmed(struct buf *out, const char *value)
{
	size_t len;

	value += strspn(value, " \t");
	len = strlen(value);
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	buf_add(out, value, len);
}

static enum dc_code
add_headers(struct buf *out, const struct aksk_input *in, struct dc_error *err)
{
	for (const char *const *name = in->signed_headers; *name != NULL; name++) {
		const char *value = in->header(in->header_arg, *name);

		if (value == NULL)
			return dc_fail(err, DC_E_UNAUTHORIZED, NULL,
			    "Incorrect IAM authentication information: verify aksk signature fail, signed header %.64s "
			    "is "
			    "not in the request",
			    *name);
		buf_puts(out, *name);
		buf_putc(out, ':');
		add_trimmed(out, value);
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
	for (const char *const *name = in->signed_headers; *name != NULL; name++) {
		if (name != in->signed_headers)
			buf_putc(out, ';');
		buf_puts(out, *name);
	}
	return DC_OK;
}

/* SHA-256 of no bytes: the body of most requests. */
#define HASH_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

void
sha256_hex(const void *data, size_t len, char out[SHA256_HEX_SIZE])
{
	uint8_t digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, digest) != 0)
		abort(); /* GnuTLS without SHA-256 is no GnuTLS we can run with */
	hex_encode(digest, sizeof(digest), out);
}

enum dc_code
aksk_canonical(
    const struct aksk_input *in, bool sorted_values, struct arena *arena, const char **ret, struct dc_error *err)
{
	_cleanup_buf_ struct buf out = BUF_INIT(CANONICAL_MAX);
	char digest[SHA256_HEX_SIZE];
	enum dc_code rc;

	buf_puts(&out, in->method);
	buf_putc(&out, '\n');
	add_path(&out, in->raw_path, arena);
	buf_putc(&out, '\n');
	add_query(&out, in->raw_query, sorted_values, arena);
	buf_putc(&out, '\n');
	if ((rc = add_headers(&out, in, err)) != DC_OK)
		return rc;
	buf_putc(&out, '\n');
	if (in->payload == NULL && in->body_len > 0)
		sha256_hex(in->body, in->body_len, digest);
	buf_puts(&out, in->payload != NULL ? in->payload : in->body_len > 0 ? digest : HASH_OF_NOTHING);
	if (out.failed)
		return dc_fail(err, DC_E_UNAUTHORIZED, NULL,
		    "Incorrect IAM authentication information: the request is too long to be verified");
	*ret = arena_strdup(arena, buf_str(&out));
	return DC_OK;
}

#define SCOPE_PARTS 4 /* date, region, service, SCOPE_END */
#define SCOPE_END "sdk_request"
#define MAC_SIZE 32

static bool
hmac(const void *key, size_t key_len, const char *text, size_t len, uint8_t out[MAC_SIZE])
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, text, len, out) == 0;
}

/* The key that a scope derives from the secret key: one round for each part. */
static bool
scoped_key(const char *scope, const char *secret_key, struct arena *arena, uint8_t out[MAC_SIZE])
{
	const char *first = arena_printf(arena, "SDK%s", secret_key), *part = scope;
	size_t len = strcspn(part, "/");
	bool ok = hmac(first, strlen(first), part, len, out);

	while (ok && part[len] == '/') {
		uint8_t key[MAC_SIZE];

		part += len + 1;
		len = strcspn(part, "/");
		memcpy(key, out, sizeof(key));
		ok = hmac(key, sizeof(key), part, len, out);
		explicit_bzero(key, sizeof(key));
	}
	return ok;
}

/* Four parts, for the day on which the request was signed. */
static bool
scope_is_good(const char *scope, const char *date)
{
	const char *part = scope;
	size_t day = strcspn(date, "T"), n = 1;

	for (const char *slash = strchr(scope, '/'); slash != NULL; slash = strchr(part, '/')) {
		part = slash + 1;
		n++;
	}
	return n == SCOPE_PARTS && strcmp(part, SCOPE_END) == 0 && strcspn(scope, "/") == day &&
	       strncmp(scope, date, day) == 0;
}

static bool
sign_text(const struct aksk_input *in, const char *to_sign, const char *secret_key, struct arena *arena,
    uint8_t out[MAC_SIZE])
{
	uint8_t key[MAC_SIZE];
	bool ok;

	if (in->scope == NULL)
		return hmac(secret_key, strlen(secret_key), to_sign, strlen(to_sign), out);
	ok = scoped_key(in->scope, secret_key, arena, key) && hmac(key, sizeof(key), to_sign, strlen(to_sign), out);
	explicit_bzero(key, sizeof(key));
	return ok;
}

enum dc_code
aksk_sign(const struct aksk_input *in, bool sorted_values, const char *secret_key, struct arena *arena,
    char out[SHA256_HEX_SIZE], struct dc_error *err)
{
	const char *canonical, *to_sign;
	char digest[SHA256_HEX_SIZE];
	uint8_t mac[MAC_SIZE];
	enum dc_code rc;

	if ((rc = aksk_canonical(in, sorted_values, arena, &canonical, err)) != DC_OK)
		return rc;
	sha256_hex(canonical, strlen(canonical), digest);
	to_sign = arena_printf(arena, AKSK_ALGORITHM "\n%s\n%s%s%s", in->date, in->scope != NULL ? in->scope : "",
	    in->scope != NULL ? "\n" : "", digest);
	if (!sign_text(in, to_sign, secret_key, arena, mac))
		return dc_fail(err, DC_E_SYSTEM, NULL, "HMAC-SHA256 failed");
	hex_encode(mac, sizeof(mac), out);
	return DC_OK;
}

enum dc_code
aksk_authorization(const struct aksk_input *in, const char *access_key, const char *secret_key, struct arena *arena,
    const char **ret, struct dc_error *err)
{
	_cleanup_buf_ struct buf names = BUF_INIT(4096);
	char signature[SHA256_HEX_SIZE];
	enum dc_code rc;

	if ((rc = aksk_sign(in, true, secret_key, arena, signature, err)) != DC_OK)
		return rc;
	for (const char *const *name = in->signed_headers; *name != NULL; name++)
		buf_printf(&names, "%s%s", name != in->signed_headers ? ";" : "", *name);
	*ret = arena_printf(
	    arena, AKSK_ALGORITHM " Access=%s, SignedHeaders=%s, Signature=%s", access_key, buf_str(&names), signature);
	return DC_OK;
}

/* Takes "name=value" off *text, up to a comma or the end; a blank after the comma is optional. */
static char *
take(const char **text, const char *name, struct arena *arena)
{
	size_t name_len = strlen(name), len;
	char *value;

	if (strncmp(*text, name, name_len) != 0)
		return NULL;
	*text += name_len;
	len = strcspn(*text, ",");
	value = arena_strndup(arena, *text, len);
	*text += len;
	if (**text == ',')
		*text += (*text)[1] == ' ' ? 2 : 1;
	return len > 0 ? value : NULL;
}

/* "a;b" in place into names. NULL for an empty name or too many. */
static const char *const *
split_names(char *text, struct arena *arena)
{
	const char **names = arena_array(arena, SIGNED_HEADERS_MAX + 1, sizeof(*names));
	char *name;
	size_t n = 0;

	while ((name = strsep(&text, ";")) != NULL) {
		if (*name == '\0' || n == SIGNED_HEADERS_MAX)
			return NULL;
		names[n++] = name;
	}
	return names;
}

/* What follows the access key, which ends there; "" when nothing does. */
static const char *
cut_scope(char *credential)
{
	char *slash = strchr(credential, '/');

	if (slash == NULL)
		return "";
	*slash = '\0';
	return slash + 1;
}

static bool
lower_hex64(char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return false;
		text[i] = (char)tolower((unsigned char)text[i]);
	}
	return i == SHA256_HEX_SIZE - 1;
}

enum dc_code
aksk_parse(const char *authorization, struct arena *arena, struct aksk_claim *ret, struct dc_error *err)
{
	const char *text = authorization;
	char *access_key, *names, *signature;
	const char *scope = NULL;
	const char *const *headers;

	if (strncmp(text, AKSK_ALGORITHM " ", strlen(AKSK_ALGORITHM) + 1) != 0)
		return dc_fail(err, DC_E_UNAUTHORIZED, "Authorization",
		    "Incorrect IAM authentication information: only " AKSK_ALGORITHM " is served");
	text += strlen(AKSK_ALGORITHM) + 1;
	if ((access_key = take(&text, "Access=", arena)) == NULL &&
	    (access_key = take(&text, "Credential=", arena)) != NULL)
		scope = cut_scope(access_key);
	if (access_key == NULL || access_key[0] == '\0' || (names = take(&text, "SignedHeaders=", arena)) == NULL ||
	    (signature = take(&text, "Signature=", arena)) == NULL || *text != '\0' || !lower_hex64(signature) ||
	    (headers = split_names(names, arena)) == NULL)
		return dc_fail(err, DC_E_UNAUTHORIZED, "Authorization",
		    "Incorrect IAM authentication information: the Authorization header has a wrong form");
	*ret = (struct aksk_claim){
	    .access_key = access_key, .signed_headers = headers, .signature = signature, .scope = scope};
	return DC_OK;
}

static bool
same_signature(const char *a, const char *b)
{
	return gnutls_memcmp(a, b, SHA256_HEX_SIZE - 1) == 0;
}

static bool
names_date(const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcasecmp(*names, "x-sdk-date") == 0)
			return true;
	return false;
}

enum dc_code
aksk_verify(const struct aksk_input *in, const struct aksk_claim *claim, const char *secret_key, struct arena *arena,
    struct dc_error *err)
{
	char signature[SHA256_HEX_SIZE];
	enum dc_code rc;

	if (!names_date(claim->signed_headers))
		return dc_fail(err, DC_E_UNAUTHORIZED, "Authorization",
		    "Incorrect IAM authentication information: verify aksk signature fail, X-Sdk-Date is not signed");
	if (claim->scope != NULL && !scope_is_good(claim->scope, in->date))
		return dc_fail(err, DC_E_UNAUTHORIZED, "Authorization",
		    "Incorrect IAM authentication information: verify aksk signature fail, the scope must be the day "
		    "of "
		    "X-Sdk-Date, region, service and " SCOPE_END);
	if ((rc = aksk_sign(in, true, secret_key, arena, signature, err)) != DC_OK)
		return rc;
	if (same_signature(signature, claim->signature))
		return DC_OK;
	if ((rc = aksk_sign(in, false, secret_key, arena, signature, err)) != DC_OK)
		return rc;
	if (same_signature(signature, claim->signature))
		return DC_OK;
	return dc_fail(
	    err, DC_E_UNAUTHORIZED, NULL, "Incorrect IAM authentication information: verify aksk signature fail");
}

static bool
two_digits(const char *text, int lo, int hi, int *ret)
{
	if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
		return false;
	*ret = (text[0] - '0') * 10 + text[1] - '0';
	return *ret >= lo && *ret <= hi;
}

bool
aksk_parse_date(const char *text, utc_ms *ret)
{
	struct tm tm = {0};
	int century;
	time_t t;

	if (strlen(text) != AKSK_DATE_SIZE - 1 || text[8] != 'T' || text[15] != 'Z' ||
	    !two_digits(text, 19, 99, &century) || !two_digits(text + 2, 0, 99, &tm.tm_year) ||
	    !two_digits(text + 4, 1, 12, &tm.tm_mon) || !two_digits(text + 6, 1, 31, &tm.tm_mday) ||
	    !two_digits(text + 9, 0, 23, &tm.tm_hour) || !two_digits(text + 11, 0, 59, &tm.tm_min) ||
	    !two_digits(text + 13, 0, 60, &tm.tm_sec))
		return false;
	tm.tm_year += century * 100 - 1900;
	tm.tm_mon--;
	if ((t = timegm(&tm)) == (time_t)-1)
		return false;
	*ret = (utc_ms)t * 1000;
	return true;
}

void
aksk_format_date(utc_ms when, char out[AKSK_DATE_SIZE])
{
	time_t t = (time_t)(when / 1000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, AKSK_DATE_SIZE, "%Y%m%dT%H%M%SZ", &tm) == 0)
		out[0] = '\0';
}
