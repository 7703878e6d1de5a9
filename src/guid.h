/*-------------------------------------------------------------------------
 *
 * guid.h
 *	  The type guid seen from C: an unsigned 64-bit number in a Datum.
 *
 * The type is declared LIKE pg_catalog.int8, so it is passed by value wherever
 * int8 is; the macros of int8 are therefore right on every build.
 *
 * src/guid.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_GUID_H
#define POA_GUID_H

#include "fmgr.h"

#define DatumGetGuid(X)		((uint64) DatumGetInt64(X))
#define GuidGetDatum(X)		Int64GetDatum((int64) (X))
#define PG_GETARG_GUID(n)	DatumGetGuid(PG_GETARG_DATUM(n))
#define PG_RETURN_GUID(x)	return GuidGetDatum(x)

#endif							/* POA_GUID_H */
