/*-------------------------------------------------------------------------
 *
 * attached_alerts.c
 *	  Read the alerts in the attached tables, where they stand.
 *
 * An attached table is read as its owner, as VACUUM or REINDEX would: what an
 * index or a type of the table makes the server evaluate, already when it
 * plans, is evaluated with the rights of the role that put it there.
 *
 * src/attached_alerts.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "report.h"

/* An argument of query_attached(), see attached_alerts.sql */
#define ARG_ONLY_TABLE	8

/*
 * Have the spans looked up one by one in an index.  The planner estimates all
 * partitions for each of them, although all but one or two are pruned once the
 * span is known, and would rather read the whole of a large table.
 */
static void
prefer_index(void)
{
	(void) set_config_option("enable_hashjoin", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("enable_mergejoin", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * The owner of a table, which is locked, so that it stays its owner; 42P01
 * where it has been dropped.
 */
static Oid
lock_and_get_owner(Oid relid)
{
	Relation	table = try_table_open(relid, AccessShareLock);
	Oid			owner;

	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relid)));
	owner = table->rd_rel->relowner;
	table_close(table, NoLock);
	return owner;
}

/*
 * Query one attached table, in SPI, and put the rows into the result of the
 * function that runs.
 *
 * Names are looked up as the caller, because the owner of the table need not
 * have USAGE on the schemas of the extension; the rest is done as the owner,
 * whose settings are put back at the end.
 */
static void
query_table(FunctionCallInfo fcinfo, Oid relid, const char *sql, bool use_index)
{
	Oid			owner = lock_and_get_owner(relid);
	ParamListInfo params;
	SPIPlanPtr	plan = poa_prepare_report(fcinfo, sql, &params);
	Oid			user;
	int			security;
	int			nestlevel;

	nestlevel = NewGUCNestLevel();
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(owner,
						   security | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	if (use_index)
		prefer_index();
	poa_append_result(fcinfo, plan, params);
	AtEOXact_GUC(false, nestlevel);
	SetUserIdAndSecContext(user, security);
}

/*
 * Append all rows of one tuplestore to another, of the same row type.
 */
static void
append_rows(Tuplestorestate *to, Tuplestorestate *from, TupleDesc desc)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(from, true, false, slot))
		tuplestore_puttupleslot(to, slot);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * Does an error concern the one table only?  Not where the statement was
 * cancelled, the transaction cannot go on, or the server is out of resources.
 */
static bool
concerns_table_only(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
			return false;
		default:
			return true;
	}
}

/*
 * Warn, once a statement, of a table that is left out and was not dropped.  What its owner may have
 * put into the message goes to the server's log only.
 */
static void
warn_of_table(Oid relid, ErrorData *error)
{
	static TimestampTz statement = 0;
	static List *tables = NIL;
	const char *name = get_rel_name(relid);
	MemoryContext context;

	if (statement != GetCurrentStatementStartTimestamp())
	{
		list_free(tables);
		tables = NIL;
		statement = GetCurrentStatementStartTimestamp();
	}
	if (name == NULL || list_member_oid(tables, relid))
		return;
	context = MemoryContextSwitchTo(TopMemoryContext);
	tables = lappend_oid(tables, relid);
	MemoryContextSwitchTo(context);

	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("attached table %s cannot be read and is left out",
					quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name)),
			 errdetail_log("%s", error->message),
			 errhint("poa.health() says why.")));
}

/*
 * Query one attached table, in a subtransaction, so that a table that cannot be
 * read is left out, with a WARNING that names it.
 *
 * The rows reach the result once the whole table has been read.
 */
static void
try_table(FunctionCallInfo fcinfo, Oid relid, const char *sql, bool use_index)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Tuplestorestate *all = result->setResult;
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;
	Tuplestorestate *rows;

	MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	rows = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(context);

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	result->setResult = rows;
	PG_TRY();
	{
		query_table(fcinfo, relid, sql, use_index);
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
	result->setResult = all;

	if (error == NULL)
		append_rows(all, rows, result->setDesc);
	else if (concerns_table_only(error->sqlerrcode))
		warn_of_table(relid, error);
	else
		ReThrowError(error);
	tuplestore_end(rows);
}

/*
 * query_attached(query, from_at, to_at, ids, guids, starts, ends, by,
 * only_table): the rows of all attached tables, or of one, which must be
 * readable then; see attached_alerts.sql.
 */
PG_FUNCTION_INFO_V1(poa_query_attached);
Datum
poa_query_attached(PG_FUNCTION_ARGS)
{
	ParamListInfo params;
	SPIPlanPtr	plan;
	SPITupleTable *tables;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	plan = poa_prepare_report(fcinfo, "SELECT * FROM poa_internal.attached_queries($1, $8, $9)", &params);
	if (SPI_execute_plan_with_paramlist(plan, params, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the attached tables");
	tables = SPI_tuptable;

	for (uint64 i = 0; i < tables->numvals; i++)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(tables->vals[i], tables->tupdesc, 1, &isnull));
		char	   *sql = SPI_getvalue(tables->vals[i], tables->tupdesc, 2);
		bool		use_index = DatumGetBool(SPI_getbinval(tables->vals[i], tables->tupdesc, 3, &isnull));

		if (PG_ARGISNULL(ARG_ONLY_TABLE))
			try_table(fcinfo, relid, sql, use_index);
		else
			query_table(fcinfo, relid, sql, use_index);
	}
	SPI_finish();
	return (Datum) 0;
}
