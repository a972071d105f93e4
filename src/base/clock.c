/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

utc_ms
utc_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (utc_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The last n decimal digits of v. */
static void
put_digits(char *to, int n, int v)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		to[i] = (char)('0' + v % 10);
}

/* Lists write thousands of times: by hand, at a tenth of what printf takes. */
void
utc_format(utc_ms ms, char out[UTC_TEXT_SIZE])
{
	/* Years outside 0..9999 have no RFC 3339 text; the nearest that has one stands for them. */
	const utc_ms lowest = -62167219200000, highest = 253402300799999;
	utc_ms t = ms < lowest ? lowest : ms > highest ? highest : ms;
	int millis = (int)(t % 1000);

	if (millis < 0)
		millis += 1000;
	time_t seconds = (time_t)((t - millis) / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	memcpy(out, "0000-00-00T00:00:00.000Z", UTC_TEXT_SIZE);
	put_digits(out, 4, tm.tm_year + 1900);
	put_digits(out + 5, 2, tm.tm_mon + 1);
	put_digits(out + 8, 2, tm.tm_mday);
	put_digits(out + 11, 2, tm.tm_hour);
	put_digits(out + 14, 2, tm.tm_min);
	put_digits(out + 17, 2, tm.tm_sec);
	put_digits(out + 20, 3, millis);
}

/* Exactly n digits at *s; steps over them. */
static bool
digits(const char **s, int n, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		char c = (*s)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*s += n;
	*ret = v;
	return true;
}

static bool
literal(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* A fraction of a second of 1 to 9 digits; milliseconds, the rest is cut off. */
static bool
fraction(const char **s, int *millis)
{
	int n = 0, v = 0;

	for (; n < 9 && **s >= '0' && **s <= '9'; n++, (*s)++) {
		if (n < 3)
			v = v * 10 + (**s - '0');
	}
	for (int i = n; i < 3; i++)
		v *= 10;
	*millis = v;
	return n > 0;
}

static bool
zone(const char **s, int *offset_minutes)
{
	int hours, minutes;

	*offset_minutes = 0;
	if (**s == '\0' || literal(s, 'Z') || literal(s, 'z'))
		return true;
	int sign = **s == '-' ? -1 : 1;

	if (!literal(s, '+') && !literal(s, '-'))
		return false;
	if (!digits(s, 2, &hours) || (literal(s, ':'), !digits(s, 2, &minutes)) || hours > 23 || minutes > 59)
		return false;
	*offset_minutes = sign * (hours * 60 + minutes);
	return true;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool
utc_parse(const char *s, utc_ms *ret)
{
	struct tm tm = {0};
	int year, month, millis = 0, offset;

	if (!digits(&s, 4, &year) || !literal(&s, '-') || !digits(&s, 2, &month) || !literal(&s, '-') ||
	    !digits(&s, 2, &tm.tm_mday))
		return false;
	if (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' '))
		return false;
	if (!digits(&s, 2, &tm.tm_hour) || !literal(&s, ':') || !digits(&s, 2, &tm.tm_min) || !literal(&s, ':') ||
	    !digits(&s, 2, &tm.tm_sec))
		return false;
	if (literal(&s, '.') && !fraction(&s, &millis))
		return false;
	if (!zone(&s, &offset) || *s != '\0')
		return false;
	if (month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	if (tm.tm_mday > days_in_month(year, month))
		return false;
	time_t seconds = timegm(&tm);

	*ret = (utc_ms)seconds * 1000 + millis - (utc_ms)offset * 60000;
	return true;
}

struct monotonic
monotonic_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct monotonic){(int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000};
}

int64_t
monotonic_since(struct monotonic earlier)
{
	return monotonic_now().ms - earlier.ms;
}
