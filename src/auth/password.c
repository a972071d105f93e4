/* SPDX-License-Identifier: ISC */
#include "auth/password.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

enum dc_code
password_hash(const char *password, struct arena *arena, const char **ret, struct dc_error *err)
{
	char *setting = crypt_gensalt_ra("$y$", 0, NULL, 0);
	void *work = NULL;
	int size = 0;
	const char *hash;
	enum dc_code rc = DC_OK;

	hash = setting != NULL ? crypt_ra(password, setting, &work, &size) : NULL;
	if (hash == NULL || hash[0] == '*')
		rc = dc_fail(err, DC_E_SYSTEM, "password", "libcrypt: %s", strerror(errno));
	else
		*ret = arena_strdup(arena, hash);
	if (work != NULL)
		explicit_bzero(work, (size_t)size);
	free(work);
	free(setting);
	return rc;
}

bool
password_verify(const char *password, const char *hash)
{
	/* A setting of the same cost, so that an unknown name takes as long as a wrong password. */
	static const char nobody[] = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7";
	const char *against = hash != NULL ? hash : nobody, *got;
	void *work = NULL;
	int size = 0;
	bool same;

	got = crypt_ra(password, against, &work, &size);
	same =
	    hash != NULL && got != NULL && strlen(got) == strlen(hash) && gnutls_memcmp(got, hash, strlen(hash)) == 0;
	if (work != NULL)
		explicit_bzero(work, (size_t)size);
	free(work);
	return same;
}
