/*-------------------------------------------------------------------------
 *
 * nothing.c
 *	  The floor of every comparison: a row trigger that returns its row.
 *
 * bench/nothing.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(nothing);
Datum
nothing(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(((TriggerData *) fcinfo->context)->tg_trigtuple);
}
