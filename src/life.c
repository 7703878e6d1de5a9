/*-------------------------------------------------------------------------
 *
 * life.c
 *	  Release the alerts whose hub has given no sign of life.
 *
 * src/life.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "poa_suppress.h"

/*
 * Release one alert, in SPI.  True if it was; false, with a warning that says
 * why, if it could not be.  One that another session has released meanwhile is
 * just that.  Only a cancellation ends the statement.
 *
 * A deferred constraint of the table is checked with it, not when it is too
 * late to let only this alert go.
 */
static bool
try_release(const char *tables, Datum log_id, Datum reason)
{
	static Oid	types[] = {INT8OID, TEXTOID};
	Datum		values[] = {log_id, reason};
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		(void) poa_execute(psprintf("SELECT %s.release($1, $2)", tables), 2, types, values);
		SPI_freetuptable(SPI_tuptable);
		if (SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "cannot check deferred constraints");
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error == NULL)
		return true;
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	if (poa_execute(psprintf("SELECT FROM %s.release_log WHERE log_id OPERATOR(pg_catalog.=) $1", tables),
					1, types, values) == 0)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("alert with log_id " INT64_FORMAT " could not be released: %s",
						DatumGetInt64(log_id), error->message),
				 errhint("The next run tries again, if its hub is still dark.")));
	FreeErrorData(error);
	return false;
}

/*
 * release_still_dark(grace): see life.sql.
 *
 * Everything is done as the caller and with his search_path, which the
 * triggers of his tables may need.  An alert that cannot be released, as its
 * table is gone, must not keep the others back.
 */
PG_FUNCTION_INFO_V1(poa_release_still_dark);
Datum
poa_release_still_dark(PG_FUNCTION_ARGS)
{
	Oid			interval = INTERVALOID;
	Datum		grace = PG_GETARG_DATUM(0);
	const char *tables = quote_identifier(get_namespace_name(poa_schema(fcinfo)));
	SPITupleTable *dark;
	Datum		reason;
	int64		released = 0;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("grace must not be NULL")));

	reason = CStringGetTextDatum(psprintf("no sign of life %s after its window",
										  DatumGetCString(DirectFunctionCall1(interval_out, grace))));
	SPI_connect();
	(void) poa_execute(psprintf("SELECT log_id FROM %s.still_dark($1)", tables), 1, &interval, &grace);
	dark = SPI_tuptable;
	for (uint64 i = 0; i < dark->numvals; i++)
	{
		bool		isnull;

		if (try_release(tables, SPI_getbinval(dark->vals[i], dark->tupdesc, 1, &isnull), reason))
			released++;
	}
	SPI_finish();
	PG_RETURN_INT64(released);
}
