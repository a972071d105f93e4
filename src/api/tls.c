/* SPDX-License-Identifier: ISC */
#include "api/tls_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "base/io.h"
#include "base/ip.h"

#define CHAIN_MAX 16
#define LIFETIME ((time_t)3650 * 24 * 3600)

struct tls {
	const char *certificate_path, *key_path;
	pthread_mutex_t lock; /* guards the PEM texts */
	gnutls_datum_t certificate, key;
};

static enum dc_code
refuse(struct dc_error *err, const char *path, int rc)
{
	return dc_fail(err, DC_E_PARAM, NULL, "%s: %s", path, gnutls_strerror(rc));
}

static int
import_chain(const gnutls_datum_t *pem, gnutls_pcert_st *chain, unsigned *count)
{
	return gnutls_pcert_list_import_x509_raw(
	    chain, count, pem, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
}

static int
import_key(const gnutls_datum_t *pem, gnutls_privkey_t *ret)
{
	int rc = gnutls_privkey_init(ret);

	if (rc < 0)
		return rc;
	if ((rc = gnutls_privkey_import_x509_raw(*ret, pem, GNUTLS_X509_FMT_PEM, NULL, 0)) < 0)
		gnutls_privkey_deinit(*ret);
	return rc;
}

/* Whether the chain's first certificate is for this key. */
static int
check_pair(gnutls_pcert_st *first, gnutls_privkey_t key)
{
	gnutls_pubkey_t public;
	unsigned char ours[64], theirs[64];
	size_t ours_len = sizeof(ours), theirs_len = sizeof(theirs);
	int rc = gnutls_pubkey_init(&public);

	if (rc < 0)
		return rc;
	if ((rc = gnutls_pubkey_import_privkey(public, key, 0, 0)) == 0 &&
	    (rc = gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, ours, &ours_len)) == 0 &&
	    (rc = gnutls_pubkey_get_key_id(first->pubkey, GNUTLS_KEYID_USE_SHA256, theirs, &theirs_len)) == 0 &&
	    (ours_len != theirs_len || memcmp(ours, theirs, ours_len) != 0))
		rc = GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
	gnutls_pubkey_deinit(public);
	return rc;
}

static enum dc_code
check_texts(const struct tls *t, const gnutls_datum_t *certificate, const gnutls_datum_t *key_pem, struct dc_error *err)
{
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned count = CHAIN_MAX;
	gnutls_privkey_t key;
	int rc;

	if ((rc = import_chain(certificate, chain, &count)) < 0)
		return refuse(err, t->certificate_path, rc);
	if ((rc = import_key(key_pem, &key)) == 0) {
		rc = check_pair(&chain[0], key);
		gnutls_privkey_deinit(key);
	}
	for (unsigned i = 0; i < count; i++)
		gnutls_pcert_deinit(&chain[i]);
	return rc < 0 ? refuse(err, t->key_path, rc) : DC_OK;
}

static void
free_secret(gnutls_datum_t *d)
{
	if (d->data != NULL)
		gnutls_memset(d->data, 0, d->size);
	gnutls_free(d->data);
	d->data = NULL;
}

enum dc_code
tls_reload(struct tls *t, struct dc_error *err)
{
	gnutls_datum_t certificate = {0}, key = {0}, old_certificate, old_key;
	enum dc_code rc;
	int loaded;

	if ((loaded = gnutls_load_file(t->certificate_path, &certificate)) < 0)
		return refuse(err, t->certificate_path, loaded);
	if ((loaded = gnutls_load_file(t->key_path, &key)) < 0) {
		gnutls_free(certificate.data);
		return refuse(err, t->key_path, loaded);
	}
	if ((rc = check_texts(t, &certificate, &key, err)) != DC_OK) {
		gnutls_free(certificate.data);
		free_secret(&key);
		return rc;
	}
	pthread_mutex_lock(&t->lock);
	old_certificate = t->certificate;
	old_key = t->key;
	t->certificate = certificate;
	t->key = key;
	pthread_mutex_unlock(&t->lock);
	gnutls_free(old_certificate.data);
	free_secret(&old_key);
	return DC_OK;
}

enum dc_code
tls_open(const char *certificate_path, const char *key_path, struct tls **ret, struct dc_error *err)
{
	struct tls *t = calloc(1, sizeof(*t));
	enum dc_code rc;

	if (t == NULL)
		return dc_fail(err, DC_E_SYSTEM, NULL, "out of memory");
	pthread_mutex_init(&t->lock, NULL);
	t->certificate_path = strdup(certificate_path);
	t->key_path = strdup(key_path);
	if (t->certificate_path == NULL || t->key_path == NULL)
		rc = dc_fail(err, DC_E_SYSTEM, NULL, "out of memory");
	else
		rc = tls_reload(t, err);
	if (rc != DC_OK) {
		tls_close(t);
		return rc;
	}
	*ret = t;
	return DC_OK;
}

struct tls *
tls_close(struct tls *t)
{
	if (t == NULL)
		return NULL;
	gnutls_free(t->certificate.data);
	free_secret(&t->key);
	free((char *)(uintptr_t)t->certificate_path);
	free((char *)(uintptr_t)t->key_path);
	pthread_mutex_destroy(&t->lock);
	free(t);
	return NULL;
}

int
tls_retrieve(struct tls *t, gnutls_pcert_st **certs, unsigned *count, gnutls_privkey_t *key)
{
	gnutls_pcert_st *chain = gnutls_calloc(CHAIN_MAX, sizeof(*chain));
	unsigned n = CHAIN_MAX;
	int rc = -1;

	if (chain == NULL)
		return -1;
	pthread_mutex_lock(&t->lock);
	if (import_chain(&t->certificate, chain, &n) >= 0) {
		if ((rc = import_key(&t->key, key)) < 0)
			for (unsigned i = 0; i < n; i++)
				gnutls_pcert_deinit(&chain[i]);
	}
	pthread_mutex_unlock(&t->lock);
	if (rc < 0) {
		gnutls_free(chain);
		return -1;
	}
	*certs = chain;
	*count = n;
	return 0;
}

/* Runs look on each certificate of the chain, the server's first, until it answers false. */
static void
each_certificate(struct tls *t, bool (*look)(gnutls_x509_crt_t, void *arg), void *arg)
{
	gnutls_x509_crt_t *chain = NULL;
	unsigned n = 0;
	bool more = true;
	int rc;

	pthread_mutex_lock(&t->lock);
	rc = gnutls_x509_crt_list_import2(&chain, &n, &t->certificate, GNUTLS_X509_FMT_PEM, 0);
	pthread_mutex_unlock(&t->lock);
	if (rc < 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		more = more && look(chain[i], arg);
		gnutls_x509_crt_deinit(chain[i]);
	}
	gnutls_free(chain);
}

static bool
narrow_life(gnutls_x509_crt_t crt, void *arg)
{
	struct tls_life *life = arg;
	utc_ms begins = (utc_ms)gnutls_x509_crt_get_activation_time(crt) * 1000,
	       ends = (utc_ms)gnutls_x509_crt_get_expiration_time(crt) * 1000;

	if (life->ends == 0 || ends < life->ends)
		*life = (struct tls_life){begins, ends};
	return true;
}

struct tls_life
tls_get_life(struct tls *t)
{
	struct tls_life life = {0};

	each_certificate(t, narrow_life, &life);
	return life;
}

struct wanted {
	const char *name;
	bool found;
};

static bool
check_name(gnutls_x509_crt_t crt, void *arg)
{
	struct wanted *wanted = arg;

	wanted->found = gnutls_x509_crt_check_hostname(crt, wanted->name) != 0;
	return false; /* the server's own only */
}

bool
tls_is_for(struct tls *t, const char *name)
{
	struct wanted wanted = {.name = name};

	each_certificate(t, check_name, &wanted);
	return wanted.found;
}

/* --- a certificate of one's own --- */

static int
add_name(gnutls_x509_crt_t crt, const char *name)
{
	struct ip_addr a;

	if (ip_parse_addr(name, &a))
		return gnutls_x509_crt_set_subject_alt_name(
		    crt, GNUTLS_SAN_IPADDRESS, a.byte, ip_bits(a.family) / 8, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(
	    crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

static int
fill_names(gnutls_x509_crt_t crt, const char *const *names)
{
	int rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "dcaasd", 6);

	for (; rc >= 0 && *names != NULL; names++)
		rc = add_name(crt, *names);
	return rc;
}

static int
fill_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *const *names)
{
	unsigned char serial[16];
	time_t now = time(NULL);
	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] &= 0x7f; /* positive, RFC 5280 section 4.1.2.2 */
	serial[0] |= 0x01;
	if (rc < 0 || (rc = gnutls_x509_crt_set_version(crt, 3)) < 0 ||
	    (rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial))) < 0 ||
	    (rc = gnutls_x509_crt_set_activation_time(crt, now - 3600)) < 0 ||
	    (rc = gnutls_x509_crt_set_expiration_time(crt, now + LIFETIME)) < 0 ||
	    (rc = gnutls_x509_crt_set_key(crt, key)) < 0 || (rc = fill_names(crt, names)) < 0 ||
	    (rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0)
		return rc;
	return gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

/* Under another name first, so that a crash leaves a whole file or none. */
static enum dc_code
write_new(const char *path, const gnutls_datum_t *text, mode_t mode, struct dc_error *err)
{
	char fresh[PATH_MAX];
	bool ok;
	int fd, saved;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh))
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(ENAMETOOLONG));
	(void)unlink(fresh);
	if ((fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) < 0)
		return dc_fail(err, DC_E_IO, NULL, "%s: %s", fresh, strerror(errno));
	ok = fchmod(fd, mode) == 0 && /* with any umask: clients read the certificate */
	     write_all(fd, (const char *)text->data, text->size) && fsync(fd) == 0 && rename(fresh, path) == 0;
	saved = errno;
	close(fd);
	if (ok)
		return DC_OK;
	(void)unlink(fresh);
	return dc_fail(err, DC_E_IO, NULL, "%s: %s", path, strerror(saved));
}

static enum dc_code
export_pair(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, bool new_key, const char *certificate_path,
    const char *key_path, struct dc_error *err)
{
	gnutls_datum_t certificate_pem = {0}, key_pem = {0};
	enum dc_code code = DC_E_SYSTEM;
	int rc;

	if ((rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &certificate_pem)) < 0 ||
	    (rc = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem)) < 0)
		dc_fail(err, code, NULL, "self-signed certificate: %s", gnutls_strerror(rc));
	else if ((code = new_key ? write_new(key_path, &key_pem, 0600, err) : DC_OK) == DC_OK)
		code = write_new(certificate_path, &certificate_pem, 0644, err);
	gnutls_free(certificate_pem.data);
	free_secret(&key_pem);
	return code;
}

/* The key that is there, of a start that was cut short before its certificate; else a new one. */
static int
take_key(const char *path, gnutls_x509_privkey_t key, bool *is_new)
{
	gnutls_datum_t pem = {0};
	int rc;

	*is_new = access(path, F_OK) != 0;
	if (*is_new)
		return gnutls_x509_privkey_generate(
		    key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if ((rc = gnutls_load_file(path, &pem)) == 0)
		rc = gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM);
	free_secret(&pem);
	return rc;
}

enum dc_code
tls_self_signed(const char *certificate_path, const char *key_path, const char *const *names, struct dc_error *err)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	enum dc_code code = DC_E_SYSTEM;
	bool new_key = false;
	int rc;

	if ((rc = gnutls_x509_privkey_init(&key)) < 0 || (rc = gnutls_x509_crt_init(&crt)) < 0 ||
	    (rc = take_key(key_path, key, &new_key)) < 0 || (rc = fill_certificate(crt, key, names)) < 0)
		dc_fail(err, code, NULL, "self-signed certificate with key %s: %s", key_path, gnutls_strerror(rc));
	else
		code = export_pair(crt, key, new_key, certificate_path, key_path, err);
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	return code;
}
