/*-------------------------------------------------------------------------
 *
 * duis.c
 *	  What SQL cannot read of a DUIS message.
 *
 * The messages themselves are taken apart by PostgreSQL's xml type, in
 * duis.sql.
 *
 * src/duis.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "datetime_parse.h"

/*
 * xs_datetime(text): the instant that an xs:dateTime names, NULL where the
 * text is not one.
 *
 * timestamptz's own input is no help here: it accepts far more, and reads a
 * time without a zone in the session's, not in UTC.
 */
PG_FUNCTION_INFO_V1(poa_xs_datetime);
Datum
poa_xs_datetime(PG_FUNCTION_ARGS)
{
	text	   *str = PG_GETARG_TEXT_PP(0);
	int64_t		usecs;

	if (!poa_xs_datetime_parse(VARDATA_ANY(str), VARSIZE_ANY_EXHDR(str), &usecs))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ((TimestampTz) usecs);
}
