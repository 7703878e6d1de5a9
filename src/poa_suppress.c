/*-------------------------------------------------------------------------
 *
 * poa_suppress.c
 *	  The module and its settings.
 *
 * src/poa_suppress.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

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
 * visit_cost(): the setting as a numeric.  A call of this function loads the
 * module, so that the setting is always defined and valid.
 */
PG_FUNCTION_INFO_V1(poa_visit_cost);
Datum
poa_visit_cost(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(float8_numeric, Float8GetDatum(visit_cost));
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
