/*-------------------------------------------------------------------------
 *
 * release.c
 *	  Put a diverted alert back into its table.
 *
 * The alert is inserted as the caller, through whatever triggers the table
 * has; the record of the release is written as its owner.  Both are one
 * transaction, and the primary key of the record lets one of two releases of
 * the same alert through.
 *
 * All names and operators in the statements are qualified, because they run
 * with the caller's search_path: the table's own triggers may need it.
 *
 * src/release.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "attach.h"
#include "catalog.h"
#include "node.h"
#include "release.h"

/*
 * The row that passes: the next one that is inserted into this table, directly
 * by the release and not by a trigger of the table.
 */
typedef struct Pass
{
	Oid			relid;			/* InvalidOid while nothing passes */
	int			trigger_depth;
} Pass;

static Pass pass;

/*
 * How many triggers deep this is.
 */
static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/*
 * Is the row that is being inserted into a table the one that a release puts
 * back?  True once.
 */
bool
poa_release_passes(Relation alerts)
{
	Oid			relid = RelationGetRelid(alerts);

	if (likely(!OidIsValid(pass.relid)))
		return false;
	if (pass.trigger_depth != trigger_depth())
		return false;
	while (relid != pass.relid)
	{
		relid = poa_partition_parent(relid);
		if (!OidIsValid(relid))
			return false;
	}
	pass.relid = InvalidOid;
	return true;
}

/*
 * A column of the first row of the last statement as text, NULL for NULL.
 */
static char *
result_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

/*
 * Record the release, and leave the log's row (source_schema, source_table,
 * alert) and the attached table to which it belongs as the result of the last
 * statement.  The current user is the owner of the log.
 *
 * An unknown alert is 42704; one that was never diverted, or was released
 * already, is 55000.
 */
static void
record_release(int64 log_id, Datum reason, Datum released_by)
{
	Oid			params[] = {INT8OID, TEXTOID, TEXTOID};
	Datum		values[] = {Int64GetDatum(log_id), reason, released_by};
	bool		isnull;

	if (poa_execute("SELECT diverted FROM poa.suppression_log "
					"WHERE log_id OPERATOR(pg_catalog.=) $1 FOR KEY SHARE",
					1, params, values) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("log_id " INT64_FORMAT " does not exist in the suppression log", log_id),
				 errhint("Look the alert up in poa.suppressed_alert; it may have been purged.")));
	if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("alert with log_id " INT64_FORMAT " was never diverted", log_id),
				 errdetail("It stands in its table: it was logged in shadow mode, or stored by a hold.")));

	if (poa_execute("INSERT INTO poa.release_log (log_id, reason, released_by) "
					"VALUES ($1, $2, $3) ON CONFLICT (log_id) DO NOTHING",
					3, params, values) == 0)
	{
		bool		found = poa_execute("SELECT released_by, released_at FROM poa.release_log "
										"WHERE log_id OPERATOR(pg_catalog.=) $1",
										1, params, values) > 0;

		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("alert with log_id " INT64_FORMAT " was released already", log_id),
				 found ? errdetail("It was released by %s at %s.",
								   result_text(1), result_text(2)) : 0));
	}

	(void) poa_execute("INSERT INTO poa_internal.released_alert (log_id, chf, decided_at) "
					   "SELECT log_id, chf, decided_at FROM poa.suppression_log "
					   "WHERE log_id OPERATOR(pg_catalog.=) $1",
					   1, params, values);
	(void) poa_execute("SELECT source_schema, source_table, alert, "
					   "poa_internal.attached_table(source_schema, source_table) "
					   "FROM poa.suppression_log WHERE log_id OPERATOR(pg_catalog.=) $1",
					   1, params, values);
}

/*
 * Warn of what the alert carries and its table no longer has.
 */
static void
warn_of_lost_columns(Relation alerts, Jsonb *alert)
{
	JsonbIterator *it = JsonbIteratorInit(&alert->root);
	JsonbValue	value;

	(void) JsonbIteratorNext(&it, &value, false);	/* the object begins */
	while (JsonbIteratorNext(&it, &value, true) == WJB_KEY)
	{
		char	   *name = pnstrdup(value.val.string.val, value.val.string.len);

		(void) JsonbIteratorNext(&it, &value, true);
		if (value.type != jbvNull && SPI_fnumber(RelationGetDescr(alerts), name) <= 0)
			ereport(WARNING,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"%s\" does not exist any more",
							name, RelationGetRelationName(alerts)),
					 errdetail("The released alert is stored without it; the suppression log keeps the whole alert.")));
	}
}

/*
 * The statement that inserts an alert, given whole as $1 of the table's row
 * type.  Columns that the table has gained since take their defaults, and
 * generated columns are left to the table; identity columns are not.  Raises 42703
 * where the table has none of the columns.
 */
static char *
insert_statement(Relation alerts, const char *table, Jsonb *alert)
{
	StringInfoData columns;
	StringInfoData fields;
	TupleDesc	desc = RelationGetDescr(alerts);

	initStringInfo(&columns);
	initStringInfo(&fields);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *separator = columns.len > 0 ? ", " : "";
		const char *name = quote_identifier(NameStr(att->attname));

		if (att->attisdropped || att->attgenerated != '\0' ||
			getKeyJsonValueFromContainer(&alert->root, NameStr(att->attname),
										 (int) strlen(NameStr(att->attname)), NULL) == NULL)
			continue;
		appendStringInfo(&columns, "%s%s", separator, name);
		appendStringInfo(&fields, "%s($1).%s", separator, name);
	}
	if (columns.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s has no column of the alert", table),
				 errhint("Insert the alert by hand from poa.suppression_log.")));
	return psprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s",
					table, columns.data, fields.data);
}

/*
 * The table into which the alert of the last statement's row goes: the attached
 * one to which it belongs, else, where that has been detached, the one of its
 * name.  Raises 42P01 where there is none.
 */
static Oid
table_of_alert(void)
{
	const char *source_schema = result_text(1);
	const char *source_table = result_text(2);
	bool		isnull;
	Datum		attached = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull);
	Oid			nsp;
	Oid			relid;

	if (!isnull)
		return DatumGetObjectId(attached);
	nsp = get_namespace_oid(source_schema, true);
	relid = OidIsValid(nsp) ? get_relname_relid(source_table, nsp) : InvalidOid;
	/* what else has that name, a sequence say, takes no rows */
	if (!OidIsValid(get_rel_type_id(relid)) || get_rel_relkind(relid) == RELKIND_COMPOSITE_TYPE)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table %s of the alert does not exist",
						quote_qualified_identifier(source_schema, source_table)),
				 errdetail("No attached table has that name, or had it when it was attached."),
				 errhint("Give the table its name of that time for the release, or insert the alert by hand from poa.suppression_log.")));
	return relid;
}

/*
 * Insert an alert into its table, as the caller, past the trigger.
 *
 * The row is made before the pass is given, so that nothing that runs while
 * it is made can use it up.  A row that another trigger keeps out is an error:
 * a release that stores nothing would lose the alert.
 */
static void
put_back(Oid relid, Datum alert)
{
	char	   *table = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
												   get_rel_name(relid));
	Oid			jsonb = JSONBOID;
	Oid			rowtype;
	Relation	alerts;
	char	   *insert;
	Datum		row;
	bool		isnull;
	Pass		outer = pass;
	volatile uint64 stored = 0;

	alerts = table_open(relid, RowExclusiveLock);
	warn_of_lost_columns(alerts, DatumGetJsonbP(alert));
	rowtype = alerts->rd_rel->reltype;
	insert = insert_statement(alerts, table, DatumGetJsonbP(alert));
	table_close(alerts, NoLock);

	(void) poa_execute(psprintf("SELECT pg_catalog.jsonb_populate_record(NULL::%s, $1)", table),
					   1, &jsonb, &alert);
	row = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

	PG_TRY();
	{
		pass.relid = relid;
		pass.trigger_depth = trigger_depth() + 1;
		stored = poa_execute(insert, 1, &rowtype, &row);
	}
	PG_FINALLY();
	{
		pass = outer;
	}
	PG_END_TRY();

	if (stored != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("table %s did not take the released alert", table),
				 errdetail("Another trigger or rule of the table kept the row out."),
				 errhint("Nothing was released; the alert is still in the suppression log.")));
}

/*
 * release(log_id, reason): see release.sql.
 */
PG_FUNCTION_INFO_V1(poa_release);
Datum
poa_release(PG_FUNCTION_ARGS)
{
	Oid			caller;
	int			security;
	Datum		released_by;
	bool		isnull;
	Oid			relid;
	Datum		alert;

	if (!PG_ARGISNULL(1))
	{
		const char *reason = text_to_cstring(PG_GETARG_TEXT_PP(1));

		if (reason[strspn(reason, " \t\n\v\f\r")] == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("reason must not be blank"),
					 errhint("Say why the alert is released: it is kept on record.")));
	}
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", PG_ARGISNULL(0) ? "log_id" : "reason"),
				 errhint("Say which alert is released, and why: both are kept on record.")));

	PreventCommandIfReadOnly("poa.release()");
	poa_refuse_at_warehouse("poa.release()", PG_GETARG_INT64(0));
	released_by = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));

	SPI_connect();
	poa_become_owner(&caller, &security);
	record_release(PG_GETARG_INT64(0), PG_GETARG_DATUM(1), released_by);
	SetUserIdAndSecContext(caller, security);

	relid = table_of_alert();
	alert = PointerGetDatum(PG_DETOAST_DATUM(SPI_getbinval(SPI_tuptable->vals[0],
														   SPI_tuptable->tupdesc, 3, &isnull)));
	put_back(relid, alert);
	SPI_finish();
	PG_RETURN_VOID();
}
