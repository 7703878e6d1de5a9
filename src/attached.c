/*-------------------------------------------------------------------------
 *
 * attached.c
 *	  Read the alerts where they stand, and answer each caller his part.
 *
 * The reports of what happened after the window need the alerts in the
 * attached tables, which whoever asks may have no right to read, beside tables
 * of the extension that are not his to see.  So they are made as the owner of
 * the extension, for the distributors that the caller may see, by functions
 * that nobody else may execute.
 *
 * An attached table is read as its owner, as VACUUM or REINDEX would: what an
 * index or a type of the table makes the server evaluate, already when it
 * plans, is evaluated with the rights of him who put it there.
 *
 * src/attached.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "divert.h"
#include "log.h"
#include "poa_suppress.h"

/* The arguments of ask_attached(), but for those that only the question names */
enum
{
	ASK_QUESTION = 0,
	ASK_BY = 7
};

/*
 * Execute a statement, in SPI, and put its rows into the result of the
 * function that runs.  They must be of its row type.
 */
static void
append_result(FunctionCallInfo fcinfo, SPIPlanPtr plan, ParamListInfo params)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SPIExecuteOptions options = {0};
	int			done;

	options.params = params;
	options.read_only = true;
	options.dest = CreateDestReceiver(DestTuplestore);
	SetTuplestoreDestReceiverParams(options.dest, result->setResult, CurrentMemoryContext,
									false, result->setDesc,
									"the rows are not those that the caller expects");
	done = SPI_execute_plan_extended(plan, &options);
	if (done != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(done));
	options.dest->rDestroy(options.dest);
}

/*
 * Prepare a statement, in SPI, for all the arguments of the function that
 * runs, and hand them out as its parameters $1, $2 and so on.
 */
static SPIPlanPtr
prepare(FunctionCallInfo fcinfo, const char *sql, ParamListInfo *params)
{
	Oid		   *types;
	int			nargs;
	SPIPlanPtr	plan;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &nargs);
	*params = makeParamList(nargs);
	for (int i = 0; i < nargs; i++)
	{
		ParamExternData *param = &(*params)->params[i];

		param->value = fcinfo->args[i].value;
		param->isnull = fcinfo->args[i].isnull;
		param->pflags = PARAM_FLAG_CONST;
		param->ptype = types[i];
	}

	plan = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * A copy of the arguments that attach() gave the trigger of a table, which the
 * next invalidation would free; NULL where it has been detached meanwhile.  A
 * trigger that somebody made by hand, on a view say, attaches nothing, and
 * another session's temporary table cannot be read.
 */
static char **
attach_arguments(Relation alerts, Oid divert)
{
	if (alerts->rd_rel->relkind != RELKIND_RELATION &&
		alerts->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return NULL;
	if (RELATION_IS_OTHER_TEMP(alerts))
		return NULL;
	for (int i = 0; alerts->trigdesc != NULL && i < alerts->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &alerts->trigdesc->triggers[i];

		if (trigger->tgfoid == divert && trigger->tgnargs == POA_NUM_ARGS &&
			strcmp(trigger->tgname, "~poa_suppress") == 0)
		{
			char	  **args = palloc(POA_NUM_ARGS * sizeof(char *));

			for (int n = 0; n < POA_NUM_ARGS; n++)
				args[n] = pstrdup(trigger->tgargs[n]);
			return args;
		}
	}
	return NULL;
}

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
	Oid			source = poa_log_source(alerts);
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
	Oid			guid = poa_guid_type(poa_schema(fcinfo));
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
	plan = prepare(fcinfo, psprintf("%s%s", relations, question), &params);

	nestlevel = NewGUCNestLevel();
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(alerts->rd_rel->relowner,
						   security | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	if (by != NULL && has_index_on(alerts, by))
		prefer_index();
	append_result(fcinfo, plan, params);
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
	Oid			schema = poa_schema(fcinfo);
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
	divert = ObjectIdGetDatum(poa_function(schema, "divert()"));
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
		args = attach_arguments(alerts, DatumGetObjectId(divert));
		if (args != NULL && by < 0)
			ask(fcinfo, alerts, args, question, NULL);
		else if (args != NULL && args[by][0] != '\0')
			ask(fcinfo, alerts, args, question, args[by]);
		table_close(alerts, NoLock);
	}
	SPI_finish();
	return (Datum) 0;
}

/*
 * report(...): what every report that a DNO may ask for is called by.
 *
 * The function NAME answers what NAME_of answers for the distributors that the
 * caller may see: all for whom row-level security does not hold, else those of
 * visible_distributors().  The caller is the current user of this call, so a
 * function that runs as its owner asks for its owner's part.
 */
PG_FUNCTION_INFO_V1(poa_report);
Datum
poa_report(PG_FUNCTION_ARGS)
{
	Oid			schema = poa_schema(fcinfo);
	const char *tables = quote_identifier(get_namespace_name(schema));
	const char *distributors = "ARRAY(SELECT pg_catalog.generate_series(-1, 99)::smallint)";
	StringInfoData sql;
	SPIPlanPtr	plan;
	ParamListInfo params;
	Oid			caller = GetUserId();
	int			security;

	if (!has_bypassrls_privilege(caller))
		distributors = psprintf("%s.visible_distributors(%s)", tables,
								quote_literal_cstr(GetUserNameFromId(caller, false)));

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT * FROM %s.%s(%s", tables,
					 quote_identifier(psprintf("%s_of", get_func_name(fcinfo->flinfo->fn_oid))),
					 distributors);
	for (int i = 1; i <= PG_NARGS(); i++)
		appendStringInfo(&sql, ", $%d", i);
	appendStringInfoChar(&sql, ')');

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	poa_become_owner(schema, &caller, &security);
	plan = prepare(fcinfo, sql.data, &params);
	append_result(fcinfo, plan, params);
	SetUserIdAndSecContext(caller, security);
	SPI_finish();
	return (Datum) 0;
}
