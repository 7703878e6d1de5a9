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

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "report.h"

/* The arguments of query_attached(), but for those that only the query names */
enum
{
	ARG_QUERY = 0,
	ARG_BY = 7
};

/*
 * An expression for a column that holds a guid, or a text that is read as one.
 */
static const char *
guid_column(Relation alerts, const char *name)
{
	int			attno;

	if (name[0] == '\0')
		return psprintf("NULL::%s", format_type_be_qualified(poa_guid_type()));
	attno = SPI_fnumber(RelationGetDescr(alerts), name);
	if (SPI_gettypeid(RelationGetDescr(alerts), attno) == poa_guid_type())
		return psprintf("a.%s", quote_identifier(name));
	return psprintf("%s.try_guid(a.%s)",
					quote_identifier(get_namespace_name(poa_guid_schema())), quote_identifier(name));
}

/*
 * Is the first column of an index a function of one column of its table, such
 * as try_guid() of a hub that is kept as text?
 */
static bool
begins_with_function_of(Relation alerts, Oid indexid, AttrNumber attno)
{
	Relation	index = index_open(indexid, AccessShareLock);
	List	   *expressions = RelationGetIndexExpressions(index);
	Bitmapset  *columns = NULL;
	bool		found;

	index_close(index, AccessShareLock);
	if (expressions == NIL || !IsA(linitial(expressions), FuncExpr) ||
		exprType(linitial(expressions)) != poa_guid_type())
		return false;
	pull_varattnos(linitial(expressions), 1, &columns);
	found = bms_membership(columns) == BMS_SINGLETON &&
		bms_singleton_member(columns) == attno - FirstLowInvalidHeapAttributeNumber;
	bms_free(columns);
	return found;
}

/*
 * Can an index look up rows by a column?
 */
static bool
has_index_on(Relation alerts, const char *name)
{
	int			attno = SPI_fnumber(RelationGetDescr(alerts), name);
	List	   *indexes = RelationGetIndexList(alerts);
	ListCell   *cell;
	bool		found = false;

	foreach(cell, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		found |= index->indisvalid && heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
			(index->indkey.values[0] == attno ||
			 (index->indkey.values[0] == 0 &&
			  begins_with_function_of(alerts, lfirst_oid(cell), (AttrNumber) attno)));
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

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
 * The two relations that a query may name; attached_alerts.sql says what is in
 * them.  Tables that inherit from this one are attached for themselves,
 * partitions with their root.
 */
static char *
relations_of_query(Relation alerts, char **args)
{
	const char *schema = get_namespace_name(RelationGetNamespace(alerts));
	Oid			source = poa_attached_root(alerts);
	const char *count = "NULL::pg_catalog.jsonb";
	char	   *at = psprintf("a.%s", quote_identifier(args[POA_ARG_AT]));

	if (SPI_fnumber(RelationGetDescr(alerts), "alert_count") > 0)
		count = "pg_catalog.to_jsonb(a.alert_count)";

	return psprintf("WITH span (id, guid, from_at, to_at) AS NOT MATERIALIZED "
					"(SELECT * FROM unnest($4, $5, $6, $7)), "
					"alert (source_schema, source_table, part, place, code, chf, at, mpxn, device, alert_count, "
					"inserted_by, whole) "
					"AS NOT MATERIALIZED (SELECT %s::text, %s::text, a.tableoid, a.ctid, a.%s::text, %s, %s, %s, %s, %s, "
					"a.xmin, pg_catalog.to_jsonb(a.*) "
					"FROM %s %s AS a WHERE %s >= $2 AND %s <= $3) ",
					quote_literal_cstr(get_namespace_name(get_rel_namespace(source))),
					quote_literal_cstr(get_rel_name(source)),
					quote_identifier(args[POA_ARG_CODE]), guid_column(alerts, args[POA_ARG_CHF]), at,
					args[POA_ARG_MPXN][0] == '\0' ? "NULL::text" :
					psprintf("a.%s::text", quote_identifier(args[POA_ARG_MPXN])),
					guid_column(alerts, args[POA_ARG_DEVICE]), count,
					alerts->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY",
					quote_qualified_identifier(schema, RelationGetRelationName(alerts)), at, at);
}

/*
 * Query one attached table, in SPI, and put the rows into the result of the
 * function that runs.
 *
 * Names are looked up as the caller, because the owner of the table need not
 * have USAGE on the schemas of the extension; the rest is done as the owner,
 * whose settings are put back at the end.  A column that has gone or changed
 * its type since the table was attached is an error, as it is for an insert.
 */
static void
query_table(FunctionCallInfo fcinfo, Relation alerts, char **args, const char *query, const char *by)
{
	char	   *relations;
	ParamListInfo params;
	SPIPlanPtr	plan;
	Oid			user;
	int			security;
	int			nestlevel;

	for (int role = 0; role < POA_NUM_COLUMN_ARGS; role++)
		(void) poa_attached_column(alerts, role, args);

	relations = relations_of_query(alerts, args);
	plan = poa_prepare_report(fcinfo, psprintf("%s%s", relations, query), &params);

	nestlevel = NewGUCNestLevel();
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(alerts->rd_rel->relowner,
						   security | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	if (by != NULL && has_index_on(alerts, by))
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
 * Query one attached table by its OID, in a subtransaction, so that a table
 * that cannot be read is left out, with a WARNING that names it.
 *
 * The rows reach the result once the whole table has been read.
 */
static void
try_table(FunctionCallInfo fcinfo, Oid relid, Oid divert, const char *query, int by)
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
		Relation	alerts = try_table_open(relid, AccessShareLock);

		if (alerts != NULL)		/* not dropped meanwhile */
		{
			char	  **args = poa_attach_arguments(alerts, divert);

			if (args != NULL && (by < 0 || args[by][0] != '\0'))
				query_table(fcinfo, alerts, args, query, by < 0 ? NULL : args[by]);
			table_close(alerts, NoLock);
		}
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
 * query_attached(query, from_at, to_at, ids, guids, starts, ends, by): the
 * rows of all attached tables; see attached_alerts.sql.
 */
PG_FUNCTION_INFO_V1(poa_query_attached);
Datum
poa_query_attached(PG_FUNCTION_ARGS)
{
	Oid			divert;
	char	   *query;
	int			by = -1;
	SPITupleTable *tables;

	if (PG_ARGISNULL(ARG_QUERY))
		elog(ERROR, "there is no query");
	query = text_to_cstring(PG_GETARG_TEXT_PP(ARG_QUERY));
	if (!PG_ARGISNULL(ARG_BY))
		by = strcmp(text_to_cstring(PG_GETARG_TEXT_PP(ARG_BY)), "device") == 0 ?
			POA_ARG_DEVICE : POA_ARG_CHF;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	divert = poa_function("poa.divert()");
	if (SPI_execute("SELECT a.relation FROM poa_internal.attachment AS a WHERE NOT a.is_partition "
					"ORDER BY a.relation", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read which tables are attached");
	tables = SPI_tuptable;

	for (uint64 i = 0; i < tables->numvals; i++)
	{
		bool		isnull;

		try_table(fcinfo,
				  DatumGetObjectId(SPI_getbinval(tables->vals[i], tables->tupdesc, 1, &isnull)),
				  divert, query, by);
	}
	SPI_finish();
	return (Datum) 0;
}
