/*-------------------------------------------------------------------------
 *
 * probe.c
 *	  Look rows up by one key in an index that is kept open.
 *
 * A probe sees what was committed before it started, whatever snapshot the
 * statement around it has, and what its own transaction did in earlier
 * commands.  It belongs to one memory context, current when it is opened and
 * whenever it is used, because a scan allocates what it keeps from row to row.
 *
 * The latest snapshot is not registered.  It need not be: whoever probes has
 * an older one active, so that nothing which the latest can see is removed.
 *
 * src/probe.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "guid.h"
#include "poa_suppress.h"
#include "probe.h"

/*
 * Open a table of the extension, with a lock of a given mode, and its btree
 * index on one column, or its hash index on one guid.  The locks are kept to
 * the end of the transaction, as those of a query are.
 */
void
poa_probe_open(PoaProbe *probe, Oid schema, const char *table, LOCKMODE lockmode,
			   const char *index)
{
	StrategyNumber equal;
	Oid			operator;

	Assert(probe->heap == NULL);
	probe->heap = table_open(poa_relation(schema, table), lockmode);
	probe->index = index_open(poa_relation(schema, index), AccessShareLock);
	probe->keyattno = probe->index->rd_index->indkey.values[0];

	equal = probe->index->rd_rel->relam == HASH_AM_OID ?
		HTEqualStrategyNumber : BTEqualStrategyNumber;
	operator = get_opfamily_member(probe->index->rd_opfamily[0],
								   probe->index->rd_opcintype[0],
								   probe->index->rd_opcintype[0], (int16) equal);
	if (!OidIsValid(operator))
		elog(ERROR, "index \"%s\" has no equality operator", index);
	ScanKeyEntryInitialize(&probe->key, 0, 1, equal, InvalidOid,
						   probe->index->rd_indcollation[0],
						   get_opcode(operator), (Datum) 0);

	probe->slot = table_slot_create(probe->heap, NULL);
	probe->scan = poa_index_beginscan(probe->heap, probe->index,
									  GetLatestSnapshot(), 1);
}

/*
 * Start to look for the rows of a key, as they are at this moment.
 */
void
poa_probe_start(PoaProbe *probe, Datum key)
{
	poa_probe_start_with(probe, key, GetLatestSnapshot());
}

/*
 * Start to look for the rows of a key that a snapshot sees.
 */
void
poa_probe_start_with(PoaProbe *probe, Datum key, Snapshot snapshot)
{
	probe->key.sk_argument = key;
	probe->scan->xs_snapshot = snapshot;
	index_rescan(probe->scan, &probe->key, 1, NULL, 0);
}

/*
 * Put the next row into the slot; false when there is none.  A hash index may
 * answer with another guid of the same hash, which is passed over.
 */
bool
poa_probe_next(PoaProbe *probe)
{
	while (index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot))
	{
		bool		isnull;
		Datum		guid;

		if (!probe->scan->xs_recheck)
			return true;
		guid = slot_getattr(probe->slot, probe->keyattno, &isnull);
		if (!isnull && DatumGetGuid(guid) == DatumGetGuid(probe->key.sk_argument))
			return true;
	}
	return false;
}

/*
 * Let go of the page the last row was on.
 */
void
poa_probe_end(PoaProbe *probe)
{
	ExecClearTuple(probe->slot);
	index_rescan(probe->scan, &probe->key, 1, NULL, 0);
}

/*
 * Close the probe, if it is open.
 */
void
poa_probe_close(PoaProbe *probe)
{
	if (probe->heap == NULL)
		return;
	index_endscan(probe->scan);
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	table_close(probe->heap, NoLock);
	probe->heap = NULL;
}
