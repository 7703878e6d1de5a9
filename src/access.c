/*-------------------------------------------------------------------------
 *
 * access.c
 *	  The distributors whose alerts row-level security shows.
 *
 * src/access.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "catalog.h"

/*
 * visible_distributors(role): distributors_of(role), for a role whose privileges
 * the caller has; 42501 for another.  A SECURITY DEFINER function does not have
 * its caller, and every reader of the log must be able to execute this one.
 */
PG_FUNCTION_INFO_V1(poa_visible_distributors);
Datum
poa_visible_distributors(PG_FUNCTION_ARGS)
{
	FmgrInfo   *answer = fcinfo->flinfo->fn_extra;
	Oid			role = get_role_oid(NameStr(*PG_GETARG_NAME(0)), false);

	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must have the privileges of role \"%s\"", NameStr(*PG_GETARG_NAME(0)))));

	if (answer == NULL)
	{
		answer = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FmgrInfo));
		fmgr_info_cxt(poa_function("poa_internal.distributors_of(pg_catalog.name)"),
					  answer, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = answer;
	}
	return FunctionCall1(answer, PG_GETARG_DATUM(0));
}
