/* SPDX-License-Identifier: ISC */
#include "api/quirk.h"

#include <string.h>

struct quirk {
	const char *prefix; /* of User-Agent */
	unsigned quirks;
};

static const struct quirk quirks[] = {
    /* Type create_owner of a peer link as a time and refuse the whole answer on "dc", which Terraform needs there; null
     * parses (seen with Go 0.1.207 and Java 3.1.143). They also type AS numbers of gateways and peers as int32 and
     * refuse the whole answer, every list too, when one needs 32 bits. */
    {"huaweicloud-usdk-go/", QUIRK_TYPED_AS_TIME | QUIRK_INT32},
    {"huaweicloud-usdk-java/", QUIRK_TYPED_AS_TIME | QUIRK_INT32},
};

unsigned
quirks_of(const char *user_agent)
{
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (strncmp(user_agent, quirks[i].prefix, strlen(quirks[i].prefix)) == 0)
			return quirks[i].quirks;
	return 0;
}
