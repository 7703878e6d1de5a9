/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Everything that differs between the supported PostgreSQL versions.
 *
 * The newest form is offered under its own name, so that no caller
 * depends on versions.
 *
 * src/compat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef POA_COMPAT_H
#define POA_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"

#if PG_VERSION_NUM < 150000
#error "poa_suppress needs PostgreSQL 15 or later"
#endif

/* 16: soft errors; varlena macros in a header of their own */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(context, dummy, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy; \
	} while (0)
#endif

/* 18: the module names itself and its version */
#ifdef PG_MODULE_MAGIC_EXT
#define POA_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "poa_suppress", .version = POA_VERSION)
#else
#define POA_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* 18: a scan may carry instrumentation; 19: and flags */
static inline IndexScanDesc
poa_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 190000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0, SO_NONE);
#elif PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

/* 19: a scan that is started again keeps the page of the table that it read last */
static inline void
poa_index_leave_heap(IndexScanDesc scan)
{
#if PG_VERSION_NUM >= 190000
	table_index_fetch_end(scan->xs_heapfetch);
	scan->xs_heapfetch = table_index_fetch_begin(scan->heapRelation, SO_NONE);
#endif
}

#endif							/* POA_COMPAT_H */
