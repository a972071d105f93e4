/* SPDX-License-Identifier: ISC */
/* fuzz_yaml.c - a file for `dcaas apply`: any file is refused in words or read; what was read, written and
 * read again is the same; and what is written cannot steer a terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/yaml_text.h"

#define TEXT_MAX (1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Fractions are no values of the API's: they are read as text. */
static bool
has_fraction(json_t *value)
{
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_real(value))
		return true;
	json_array_foreach(value, i, item)
	{
		if (has_fraction(item))
			return true;
	}
	json_object_foreach(value, name, item)
	{
		if (has_fraction(item))
			return true;
	}
	return false;
}

static void
is_harmless(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' && *text != '\n')
			abort();
	}
}

static void
there_and_back(json_t *document)
{
	_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);
	struct dc_error err = {0};
	json_t *again;

	if (yaml_write(document, &out, &err) != DC_OK || out.failed)
		abort();
	is_harmless(buf_str(&out));
	if (yaml_read(buf_str(&out), out.len, "written", &again, &err) != DC_OK || json_array_size(again) != 1 ||
	    !json_equal(json_array_get(again, 0), document))
		abort();
	json_decref(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct dc_error err = {0};
	json_t *documents, *document;
	size_t i;

	if (!ready)
		text_init();
	ready = true;
	if (yaml_read((const char *)data, size, "input", &documents, &err) != DC_OK) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	json_array_foreach(documents, i, document)
	{
		if (!has_fraction(document))
			there_and_back(document);
	}
	json_decref(documents);
	return 0;
}
