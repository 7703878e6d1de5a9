/*-------------------------------------------------------------------------
 *
 * distributor.c
 *	  The distributor of an MPxN.
 *
 * src/distributor.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "compat.h"
#include "distributor.h"

#define MPAN_LENGTH	13

/*
 * Find the distributor of an MPxN, a text: the first two digits of a 13-digit
 * MPAN core.  False for anything else, such as a gas MPRN or NULL.
 */
bool
poa_distributor_of(const NullableDatum *mpxn, int16 *distributor_id)
{
	text	   *digits;
	const char *s;

	if (mpxn->isnull)
		return false;
	digits = DatumGetTextPP(mpxn->value);
	s = VARDATA_ANY(digits);
	if (VARSIZE_ANY_EXHDR(digits) != MPAN_LENGTH)
		return false;
	for (int i = 0; i < MPAN_LENGTH; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	*distributor_id = (int16) ((s[0] - '0') * 10 + (s[1] - '0'));
	return true;
}

/*
 * distributor_of(mpxn): see distributor.sql.
 */
PG_FUNCTION_INFO_V1(poa_distributor_of_mpxn);
Datum
poa_distributor_of_mpxn(PG_FUNCTION_ARGS)
{
	int16		distributor_id;

	if (!poa_distributor_of(&fcinfo->args[0], &distributor_id))
		PG_RETURN_NULL();
	PG_RETURN_INT16(distributor_id);
}
