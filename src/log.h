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

typedef struct PoaAlert
{
	TupleTableSlot *row;
	Datum		code;			/* text or varchar */
	Datum		chf;			/* guid */
	Datum		mpxn;			/* text or varchar, (Datum) 0 where NULL */
	TimestampTz at;				/* the instant that is judged */
} PoaAlert;

/* An activation whose window holds an alert */
typedef struct PoaMatch
{
	int64		activation_id;
	Datum		device;
	Datum		request_id;		/* text, (Datum) 0 where NULL */
	TimestampTz activates_at;
	TimestampTz opens_at;
	TimestampTz closes_at;
} PoaMatch;

typedef struct PoaLogWriter PoaLogWriter;

extern PoaLogWriter *poa_log_open(Relation alerts);
extern void poa_log_write(PoaLogWriter *writer, const PoaAlert *alert,
						  const PoaMatch *matches, int nmatches, bool diverted);
extern void poa_log_close(PoaLogWriter *writer);

#endif							/* POA_LOG_H */
