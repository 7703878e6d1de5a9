/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  Look rows up by their key in an index that is kept open.
 *
 * src/probe.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_PROBE_H
#define POA_PROBE_H

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "executor/tuptable.h"

typedef struct PoaProbe
{
	MemoryContext context;		/* in which it was opened */
	Relation	heap;			/* NULL while the probe is closed */
	Relation	index;
	AttrNumber	keyattno;		/* the indexed column, as the heap counts it */
	int			nkeys;
	ScanKeyData keys[2];
	IndexScanDesc scan;
	TupleTableSlot *slot;
} PoaProbe;

extern void poa_probe_open(PoaProbe *probe, const char *table,
						   LOCKMODE lockmode, const char *index);
extern void poa_probe_open_after(PoaProbe *probe, const char *table,
								 LOCKMODE lockmode, const char *index);
extern void poa_probe_start(PoaProbe *probe, Datum key);
extern void poa_probe_start_from(PoaProbe *probe, Datum key, Datum from, Snapshot snapshot);
extern void poa_probe_start_with(PoaProbe *probe, Datum key, Snapshot snapshot);
extern bool poa_probe_sole(PoaProbe *probe, bool *more);
extern bool poa_probe_next(PoaProbe *probe);
extern void poa_probe_end(PoaProbe *probe);
extern void poa_probe_close(PoaProbe *probe);

#endif							/* POA_PROBE_H */
