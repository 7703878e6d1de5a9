/*-------------------------------------------------------------------------
 *
 * probe.c
 *	  Look rows up by their key in an index that is kept open.
 *
 * A probe finds what was committed before it started, whatever snapshot the
 * statement around it has, and what its own transaction did in earlier
 * commands.  It works in the memory context that is current when it is opened,
 * because a scan allocates what it keeps from row to row.
 *
 * The latest snapshot is not registered.  It need not be: the caller has
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
#include "catalog.h"
#include "probe.h"

/*
 * Make the key by which a probe looks for an operator of a strategy and a
 * column of its index, counted from 0.
 */
static void
make_key(PoaProbe *probe, int column, StrategyNumber strategy)
{
	Relation	index = probe->index;
	Oid			operator = get_opfamily_member(index->rd_opfamily[column],
											   index->rd_opcintype[column],
											   index->rd_opcintype[column], (int16) strategy);

	if (!OidIsValid(operator))
		elog(ERROR, "index \"%s\" lacks the operator of strategy %d",
			 RelationGetRelationName(index), (int) strategy);
	ScanKeyEntryInitialize(&probe->keys[column], 0, (AttrNumber) (column + 1), strategy, InvalidOid,
						   index->rd_indcollation[column], get_opcode(operator), (Datum) 0);
}

/*
 * Open a table of the extension and an index of at most two columns.  A btree is
 * searched by the given strategy in its first column, and in the second one for
 * what is no less than a value.
 */
static void
open_probe(PoaProbe *probe, const char *table, LOCKMODE lockmode, const char *index,
		   StrategyNumber first)
{
	Assert(probe->heap == NULL);
	probe->context = CurrentMemoryContext;
	probe->heap = table_open(poa_relation(table), lockmode);
	probe->index = index_open(poa_relation(index), AccessShareLock);
	probe->nkeys = probe->index->rd_index->indnkeyatts;
	if (probe->nkeys > (int) lengthof(probe->keys) || !probe->index->rd_index->indisvalid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" of extension poa_suppress cannot be used", index),
				 errdetail("It is not valid, or has other columns than the extension gave it."),
				 errhint("Restore it with REINDEX, or drop the extension and create it again.")));
	probe->keyattno = probe->index->rd_index->indkey.values[0];

	make_key(probe, 0, probe->index->rd_rel->relam == HASH_AM_OID ? HTEqualStrategyNumber : first);
	if (probe->nkeys == 2)
		make_key(probe, 1, BTGreaterEqualStrategyNumber);

	probe->slot = table_slot_create(probe->heap, NULL);
	probe->scan = poa_index_beginscan(probe->heap, probe->index,
									  GetLatestSnapshot(), probe->nkeys);
}

/*
 * Open a table of the extension, with a lock of a given mode, and an index: its
 * hash or btree index on one column, or its btree index on one and another that
 * has to be no less than a value.  The locks are kept to the end of the
 * transaction, as those of a query are.
 */
void
poa_probe_open(PoaProbe *probe, const char *table, LOCKMODE lockmode,
			   const char *index)
{
	open_probe(probe, table, lockmode, index, BTEqualStrategyNumber);
}

/*
 * The same by a btree index on one column, which has to be greater than a
 * value.
 */
void
poa_probe_open_after(PoaProbe *probe, const char *table, LOCKMODE lockmode,
					 const char *index)
{
	open_probe(probe, table, lockmode, index, BTGreaterStrategyNumber);
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
 * Start to look for the rows of a key that are visible to a snapshot.
 */
void
poa_probe_start_with(PoaProbe *probe, Datum key, Snapshot snapshot)
{
	MemoryContext caller = MemoryContextSwitchTo(probe->context);

	probe->keys[0].sk_argument = key;
	probe->scan->xs_snapshot = snapshot;
	index_rescan(probe->scan, probe->keys, probe->nkeys, NULL, 0);
	MemoryContextSwitchTo(caller);
}

/*
 * Start to look for the rows that are visible to a snapshot, by an index on two
 * columns: the second from a value on.
 */
void
poa_probe_start_from(PoaProbe *probe, Datum key, Datum from, Snapshot snapshot)
{
	Assert(probe->nkeys == 2);
	probe->keys[1].sk_argument = from;
	poa_probe_start_with(probe, key, snapshot);
}

/*
 * Is the row in the slot one of the key?  A hash index may answer with another
 * value of the same hash.
 */
static bool
is_of_key(PoaProbe *probe)
{
	ScanKey		key = &probe->keys[0];
	bool		isnull;
	Datum		value;

	if (!probe->scan->xs_recheck)
		return true;
	value = slot_getattr(probe->slot, probe->keyattno, &isnull);
	return !isnull &&
		DatumGetBool(FunctionCall2Coll(&key->sk_func, key->sk_collation, value, key->sk_argument));
}

/*
 * Put the next row into the slot; false when there is none.
 */
bool
poa_probe_next(PoaProbe *probe)
{
	MemoryContext caller = MemoryContextSwitchTo(probe->context);
	bool		found;

	do
		found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
	while (found && !is_of_key(probe));
	MemoryContextSwitchTo(caller);
	return found;
}

/*
 * Put the row into the slot if the index has no other of its key; false when
 * there is none, or *more than one, none of which has been visited.  Rows that
 * VACUUM has yet to remove count, too.
 */
bool
poa_probe_sole(PoaProbe *probe, bool *more)
{
	MemoryContext caller = MemoryContextSwitchTo(probe->context);
	ItemPointer tid = index_getnext_tid(probe->scan, ForwardScanDirection);
	ItemPointerData sole;
	bool		found = false;

	*more = false;
	if (tid != NULL)
	{
		sole = *tid;
		*more = index_getnext_tid(probe->scan, ForwardScanDirection) != NULL;
		if (!*more)
		{
			probe->scan->xs_heaptid = sole;
			found = index_fetch_heap(probe->scan, probe->slot) && is_of_key(probe);
		}
	}
	MemoryContextSwitchTo(caller);
	return found;
}

/*
 * Let go of the pages of the index and of the table that were read last.
 */
void
poa_probe_end(PoaProbe *probe)
{
	MemoryContext caller = MemoryContextSwitchTo(probe->context);

	ExecClearTuple(probe->slot);
	index_rescan(probe->scan, probe->keys, probe->nkeys, NULL, 0);
	poa_index_leave_heap(probe->scan);
	MemoryContextSwitchTo(caller);
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
