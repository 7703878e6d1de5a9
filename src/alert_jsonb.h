/*-------------------------------------------------------------------------
 *
 * alert_jsonb.h
 *	  The whole row of an alert as jsonb.
 *
 * src/alert_jsonb.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_ALERT_JSONB_H
#define POA_ALERT_JSONB_H

#include "utils/rel.h"

typedef struct PoaJsonbWriter PoaJsonbWriter;

extern PoaJsonbWriter *poa_alert_jsonb_prepare(Relation alerts, Oid guid_type);
extern Datum poa_key_text(Datum value, Oid type);
extern Datum poa_alert_jsonb(PoaJsonbWriter *writer, TupleTableSlot *slot);

#endif							/* POA_ALERT_JSONB_H */
