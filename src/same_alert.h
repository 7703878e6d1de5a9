/*-------------------------------------------------------------------------
 *
 * same_alert.h
 *	  What the log has of an alert that is delivered, or moved, again.
 *
 * src/same_alert.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_SAME_ALERT_H
#define POA_SAME_ALERT_H

#include "log.h"

typedef enum PoaLogged
{
	POA_NOT_LOGGED,
	POA_LOGGED_DIVERTED,		/* by its key, and not released */
	POA_LOGGED_STANDS			/* released, held or in shadow mode: it is in
								 * its table */
} PoaLogged;

typedef struct PoaSameAlert PoaSameAlert;

extern PoaSameAlert *poa_same_alert_open(Relation alerts);
extern PoaLogged poa_same_alert_find(PoaSameAlert *same, const PoaAlert *alert);
extern void poa_same_alert_settled(PoaSameAlert *same, const PoaAlert *alert);
extern void poa_same_alert_close(PoaSameAlert *same);

#endif							/* POA_SAME_ALERT_H */
