/* SPDX-License-Identifier: ISC */
#include "base/uuid.h"

#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

void
random_bytes(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len < 256 ? len : 256, 0);

		if (n < 0)
			err(71, "getrandom");
		p += n;
		len -= (size_t)n;
	}
}

void
hex_encode(const void *data, size_t len, char *out)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * len] = '\0';
}

int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
hex_decode(const char *text, void *out, size_t len)
{
	unsigned char *p = out;

	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* RFC 9562 section 6.2, method 1: the 12 bits behind the milliseconds count up within one; when they run over, or the
 * clock went back, the time of the last one continues. */
static void
next_stamp(uint64_t *ms, unsigned *count)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t last_ms;
	static unsigned last_count;
	uint64_t now = (uint64_t)utc_now();
	uint16_t start;

	random_bytes(&start, sizeof(start));
	pthread_mutex_lock(&lock);
	if (now > last_ms) {
		last_ms = now;
		last_count = start & 0x3ff; /* leaves room to count */
	} else if (++last_count > 0xfff) {
		last_ms++;
		last_count = 0;
	}
	*ms = last_ms;
	*count = last_count;
	pthread_mutex_unlock(&lock);
}

void
uuid_new(char out[UUID_TEXT_SIZE])
{
	unsigned char b[16];
	uint64_t ms;
	unsigned count;

	next_stamp(&ms, &count);
	random_bytes(b + 8, 8);
	for (int i = 0; i < 6; i++)
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	b[6] = (unsigned char)(0x70 | count >> 8);
	b[7] = (unsigned char)count;
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));

	static const unsigned char group[] = {4, 2, 2, 2, 6};
	size_t from = 0;
	char *p = out;

	for (size_t i = 0; i < sizeof(group); i++) {
		if (i > 0)
			*p++ = '-';
		hex_encode(b + from, group[i], p);
		p += 2 * group[i];
		from += group[i];
	}
}

void
hex32_new(char out[HEX32_TEXT_SIZE])
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	hex_encode(b, sizeof(b), out);
}

bool
uuid_is_valid(const char *s)
{
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : hex_value(s[i]) < 0)
			return false;
	}
	return s[36] == '\0';
}

bool
hex32_is_valid(const char *s)
{
	for (size_t i = 0; i < 32; i++) {
		if (hex_value(s[i]) < 0)
			return false;
	}
	return s[32] == '\0';
}
