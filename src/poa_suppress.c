/*-------------------------------------------------------------------------
 *
 * poa_suppress.c
 *	  The module: its settings, and the way to its own tables.
 *
 * The extension's tables are found in the schema of the function that runs,
 * never through search_path, so that nothing a user creates can stand in for
 * them.
 *
 * src/poa_suppress.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "poa_suppress.h"

POA_MODULE_MAGIC;

#define DEFAULT_VISIT_COST	80.0	/* GBP, MP102B */

bool		poa_enabled = true;
static double visit_cost = DEFAULT_VISIT_COST;

void		_PG_init(void);

/*
 * Define the settings.
 */
void
_PG_init(void)
{
	DefineCustomBoolVariable("poa_suppress.enabled",
							 "Diverts alerts that attached tables would divert.",
							 "Off stores every alert.",
							 &poa_enabled, true, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomRealVariable("poa_suppress.visit_cost",
							 "Cost of one site visit in GBP.",
							 "The saving in poa.suppression_monthly is reckoned with it.",
							 &visit_cost, DEFAULT_VISIT_COST, 0.0, 1e9, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	MarkGUCPrefixReserved("poa_suppress");
}

/*
 * visit_cost(): the setting as a numeric.  Asking for it through this function
 * loads the module, so that the setting is always defined and valid.
 */
PG_FUNCTION_INFO_V1(poa_visit_cost);
Datum
poa_visit_cost(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(float8_numeric, Float8GetDatum(visit_cost));
}

/*
 * The schema of the SQL function that is running, which holds the tables.
 */
Oid
poa_schema(FunctionCallInfo fcinfo)
{
	return get_func_namespace(fcinfo->flinfo->fn_oid);
}

/*
 * One of the extension's relations by name; 42P01 where it is missing.
 */
Oid
poa_relation(Oid schema, const char *name)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" of extension poa_suppress does not exist", name),
				 errhint("Restore it, or drop the extension and create it again.")));
	return relid;
}

/*
 * The table of which one is a partition, InvalidOid where it is none.  A
 * partition that is being detached concurrently is one until that is done, and
 * may be written to; get_partition_ancestors() knows no ancestors of it.
 */
Oid
poa_partition_parent(Oid relid)
{
	return get_rel_relispartition(relid) ? get_partition_parent(relid, true) : InvalidOid;
}

/*
 * The type guid, as the extension's tables have it.
 */
Oid
poa_guid_type(Oid schema)
{
	Oid			device = poa_relation(schema, "device");

	return get_atttype(device, get_attnum(device, "device"));
}

/*
 * The schema in which the type guid and its operators are.
 */
Oid
poa_guid_schema(Oid schema)
{
	Oid			guid = poa_guid_type(schema);
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(guid));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", guid);
	result = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * One of the extension's functions by its name and arguments, "f(text)".
 */
Oid
poa_function(Oid schema, const char *signature)
{
	const char *name = psprintf("%s.%s", quote_identifier(get_namespace_name(schema)), signature);

	return DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(name)));
}

/*
 * Become the owner of the extension's tables, past row-level security, the way
 * a function of his would run.  Hands out what SetUserIdAndSecContext() takes to
 * be the caller again; an error makes us him anyway.
 */
void
poa_become_owner(Oid schema, Oid *caller, int *security)
{
	Relation	log = table_open(poa_relation(schema, "suppression_log"), AccessShareLock);

	GetUserIdAndSecContext(caller, security);
	SetUserIdAndSecContext(log->rd_rel->relowner, *security |
						   SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	table_close(log, NoLock);
}

/*
 * Execute a statement, in SPI, which has a new plan each time, and return the
 * number of its rows.
 */
uint64
poa_execute(const char *sql, int nparams, Oid *types, Datum *values)
{
	int			result = SPI_execute_with_args(sql, nparams, types, values, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	return SPI_processed;
}

/*
 * is_enabled(): the setting, with the module loaded for it.
 */
PG_FUNCTION_INFO_V1(poa_is_enabled);
Datum
poa_is_enabled(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(poa_enabled);
}
