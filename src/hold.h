/*-------------------------------------------------------------------------
 *
 * hold.h
 *	  Windows that do not suppress for a while.
 *
 * src/hold.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_HOLD_H
#define POA_HOLD_H

#include "probe.h"

/* What a hold may name of an alert and of a window that holds it */
typedef struct PoaHeld
{
	NullableDatum chf;			/* guid */
	NullableDatum distributor_id;	/* int2, as it would be logged */
	NullableDatum manufacturer; /* text, the window's */
	NullableDatum originator;	/* guid, the window's */
} PoaHeld;

extern void poa_holds_open(PoaProbe *holds);
extern int64 poa_hold_in_force(PoaProbe *holds, const PoaHeld *held);

#endif							/* POA_HOLD_H */
