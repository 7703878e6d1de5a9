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

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "attach.h"
#include "catalog.h"
#include "compat.h"
#include "report.h"

/* The arguments of ask_attached(), but for those that only the question names */
enum
{
	ASK_QUESTION = 0,
	ASK_BY = 7
};

/*
 * An expression for a column that a table may do without: NULL, of a type,
 * where the name is empty.
 */
static const char *
column_or_null(const char *name, const char *type)
{
	if (name[0] == '\0')
		return psprintf("NULL::%s", type);
	return psprintf("a.%s::%s", quote_identifier(name), type);
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
		found |= index->indisvalid && index->indkey.values[0] == attno &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

/*
 * Have the spans looked up one by one in an index.  The planner reckons with
 * all partitions for each of them, where all but one or two are pruned when
 * the span is known, and would rather read the whole of a large table.
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
 * The two relations that a question may name; attached.sql says what is in
 * them.  Tables that inherit from this one are attached for themselves,
 * partitions with their root.
 */
static char *
relations_of_question(Relation alerts, char **args, const char *type)
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
					"AS NOT MATERIALIZED (SELECT %s::text, %s::text, a.tableoid, a.ctid, a.%s::text, a.%s, %s, %s, %s, %s, "
					"a.xmin, pg_catalog.to_jsonb(a.*) "
					"FROM %s %s AS a WHERE %s >= $2 AND %s <= $3) ",
					quote_literal_cstr(get_namespace_name(get_rel_namespace(source))),
					quote_literal_cstr(get_rel_name(source)),
					quote_identifier(args[POA_ARG_CODE]), quote_identifier(args[POA_ARG_CHF]), at,
					column_or_null(args[POA_ARG_MPXN], "text"),
					column_or_null(args[POA_ARG_DEVICE], type), count,
					alerts->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "" : "ONLY",
					quote_qualified_identifier(schema, RelationGetRelationName(alerts)), at, at);
}

/*
 * Put a question to one attached table, in SPI, and append the answer.
 *
 * Names are looked up as whoever asks, because the owner of the table need
 * not have the use of our schemas; everything after that is done as he, with
 * his settings put back at the end.  A column that has gone or changed its
 * type since the table was attached is an error, as it is for an insert.
 */
static void
ask(FunctionCallInfo fcinfo, Relation alerts, char **args, const char *question, const char *by)
{
	Oid			guid = poa_guid_type();
	char	   *relations;
	ParamListInfo params;
	SPIPlanPtr	plan;
	Oid			user;
	int			security;
	int			nestlevel;

	(void) poa_attached_column(alerts, args[POA_ARG_CODE], TEXTOID, VARCHAROID);
	(void) poa_attached_column(alerts, args[POA_ARG_CHF], guid, guid);
	(void) poa_attached_column(alerts, args[POA_ARG_AT], TIMESTAMPTZOID, TIMESTAMPTZOID);
	if (args[POA_ARG_MPXN][0] != '\0')
		(void) poa_attached_column(alerts, args[POA_ARG_MPXN], TEXTOID, VARCHAROID);
	if (args[POA_ARG_DEVICE][0] != '\0')
		(void) poa_attached_column(alerts, args[POA_ARG_DEVICE], guid, guid);

	relations = relations_of_question(alerts, args, format_type_be_qualified(guid));
	plan = poa_prepare_report(fcinfo, psprintf("%s%s", relations, question), &params);

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
 * ask_attached(question, from_at, to_at, ids, guids, starts, ends, by): the
 * answers of all attached tables; see attached.sql.
 */
PG_FUNCTION_INFO_V1(poa_ask_attached);
Datum
poa_ask_attached(PG_FUNCTION_ARGS)
{
	Oid			type = REGPROCEDUREOID;
	Datum		divert;
	char	   *question;
	int			by = -1;
	SPITupleTable *tables;

	if (PG_ARGISNULL(ASK_QUESTION))
		elog(ERROR, "there is no question");
	question = text_to_cstring(PG_GETARG_TEXT_PP(ASK_QUESTION));
	if (!PG_ARGISNULL(ASK_BY))
		by = strcmp(text_to_cstring(PG_GETARG_TEXT_PP(ASK_BY)), "device") == 0 ?
			POA_ARG_DEVICE : POA_ARG_CHF;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	divert = ObjectIdGetDatum(poa_function("poa.divert()"));
	if (SPI_execute_with_args("SELECT t.tgrelid FROM pg_catalog.pg_trigger AS t "
							  "WHERE t.tgfoid OPERATOR(pg_catalog.=) $1 AND t.tgparentid OPERATOR(pg_catalog.=) 0 "
							  "ORDER BY t.tgrelid",
							  1, &type, &divert, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read pg_trigger");
	tables = SPI_tuptable;

	for (uint64 i = 0; i < tables->numvals; i++)
	{
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(tables->vals[i], tables->tupdesc, 1, &isnull));
		Relation	alerts = try_table_open(relid, AccessShareLock);
		char	  **args;

		if (alerts == NULL)		/* dropped meanwhile */
			continue;
		args = poa_attach_arguments(alerts, DatumGetObjectId(divert));
		if (args != NULL && by < 0)
			ask(fcinfo, alerts, args, question, NULL);
		else if (args != NULL && args[by][0] != '\0')
			ask(fcinfo, alerts, args, question, args[by]);
		table_close(alerts, NoLock);
	}
	SPI_finish();
	return (Datum) 0;
}
