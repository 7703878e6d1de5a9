/*-------------------------------------------------------------------------
 *
 * report.c
 *	  Reports, each for the part of the log that its caller may see.
 *
 * The reports of what happened after the window need the alerts in the
 * attached tables, which the caller may have no right to read, beside tables
 * of the extension that are not the caller's to see.  So they are made as the
 * owner of the extension, for the distributors that the caller may see, by
 * functions that no other role may execute.
 *
 * src/report.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "compat.h"
#include "report.h"

/*
 * Execute a statement, in SPI, and put its rows into the result of the
 * function that runs.  They must be of its row type.
 */
void
poa_append_result(FunctionCallInfo fcinfo, SPIPlanPtr plan, ParamListInfo params)
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
SPIPlanPtr
poa_prepare_report(FunctionCallInfo fcinfo, const char *sql, ParamListInfo *params)
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
 * The distributors whose alerts a role may see, as a literal for a statement.
 */
static const char *
distributors_of_role(Oid role)
{
	Datum		name;
	Oid			output;
	bool		varlena;
	Datum		distributors;

	name = DirectFunctionCall1(namein, CStringGetDatum(GetUserNameFromId(role, false)));
	distributors = OidFunctionCall1(poa_function("poa_internal.distributors_of(pg_catalog.name)"), name);
	getTypeOutputInfo(INT2ARRAYOID, &output, &varlena);
	return psprintf("%s::smallint[]", quote_literal_cstr(OidOutputFunctionCall(output, distributors)));
}

/*
 * The owner of the extension, also where its tables have another by now.
 */
static Oid
extension_owner(void)
{
	bool		isnull;

	if (SPI_execute("SELECT e.extowner FROM pg_catalog.pg_extension AS e "
					"WHERE e.extname OPERATOR(pg_catalog.=) 'poa_suppress'", true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "extension poa_suppress does not exist");
	return DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * report(...): the function behind every report that is limited to what its
 * caller may see.
 *
 * The function NAME returns what NAME_of() returns for the distributors of the
 * caller, which is the current user of this call: a function that runs as its
 * owner gets its owner's part.
 */
PG_FUNCTION_INFO_V1(poa_report);
Datum
poa_report(PG_FUNCTION_ARGS)
{
	StringInfoData sql;
	SPIPlanPtr	plan;
	ParamListInfo params;
	Oid			caller;
	int			security;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	GetUserIdAndSecContext(&caller, &security);
	SetUserIdAndSecContext(extension_owner(),
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT * FROM poa_internal.%s(%s",
					 quote_identifier(psprintf("%s_of", get_func_name(fcinfo->flinfo->fn_oid))),
					 distributors_of_role(caller));
	for (int i = 1; i <= PG_NARGS(); i++)
		appendStringInfo(&sql, ", $%d", i);
	appendStringInfoChar(&sql, ')');
	plan = poa_prepare_report(fcinfo, sql.data, &params);
	poa_append_result(fcinfo, plan, params);

	SetUserIdAndSecContext(caller, security);
	SPI_finish();
	return (Datum) 0;
}
