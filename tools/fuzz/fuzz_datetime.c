/*-------------------------------------------------------------------------
 *
 * fuzz_datetime.c
 *	  libFuzzer target for the readers of xs:dateTime and GeneralizedTime.
 *
 * Each instant that was read is written out again, by an arithmetic of its own,
 * and must be read back as the same.
 *
 *	make fuzz
 *
 * tools/fuzz/fuzz_datetime.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datetime_parse.h"

#define USECS_PER_SECOND	INT64_C(1000000)
#define USECS_PER_DAY		(INT64_C(86400) * USECS_PER_SECOND)

/* 0001-01-01 and 10000-01-01, 00:00:00 UTC */
#define YEAR_1				INT64_C(-63082281600000000)
#define YEAR_10000			INT64_C(252455616000000000)
#define LARGEST_OFFSET		(INT64_C(14) * 3600 * USECS_PER_SECOND)

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Break an instant of the years 1 to 9999 down, a year and a month at a time.
 */
static void
write_instant(int64_t usecs, char *xs, size_t xs_size,
			  char *generalized, size_t generalized_size)
{
	static const int month_days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int64_t		days = (usecs - YEAR_1) / USECS_PER_DAY;
	int64_t		rest = (usecs - YEAR_1) % USECS_PER_DAY;
	int			year = 1;
	int			month = 0;
	int			leap;
	int			seconds = (int) (rest / USECS_PER_SECOND);

	/* a cycle of 400 years has 146097 days */
	year += (int) (days / 146097) * 400;
	days %= 146097;
	for (;;)
	{
		leap = (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
		if (days < 365 + leap)
			break;
		days -= 365 + leap;
		year++;
	}
	while (days >= month_days[month] + (month == 1 ? leap : 0))
	{
		days -= month_days[month] + (month == 1 ? leap : 0);
		month++;
	}
	snprintf(xs, xs_size, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ",
			 year, month + 1, (int) days + 1,
			 seconds / 3600, seconds / 60 % 60, seconds % 60,
			 (int) (rest % USECS_PER_SECOND));
	snprintf(generalized, generalized_size, "%04d%02d%02d%02d%02d%02dZ",
			 year, month + 1, (int) days + 1,
			 seconds / 3600, seconds / 60 % 60, seconds % 60);
}

/*
 * An instant within the four-digit years survives being written and read.
 */
static void
check_round_trip(int64_t usecs)
{
	char		xs[64];
	char		generalized[64];
	int64_t		again;

	if (usecs < YEAR_1 || usecs >= YEAR_10000)
		return;
	write_instant(usecs, xs, sizeof(xs), generalized, sizeof(generalized));
	REQUIRE(poa_xs_datetime_parse(xs, strlen(xs), &again) && again == usecs);
	REQUIRE(poa_generalized_time_parse(generalized, strlen(generalized), &again));
	REQUIRE(again <= usecs && usecs - again < USECS_PER_SECOND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t untouched = 42;
	char	   *copy = malloc(size + 2);
	char	   *exact = malloc(size > 0 ? size : 1);
	int64_t		first = untouched;
	int64_t		second = untouched;

	REQUIRE(copy != NULL && exact != NULL);
	if (size > 0)
		memcpy(exact, data, size);

	if (poa_xs_datetime_parse(exact, size, &first))
	{
		REQUIRE(first >= YEAR_1 - LARGEST_OFFSET &&
				first <= YEAR_10000 + LARGEST_OFFSET);
		check_round_trip(first);

		/* white space around changes nothing */
		copy[0] = '\t';
		memcpy(copy + 1, exact, size);
		copy[size + 1] = '\n';
		REQUIRE(poa_xs_datetime_parse(copy, size + 2, &second) &&
				first == second);

		/* anything else does */
		copy[size + 1] = '\0';
		REQUIRE(!poa_xs_datetime_parse(copy, size + 2, &second));
	}
	else
		REQUIRE(first == untouched);

	first = untouched;
	if (poa_generalized_time_parse(exact, size, &first))
	{
		REQUIRE(first >= YEAR_1 && first <= POA_GBCS_CANCELLATION);
		check_round_trip(first);
		REQUIRE(!poa_generalized_time_parse(exact, size - 1, &second));
	}
	else
		REQUIRE(first == untouched);

	free(copy);
	free(exact);
	return 0;
}
