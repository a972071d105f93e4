/* SPDX-License-Identifier: ISC */
/* replay.c - runs a fuzz target over its corpus without a fuzzer: each file as it is, cut short, and with a few bytes
 * changed, always the same way. Prints TAP, a test a file. target FOLDER */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MAX_FILE 65536
#define CHANGES 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From the heap and of the exact size, so that a sanitizer sees the first byte read too far. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		err(1, "memory");
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
run_changed(uint8_t *data, size_t size, uint32_t seed)
{
	static const char interesting[] = "\"\\{}[]:,\n\0/%?&=;'#0-9\x7f\x80\xff";

	for (int i = 0; i < CHANGES && size > 0; i++) {
		size_t at[3], n = 1 + next(&seed) % 3;
		uint8_t was[3];

		for (size_t k = 0; k < n; k++) {
			at[k] = next(&seed) % size;
			was[k] = data[at[k]];
			data[at[k]] = next(&seed) % 2 != 0
					  ? (uint8_t)interesting[next(&seed) % (sizeof(interesting) - 1)]
					  : (uint8_t)next(&seed);
		}
		run(data, size);
		while (n-- > 0)
			data[at[n]] = was[n];
	}
}

static size_t
read_file(const char *folder, const char *name, uint8_t *data)
{
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if ((file = fopen(path, "re")) == NULL)
		err(1, "%s", path);
	size = fread(data, 1, SIZE_MAX_FILE, file);
	fclose(file);
	return size;
}

static int
visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
	static uint8_t data[SIZE_MAX_FILE];
	struct dirent **entry;
	int n;

	if (argc != 2)
		errx(2, "usage: replay FOLDER");
	if ((n = scandir(argv[1], &entry, visible, alphasort)) < 1)
		errx(1, "%s: no corpus", argv[1]);
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		size_t size = read_file(argv[1], entry[i]->d_name, data);

		for (size_t cut = 0; cut < size; cut += 1 + size / 200)
			run(data, cut);
		run(data, size);
		run_changed(data, size, (uint32_t)i);
		printf("ok %d - %s\n", i + 1, entry[i]->d_name);
		fflush(stdout);
		free(entry[i]);
	}
	free(entry);
	return 0;
}
