/*-------------------------------------------------------------------------
 *
 * log.h
 *	  An alert, the windows that hold it, and the writer of the log.
 *
 * src/log.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_LOG_H
#define POA_LOG_H

#include "datatype/timestamp.h"
#include "utils/rel.h"

/* The alert that a communications hub without power sends (DUIS) */
#define POWER_OUTAGE_ALERT	"AD1"

typedef struct PoaAlert
{
	TupleTableSlot *row;
	Datum		chf;			/* guid */
	TimestampTz at;				/* the instant that is judged */
	NullableDatum mpxn;			/* text */
	NullableDatum key;			/* text */
	NullableDatum started;		/* timestamptz */
} PoaAlert;

/* An activation whose window holds an alert */
typedef struct PoaMatch
{
	int64		activation_id;
	Datum		device;
	TimestampTz activates_at;
	TimestampTz opens_at;
	TimestampTz closes_at;
	NullableDatum request_id;	/* text */
	NullableDatum manufacturer; /* text */
	NullableDatum mpxn;			/* text */
	NullableDatum originator;	/* guid */
} PoaMatch;

typedef struct PoaLogWriter PoaLogWriter;

extern PoaLogWriter *poa_log_open(Relation alerts);
extern bool poa_alert_distributor(const PoaAlert *alert, const PoaMatch *deciding,
								  int16 *distributor_id);
extern void poa_log_write(PoaLogWriter *writer, const PoaAlert *alert, const PoaMatch *matches,
						  int nmatches, int64 hold_id, bool diverted);
extern void poa_log_close(PoaLogWriter *writer);

#endif							/* POA_LOG_H */
