/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  Look up the objects of the extension, and act as their owner.
 *
 * The extension's tables are in schema poa, which CREATE EXTENSION makes, and
 * are found there and never through search_path, so that nothing a user creates
 * can stand in for them.
 *
 * src/catalog.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"

/*
 * One of the extension's relations by name, in schema poa or poa_internal; 42P01
 * where it is missing.
 */
Oid
poa_relation(const char *name)
{
	Oid			relid = get_relname_relid(name, get_namespace_oid("poa", false));

	if (!OidIsValid(relid))
		relid = get_relname_relid(name, get_namespace_oid("poa_internal", false));
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" of extension poa_suppress does not exist", name),
				 errhint("Restore it, or drop the extension and create it again.")));
	return relid;
}

/*
 * The type guid, as the extension's tables have it.
 */
Oid
poa_guid_type(void)
{
	Oid			device = poa_relation("device");

	return get_atttype(device, get_attnum(device, "device"));
}

/*
 * The schema in which the type guid and its operators are.
 */
Oid
poa_guid_schema(void)
{
	Oid			guid = poa_guid_type();
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(guid));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", guid);
	result = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * A function by its qualified name and arguments, "poa.f(text)".
 */
Oid
poa_function(const char *signature)
{
	return DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(signature)));
}

/*
 * Become the owner of the extension's tables, past row-level security, the way
 * a SECURITY DEFINER function runs.  Sets *caller and *security to what
 * SetUserIdAndSecContext() takes to be the caller again; an error restores the
 * caller anyway.
 */
void
poa_become_owner(Oid *caller, int *security)
{
	Relation	log = table_open(poa_relation("suppression_log"), AccessShareLock);

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
