/*-------------------------------------------------------------------------
 *
 * datetime_parse.c
 *	  Instants as DUIS and GBCS write them, read without the server.
 *
 * PostgreSQL's own input of timestamptz is no help here: it takes a thousand
 * forms that the two standards forbid, and what it makes of a text depends on
 * DateStyle and TimeZone.  Nothing here needs PostgreSQL's headers, so that the
 * readers can be fuzzed alone.
 *
 * src/datetime_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include "datetime_parse.h"

#define USECS_PER_SECOND	INT64_C(1000000)
#define FRACTION_DIGITS		6	/* of a microsecond */

#define XS_SECONDS_LENGTH	19	/* YYYY-MM-DDThh:mm:ss */
#define XS_ZONE_LENGTH		6	/* +hh:mm */
#define MAX_ZONE_MINUTES	(14 * 60)
#define GENERALIZED_LENGTH	15	/* YYYYMMDDHHMMSSZ */

/* days from 0001-01-01 to 2000-01-01 */
#define DAYS_TO_EPOCH		730119

/* a date and a time of day, as far as whole seconds */
typedef struct CivilTime
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
} CivilTime;

/*
 * Is this one of the four characters that XML calls white space?
 */
static inline bool
is_xml_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Read exactly ndigits decimal digits, at most nine, at str.  Returns false
 * where one of them is no digit.
 */
static bool
read_number(const char *str, int ndigits, int *value)
{
	int			number = 0;

	for (int i = 0; i < ndigits; i++)
	{
		if (!is_digit(str[i]))
			return false;
		number = number * 10 + (str[i] - '0');
	}
	*value = number;
	return true;
}

static bool
is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/*
 * Is this a day of the Gregorian calendar, of the year 1 or later, and a second
 * of that day?  Leap seconds have no place in either standard.
 */
static bool
is_valid_time(const CivilTime *t)
{
	static const int month_days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int			last_day;

	if (t->year < 1 || t->month < 1 || t->month > 12 || t->day < 1)
		return false;
	last_day = month_days[t->month - 1];
	if (t->month == 2 && is_leap_year(t->year))
		last_day++;

	return t->day <= last_day &&
		t->hour <= 23 && t->minute <= 59 && t->second <= 59;
}

/*
 * Seconds from 2000-01-01 00:00:00 to a valid time.
 */
static int64_t
seconds_since_epoch(const CivilTime *t)
{
	static const int days_before_month[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	int			years = t->year - 1;
	int			days;

	days = 365 * years + years / 4 - years / 100 + years / 400;
	days += days_before_month[t->month - 1] + t->day - 1;
	if (t->month > 2 && is_leap_year(t->year))
		days++;
	days -= DAYS_TO_EPOCH;

	return (((int64_t) days * 24 + t->hour) * 60 + t->minute) * 60 + t->second;
}

/*
 * Read the digits of a fraction of a second, at least one and as many as there
 * are.  *usecs is the fraction to the nearest microsecond, a half rounded up,
 * so it may be a whole second; *is_zero is whether all digits were zeros;
 * *length is their number.  Returns false where there is none.
 */
static bool
read_fraction(const char *str, size_t len, int64_t *usecs, bool *is_zero,
			  size_t *length)
{
	int64_t		fraction = 0;
	size_t		ndigits = 0;

	*is_zero = true;
	while (ndigits < len && is_digit(str[ndigits]))
	{
		int			digit = str[ndigits] - '0';

		if (digit != 0)
			*is_zero = false;
		if (ndigits < FRACTION_DIGITS)
			fraction = fraction * 10 + digit;
		else if (ndigits == FRACTION_DIGITS && digit >= 5)
			fraction++;
		ndigits++;
	}
	for (size_t i = ndigits; i < FRACTION_DIGITS; i++)
		fraction *= 10;

	*usecs = fraction;
	*length = ndigits;
	return ndigits > 0;
}

/*
 * Read a time zone, which is all that is left of the text: nothing (taken as
 * UTC), "Z", or an offset of at most fourteen hours.  *minutes is how far the
 * local time is ahead of UTC.  Returns false for anything else.
 */
static bool
read_zone(const char *str, size_t len, int *minutes)
{
	int			hour;
	int			minute;

	*minutes = 0;
	if (len == 0)
		return true;
	if (len == 1)
		return str[0] == 'Z';
	if (len != XS_ZONE_LENGTH || (str[0] != '+' && str[0] != '-') ||
		str[3] != ':' ||
		!read_number(str + 1, 2, &hour) || !read_number(str + 4, 2, &minute))
		return false;
	if (minute > 59 || hour * 60 + minute > MAX_ZONE_MINUTES)
		return false;

	*minutes = hour * 60 + minute;
	if (str[0] == '-')
		*minutes = -*minutes;
	return true;
}

/*
 * Read an xs:dateTime from len bytes at str, which need no terminating NUL.
 *
 * The form is that of XML Schema with a year of exactly four digits, 0001 to
 * 9999: a fraction of any length, "Z", an offset or no zone (read as UTC), and
 * 24:00:00 for the end of the day; XML white space around is trimmed, as the
 * type's whiteSpace facet has it.  A fraction is rounded to the microsecond.
 *
 * Returns false, and leaves *usecs alone, for anything else.  The result may
 * lie up to fourteen hours outside the years 1 to 9999, by way of the offset.
 */
bool
poa_xs_datetime_parse(const char *str, size_t len, int64_t *usecs)
{
	CivilTime	t;
	bool		end_of_day;
	int64_t		fraction = 0;
	bool		fraction_is_zero = true;
	int			zone;

	while (len > 0 && is_xml_space(str[0]))
		str++, len--;
	while (len > 0 && is_xml_space(str[len - 1]))
		len--;

	if (len < XS_SECONDS_LENGTH ||
		!read_number(str, 4, &t.year) || str[4] != '-' ||
		!read_number(str + 5, 2, &t.month) || str[7] != '-' ||
		!read_number(str + 8, 2, &t.day) || str[10] != 'T' ||
		!read_number(str + 11, 2, &t.hour) || str[13] != ':' ||
		!read_number(str + 14, 2, &t.minute) || str[16] != ':' ||
		!read_number(str + 17, 2, &t.second))
		return false;
	str += XS_SECONDS_LENGTH;
	len -= XS_SECONDS_LENGTH;

	if (len > 0 && str[0] == '.')
	{
		size_t		ndigits;

		if (!read_fraction(str + 1, len - 1, &fraction, &fraction_is_zero,
						   &ndigits))
			return false;
		str += 1 + ndigits;
		len -= 1 + ndigits;
	}
	if (!read_zone(str, len, &zone))
		return false;

	/* the end of a day is checked, and counted, as its beginning */
	end_of_day = (t.hour == 24);
	if (end_of_day)
	{
		if (t.minute != 0 || t.second != 0 || !fraction_is_zero)
			return false;
		t.hour = 0;
	}
	if (!is_valid_time(&t))
		return false;

	*usecs = (seconds_since_epoch(&t) + (end_of_day ? 24 * 60 * 60 : 0) -
			  (int64_t) zone * 60) * USECS_PER_SECOND + fraction;
	return true;
}

/*
 * Read a GeneralizedTime from len bytes at str, which need no terminating NUL.
 *
 * GBCS allows one form only, YYYYMMDDHHMMSSZ.  Returns false, and leaves
 * *usecs alone, for anything else.
 */
bool
poa_generalized_time_parse(const char *str, size_t len, int64_t *usecs)
{
	CivilTime	t;

	if (len != GENERALIZED_LENGTH ||
		!read_number(str, 4, &t.year) ||
		!read_number(str + 4, 2, &t.month) ||
		!read_number(str + 6, 2, &t.day) ||
		!read_number(str + 8, 2, &t.hour) ||
		!read_number(str + 10, 2, &t.minute) ||
		!read_number(str + 12, 2, &t.second) ||
		str[14] != 'Z' ||
		!is_valid_time(&t))
		return false;

	*usecs = seconds_since_epoch(&t) * USECS_PER_SECOND;
	return true;
}
